"""The contact sheet, with clicks and keys; and the nearest units against a slow search."""

from __future__ import annotations

from concurrent.futures import Future

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from core.assist.alike import nearest
from core.data.classes import UNLABELLED, load_classes
from core.prepare.units import map_shapes
from gui.desk.sizes import of_rows
from gui.points.contact_sheet import LEAST_PX
from gui.points.tile import AROUND, UNIT
from tests.gui.clock import Clock
from tests.gui.driver import open_window
from tests.gui.minimised import bring_back, minimise

CONTROL = Qt.KeyboardModifier.ControlModifier
LEFT = Qt.MouseButton.LeftButton
NAMES = load_classes("semantickitti").names


def opened(driver):
    sheet = driver.session.work.sheet
    driver.key("A", CONTROL)
    driver.qtbot.waitUntil(sheet.isVisible)
    return sheet


def test_ticked_units_get_one_class_and_an_answer_each(driver):
    unit = driver.state.target.unit
    sheet = opened(driver)
    assert 3 < len(sheet.pictures) <= 24
    chosen = [sheet.pictures[1], sheet.pictures[2], sheet.pictures[3]]
    for picture in chosen:
        QTest.mouseClick(picture, LEFT)
    QTest.mouseClick(chosen[1], LEFT)  # not this one after all
    QTest.mouseClick(sheet.pictures[0], LEFT)  # nor the one that is asked
    wanted = {chosen[0].alike.unit, chosen[2].alike.unit}
    assert "2 ticked" in sheet.hint.text()
    driver.key("4")
    assert not sheet.isVisible()
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


def camera(driver) -> tuple:
    seen = driver.session.view.camera
    return (*seen.center, seen.scale_factor, seen.azimuth, seen.elevation)


