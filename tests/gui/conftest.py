"""A window on a small prepared project, driven with real keys and clicks."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, QSettings, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from core import steps
from core.base.jobs import Job
from gui.view.opengl import opengl
from gui.window.window import Window
from tests.conftest import small_project


@pytest.fixture(autouse=True)
def own_settings(tmp_path: Path) -> None:
    """What the window remembers goes to a folder of the test."""
    QSettings.setPath(
        QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(tmp_path / "settings")
    )


@pytest.fixture(autouse=True)
def drawing_errors() -> Iterator[None]:
    """vispy logs what fails while drawing and goes on: here it fails the test."""
    seen: list[str] = []

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.levelno >= logging.ERROR or "Error drawing" in record.getMessage():
                seen.append(record.getMessage())

    listener = Listener()
    logging.getLogger("vispy").addHandler(listener)
    yield
    logging.getLogger("vispy").removeHandler(listener)
    assert not seen


@pytest.fixture
def project_path(tmp_path: Path, small_street: Path) -> Path:
    """A prepared research project with an open warm-start query."""
    path = tmp_path / "project"
    with small_project(path, small_street) as project:
        steps.prepare(project, Job(), workers=1)
        steps.ask(project, Job())
    return path


class Driver:
    """A person at the window."""

    def __init__(self, window: Window, qtbot) -> None:
        self.window, self.qtbot = window, qtbot

    @property
    def session(self):
        assert self.window.session is not None
        return self.window.session

    @property
    def state(self):
        return self.session.state

    @property
    def answers(self):
        return self.session.project.answers

    def key(self, key: Qt.Key | str, modifier=Qt.KeyboardModifier.NoModifier) -> None:
        """Press a key with the focus in the 3D view."""
        QTest.keyClick(self.session.view.canvas.native, key, modifier)
        self.settle()

    def click(self, widget) -> None:
        QTest.mouseClick(widget, Qt.MouseButton.LeftButton)
        self.settle()

    def click_at(self, xy: np.ndarray) -> None:
        """Click into the 3D view."""
        place = QPoint(round(float(xy[0])), round(float(xy[1])))
        QTest.mouseClick(self.session.view.canvas.native, Qt.MouseButton.LeftButton, pos=place)
        self.settle()

    def drag(self, *places: tuple[int, int]) -> None:
        """Press the left button, move through the places and let go, in the 3D view."""
        native = self.session.view.canvas.native
        kinds = [QEvent.Type.MouseButtonPress]
        kinds += [QEvent.Type.MouseMove] * (len(places) - 1) + [QEvent.Type.MouseButtonRelease]
        left, none = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
        for kind, place in zip(kinds, (*places, places[-1]), strict=True):
            here = QPointF(*place)
            button = none if kind == QEvent.Type.MouseMove else left
            held = none if kind == QEvent.Type.MouseButtonRelease else left
            event = QMouseEvent(
                kind, here, native.mapToGlobal(here), button, held, Qt.KeyboardModifier.NoModifier
            )
            native._last_time = 0.0  # vispy drops moves that come within 10 ms
            QApplication.sendEvent(native, event)
        self.settle()

    def step(self, id: str) -> None:
        """Click a step of the stepper and wait until it has ended."""
        with self.qtbot.waitSignal(self.window.jobs.finished, timeout=120_000):
            self.click(self.window.stepper.buttons[id])
        self.settle()

    def settle(self) -> None:
        """Wait for the scan that is on its way."""
        QApplication.processEvents()
        self.qtbot.waitUntil(
            lambda: self.state.settled,
            timeout=10_000,
        )
        QApplication.processEvents()

    def entries(self):
        return list(self.answers.entries())


def open_window(path: Path | None, qtbot) -> Window:
    """A shown, active window whose first frame is drawn."""
    window = Window()
    window.resize(1100, 700)
    if path is None:
        window.show_start()
    window.show()
    qtbot.waitExposed(window)
    if path is not None:
        window.open_project(path)
        session = window.session
        assert session is not None
        session.view.instant = True
        qtbot.waitUntil(lambda: session.state.content is not None and session.view.drawn)
        window.activateWindow()
        qtbot.waitUntil(window.isActiveWindow)
        window.focus_view()
    return window


@pytest.fixture
def driver(qapp, qtbot, project_path: Path) -> Iterator[Driver]:
    problem, _ = opengl()
    assert problem is None, problem
    made = Driver(open_window(project_path, qtbot), qtbot)
    made.settle()
    yield made
    made.window.close()
