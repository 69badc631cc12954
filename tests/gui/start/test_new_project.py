"""The page that makes a project: two clicks where nothing is odd, and each fault at its field."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton, QWidget

from core.base import machine
from core.data.recognise import recognise
from core.project.project import Project
from gui.look.theme import DARK
from gui.start.class_choice import EMPTY, OWN
from gui.start.class_editor import ClassEditor
from gui.start.new_project import NewProject
from gui.start.start import Start
from gui.window.window import Window
from tests.gui.driver import open_window
from tests.streets import small_scan


@pytest.fixture
def velodyne(tmp_path: Path, monkeypatch) -> Path:
    """A folder of KITTI velodyne, and a home of the test's own."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    folder = tmp_path / "drive" / "velodyne"
    folder.mkdir(parents=True)
    for number in range(3):
        points, _ = small_scan(number)
        points.astype("<f4").tofile(folder / f"{number:06d}.bin")
    return folder


def dropped(window: Window, folder: Path) -> NewProject:
    """The page after a folder was dropped on the start page."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(folder))])
    left, copy = Qt.MouseButton.LeftButton, Qt.DropAction.CopyAction
    event = QDropEvent(QPointF(9, 9), copy, data, left, Qt.KeyboardModifier.NoModifier)
    window.centralWidget().dropEvent(event)
    page = window.centralWidget()
    assert isinstance(page, NewProject)
    return page


@pytest.fixture
def page(qtbot, velodyne: Path):
    window = open_window(None, qtbot)
    made = dropped(window, velodyne)
    window.activateWindow()
    qtbot.waitUntil(lambda: window.isActiveWindow() and made.settled)
    yield made
    window.close()


def typed(edit: QWidget, text: str) -> None:
    QTest.keyClick(edit, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClicks(edit, text)


def test_a_folder_of_velodyne_is_dropped_and_created(page: NewProject, velodyne: Path, qtbot):
    window = page.window()
    QTest.mouseClick(page.button, Qt.MouseButton.LeftButton)
    assert window.session is not None
    project = window.session.project
    assert project.path == velodyne.parents[1] / "home" / "lidarloop-drive-velodyne"
    assert len(project.dataset.train) == 3
    assert project.classes.names[0] == "car"
    assert project.file.preset == machine.usual_preset("folder")


def test_enter_alone_creates_it(page: NewProject):
    window = page.window()
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Return)
    assert window.session is not None


def test_enter_on_a_button_presses_that_button(page: NewProject, tmp_path: Path):
    """It made the project, whichever button had the focus."""
    page.classes.edit.setFocus()
    QTest.keyClick(page.classes.edit, Qt.Key.Key_Return)
    assert page.window().findChild(ClassEditor).isVisible()
    page.window().findChild(ClassEditor).reject()
    back = next(b for b in page.findChildren(QPushButton) if b.text() == "&Back")
    back.setFocus()
    window = page.window()
    QTest.keyClick(back, Qt.Key.Key_Enter)
    assert isinstance(window.centralWidget(), Start)
    assert window.session is None
    assert not list((tmp_path / "home").iterdir())


@pytest.mark.slow
def test_a_second_project_on_the_same_scans_gets_a_folder_of_its_own(
    page: NewProject, velodyne: Path, qtbot
):
    window = page.window()
    QTest.mouseClick(page.button, Qt.MouseButton.LeftButton)
    first = window.session.project.path
    window.show_start()
    second = dropped(window, velodyne)
    qtbot.waitUntil(lambda: second.settled)
    assert Path(second.path.text()) == first.with_name(f"{first.name}-2")


def test_counts_follow_while_a_person_types(page: NewProject, qtbot):
    assert page.cost.text().startswith("3 training and 0 validation scans.")
    typed(page.train, ".:000000-000001")
    assert page.train.hasFocus() or not page.train.isHidden()
    qtbot.waitUntil(lambda: page.cost.text().startswith("2 training and 0"))
    typed(page.validation, ".:000002-000002")
    qtbot.waitUntil(lambda: page.cost.text().startswith("2 training and 1 validation scans."))
    assert page.fields["train"].problem.isHidden()


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("train", "nowhere", "There is no sequence nowhere"),
        ("train", "", "No training sequence is named"),
        ("validation", "nowhere", "There is no sequence nowhere"),
        ("validation", ".:000002-000002", "both in training and in validation"),
        ("path", "", "No folder is named"),
    ],
)
def test_a_fault_is_told_at_its_field_and_nothing_is_made(
    page: NewProject, name: str, text: str, says: str, qtbot, tmp_path: Path
):
    edit = getattr(page, name)
    typed(edit, text) if text else edit.clear()
    field = page.fields[name]
    qtbot.waitUntil(lambda: says in field.problem.text() and not field.problem.isHidden())
    for other, one in page.fields.items():
        assert other == name or one.problem.isHidden()
    QTest.mouseClick(page.button, Qt.MouseButton.LeftButton)
    assert page.window().session is None
    assert says in field.problem.text()
    assert page.focusWidget() is edit
    assert not list((tmp_path / "home").iterdir())


def test_a_folder_that_is_taken_is_told_while_it_is_typed(page: NewProject, tmp_path: Path):
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "thesis.txt").write_text("mine")
    typed(page.path, str(tmp_path / "taken"))
    assert "is not empty" in page.fields["path"].problem.text()
    QTest.mouseClick(page.button, Qt.MouseButton.LeftButton)
    assert page.window().session is None


def test_a_preset_that_needs_a_gpu_says_so_before_anything_is_made(
    page: NewProject, qtbot, monkeypatch
):
    monkeypatch.setattr(machine, "has_gpu", lambda: False)
    monkeypatch.setattr("psutil.virtual_memory", lambda: type("M", (), {"total": 1e9})())
    assert page.preset.currentData() == "laptop"
    page.preset.setFocus()
    QTest.keyClick(page.preset, Qt.Key.Key_P)  # paper
    assert page.preset.currentData() == "paper"
    problem = page.fields["preset"].problem
    qtbot.waitUntil(lambda: "takes an NVIDIA GPU" in problem.text())
    while page.preset.currentData() != "laptop":
        QTest.keyClick(page.preset, Qt.Key.Key_Down)
    qtbot.waitUntil(problem.isHidden)


def test_the_editor_of_classes_has_the_theme_of_now(page: NewProject):
    """It kept that of when the page was made."""
    page.window().change_theme()
    QApplication.processEvents()
    QTest.mouseClick(page.classes.edit, Qt.MouseButton.LeftButton)
    assert page.window().findChild(ClassEditor).table.theme == page.window().theme != DARK


def test_every_part_is_reached_by_tab(page: NewProject):
    page.path.setFocus()
    seen = []
    for _ in range(30):
        seen.append(QApplication.focusWidget())
        QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
    parts = (page.train, page.validation, page.preset, page.classes.box, page.classes.edit,
             page.seed, page.button)  # fmt: skip
    assert not [part for part in parts if part not in seen]


def choose(page: NewProject, data: str) -> None:
    """Choose an entry of the class lists, by keys."""
    box = page.classes.box
    box.setFocus()
    place = box.findData(data)
    while box.currentIndex() != place:
        down = box.currentIndex() < place
        QTest.keyClick(box, Qt.Key.Key_Down if down else Qt.Key.Key_Up)


def test_the_lists_that_are_offered(page: NewProject):
    choose(page, "kitti")
    QTest.keyClick(page.button, Qt.Key.Key_Space)
    project = page.window().session.project
    assert project.classes.names[:3] == ("car", "van", "truck")


def test_an_empty_list_must_be_filled_first(page: NewProject, qtbot):
    window = page.window()
    box = page.classes.box
    box.setCurrentIndex(box.findData(EMPTY))
    box.activated.emit(box.currentIndex())
    editor = window.findChild(ClassEditor)
    assert editor.problem.text().startswith("There are 0 classes.")
    assert not editor.save.isEnabled()
    QTest.keyClick(editor, Qt.Key.Key_Escape)
    QTest.keyClick(editor, Qt.Key.Key_Escape)
    QTest.mouseClick(page.button, Qt.MouseButton.LeftButton)
    assert window.session is None
    assert "The class list is empty." in page.fields["classes"].problem.text()
    QTest.mouseClick(page.classes.edit, Qt.MouseButton.LeftButton)
    editor = next(e for e in window.findChildren(ClassEditor) if e.isVisible())
    for name in ("crane", "rail"):
        QTest.mouseClick(editor.add, Qt.MouseButton.LeftButton)
        cell = editor.table.focusWidget()
        QTest.keyClicks(cell, name)
        QTest.keyClick(cell, Qt.Key.Key_Return)
        QApplication.processEvents()
    QTest.mouseClick(editor.save, Qt.MouseButton.LeftButton)
    assert box.currentData() == OWN
    assert page.fields["classes"].problem.isHidden()
    QTest.mouseClick(page.button, Qt.MouseButton.LeftButton)
    found = window.session.project.classes
    assert (found.names, found.keys, found.class_to_raw) == (("crane", "rail"), ("1", "2"), (1, 2))
    assert not np.array_equal(found.colours[0], found.colours[1])


@pytest.mark.parametrize(
    ("content", "says"),
    [(b'[[class]]\nname = "crane"\ncolour = "#ffcc00"\n', None), (b"\xff\xfe", "UTF-8")],
)
def test_a_list_from_a_file(page: NewProject, tmp_path: Path, content, says, monkeypatch):
    (tmp_path / "yard.toml").write_bytes(content)
    monkeypatch.setattr(
        "gui.start.class_choice.QFileDialog.getOpenFileName",
        lambda *_: (str(tmp_path / "yard.toml"), ""),
    )
    box = page.classes.box
    box.setCurrentIndex(box.count() - 1)
    box.activated.emit(box.currentIndex())
    if says:
        assert says in page.classes.words.text()
        assert box.currentData() == "semantickitti"
        return
    assert box.currentText() == "yard.toml"
    QTest.mouseClick(page.button, Qt.MouseButton.LeftButton)
    path = page.window().session.project.path
    page.window().close()
    with Project(path) as project:
        assert project.classes.names == ("crane",)


def test_five_columns_are_proposed_and_an_empty_file_is_named(qtbot, tmp_path: Path):
    root = tmp_path / "five"
    root.mkdir()
    for number in range(2):
        points, _ = small_scan(number)
        rows = np.column_stack([points, np.arange(len(points)) % 16])
        rows.astype("<f4").tofile(root / f"{number}.bin")
    (root / "2.bin").write_bytes(b"")
    found = recognise(root)
    assert found is not None
    page = NewProject(found, DARK)
    qtbot.addWidget(page)
    page.show()
    qtbot.waitUntil(lambda: page.settled and bool(page.columns.text()), timeout=20_000)
    qtbot.waitUntil(lambda: page.settled, timeout=20_000)
    assert page.columns.text() == "x,y,z,intensity,ring"
    assert "look like 5 numbers" in page.fields["columns"].problem.text()
    assert "2 is empty, of 3 scans" in page.odd.text()


def test_kitti_object_is_dropped_and_made(qtbot, velodyne: Path):
    """Its own layout and class list are there without a word."""
    root = velodyne.parent.parent / "object"
    (root / "training/calib").mkdir(parents=True)
    velodyne.rename(root / "training/velodyne")
    window = open_window(None, qtbot)
    page = dropped(window, root / "training")
    window.activateWindow()
    qtbot.waitUntil(lambda: window.isActiveWindow() and page.settled)
    QTest.mouseClick(page.button, Qt.MouseButton.LeftButton)
    assert window.session is not None
    project = window.session.project
    assert (project.file.format, project.classes.name) == ("kitti", "kitti")
    assert len(project.dataset.train) == 3
    window.close()


def test_escape_throws_nothing_away(qapp, qtbot, velodyne: Path):
    window = open_window(None, qtbot)
    page = dropped(window, velodyne)
    page.train.setText("one that was typed")
    for at in (page, page.train, page.rig.axes):
        QTest.keyClick(at, Qt.Key.Key_Escape)
    assert window.centralWidget() is page
    assert page.train.text() == "one that was typed"