@pytest.mark.parametrize("with_asked", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_an_act_is_taken_back_by_one_undo_where_it_was_made(
    driver, qtbot, project_path, with_asked: bool
):
    """Also after the window was closed; the units lie in several scans."""
    unit = driver.state.target.unit
    driver.key("1")
    driver.key("Z", CONTROL)
    driver.key("2")  # an answer before the act, which undo must not reach
    unit = driver.state.target.unit
    sheet = opened(driver)
    assert sheet.pictures[0].alike.unit == unit
    assert sheet.pictures[0].isChecked()
    if not with_asked:
        QTest.mouseClick(sheet.pictures[0], LEFT)
    others = [one for one in sheet.pictures[1:]]
    for picture in others:
        QTest.mouseClick(picture, LEFT)
    units = {picture.alike.unit for picture in sheet.pictures[not with_asked :]}
    assert len({one.partition("#")[0] for one in units}) > 1
    driver.key("4")
    assert {e.unit for e in driver.entries()[3:]} == units
    assert (driver.state.target.unit == unit) != with_asked  # the next one is asked
    seen = camera(driver)
    driver.key("Z", CONTROL)
    assert driver.session.status.said.text() == f"Undone: {len(units)} units as {NAMES[3]}"
    assert len(driver.answers.effective) == 1
    assert driver.state.target.unit == unit
    for one in sheet.pictures:
        content = driver.state.loader.kept(one.alike.unit.partition("#")[0])
        if content is not None and one.alike.unit in units:
            assert set(content.labels[one.alike.rows].tolist()) == {UNLABELLED}
    if not with_asked:
        assert camera(driver) == seen
    driver.key("Y", CONTROL)
    assert driver.session.status.said.text() == f"Redone: {len(units)} units as {NAMES[3]}"
    assert {u for u, h in driver.answers.effective.items() if h.main_class() == 3} == units
    driver.window.close()
    driver.window = open_window(project_path, qtbot)
    driver.settle()
    driver.key("Z", CONTROL)
    assert len(driver.answers.effective) == 1
    assert driver.state.target.unit == unit
    driver.key("Z", CONTROL)
    assert driver.answers.effective == {}


def test_the_picture_shows_the_unit_and_fainter_what_is_around_it(driver):
    """Each pixel of the picture against the points that fall in it, one by one."""
    sheet = opened(driver)
    project = driver.session.project
    for thumbnail in sheet.pictures[:4]:
        alike, drawn = thumbnail.alike, thumbnail.tile.drawn
        xyz = project.dataset.scan(alike.unit.partition("#")[0]).points[:, :3]
        low, high = alike.points.min(axis=0) - 1.5, alike.points.max(axis=0) + 1.5
        around = {
            tuple(p) for n, p in enumerate(xyz.tolist())
            if n not in set(alike.rows.tolist()) and all(low <= p) and all(p <= high)
        }  # fmt: skip
        assert {tuple(p) for p in alike.around.tolist()} == around
        height, width = drawn.shape
        assert width >= LEAST_PX
        assert (drawn == UNIT).any()
        lines, columns = np.nonzero(drawn == UNIT)
        assert 0 < lines.min() <= lines.max() < height - 1  # there is a margin around it
        assert 0 < columns.min() <= columns.max() < width - 1
        image = thumbnail.grab().toImage()
        assert (drawn == AROUND).any()
        at = np.argwhere(drawn == AROUND)[0]
        origin = thumbnail.rect().adjusted(1, 1, -1, -1).center()
        shown = image.pixelColor(
            round(origin.x() - width / 2 + at[1] + 0.5), round(origin.y() - height / 2 - 7 + at[0])
        )
        assert shown.name() != driver.window.theme.text


@pytest.mark.parametrize("size", [(1100, 700), (1600, 1000)])
def test_pictures_are_as_large_as_all_of_them_have_room(driver, size):
    driver.window.resize(*size)
    driver.settle()
    sheet = opened(driver)
    first = sheet.pictures[0]
    height, width = first.tile.drawn.shape
    if size == (1600, 1000):
        assert width > 1.4 * LEAST_PX
        assert not sheet.area.verticalScrollBar().isVisible()
    assert sheet.over.rect().contains(sheet.geometry())
    assert first.width() >= width + 8
    assert first.height() >= height + 8
    rows = driver.state.target.rows
    sizes = of_rows(driver.state.content, rows, is_ground=driver.state.target.flat)
    assert first.tile.words == sizes.short()  # as on the card, which has the same numbers
    assert sizes.words() in driver.session.work.in_view.overlays.card.measures.text()


def press(driver, key, modifier=Qt.KeyboardModifier.NoModifier) -> None:
    """Press a key wherever the focus is."""
    QTest.keyClick(QApplication.focusWidget(), key, modifier)
    driver.settle()


def test_the_work_at_the_sheet_is_divided_among_its_answers(driver):
    clock = Clock(driver.state.activity)
    unit = driver.state.target.unit
    clock.now += 7
    sheet = opened(driver)
    for picture in sheet.pictures[:4]:  # the first is ticked: not this one
        QTest.mouseClick(picture, LEFT)
    clock.now += 5
    press(driver, Qt.Key.Key_4)
    assert len(driver.entries()) == 3
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


def test_the_asked_unit_of_an_act_took_what_was_before_the_sheet_too(driver):
    clock = Clock(driver.state.activity)
    unit = driver.state.target.unit
    clock.now += 7
    sheet = opened(driver)
    QTest.mouseClick(sheet.pictures[1], LEFT)
    clock.now += 5
    press(driver, Qt.Key.Key_4)
    asked, other = driver.entries()
    assert asked.unit == unit
    assert (asked.active_s, other.active_s) == pytest.approx((7 + 2.5, 2.5))
    assert driver.answers.spent().minutes == pytest.approx(12 / 60)


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
    QTest.mouseClick(sheet.pictures[0], LEFT)
    assert sheet.ticked == []
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
    press(driver, Qt.Key.Key_Space)  # the asked one is left out
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
    assert len(driver.entries()) == 1
    assert driver.entries()[0].unit == sheet.pictures[1].alike.unit
    assert QApplication.focusWidget() is view


def test_the_sheet_is_as_it_was_when_its_window_comes_back(driver):
    sheet = opened(driver)
    driver.key(Qt.Key.Key_Right)
    at = next(picture for picture in sheet.pictures if picture.hasFocus())
    before = sheet._before
    assert before is not None
    minimise(sheet)
    bring_back(sheet)
    assert sheet.isVisible()
    assert at.hasFocus()
    assert sheet._before is before  # what was done before it stays the asked unit's


def test_the_sheet_goes_with_its_question(driver):
    sheet = opened(driver)
    press(driver, "A", CONTROL)
    assert len(sheet.ticked) == len(sheet.pictures)
    press(driver, Qt.Key.Key_Tab)
    assert not sheet.isVisible()
    driver.key("1")
    assert len(driver.entries()) == 1


def test_no_sheet_stays_over_a_unit_that_is_asked_blind(driver):
    sheet, unit = opened(driver), driver.state.target.unit
    driver.state.begin_second([unit])
    driver.settle()
    assert (driver.state.target.unit, driver.state.target.blind) == (unit, True)
    assert not sheet.isVisible()
    driver.key("1")
    assert [(e.unit, e.blind) for e in driver.entries()] == [(unit, True)]


@pytest.mark.parametrize("meanwhile", ["asked blind", "drawn on"])
def test_a_sheet_that_was_looked_for_comes_over_nothing_else(driver, monkeypatch, meanwhile: str):
    state, sheet = driver.state, driver.session.work.sheet
    unit, count, found = state.target.unit, len(state.target.rows), Future()
    monkeypatch.setattr(state.background, "submit", lambda work, turn: found)
    sheet.open()
    monkeypatch.undo()
    if meanwhile == "asked blind":
        state.begin_second([unit])
        driver.settle()
    else:
        driver.session.work.labelling.select(np.arange(count) % 2 == 0, "lasso")
    found.set_result([])
    driver.settle()
    assert state.target.unit == unit
    assert not sheet.isVisible()


def test_no_sheet_opens_over_a_drawing(driver):
    target = driver.state.target
    driver.session.work.labelling.select(np.arange(len(target.rows)) % 2 == 0, "lasso")
    driver.key("A", CONTROL)
    driver.rest()
    assert not driver.session.work.sheet.isVisible()
    assert "drawing is open" in driver.session.status.said.text()


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
