"""Boxes in the camera's picture: where they are, what a click chooses, how it is moved."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtTest import QTest

from core.boxes.camera import AS_IF, rectangles
from gui.boxes.camera_view import CameraView, Drawn, edges_in
from gui.look.theme import THEMES
from tests.gui.boxes.hand import double_click, drag, wheel

P = AS_IF.p2 @ AS_IF.tr  # x ahead of the scanner is into the picture
CAR = np.array([20.0, 0.0, -1.0, 4.0, 2.0, 1.5, 0.3])
BEHIND = np.array([-20.0, 0.0, -1.0, 4.0, 2.0, 1.5, 0.3])
BESIDE = np.array([1.0, 3.0, -1.0, 8.0, 2.0, 1.5, 0.0])  # from behind the camera to before it
FAR = np.array([60.0, 0.3, -1.0, 4.0, 2.0, 1.5, 0.0])


@pytest.fixture
def view(qtbot):
    made = CameraView(THEMES["dark"])
    qtbot.addWidget(made)
    made.resize(621, 188)
    image = QImage(1242, 375, QImage.Format.Format_RGB32)
    image.fill(QColor(90, 90, 90))
    made.set_picture(image, P)
    made.set_boxes(
        [Drawn("near", CAR, (255, 200, 0)), Drawn("far", FAR, (0, 200, 255), True),
         Drawn("behind", BEHIND, (255, 0, 0)), Drawn("beside", BESIDE, (0, 255, 0))],
        "near",
    )  # fmt: skip
    made.show()
    made.told = []
    made.chosen.connect(made.told.append)
    return made


def middle(view: CameraView, box: np.ndarray) -> np.ndarray:
    seen = P[:, :3] @ box[:3] + P[:, 3]
    return view.place((seen[:2] / seen[2])[None])[0]


def click(view: CameraView, at: np.ndarray) -> None:
    QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=QPoint(*np.round(at).astype(int)))


@pytest.mark.parametrize("box", [CAR, FAR, BESIDE])
def test_edges_end_where_the_rectangle_of_the_picture_does(box):
    """Of what lies before the camera: `rectangles` cuts as KITTI's labels do."""
    ends = edges_in(P, box).reshape(-1, 2)
    wanted = rectangles(box[None], P, None)[0]
    np.testing.assert_allclose([*ends.min(axis=0), *ends.max(axis=0)], wanted, atol=1e-6)


def test_nothing_behind_the_camera_is_drawn():
    assert edges_in(P, BEHIND).shape == (0, 2, 2)
    assert len(edges_in(P, CAR)) == 12


def test_a_click_chooses_the_smallest_box_there(view):
    click(view, middle(view, FAR))  # both boxes are there
    click(view, np.add(middle(view, CAR), (0, 8)))
    click(view, np.array([5, 5]))
    assert view.told == ["far", "near"]


def test_the_chosen_box_is_seen(view):
    image = view.grab().toImage()
    at = view.place(edges_in(P, CAR)[0].mean(axis=0)[None])[0]
    near = [
        image.pixelColor(int(at[0]) + dx, int(at[1]) + dy).name()
        for dx in (-1, 0, 1) for dy in (-1, 0, 1)
    ]  # fmt: skip
    red = [QColor(name).red() for name in near]
    assert max(red) > 200  # the theme's outline over grey


def test_the_wheel_comes_closer_to_what_is_under_the_mouse(view):
    before = middle(view, FAR)
    for _ in range(5):
        wheel(view, before, 120)
    np.testing.assert_allclose(middle(view, FAR), before, atol=1.5)
    wide = np.ptp(view.place(np.array([(0.0, 0.0), (1242.0, 375.0)])), axis=0)
    assert wide[0] > 1800
    drag(view, (300, 90), (340, 90))
    assert middle(view, FAR)[0] == pytest.approx(before[0] + 40, abs=1.5)
    assert view.told == []  # a drag chooses nothing
    double_click(view, (10, 10))
    np.testing.assert_allclose(view.place(np.array([(0.0, 0.0)]))[0], (0, 0), atol=1)


def test_the_picture_never_leaves_the_widget(view):
    drag(view, (300, 90), (600, 180))
    np.testing.assert_allclose(view.place(np.array([(0.0, 0.0)]))[0], (0, 0), atol=1)
    wheel(view, np.array([300, 90]), 240)
    drag(view, (10, 10), (615, 180))
    assert (view.place(np.array([(0.0, 0.0)]))[0] <= 1).all()


def test_without_a_picture_it_says_why(view):
    view.set_picture(None, None, "a.png cannot be read: bring the picture anew.")
    view.grab()
    click(view, np.array([100, 100]))
    assert view.told == []
    image = QImage(1242, 375, QImage.Format.Format_RGB32)
    image.fill(QColor(90, 90, 90))
    view.set_picture(image, None)  # no calibration: the picture alone
    view.grab()
    click(view, np.array([100, 100]))
    assert view.told == []
