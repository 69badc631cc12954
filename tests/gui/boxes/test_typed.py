"""Typing in the panel Numbers: what is typed is that box's, and no key of it is a shortcut."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from tests.gui.boxes.frames import CONTROL, BoxDriver, box_car, unconfirmed

ENTER, TAB, ESC = Qt.Key.Key_Return, Qt.Key.Key_Tab, Qt.Key.Key_Escape


@pytest.fixture
def two(street: BoxDriver):
    """A confirmed box and a dashed one, which is chosen; its name and the other's."""
    dashed, other = box_car(street, 0), box_car(street, 1)
    street.key(ESC)
    unconfirmed(street, dashed)
    street.frame.choose(dashed)
    street.settle()
    told(street)
    return dashed, other


def told(driver: BoxDriver) -> None:
    """Wait until the panels are written anew."""
    driver.qtbot.waitUntil(lambda: not driver.work.panels._telling.isActive())


def type_in(
    driver: BoxDriver, field, text: str, key: Qt.Key, held=Qt.KeyboardModifier.NoModifier
) -> None:
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, text)
    QTest.keyClick(field, key, held)
    driver.settle()


def boxes(driver: BoxDriver):
    return driver.session.project.boxes_of(driver.frame.scan)


@pytest.mark.parametrize("key", [ENTER, Qt.Key.Key_Enter, TAB])
def test_a_number_is_kept_by_the_box_that_it_was_typed_for(street: BoxDriver, two, key):
    dashed, other = two
    inspector = street.work.panels.inspector
    field = inspector.numbers["w"]
    before = boxes(street)[other].box.copy()
    type_in(street, field, "2.2", key)
    assert boxes(street)[dashed].box[4] == 2.2
    assert street.frame.chosen == dashed  # not another one: no key was a shortcut
    assert (boxes(street)[other].box == before).all()
    assert street.entries()[-1].tool == "typed"
    assert not field.hasFocus()
    if key == TAB:
        assert inspector.numbers["h"].hasFocus()


@pytest.mark.slow
def test_a_track_takes_letters_and_enter(street: BoxDriver, two):
    dashed, _ = two
    count = len(street.entries())
    type_in(street, street.work.panels.inspector.track, "2n", ENTER)
    assert boxes(street)[dashed].track == "2n"
    assert street.frame.chosen == dashed
    assert len(street.entries()) == count + 1
    street.key("W")  # keys mean boxes again
    assert boxes(street)[dashed].track == "2n"
    assert len(street.entries()) == count + 2


@pytest.mark.slow
def test_escape_puts_the_old_value_back_and_keeps_the_choice(street: BoxDriver, two):
    dashed, _ = two
    inspector = street.work.panels.inspector
    count, shown = len(street.entries()), inspector.numbers["w"].text()
    for field, text in ((inspector.numbers["w"], "2.2"), (inspector.track, "x")):
        type_in(street, field, text, ESC)
        assert street.frame.chosen == dashed
        assert not field.hasFocus()
    assert inspector.numbers["w"].text() == shown
    assert inspector.track.text() == ""
    assert len(street.entries()) == count


def test_what_is_half_typed_goes_to_its_own_box(street: BoxDriver, two):
    """Another box is chosen, or the lists are told anew, while a field is being typed in."""
    dashed, other = two
    panels = street.work.panels
    field = panels.inspector.numbers["l"]
    before = boxes(street)[other].box[3]
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, "5.5")
    street.state.answers_changed.emit()
    told(street)
    assert field.lineEdit().text().startswith("5.5")
    street.frame.choose(other)
    told(street)
    street.settle()
    assert boxes(street)[dashed].box[3] == 5.5
    assert boxes(street)[other].box[3] == before
    assert street.frame.chosen == other


@pytest.mark.slow
def test_finishing_from_a_field_keeps_it_first(street: BoxDriver, two):
    dashed, _ = two
    scan = street.frame.scan
    type_in(street, street.work.panels.inspector.numbers["h"], "1.9", ENTER, CONTROL)
    assert street.session.project.boxes_of(scan)[dashed].box[5] == 1.9
    assert street.session.project.boxes_of(scan)[dashed].sure
    assert street.session.project.boxes.is_finished(scan)


@pytest.mark.slow
def test_a_key_that_leads_away_keeps_it_first(street: BoxDriver, two):
    """Ctrl+L and F-keys are the window's, whatever is typed: that is written before they act."""
    dashed, _ = two
    scan, project = street.frame.scan, street.session.project
    type_in(street, street.work.panels.inspector.numbers["l"], "5.5", Qt.Key.Key_F4)
    assert street.session.work is street.session.points
    assert project.boxes_of(scan)[dashed].box[3] == 5.5
