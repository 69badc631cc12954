"""A person at the window: real keys and clicks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, QSettings, Qt, QTimer
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from gui.start.recent import store
from gui.window.export_page import ExportPage
from gui.window.window import Window


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

    def export(self, out: Path, what: str = "", layout: str = "") -> None:
        """Export by the window that asks what, as which files and where to."""
        self.key("E", Qt.KeyboardModifier.ControlModifier)
        page = self.window.findChild(ExportPage)
        self.qtbot.waitUntil(page.isActiveWindow)
        for box, name in ((page.what, what), (page.layout_, layout)):
            if name:
                box.setCurrentIndex(box.findData(name))
        page.out.selectAll()
        QTest.keyClicks(page.out, str(out))
        with self.qtbot.waitSignal(self.window.jobs.finished, timeout=60_000):
            QTest.keyClick(page.out, Qt.Key.Key_Return)
        self.window.activateWindow()  # no window manager does it here
        self.qtbot.waitUntil(self.window.isActiveWindow)
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
        """Wait for the scan that is on its way, and for keys that wait for it."""
        QApplication.processEvents()
        self.qtbot.waitUntil(
            lambda: self.state.settled and self.session.gate.rested,
            timeout=10_000,
        )
        QApplication.processEvents()

    def rest(self) -> None:
        """Wait until the panels that follow later have followed, and nothing is being learnt."""
        roots = (self.window, self.state)
        self.qtbot.waitUntil(
            lambda: (
                self.state.guesses._running is None
                and not any(
                    timer.isActive() and timer.isSingleShot()
                    for root in roots
                    for timer in root.findChildren(QTimer)
                )
            ),
            timeout=10_000,
        )
        self.settle()

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


def keep_settings_in(folder: Path) -> None:
    """What the window remembers goes to a folder of the test; there queues are by rank, so that
    items come in the query's order."""
    user = QSettings.Scope.UserScope
    QSettings.setPath(QSettings.Format.IniFormat, user, str(folder / "settings"))
    store().setValue("by_scan", "false")


def truth(driver: Driver) -> int:
    """The class that most points of the asked unit have in truth."""
    found = driver.state.content.truth[driver.state.target.rows]
    return int(np.bincount(found).argmax())
