"""The inspector: what is typed becomes the box's, and nothing else of it changes."""

from __future__ import annotations

import math

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from core.answers.box import Box
from gui.boxes.inspector import About, Inspector
from gui.look.theme import THEMES
from tests.gui.boxes.hand import wheel

NAMES = ("car", "van", "pedestrian")
COLOURS = np.array([(90, 150, 245), (200, 90, 60), (220, 220, 80)], np.uint8)
BOX = Box(
    np.array([12.345678, -3.21, -0.9, 4.123456, 1.7, 1.5, 0.5]),
    0,
    track="17",
    truncated=0.25,
    occluded=1,
    alpha=0.3,
)


@pytest.fixture
def inspector(qtbot):
    made = Inspector(THEMES["dark"])
    qtbot.addWidget(made)
    made.set_classes(NAMES, COLOURS)
    made.show_box(
        BOX, About(points=1234, score=0.87, origin="ann, 12:03", history=("ann drew it",))
    )
    made.show()
    qtbot.waitExposed(made)
    made.activateWindow()
    qtbot.waitUntil(made.isActiveWindow)
    made.told = []
    made.committed.connect(made.told.append)
    return made


def type_in(field, text: str, key=Qt.Key.Key_Return) -> None:
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, text)
    QTest.keyClick(field, key)


def test_all_is_shown(inspector):
    assert inspector.label.currentText() == "car"
    shown = {name: field.text() for name, field in inspector.numbers.items()}
    assert shown == {
        "l": "4.12 m", "w": "1.70 m", "h": "1.50 m",
        "x": "12.35 m", "y": "-3.21 m", "z": "-0.90 m", "yaw": "28.6°",
    }  # fmt: skip
    assert inspector.points.text() == "1,234 inside"
    assert inspector.score.text() == "0.87"
    assert inspector.origin.text() == "ann, 12:03"
    assert inspector.origin.toolTip() == "ann drew it"
    assert inspector.occluded.currentText() == "Partly hidden"
    assert inspector.truncated.text() == "0.25"
    assert inspector.track.text() == "17"


@pytest.mark.parametrize(("name", "column"), [("l", 3), ("h", 5), ("x", 0), ("z", 2)])
def test_a_typed_number_is_the_only_one_that_changes(inspector, name: str, column: int):
    type_in(inspector.numbers[name], "2.5")
    (box,) = inspector.told
    wanted = BOX.box.copy()
    wanted[column] = 2.5  # the others are not rounded to what the fields show
    np.testing.assert_array_equal(box.box, wanted)
    assert box.track == "17"
    assert math.isnan(box.alpha)  # of the old place
    assert not inspector.numbers[name].hasFocus()  # keys mean boxes again


def test_the_heading_is_typed_in_degrees_and_goes_around(inspector):
    field = inspector.numbers["yaw"]
    type_in(field, "180")
    assert inspector.told[-1].box[6] == pytest.approx(-math.pi)
    assert field.text() == "-180.0°"
    field.setFocus()
    QTest.keyClick(field, Qt.Key.Key_Down)
    assert inspector.told[-1].box[6] == pytest.approx(math.radians(179))


def test_what_is_too_small_becomes_the_least(inspector):
    type_in(inspector.numbers["w"], "0")
    assert inspector.told[-1].box[4] == pytest.approx(0.05)


def test_leaving_a_field_counts_and_looking_does_not(inspector):
    for field in inspector.numbers.values():
        field.setFocus()
        QTest.keyClick(field, Qt.Key.Key_Return)
    assert inspector.told == []
    field = inspector.numbers["l"]
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, "3.9")
    assert inspector.told == []
    inspector.numbers["w"].setFocus()
    assert inspector.told[-1].box[3] == 3.9


def test_escape_takes_back_what_was_typed(inspector):
    type_in(inspector.numbers["l"], "9", Qt.Key.Key_Escape)
    assert inspector.numbers["l"].text() == "4.12 m"
    type_in(inspector.track, "x", Qt.Key.Key_Escape)
    assert inspector.track.text() == "17"
    assert inspector.told == []


def test_class_track_and_what_hides_it(inspector):
    QTest.keyClick(inspector.label, Qt.Key.Key_Down)
    assert inspector.told[-1].label == 1
    type_in(inspector.track, "a 7")  # a track is one word
    assert inspector.told[-1].track == "a7"
    QTest.keyClick(inspector.occluded, Qt.Key.Key_Down)
    assert inspector.told[-1].occluded == 2
    inspector.truncated.setFocus()
    type_in(inspector.truncated, "0.5")
    assert inspector.told[-1].truncated == 0.5
    QTest.mouseClick(inspector.ignore, Qt.MouseButton.LeftButton, pos=QPoint(8, 8))
    assert inspector.told[-1].ignore
    np.testing.assert_array_equal(inspector.told[-1].box, BOX.box)
    assert inspector.told[-1].alpha == 0.3  # its place is the old one


def test_what_nobody_told_stays_untold(inspector):
    inspector.show_box(BOX.edited(truncated=math.nan, occluded=-1))
    assert inspector.truncated.text() == "not told"
    assert inspector.occluded.currentText() == "Not told"
    assert inspector.told == []


def test_the_wheel_that_scrolls_past_changes_nothing(inspector):
    for field in (inspector.numbers["l"], inspector.label, inspector.truncated):
        field.clearFocus()
        wheel(field, field.rect().center().toTuple(), 120)
    assert inspector.told == []


def test_without_a_box_it_says_so(inspector):
    inspector.show_box(None)
    assert inspector.none.isVisible()
    assert not inspector.numbers["l"].isVisible()
    assert inspector.told == []
