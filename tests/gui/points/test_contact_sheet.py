"""The contact sheet, with clicks and keys; and the nearest units against a slow search."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from core.assist.alike import nearest
from core.prepare.units import map_shapes

CONTROL = Qt.KeyboardModifier.ControlModifier
LEFT = Qt.MouseButton.LeftButton


def opened(driver):
    sheet = driver.session.work.sheet
    driver.key("A", CONTROL)
    driver.qtbot.waitUntil(sheet.isVisible)
    return sheet


def test_ticked_units_get_one_class_and_an_answer_each(driver):
    unit = driver.state.target.unit
    sheet = opened(driver)
    assert 3 < len(sheet.pictures) <= 24
    chosen = [sheet.pictures[0], sheet.pictures[2], sheet.pictures[3]]
    for picture in chosen:
        QTest.mouseClick(picture, LEFT)
    QTest.mouseClick(chosen[1], LEFT)  # not this one after all
    wanted = {chosen[0].alike.unit, chosen[2].alike.unit}
    assert "2 ticked" in sheet.hint.text()
    driver.key("4")
    assert not sheet.isVisible()
    driver.qtbot.waitUntil(lambda: len(driver.entries()) == 2)
    entries = driver.entries()
    assert {entry.unit for entry in entries} == wanted
    asked = driver.state.round.query.items
    for entry in entries:
        assert entry.tool == "alike"
        assert set(entry.classes.tolist()) == {3}
        units = driver.session.project.units
        inside = driver.session.project.rows(entry.scan)[entry.rows]
        number = units.find(entry.unit) - units.range_of(entry.scan).start
        assert set(inside.tolist()) == {number}
        assert (entry.round == "001-size") == (entry.unit in asked)
    assert driver.state.target.unit == unit  # the question itself is still open
    driver.key("Z", CONTROL)
    driver.key("Z", CONTROL)
    assert not driver.answers.effective


def press(driver, key, modifier=Qt.KeyboardModifier.NoModifier) -> None:
    """Press a key wherever the focus is."""
    QTest.keyClick(QApplication.focusWidget(), key, modifier)
    driver.settle()


class Clock:
    """A clock that stands where the activity's stood, until the test turns it."""

    def __init__(self, activity) -> None:
        activity.take()
        self.now = activity._last
        activity._clock = lambda: self.now


def test_the_work_at_the_sheet_is_divided_among_its_answers(driver):
    clock = Clock(driver.state.activity)
    unit = driver.state.target.unit
    clock.now += 7
    sheet = opened(driver)
    for picture in sheet.pictures[:3]:
        QTest.mouseClick(picture, LEFT)
    clock.now += 5
    press(driver, Qt.Key.Key_4)
    driver.qtbot.waitUntil(lambda: len(driver.entries()) == 3)
    alike = driver.entries()
    assert sorted(entry.active_s for entry in alike) == [1.66, 1.67, 1.67]
    assert sum(entry.keys for entry in alike) == 1
    assert driver.answers.pace() is None  # one look at several is nobody's pace
    assert driver.answers.spent().minutes == pytest.approx(5 / 60)
    clock.now += 2
    driver.key("1")
    asked = driver.entries()[-1]
    assert asked.unit == unit
    assert asked.active_s == pytest.approx(7 + 2)
    assert asked.keys == 3  # Ctrl and A that opened the sheet, and the class
    assert driver.answers.pace() == pytest.approx(9)


def test_the_work_at_a_sheet_that_is_left_is_the_asked_units(driver):
    clock = Clock(driver.state.activity)
    clock.now += 3
    sheet = opened(driver)
    clock.now += 4
    press(driver, Qt.Key.Key_Escape)
    assert not sheet.isVisible()
    clock.now += 1
    driver.key("1")
    (entry,) = driver.entries()
    assert entry.active_s == pytest.approx(8)
    assert entry.keys == 4  # Ctrl, A, Esc and the class


def test_a_key_without_a_tick_labels_nothing_and_escape_leaves(driver):
    sheet = opened(driver)
    driver.key("1")
    assert driver.entries() == []
    assert sheet.isVisible()
    QTest.mouseClick(sheet.all, LEFT)
    assert len(sheet.ticked) == len(sheet.pictures)
    QTest.mouseClick(sheet.all, LEFT)
    assert sheet.ticked == []
    driver.key(Qt.Key.Key_Escape)
    assert not sheet.isVisible()
    driver.key("1")
    assert len(driver.entries()) == 1


def test_the_sheet_is_ticked_by_keys_alone(driver):
    view = driver.session.view.canvas.native
    sheet = opened(driver)
    places = {id(picture): place for place, picture in enumerate(sheet.pictures)}

    def at() -> int:
        return places[id(QApplication.focusWidget())]

    assert at() == 0
    press(driver, Qt.Key.Key_Right)
    assert at() == 1
    press(driver, Qt.Key.Key_Space)
    press(driver, Qt.Key.Key_Down)
    assert at() == 1 + sheet.columns
    press(driver, Qt.Key.Key_Return)
    assert [places[id(p)] for p in sheet.pictures if p.isChecked()] == [1, 1 + sheet.columns]
    press(driver, Qt.Key.Key_Space)
    assert driver.entries() == []  # what is asked below the sheet was not accepted
    press(driver, Qt.Key.Key_4)
    driver.qtbot.waitUntil(lambda: len(driver.entries()) == 1)
    assert driver.entries()[0].unit == sheet.pictures[1].alike.unit
    assert QApplication.focusWidget() is view


def test_the_sheet_goes_with_its_question(driver):
    sheet = opened(driver)
    press(driver, "A", CONTROL)
    assert len(sheet.ticked) == len(sheet.pictures)
    press(driver, Qt.Key.Key_Tab)
    assert not sheet.isVisible()
    driver.key("1")
    assert len(driver.entries()) == 1


def test_what_waits_is_written_when_the_project_closes(driver):
    sheet = opened(driver)
    QTest.mouseClick(sheet.all, LEFT)
    count = len(sheet.ticked)
    sheet.give(0)
    sheet.shut()
    assert len(driver.entries()) == count
    sheet._read.connect(lambda *_: None)


def test_the_nearest_are_those_of_a_slow_search(driver):
    project = driver.session.project
    units = project.units
    shapes = np.array(map_shapes(project.units_folder / units.fingerprint, units), float)
    scale = shapes.std(axis=0) + 1e-6
    unit = driver.state.target.unit
    driver.key("1")
    done = units.find(unit)
    asked = done + 1 if units.kind[done + 1] == units.kind[done] else done - 1
    found = nearest(project, units.name(asked), 5)
    away = {}
    for other in range(len(units)):
        if other not in (asked, done) and units.kind[other] == units.kind[asked]:
            away[units.name(other)] = np.linalg.norm((shapes[other] - shapes[asked]) / scale)
    assert found == sorted(away, key=lambda name: away[name])[:5]
