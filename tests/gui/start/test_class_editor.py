"""The editor of the class list, on an open project: by keys and clicks, and no answer is lost."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QColorDialog

from core.project.project import Project
from gui.start.class_editor import ClassEditor
from gui.start.class_table import COLOUR, KEY, MORE, NAME, RAW, THINGS, as_key
from tests.streets import copied_project

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def editor(driver, qtbot) -> ClassEditor:
    driver.key("1")  # a car
    driver.key("4")  # a truck
    driver.window.actions_table.run("classes")
    found = driver.window.findChild(ClassEditor)
    qtbot.waitUntil(found.isVisible)
    found.activateWindow()
    qtbot.waitUntil(found.isActiveWindow)
    return found


def put(editor: ClassEditor, place: int, column: int, text: str) -> None:
    """Go to a cell by a click, and type over it."""
    table = editor.table
    box = table.visualItemRect(table.item(place, column))
    QTest.mouseClick(table.viewport(), LEFT, pos=box.center())
    QTest.keyClick(table, Qt.Key.Key_Return)
    cell = QApplication.focusWidget()
    QTest.keyClick(cell, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClicks(cell, text)
    QTest.keyClick(cell, Qt.Key.Key_Return)
    QApplication.processEvents()  # Qt takes what was typed a moment later


def saved(editor: ClassEditor, driver, qtbot) -> Project:
    """The project as it opens with what was saved."""
    before = driver.session
    assert editor.save.isEnabled(), editor.problem.text()
    QTest.mouseClick(editor.save, LEFT)
    window = driver.window
    qtbot.waitUntil(lambda: window.session is not before, timeout=10_000)
    driver.session.view.instant = True
    qtbot.waitUntil(lambda: driver.state.content is not None and driver.session.view.drawn)
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    window.focus_view()
    qtbot.waitUntil(lambda: driver.session.gate.in_sight)
    driver.settle()
    return driver.session.project


def written(project: Project) -> list:
    return [(e.seq, e.rows.tolist(), e.classes.tolist()) for e in project.answers.entries()]


def test_everything_is_edited_and_the_journal_stays(editor, driver, qtbot):
    before = written(driver.session.project)
    put(editor, 0, NAME, "auto")
    put(editor, 0, COLOUR, "12AB34")
    put(editor, 0, KEY, "shift+v")
    put(editor, 0, RAW, "300")
    put(editor, 0, MORE, "10, 252")
    assert editor.table.item(0, COLOUR).text() == "#12ab34"
    assert editor.problem.isHidden()
    project = saved(editor, driver, qtbot)
    assert not [e for e in driver.window.findChildren(ClassEditor) if e.isVisible()]
    found = project.classes
    assert (found.names[0], found.keys[0], found.class_to_raw[0]) == ("auto", "Shift+V", 300)
    assert found.colours[0].tolist() == [0x12, 0xAB, 0x34]
    assert found.encode(np.array([10, 252, 300])).tolist() == [0, 0, 0]
    assert found.was[0] == ("car",)
    assert written(project) == before
    buttons = driver.session.palette.buttons
    assert (buttons[0].name, buttons[0].key) == ("auto", "Shift+V")
    driver.key("V", Qt.KeyboardModifier.ShiftModifier)
    assert driver.entries()[-1].classes[0] == 0
    driver.key("1")  # is nobody's key now
    assert len(driver.entries()) == len(before) + 1


@pytest.mark.parametrize(
    ("column", "text", "says"),
    [
        (NAME, "bicycle", "gives the name 'bicycle' twice"),
        (NAME, " ", "no name"),
        (COLOUR, "reddish", "'reddish' is no colour"),
        (KEY, "2", "gives the key '2' twice"),
        (KEY, "K", "no class key"),
        (RAW, "11", "raw id 11"),
        (RAW, "x", "Write a whole number"),
        (RAW, "99999", "out of range"),
        (MORE, "11", "raw id 11"),
        (MORE, "0", "it is ignored"),
        (MORE, "a", "Write numbers with commas"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence_and_not_saved(
    editor, driver, column: int, text: str, says: str
):
    before = (driver.session.project.path / "classes.toml").read_bytes()
    put(editor, 0, column, text)
    assert says in editor.problem.text()
    assert not editor.problem.isHidden()
    assert not editor.save.isEnabled()
    cells = [editor.table.item(row, at) for row in range(2) for at in range(5)]
    assert any(says in cell.toolTip() for cell in cells)
    QTest.mouseClick(editor.save, LEFT)
    assert (driver.session.project.path / "classes.toml").read_bytes() == before
    put(editor, 0, column, ("car", "#6496f5", "1", "10", "252")[column])
    assert editor.problem.isHidden()


def test_classes_are_added_and_moved(editor, driver, qtbot):
    QTest.mouseClick(editor.add, LEFT)
    cell = QApplication.focusWidget()
    QTest.keyClicks(cell, "crane")
    QTest.keyClick(cell, Qt.Key.Key_Return)
    QApplication.processEvents()
    for _ in range(3):
        QTest.mouseClick(editor.up, LEFT)
    assert editor.table.item(16, NAME).text() == "crane"
    assert editor.table.currentRow() == 16
    project = saved(editor, driver, qtbot)
    assert project.classes.names[19] == "crane"
    assert project.classes.shown.index(19) == 16
    key = project.classes.keys[19]
    assert key == "B"
    driver.key(key)
    assert driver.entries()[-1].classes[0] == 19


def test_one_row_is_chosen_and_only_what_is_new_can_be_removed(editor, driver, qtbot):
    for _ in range(2):
        QTest.mouseClick(editor.add, Qt.MouseButton.LeftButton)
        QTest.keyClick(editor.table, Qt.Key.Key_Escape)
    table, count = editor.table, editor.table.rowCount()
    assert {index.row() for index in table.selectedIndexes()} == {count - 1}
    assert editor.remove.isEnabled()
    QTest.mouseClick(editor.remove, Qt.MouseButton.LeftButton)
    assert table.rowCount() == count - 1
    table.choose(0)
    assert {index.row() for index in table.selectedIndexes()} == {0}
    assert not editor.remove.isEnabled()
    QTest.mouseClick(editor.remove, Qt.MouseButton.LeftButton)
    assert table.rowCount() == count - 1


def test_keys_in_the_order_of_the_rows(editor, driver, qtbot):
    editor.table.choose(0)
    QTest.mouseClick(editor.down, LEFT)
    QTest.mouseClick(editor.keys, LEFT)
    found = saved(editor, driver, qtbot).classes
    assert found.shown[:2] == (1, 0)
    assert (found.keys[0], found.keys[1]) == ("2", "1")


@pytest.mark.slow
def test_a_merge_is_followed_by_the_window_and_undone(editor, driver, qtbot):
    before = written(driver.session.project)
    counts = driver.session.project.answers.fold.class_counts()
    editor.table.choose(3)
    editor.into.setCurrentIndex(editor.into.findText("car"))
    QTest.mouseClick(editor.merge, LEFT)
    assert f"truck will count as car: {counts[3]:,} answered points" in editor.notice.text()
    project = saved(editor, driver, qtbot)
    assert project.answers.fold.class_counts()[0] == counts[0] + counts[3]
    assert 3 not in driver.session.palette.buttons
    assert "class 3" not in driver.window.actions_table.table
    assert written(project) == before
    assert project.classes.merges[0].by == project.answers.annotator
    driver.key("4")
    assert written(project) == before
    driver.window.actions_table.run("classes")
    again = next(e for e in driver.window.findChildren(ClassEditor) if e.isVisible())
    undo = next(b for b in again.findChildren(type(again.save)) if "Undo" in b.text())
    QTest.mouseClick(undo, LEFT)
    project = saved(again, driver, qtbot)
    assert project.answers.fold.class_counts() == counts
    assert written(project) == before
    driver.key("4")
    assert len(driver.entries()) == len(before) + 1
    assert driver.entries()[-1].classes[0] == 3


def test_a_colour_is_picked(editor):
    def pick() -> None:
        dialog = editor.findChild(QColorDialog)
        dialog.setCurrentColor("#0a0b0c")
        QTest.keyClick(dialog, Qt.Key.Key_Return)

    editor.table.choose(2)
    QTimer.singleShot(0, editor, pick)
    QTest.mouseClick(editor.colour, LEFT)
    assert editor.table.item(2, COLOUR).text() == "#0a0b0c"


def test_things_are_ticked_by_space(editor, driver, qtbot):
    editor.table.choose(8, THINGS)
    editor.table.setFocus()
    QTest.keyClick(editor.table, Qt.Key.Key_Space)
    found = saved(editor, driver, qtbot).classes
    assert found.names[8] == "road"
    assert 8 in found.countable


def test_escape_does_not_lose_what_was_typed_at_once(editor):
    put(editor, 0, NAME, "auto")
    QTest.keyClick(editor.table, Qt.Key.Key_Escape)
    assert editor.isVisible()
    assert "Nothing is saved yet" in editor.notice.text()
    QTest.keyClick(editor.table, Qt.Key.Key_Escape)
    assert not editor.isVisible()


def test_cancel_leaves_everything_as_it_was(editor, driver, qtbot):
    before = (driver.session.project.path / "classes.toml").read_bytes()
    put(editor, 0, NAME, "auto")
    cancel = next(b for b in editor.findChildren(type(editor.save)) if b.text() == "Cancel")
    QTest.mouseClick(cancel, LEFT)
    assert not editor.isVisible()
    assert (driver.session.project.path / "classes.toml").read_bytes() == before


def test_tab_leaves_the_table(editor, qtbot):
    editor.activateWindow()
    qtbot.waitUntil(editor.isActiveWindow)
    editor.table.setFocus()
    QTest.keyClick(editor.table, Qt.Key.Key_Tab)
    assert QApplication.focusWidget() is editor.add


def test_nothing_is_saved_while_a_step_runs(editor, driver, monkeypatch):
    monkeypatch.setattr(driver.session.no, "change", lambda: "Train is running.")
    put(editor, 0, NAME, "auto")
    QTest.mouseClick(editor.save, LEFT)
    assert editor.problem.text() == "Train is running."
    assert driver.session.project.classes.names[0] == "car"


@pytest.mark.parametrize(
    ("text", "key"), [("q", "Q"), ("shift + 1", "Shift+1"), ("⇧b", "Shift+B"), ("F5", "F5")]
)
def test_keys_however_they_are_typed(text: str, key: str):
    assert as_key(text) == key


@pytest.mark.slow
def test_an_editor_ends_with_its_project(editor, driver, qtbot, tmp_path, small_street, prepared):
    other = copied_project(prepared, tmp_path / "other", small_street)
    mine = driver.session.project.path / "classes.toml"
    before = mine.read_bytes()
    put(editor, 0, NAME, "auto")
    driver.window.open_project(other)
    assert not any(one.isVisible() for one in driver.window.findChildren(ClassEditor))
    driver.window.actions_table.run("classes")
    shown = next(e for e in driver.window.findChildren(ClassEditor) if e.isVisible())
    shown.activateWindow()
    qtbot.waitUntil(shown.isActiveWindow)
    put(shown, 0, NAME, "voiture")
    project = saved(shown, driver, qtbot)
    assert project.path == other
    assert project.classes.names[0] == "voiture"
    assert mine.read_bytes() == before
