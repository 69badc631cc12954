"""No key labels what the person cannot see; what is typed ahead is for its own unit, or refused."""

from __future__ import annotations

import threading
from itertools import pairwise

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QDockWidget

from core.base.errors import DataError
from core.data.items import scan_of
from gui.desk import content
from gui.window.gate import MOST
from gui.window.tour import Tour
from gui.window.window import Window

CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
NONE = Qt.KeyboardModifier.NoModifier


def press(driver, key, modifier=NONE) -> None:
    """Press a key in the view and let nothing else happen: the event loop does not run."""
    QTest.keyClick(driver.session.view.canvas.native, key, modifier)


def given(driver) -> list[tuple[str, int]]:
    """Unit and class of every answer, in their order."""
    return [(entry.unit, int(entry.classes[0])) for entry in driver.entries()]


def said(driver) -> str:
    return driver.session.status.said.text()


def middle(driver) -> QPoint:
    """The middle of the asked unit, in the window."""
    view, state = driver.session.view, driver.state
    places = view.picker.screen_xy(state.content.points[state.target.rows])
    x, y = places.mean(axis=0)
    return view.mapTo(driver.window, QPoint(round(float(x)), round(float(y))))


# -- what lies over the unit -----------------------------------------------------------------------


def test_escape_puts_the_key_sheet_away_and_no_key_labels_behind_it(driver):
    for key in (Qt.Key.Key_F1, "?"):
        press(driver, key)
        sheet = driver.window.key_sheet
        assert sheet.isVisible()
        for other in ("1", "N", Qt.Key.Key_Delete, Qt.Key.Key_Return):
            press(driver, other)
        assert driver.entries() == []
        assert "key sheet is open" in said(driver)
        driver.key(Qt.Key.Key_Escape)
        assert not sheet.isVisible()
    press(driver, Qt.Key.Key_F1)
    QTest.keyClick(driver.window.key_sheet, Qt.Key.Key_Escape)  # with the focus in the sheet
    assert not driver.window.key_sheet.isVisible()
    unit = driver.state.target.unit
    driver.key("1")
    assert given(driver) == [(unit, 0)]


