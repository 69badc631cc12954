"""The camera's picture in the window: read aside, with the frame's boxes, chosen by a click."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtTest import QTest

from core.answers.box import Box
from core.boxes.camera import AS_IF
from core.data.camera import Camera
from tests.gui.boxes.frames import CAR, PLACES, BoxDriver


def test_the_picture_shows_the_boxes_and_a_click_chooses_one(
    street: BoxDriver, tmp_path, monkeypatch
):
    projection = AS_IF.p2 @ AS_IF.tr
    image = QImage(1242, 375, QImage.Format.Format_RGB32)
    image.fill(QColor(80, 90, 80))
    image.save(str(tmp_path / "a.png"))
    dataset = street.session.project.dataset
    monkeypatch.setattr(
        type(dataset), "camera", lambda self, scan: Camera(tmp_path / "a.png", projection)
    )
    x, y, yaw = max(PLACES, key=lambda place: place[0])
    box = Box(np.array([x, y, -1.0, *CAR[3:6], yaw]), 0)
    (name,) = street.work.answering.make([box], "key")
    street.work.frame.choose("")
    panel = street.work.panels.camera
    assert not panel.view.isVisible()
    street.key("K")
    street.qtbot.waitUntil(lambda: panel.view.image is not None)
    assert [drawn.name for drawn in panel.view.boxes] == [name]
    seen = projection[:, :3] @ box.box[:3] + projection[:, 3]
    place = panel.view.place((seen[:2] / seen[2])[None])[0]
    at = QPoint(*np.round(place).astype(int).tolist())
    QTest.mouseClick(panel.view, Qt.MouseButton.LeftButton, pos=at)
    street.settle()
    assert street.frame.chosen == panel.view.selected == name
    street.key("W")  # it follows the box
    moved = panel.view.boxes[0].box
    np.testing.assert_array_equal(moved, street.frame.rows[name].box.box)
    assert not np.array_equal(moved, box.box)
    street.key("K")
    assert not panel.view.isVisible()


def test_without_a_camera_it_says_so(street: BoxDriver):
    street.key("K")
    panel = street.work.panels.camera
    street.qtbot.waitUntil(lambda: panel._scan == street.frame.scan)
    street.rest()
    assert panel.view.image is None
    assert panel.view.why == "This scan has no camera picture."
    panel.view.grab()
