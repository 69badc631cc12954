"""What is said of boxes: on the start page, of interpolated ones, and of clicks that miss."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from core.project.status import status
from gui.boxes.frame_strip import OPEN
from gui.start.recent import recent
from tests.gui.boxes.frames import BoxDriver, box_car, true_box
from tests.gui.boxes.hand import press, release


@pytest.mark.slow
def test_the_start_page_counts_boxes(street: BoxDriver):
    box_car(street, 0)
    box_car(street, 1)
    street.window.close()
    (entry,) = recent()
    assert entry.spent.startswith("2 boxes drawn, ")


@pytest.mark.slow
def test_an_interpolated_box_is_called_so(street: BoxDriver):
    box_car(street, 0)
    for _ in range(2):
        street.key("V")
    assert "copied" in street.work.in_view.card.chosen.text()
    street.key(Qt.Key.Key_Space)
    street.key("N")
    street.key(Qt.Key.Key_PageUp)
    assert street.frame.row is not None
    assert "interpolated" in street.work.in_view.card.chosen.text()
    assert "copied" not in street.work.in_view.card.chosen.text()
    panels = street.work.panels
    street.qtbot.waitUntil(lambda: not panels._telling.isActive())
    assert panels.inspector.origin.text().startswith("interpolated")
    assert panels._line(street.frame.row).state == "interpolated"


@pytest.mark.slow
def test_a_click_on_nothing_says_so_where_the_eye_is(street: BoxDriver):
    street.key("B")
    hint = street.work.in_view.card.hint
    native = street.session.view.canvas.native
    QTest.mouseClick(native, Qt.MouseButton.LeftButton, pos=QPoint(native.width() - 20, 12))
    street.settle()
    assert hint.text().startswith("No point is there")
    points = street.state.content.points
    near = np.linalg.norm(points[:, :2] - (9.0, -1.0), axis=1)
    street.click_row(int(near.argmin()))
    assert hint.text().startswith("That is the ground")
    box_car(street, 0)
    assert hint.text().startswith("Click a thing")


@pytest.mark.slow
def test_a_slow_click_makes_a_box(street: BoxDriver):
    street.key("B")
    x, y = street.place_of(street.seen_row(street.rows_in(true_box(0))))
    view = street.session.view
    press(view.canvas.native, (x, y))
    px, py, when = view._pressed
    view._pressed = px, py, when - 2.0  # the hand rested
    release(view.canvas.native, (x, y))
    street.settle()
    assert street.frame.row is not None


@pytest.mark.slow
def test_a_region_to_ignore_is_no_box(street: BoxDriver):
    project, panels = street.session.project, street.work.panels
    box_car(street, 0)
    street.key("I")
    street.rest()
    row = panels.frames.list.topLevelItem(0)
    assert row.text(1) == ""
    assert street.work.in_view.card.title.text() == "Frame 000000 · no box yet"
    assert panels.frames.meter.text().startswith("0 of 4 frames in all · 0 boxes")
    assert panels.strip.boxes.tolist() == [0] * 4
    assert panels.strip.states.tolist()[0] == OPEN  # somebody began it all the same
    assert project.boxes.boxes_by_scan() == {}
    assert status(project, backend="")["boxes"]["frames"] == 0
    street.key("I")
    street.rest()
    assert row.text(1) == "1"
    assert panels.strip.boxes.tolist() == [1, 0, 0, 0]
    assert project.boxes.boxes_by_scan() == project.boxes.counts_by_scan()
    assert status(project, backend="")["boxes"]["frames"] == 1
