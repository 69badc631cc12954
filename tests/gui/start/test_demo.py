"""The demo is made from the start page, and opened there only."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from core.base.errors import ProjectError
from core.cli import demo
from gui.start.start import RecentRow
from gui.window.window import Window
from tests.gui.driver import Driver, open_window
from tests.streets import copied_project

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def making(tmp_path: Path, small_street: Path, prepared: Path, monkeypatch) -> Event:
    """A home where the demo is a small project, whose making takes until this is set."""
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    go_on = Event()

    def make(folder: Path, _: object) -> None:
        assert go_on.wait(60)
        folder.mkdir()
        copied_project(prepared, folder / demo.PROJECT, small_street)

    monkeypatch.setattr(demo, "make", make)
    return go_on


@pytest.fixture
def window(qapp, qtbot, project_path: Path) -> Iterator[Window]:
    """The start page, with a project that was opened before."""
    opened = open_window(project_path, qtbot)
    opened.show_start()
    yield opened
    opened.close()


def test_the_demo_is_opened_once_it_is_made(window: Window, making: Event, tmp_path: Path, qtbot):
    start = window.centralWidget()
    QTest.mouseClick(start.demo_button, LEFT)
    QTest.mouseClick(start.demo_button, LEFT)  # by somebody who cannot wait
    assert start.message.text() == "Making the demo …"
    making.set()
    qtbot.waitUntil(lambda: window.session is not None, timeout=30_000)
    assert window.session.project.path == tmp_path / "home" / "lidarloop-demo" / demo.PROJECT


def test_a_recent_project_is_reached_and_opened_by_keys(window: Window, qtbot):
    """Only the mouse reached it, and any of its buttons opened it, wherever it was let go."""
    start = window.centralWidget()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    row = start.findChild(RecentRow)
    QTest.mouseClick(row, Qt.MouseButton.RightButton)
    QTest.mousePress(row, LEFT)
    QTest.mouseRelease(row, LEFT, pos=QPoint(-9, -9))
    assert window.centralWidget() is start
    start.scans_button.setFocus()
    for _ in range(8):
        if not row.hasFocus():
            QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
    assert row.hasFocus()
    assert row.accessibleName() == f"Open {Path(row.entry.path).parent.name}/project"
    QTest.keyClick(row, Qt.Key.Key_Return)
    assert window.session is not None
    assert str(window.session.project.path) == row.entry.path


def made_meanwhile(window: Window, making: Event, qtbot) -> Driver:
    """Somebody at a recent project, opened while the demo was made, which has ended now."""
    start = window.centralWidget()
    QTest.mouseClick(start.demo_button, LEFT)
    QTest.mouseClick(start.findChild(RecentRow), LEFT)
    driver = Driver(window, qtbot)
    driver.settle()
    with qtbot.waitSignal(window.jobs.finished, timeout=60_000):
        making.set()
    driver.settle()
    return driver


def hears_of_steps(driver: Driver, qtbot) -> bool:
    """Whether the end of a step is told."""
    with qtbot.waitSignal(driver.window.jobs.finished, timeout=60_000):
        driver.window.actions_table.run("reopen")
    said = driver.session.banner.what.text()
    return driver.state.running is None and said == "Annotators agree on every unit."


def test_a_project_opened_meanwhile_is_not_taken_away(
    window: Window, making: Event, project_path: Path, qtbot
):
    driver = made_meanwhile(window, making, qtbot)
    assert driver.session.project.path == project_path
    assert hears_of_steps(driver, qtbot)


@pytest.mark.slow
def test_a_project_opened_meanwhile_is_told_why_the_demo_failed(
    window: Window, making: Event, project_path: Path, monkeypatch, qtbot
):
    def fail(*_: object) -> None:
        assert making.wait(60)
        raise ProjectError("The disk is full.", "Make room.")

    monkeypatch.setattr(demo, "make", fail)
    driver = made_meanwhile(window, making, qtbot)
    assert driver.session.project.path == project_path
    assert driver.session.banner.what.text() == "The disk is full."
    assert hears_of_steps(driver, qtbot)