@pytest.fixture(params=["palette", "menu", "combo", "dialog", "tour", "panel", "hidden", "away"])
def covered(request, driver):
    """Each of what may keep the asked unit from the person, and taken away again."""
    window, kind = driver.window, request.param
    if kind == "palette":
        press(driver, "P", CONTROL | SHIFT)
        yield driver
        window.command_palette.close_palette()
    elif kind == "menu":
        menu = window.menuBar().actions()[0].menu()
        menu.popup(window.mapToGlobal(QPoint(20, 20)))
        yield driver
        menu.close()
    elif kind == "combo":
        driver.session.queue.sort.showPopup()
        yield driver
        driver.session.queue.sort.hidePopup()
    elif kind == "dialog":
        dialog = QDialog(window)
        dialog.setModal(True)
        dialog.show()
        yield driver
        dialog.close()
    elif kind == "tour":
        window.actions_table.run("tour")
        tour = window.findChild(Tour)
        tour.move(middle(driver) - QPoint(tour.width() // 2, tour.height() // 2))
        yield driver
        tour.close()
    elif kind == "panel":
        dock = window.findChild(QDockWidget, "Review")
        dock.setFloating(True)
        dock.show()
        dock.resize(400, 400)
        dock.move(window.mapToGlobal(middle(driver) - QPoint(200, 200)))
        yield driver
        dock.setFloating(False)
    elif kind == "hidden":
        driver.session.view.hide()
        yield driver
        driver.session.view.show()
    else:
        driver.session.page.hide()  # as when another page is shown, or the window is put away
        yield driver
        driver.session.page.show()


def test_no_key_labels_a_unit_that_something_hides(covered, qtbot):
    driver = covered
    QApplication.processEvents()
    unit = driver.state.target.unit
    for id in ("class 0", "unsure", "decline", "accept", "undo", "skip"):
        driver.window.actions_table.run(id if id != "unsure" else "class 255")
        if id in ("class 0", "skip"):
            assert "did nothing" in said(driver), id
    assert driver.entries() == []
    assert driver.state.target.unit == unit
    assert driver.session.gate.rested


def test_what_lies_beside_the_unit_hides_nothing(driver):
    driver.window.actions_table.run("tour")
    tour = driver.window.findChild(Tour)
    tour.move(2, 2)
    driver.key("1")
    assert len(driver.entries()) == 1
    tour.close()


def test_over_the_contact_sheet_only_its_own_keys_do_something(driver, qtbot):
    driver.key("1")
    driver.key("A", CONTROL)
    qtbot.waitUntil(driver.session.work.sheet.isVisible)
    count, unit = len(driver.entries()), driver.state.target.unit
    press(driver, Qt.Key.Key_Delete)
    press(driver, "Z", CONTROL)
    assert "sheet of like units is open" in said(driver)
    assert len(driver.entries()) == count
    assert driver.state.target.unit == unit
    driver.key(Qt.Key.Key_Escape)
    driver.key(Qt.Key.Key_Delete)
    assert driver.answers.effective[unit].verb == "decline"


# -- what is not on screen yet ---------------------------------------------------------------------


@pytest.fixture
def slow(driver, qtbot, monkeypatch):
    """Another scan than the shown one is read only once `slow.set()` is called."""
    loader = driver.state.loader
    qtbot.waitUntil(lambda: not loader._wanted)  # what is read ahead already would come at once
    read, go, shown = content.load, threading.Event(), driver.state.content.scan

    def load(project, scan):
        if scan != shown:
            go.wait(20)
        return read(project, scan)

    monkeypatch.setattr(content, "load", load)
    for scan in list(loader._kept):
        if scan != shown:
            del loader._kept[scan]
    yield go
    go.set()


def until_another_scan(driver) -> None:
    """Answer until the next open item is of another scan."""
    query, state = driver.state.round.query, driver.state
    while scan_of(query.items[state.order.after(state.cursor)]) == state.content.scan:
        driver.key("R")


def test_a_key_waits_for_its_scan_and_is_for_its_own_unit(driver, slow):
    until_another_scan(driver)
    items, place = driver.state.round.query.items, driver.state.cursor
    press(driver, "1")
    QApplication.processEvents()
    assert driver.state.coming == scan_of(items[place + 1])
    card = driver.session.work.in_view.overlays.card
    assert card.title.text().startswith("Reading scan")
    assert card.reason.text() == f"For {place + 2} of {len(items)}."
    count = len(driver.entries())
    press(driver, "2")
    press(driver, "3")
    assert "wait for their units" in said(driver)
    assert len(driver.entries()) == count
    slow.set()
    driver.settle()
    assert given(driver)[-3:] == [(items[place], 0), (items[place + 1], 1), (items[place + 2], 2)]


def test_a_key_for_a_unit_that_is_left_meanwhile_is_refused_aloud(driver, slow):
    until_another_scan(driver)
    place, count = driver.state.cursor, len(driver.entries()) + 1
    press(driver, "1")
    press(driver, "2")
    heard: list[str] = []
    driver.state.told.connect(heard.append)
    panel = driver.session.queue
    box = panel.list.visualRect(panel.model.index(place))
    QTest.mouseClick(panel.list.viewport(), Qt.MouseButton.LeftButton, pos=box.center())
    slow.set()
    driver.settle()
    assert any("bicycle: not done" in text for text in heard)
    assert driver.state.cursor == place
    assert len(driver.entries()) == count


def test_a_key_for_a_scan_that_cannot_be_read_is_refused_aloud(driver, slow, monkeypatch):
    until_another_scan(driver)
    shown, read = driver.state.content.scan, content.load

    def broken(project, scan):
        if scan != shown:
            raise DataError("The scan is gone.", "Bring it back.")
        return read(project, scan)

    monkeypatch.setattr(content, "load", broken)
    count = len(driver.entries()) + 1
    heard: list[str] = []
    driver.state.told.connect(heard.append)
    press(driver, "1")
    press(driver, "2")
    slow.set()
    driver.settle()
    assert any("bicycle: not done, since the scan is gone" in text for text in heard)
    assert len(driver.entries()) == count


def test_keys_typed_faster_than_frames_are_each_for_the_next_unit(driver):
    """They were given to units of which no frame had been drawn."""
    items, gate = driver.state.round.query.items, driver.session.gate
    seen: list[tuple[int, str]] = []
    driver.session.view.canvas.events.draw.connect(
        lambda _: seen.append((len(driver.entries()), gate._seen)), position="last"
    )
    for key in ("1", "2", "3", "4"):
        press(driver, key)
    assert given(driver) == [(items[0], 0)]
    driver.settle()
    assert given(driver) == [(items[n], n) for n in range(4)]
    for place in (1, 2, 3):  # its frame was drawn when it was still without an answer
        assert (place, items[place]) in seen


def test_skip_and_undo_keep_their_place_among_keys_that_wait(driver):
    items = driver.state.round.query.items
    press(driver, "1")
    press(driver, Qt.Key.Key_Tab)
    press(driver, "2")
    press(driver, "Z", CONTROL)
    press(driver, "3")
    driver.settle()
    assert {u: h.main_class() for u, h in driver.answers.effective.items()} == {
        items[0]: 0,
        items[2]: 2,
    }


def test_keys_that_no_unit_can_be_meant_by_are_refused(driver):
    for _ in range(MOST + 3):
        press(driver, "1")
    assert "wait for their units already" in said(driver)
    driver.settle()
    assert len(driver.entries()) <= MOST + 1


def test_what_waits_behind_a_key_that_did_nothing_is_not_for_its_unit(driver):
    """Nothing is suggested for the second unit: Enter leaves it, and 3 was for the third."""
    items = driver.state.round.query.items
    heard: list[str] = []
    driver.state.told.connect(heard.append)
    press(driver, "1")
    press(driver, Qt.Key.Key_Return)
    press(driver, "3")
    driver.settle()
    assert given(driver) == [(items[0], 0)]
    assert any("not done, since accept left the unit open" in text for text in heard)


def test_a_key_that_is_held_labels_one_unit(driver):
    native, unit = driver.session.view.canvas.native, driver.state.target.unit
    QTest.simulateEvent(native, True, Qt.Key.Key_1, NONE, "1", False)
    for _ in range(6):
        QTest.simulateEvent(native, True, Qt.Key.Key_1, NONE, "1", True)
        driver.settle()
    QTest.simulateEvent(native, False, Qt.Key.Key_1, NONE, "1", False)
    driver.settle()
    assert given(driver) == [(unit, 0)]


def test_the_card_is_of_the_unit_in_every_frame(driver):
    """For 40 ms and more the new unit stood beside the words of the one before."""
    card, state = driver.session.work.in_view.overlays.card, driver.state
    frames: list[tuple[int, str]] = []

    def look(_: object) -> None:
        if state.target is not None and state.target.item is not None:
            frames.append((state.target.item, card.title.text()))

    driver.session.view.canvas.events.draw.connect(look, position="last")
    for _ in range(5):
        driver.key("1")
    assert len({item for item, _ in frames}) == 5
    for item, text in frames:
        assert text.startswith(f"{item + 1} of "), frames


def test_a_key_before_the_first_frame_of_an_opened_project_is_refused_aloud(
    qapp, qtbot, project_path
):
    """Nobody was told of a unit yet: before, the key answered the one that came."""
    window = Window()
    window.show()
    window.open_project(project_path)
    session = window.session
    assert not session.view.drawn or not session.gate.in_sight
    window.actions_table.run("class 0")
    assert "No unit is on screen yet" in session.status.said.text()
    qtbot.waitUntil(lambda: session.gate.in_sight and session.state.target is not None)
    QApplication.processEvents()
    assert not list(session.project.answers.entries())
    window.close()


def test_what_a_change_of_scan_costs_stands_still(driver):
    """The seconds that the order by scan spares jumped with every answer."""
    gate, state = driver.session.gate, driver.state
    rng, told = np.random.default_rng(0), []
    for _ in range(64):
        gate._measure(float(rng.exponential(0.1)), False)
        gate._measure(float(rng.exponential(2.0)), True)
        told.append(state.change)
    assert told[:3] == [None] * 3
    assert [n + 1 for n, (a, b) in enumerate(pairwise(told), 1) if a != b] == [4, 8, 16, 32, 64]
