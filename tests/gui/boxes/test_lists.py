"""The list of boxes, the strip of frames, the bars of classes: real clicks and keys."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from gui.boxes.box_list import BoxList, Row
from gui.boxes.class_bars import ClassBars
from gui.boxes.frame_strip import FINISHED, OPEN, QUEUED, REST, FrameStrip
from gui.look.theme import THEMES
from tests.gui.boxes.hand import wheel

NAMES = ("car", "van", "pedestrian")
COLOURS = np.array([(90, 150, 245), (200, 90, 60), (220, 220, 80)], np.uint8)
ROWS = (
    Row("s@a-1", 0, points=900, away=12.0, who="a", track="3"),
    Row("s@a-2", 2, points=30, away=8.0, who="a", disputed="b says: van"),
    Row("s@p-1", 1, state="predicted", points=120, score=0.6, away=30.0),
    Row("s@a-3", 1, points=7, away=5.0, who="b"),
)


@pytest.fixture
def listed(qtbot):
    made = BoxList(THEMES["dark"])
    qtbot.addWidget(made)
    made.set_classes(NAMES, COLOURS)
    made.resize(420, 200)
    made.show()
    made.told = []
    made.chosen.connect(made.told.append)
    made.set_rows(ROWS)
    return made


def order(listed: BoxList) -> list[str]:
    return [row.name for row in listed.model.rows]


def click_header(listed: BoxList, column: int) -> None:
    header = listed.table.horizontalHeader()
    at = QPoint(header.sectionViewportPosition(column) + 10, header.height() // 2)
    QTest.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=at)


def test_disputed_boxes_come_first_then_what_nobody_vouches_for(listed):
    assert order(listed) == ["s@a-2", "s@p-1", "s@a-3", "s@a-1"]
    assert listed.told == []


def test_a_click_on_a_column_sorts_and_a_third_one_ends_that(listed):
    first = order(listed)
    click_header(listed, 2)
    assert order(listed) == ["s@a-3", "s@a-2", "s@p-1", "s@a-1"]
    click_header(listed, 2)
    assert order(listed) == ["s@a-1", "s@p-1", "s@a-2", "s@a-3"]
    click_header(listed, 2)
    assert order(listed) == first
    assert listed.told == []


def test_unknown_scores_are_last_either_way(listed):
    for way in (Qt.SortOrder.AscendingOrder, Qt.SortOrder.DescendingOrder):
        listed.model.sort(3, way)
        assert order(listed)[0] == "s@p-1"


def test_clicks_and_arrows_choose_and_following_does_not(listed):
    listed.select("s@a-3")
    assert listed.told == []
    QTest.keyClick(listed.table, Qt.Key.Key_Down)
    assert listed.told == ["s@a-1"]
    at = listed.table.visualRect(listed.model.index(0, 0)).center()
    QTest.mouseClick(listed.table.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert listed.told == ["s@a-1", "s@a-2"]
    listed.set_rows(ROWS[1:], "s@p-1")  # the frame lost a box
    assert listed.told == ["s@a-1", "s@a-2"]
    assert listed.highlight.index.data(Qt.ItemDataRole.UserRole) == "s@p-1"


def test_a_row_tells_why_it_is_disputed(listed):
    index = listed.model.index_of("s@a-2")
    assert index.data(Qt.ItemDataRole.ToolTipRole).startswith("b says: van\n")
    assert index.data(Qt.ItemDataRole.ForegroundRole).name() == THEMES["dark"].warning.lower()


# The strip -----------------------------------------------------------------------------------


def strip_of(qtbot, count: int, wide: int = 500) -> FrameStrip:
    strip = FrameStrip(THEMES["dark"])
    qtbot.addWidget(strip)
    strip.resize(wide, strip.height())
    names = [f"{k:06d}" for k in range(count)]
    states = np.full(count, REST, np.uint8)
    states[: count // 4] = FINISHED
    states[count // 2] = QUEUED
    states[count // 2 + count // 8] = OPEN
    strip.set_frames(names, states, np.arange(count) % 20)
    strip.show()
    strip.told = []
    strip.frame_chosen.connect(strip.told.append)
    return strip


def click(strip: FrameStrip, x: float) -> None:
    QTest.mouseClick(strip, Qt.MouseButton.LeftButton, pos=QPoint(int(x), 20))


def test_each_frame_of_a_few_is_clicked(qtbot):
    strip = strip_of(qtbot, 16)
    for frame in range(16):
        click(strip, (strip.x_of(frame) + strip.x_of(frame + 1)) / 2)
    assert strip.told == list(strip.names)
    click(strip, strip.x_of(16) + 5)  # beside them
    assert len(strip.told) == 16


@pytest.mark.parametrize("count", [500, 777, 10_000])
def test_every_frame_of_many_has_its_column(qtbot, count: int):
    strip = strip_of(qtbot, count)
    seen = [frame for x in range(500) for frame in strip.frames_at(x)]
    assert set(seen) == set(range(count))
    assert not len(strip.frames_at(-1))
    assert not len(strip.frames_at(500))


def test_of_a_column_the_frame_that_needs_a_person_is_opened(qtbot):
    strip = strip_of(qtbot, 10_000)
    click(strip, strip.x_of(6250))
    click(strip, strip.x_of(5000))
    assert strip.told == ["006250", "005000"]


def test_a_click_again_goes_on_within_the_column(qtbot):
    strip = strip_of(qtbot, 10_000)
    frames = strip.frames_at(300)
    for _ in range(3):
        click(strip, 300)
        strip.set_current(strip.told[-1])
    assert strip.told == [strip.names[frames.start + k] for k in range(3)]


def test_the_open_frame_is_seen_among_ten_thousand(qtbot):
    strip = strip_of(qtbot, 10_000)
    image = strip.grab().toImage()
    theme = THEMES["dark"]
    x = int(strip.x_of(6250))
    assert image.pixelColor(x, strip.height() - 5).name() == theme.warning.lower()
    assert image.pixelColor(100, strip.height() - 5).name() == theme.good.lower()
    assert image.pixelColor(400, strip.height() - 5).name() == theme.line.lower()


def test_the_wheel_comes_closer_to_what_is_under_the_mouse(qtbot):
    strip = strip_of(qtbot, 10_000)
    x = int(strip.x_of(6250)) + 0.5
    for _ in range(30):
        wheel(strip, (x, 20), 120)
    assert 6250 in range(strip.frames_at(x).start - 20, strip.frames_at(x).start + 20)
    assert strip.x_of(1) - strip.x_of(0) == pytest.approx(24)
    before = strip.frames_at(0).start
    wheel(strip, (x, 20), -120, Qt.KeyboardModifier.ShiftModifier)
    assert strip.frames_at(0).start > before
    strip.set_current("000007")  # what is shown comes in sight
    assert 0 <= strip.x_of(7) < strip.width()
    for _ in range(40):
        wheel(strip, (x, 20), -120)
    assert strip.frames_at(0).start == 0
    assert strip.frames_at(499).stop == 10_000


def test_the_strip_says_how_many_there_are(qtbot):
    strip = strip_of(qtbot, 16)
    assert strip.words() == "16 frames: 10 not asked, 4 finished, 1 queued, 1 open"
    assert strip.told_of(1) == "000001, 2 of 16\nfinished, 1 box"
    strip.set_keyframes(["000003", "gone"], ["000004"])
    strip.grab()
    strip.set_frames([], np.zeros(0), np.zeros(0))
    strip.grab()
    click(strip, 5)
    assert strip.told == []


def test_bars_show_what_is_still_to_be_asked(qtbot):
    bars = ClassBars(THEMES["dark"])
    qtbot.addWidget(bars)
    bars.set_classes(NAMES, COLOURS)
    bars.set_counts({0: 40, 2: 5})
    assert [(bar.name, bar.text) for bar in bars.bars.bars] == [("car", "40"), ("pedestrian", "5")]
    bars.set_counts({0: 40, 2: 5}, {0: 20, 1: 10, 2: 20})
    shown = {bar.name: (bar.text, bar.length, bar.filled) for bar in bars.bars.bars}
    assert shown["car"] == ("40, share 20", 1.0, 1.0)
    assert shown["van"] == ("0 of 10", 0.25, 0.0)
    assert shown["pedestrian"] == ("5 of 20", 0.5, 0.25)
