"""A box in the hand: what is pulled in the side views is that box's, whatever happens meanwhile."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest

from gui.boxes import making
from tests.gui.boxes.frames import BoxDriver, HeldUp, box_car, front, true_box, unconfirmed
from tests.gui.boxes.hand import drag, move, press, release

ESC, TAB = Qt.Key.Key_Escape, Qt.Key.Key_Tab
SPACE, DELETE = Qt.Key.Key_Space, Qt.Key.Key_Delete


def boxes(driver: BoxDriver):
    return driver.session.project.boxes_of(driver.frame.scan)


@pytest.fixture
def two(street: BoxDriver) -> list[str]:
    """Two dashed boxes; the first is chosen."""
    names = [box_car(street, 0), box_car(street, 1)]
    street.key(ESC)
    unconfirmed(street, *names)
    street.frame.choose(names[0])
    street.settle()
    return names


def pulled(driver: BoxDriver, name: str, before) -> bool:
    """Whether the front of a box was pulled by half a metre, and no other box was changed."""
    now = boxes(driver)
    others = all(now[n].equals(before[n]) for n in before if n != name)
    return others and abs(now[name].box[3] - before[name].box[3] - 0.5) < 0.05


@pytest.mark.parametrize("key", [TAB, SPACE])
def test_a_pull_is_of_the_box_that_was_taken(street: BoxDriver, two, key):
    sides, before = street.work.panels.sides, boxes(street)
    start, end = front(street)
    press(sides, start)
    move(sides, (start + end) / 2)
    street.key(key)
    assert street.frame.chosen == two[1]
    move(sides, end)
    # The box that is chosen now is shown as it is.
    assert street.frame.live is None
    assert street.work.in_stroke
    release(sides, end)
    street.settle()
    assert pulled(street, two[0], before)
    assert street.frame.chosen == two[1]
    assert sides.box.equals(boxes(street)[two[1]])
    assert not street.work.in_stroke


def test_a_box_that_arrives_during_a_pull_stays_as_it_was_fitted(street: BoxDriver, monkeypatch):
    first = box_car(street, 0)
    row = street.seen_row(street.rows_in(true_box(1)))
    fits = HeldUp(monkeypatch, making, "candidates")
    sides, before = street.work.panels.sides, boxes(street)
    at = street.place_of(row)
    native = street.session.view.canvas.native
    QTest.mouseClick(native, Qt.MouseButton.LeftButton, pos=QPointF(*at).toPoint())
    street.qtbot.waitUntil(lambda: street.work.making.fitting)
    start, end = front(street)
    press(sides, start)
    move(sides, (start + end) / 2)
    fits.go.set()
    street.settle()
    second = street.frame.chosen
    assert second not in ("", first)
    fitted = boxes(street)[second]
    release(sides, end)
    street.settle()
    assert boxes(street)[second].equals(fitted)
    assert boxes(street)[first].box[3] - before[first].box[3] == pytest.approx(0.25, abs=0.05)
    assert sides.box.equals(fitted)


@pytest.mark.slow
@pytest.mark.parametrize("how", ["let go", "taken back"])
def test_the_chosen_box_is_shown_once_the_hand_is_empty(street: BoxDriver, two, how: str):
    sides, before = street.work.panels.sides, boxes(street)
    start, end = front(street)
    press(sides, start)
    if how == "taken back":
        move(sides, end)
    street.key(TAB)
    if how == "taken back":
        QTest.keyClick(sides, ESC)
    release(sides, end if how == "taken back" else start)
    street.settle()
    assert all(boxes(street)[name].equals(before[name]) for name in two)
    assert sides.box.equals(before[two[1]])
    drag(sides, *front(street))
    street.settle()
    assert pulled(street, two[1], before)


@pytest.mark.slow
def test_the_view_may_change_again_after_a_pull_was_taken_back(street: BoxDriver, two):
    sides = street.work.panels.sides
    start, end = front(street)
    press(sides, start)
    move(sides, end)
    assert street.work.in_stroke
    QTest.keyClick(sides, ESC)
    assert not street.work.in_stroke
    assert street.frame.live is None
    assert street.frame.chosen == two[0]  # Esc was of the pull alone


@pytest.mark.slow
def test_a_class_that_is_given_during_a_pull_stays(street: BoxDriver, two):
    sides, before = street.work.panels.sides, boxes(street)
    start, end = front(street)
    press(sides, start)
    move(sides, end)
    street.key("2")
    release(sides, end)
    street.settle()
    assert pulled(street, two[0], before)
    assert boxes(street)[two[0]].label == 1 != before[two[0]].label


@pytest.mark.slow
def test_a_box_that_was_taken_away_during_a_pull_stays_away(street: BoxDriver, two):
    sides, before = street.work.panels.sides, boxes(street)
    start, end = front(street)
    press(sides, start)
    move(sides, end)
    street.key(DELETE)
    release(sides, end)
    street.settle()
    assert set(boxes(street)) == {two[1]}
    assert boxes(street)[two[1]].equals(before[two[1]])
    assert street.said.startswith("Not kept")
