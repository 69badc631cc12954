"""A window on a small prepared project, driven with real keys and clicks."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtWidgets import QApplication

from core.assist.by_shape import is_bare
from core.data.items import scan_of
from core.project.project import Project
from gui.view.opengl import opengl
from tests.gui.driver import Driver, keep_settings_in, open_window
from tests.streets import asked_project, copied_project, give, small_street_at

HERE = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)  # before the marks are chosen by
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Each value of a test that opens a window opens one: the first is quick, the others slow."""
    seen = set()
    for item in items:
        if HERE not in item.path.parents or not isinstance(item, pytest.Function):
            continue
        if {"driver", "taught", "qtbot"}.isdisjoint(item.fixturenames):
            continue
        if item.get_closest_marker("slow") is None:
            test = (item.path, item.originalname)
            if test in seen:
                item.add_marker(pytest.mark.slow)
            seen.add(test)


@pytest.fixture(autouse=True)
def own_settings(tmp_path: Path) -> None:
    """What the window remembers goes to a folder of the test."""
    keep_settings_in(tmp_path)


@pytest.fixture(autouse=True)
def no_window_left() -> Iterator[None]:
    """Windows of earlier tests would take part in every change of style, and keep their scans. What
    is left of them is collected here, and on no other thread (gui/window/garbage.py)."""
    gc.disable()
    yield
    application = QApplication.instance()
    if isinstance(application, QApplication):
        for window in application.topLevelWidgets():
            window.deleteLater()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    # A window that closes collects garbage: it need not look at all that earlier tests loaded.
    gc.collect()
    gc.freeze()
    gc.enable()


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A prepared research project with an open warm-start query, to be copied."""
    folder = tmp_path_factory.mktemp("prepared")
    small_street_at(folder / "scans")
    return asked_project(folder / "project", folder / "scans")


@pytest.fixture
def project_path(tmp_path: Path, small_street: Path, prepared: Path) -> Path:
    """A prepared research project with an open warm-start query, beside its scans."""
    return copied_project(prepared, tmp_path / "project", small_street)


@pytest.fixture
def driver(qapp, qtbot, project_path: Path) -> Iterator[Driver]:
    problem, _ = opengl()
    assert problem is None, problem
    made = Driver(open_window(project_path, qtbot), qtbot)
    made.settle()
    yield made
    made.window.close()


@pytest.fixture(scope="session")
def lesson(tmp_path_factory: pytest.TempPathFactory, prepared: Path) -> Path:
    """The prepared project with all items but the first six answered, to be copied."""
    folder = tmp_path_factory.mktemp("lesson")
    scans = prepared.parent / "scans"
    with Project(copied_project(prepared, folder / "project", scans)) as project:
        (found,) = project.rounds
        units = project.need_units()
        for item in found.query.items[6:]:
            scan = scan_of(item)
            truth = project.dataset.ground_truth(scan, project.classes)
            assert truth is not None
            unit = int(units.find_all([item])[0])
            rows = np.flatnonzero(project.rows(scan) == unit - units.range_of(scan).start)
            give(project, unit, int(np.bincount(truth[rows]).argmax()), round=found.id)
    return folder / "project"


@pytest.fixture
def taught(qapp, qtbot, tmp_path: Path, small_street: Path, lesson: Path) -> Iterator[Driver]:
    """All items but six are answered by their keys; guesses are up to date."""
    path = copied_project(lesson, tmp_path / "project", small_street)
    driver = Driver(open_window(path, qtbot), qtbot)
    driver.settle()
    guesses = driver.state.guesses
    qtbot.waitUntil(lambda: guesses._running is None, timeout=30_000)
    guesses.forget()
    with qtbot.waitSignal(guesses.changed, timeout=30_000):
        guesses.follow(driver.state.content.scan)
    driver.settle()
    while is_bare(driver.session.project, driver.state.target.unit):
        driver.key(Qt.Key.Key_Tab)
    yield driver
    driver.window.close()
