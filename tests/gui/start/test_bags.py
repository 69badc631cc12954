"""A bag that is dropped on the window becomes a project; what is wrong with it is said there."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel

from core.project.project import Project
from gui.start.new_project import NewProject
from gui.window.window import Window
from tests.bags import drive, write_bag
from tests.gui.driver import open_window
from tests.streets import small_scan


def drop(window: Window, path: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    left, copy = Qt.MouseButton.LeftButton, Qt.DropAction.CopyAction
    event = QDropEvent(QPointF(9, 9), copy, data, left, Qt.KeyboardModifier.NoModifier)
    window.centralWidget().dropEvent(event)


@pytest.fixture
def window(qtbot, tmp_path: Path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    made = open_window(None, qtbot)
    yield made
    made.close()


@pytest.mark.parametrize("kind", ["ros1", "mcap"])
def test_a_bag_is_dropped_and_made(window: Window, qtbot, tmp_path: Path, kind: str):
    scans = [small_scan(number)[0] for number in range(3)]
    path = write_bag(tmp_path / "bags" / "drive", drive(kind, scans), kind)
    drop(window, path)
    page = window.centralWidget()
    assert isinstance(page, NewProject)
    qtbot.waitUntil(lambda: page.settled)
    assert page.train.text() == "drive"
    assert page.path.text() == str(tmp_path / "home" / "lidarloop-drive")
    QTest.mouseClick(page.button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.centralWidget() is not page)
    with Project(tmp_path / "home" / "lidarloop-drive", read_only=True) as project:
        assert project.dataset.train == tuple(f"drive/{number:06}" for number in range(3))
        assert project.root == path


def test_of_several_topics_one_is_proposed_and_all_are_named(window: Window, qtbot, tmp_path: Path):
    scans = [small_scan(number)[0] for number in range(2)]
    messages = [*drive("ros1", scans, topic="/front"), *drive("ros1", scans, topic="/rear")]
    drop(window, write_bag(tmp_path / "car", sorted(messages, key=lambda message: message[2])))
    page = window.centralWidget()
    assert isinstance(page, NewProject)
    qtbot.waitUntil(lambda: page.settled)
    assert (page.train.text(), page.validation.text()) == ("car/front", "")
    assert any("Topics: front, rear" in label.text() for label in page.findChildren(QLabel))


def test_a_damaged_bag_is_said_on_the_start_page(window: Window, tmp_path: Path):
    path = write_bag(tmp_path / "drive", drive("ros1", [small_scan(0)[0]]))
    path.write_bytes(path.read_bytes()[:3000])
    start = window.centralWidget()
    drop(window, path)
    assert window.centralWidget() is start
    assert "cannot be read" in start.message.text().replace("\u200b", "")
