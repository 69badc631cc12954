"""A window on a small prepared project, driven with real keys and clicks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtWidgets import QApplication

from core import steps
from core.assist.by_shape import is_bare
from core.base.jobs import Job
from gui.view.opengl import opengl
from tests.gui.driver import Driver, keep_settings_in, open_window, truth
from tests.streets import small_project


@pytest.fixture(autouse=True)
def own_settings(tmp_path: Path) -> None:
    """What the window remembers goes to a folder of the test."""
    keep_settings_in(tmp_path)


@pytest.fixture(autouse=True)
def no_window_left() -> Iterator[None]:
    """Windows of earlier tests would take part in every change of style, and keep their scans."""
    yield
    application = QApplication.instance()
    if isinstance(application, QApplication):
        for window in application.topLevelWidgets():
            window.deleteLater()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture
def project_path(tmp_path: Path, small_street: Path) -> Path:
    """A prepared research project with an open warm-start query."""
    path = tmp_path / "project"
    with small_project(path, small_street) as project:
        steps.prepare(project, Job(), workers=1)
        steps.ask(project, Job())
    return path


@pytest.fixture
def driver(qapp, qtbot, project_path: Path) -> Iterator[Driver]:
    problem, _ = opengl()
    assert problem is None, problem
    made = Driver(open_window(project_path, qtbot), qtbot)
    made.settle()
    yield made
    made.window.close()


@pytest.fixture
def taught(driver, qtbot):
    """All items but six are answered by their keys; guesses are up to date."""
    keys = driver.session.project.classes.keys
    query = driver.state.round.query
    for _ in range(6):
        driver.key(Qt.Key.Key_Tab)
    while len(driver.entries()) < len(query.items) - 6:
        driver.key(keys[truth(driver)])
    guesses = driver.state.guesses
    qtbot.waitUntil(lambda: guesses._running is None, timeout=30_000)
    guesses.forget()
    with qtbot.waitSignal(guesses.changed, timeout=30_000):
        guesses.follow(driver.state.content.scan)
    driver.settle()
    while is_bare(driver.session.project, driver.state.target.unit):
        driver.key(Qt.Key.Key_Tab)
    return driver
