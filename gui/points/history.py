"""The history of the point under the mouse: who said what of it, when, how."""

from __future__ import annotations

import time
from concurrent.futures import Future
from functools import partial
from typing import Any

import numpy as np
from PySide6.QtCore import QObject, QPoint, QTimer, Signal
from PySide6.QtWidgets import QToolTip

from core.base.errors import ProjectError
from core.base.words import round_name
from core.project.project import Project
from gui.desk.background import Turn
from gui.desk.scene import Scene

_REST_MS = 600
_MOST = 6


class History(QObject):
    """Shows a tip once the mouse rests over a point that was answered."""

    _read = Signal(object, object)

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self.scene = scene
        self._at = (0.0, 0.0)
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(_REST_MS)
        self._rest.timeout.connect(self.show)
        self._read.connect(self._show)
        scene.view.canvas.events.mouse_move.connect(self._moved)

    def _moved(self, event: Any) -> None:
        self._at = (float(event.pos[0]), float(event.pos[1]))
        if event.button is None and event.press_event is None:
            self._rest.start()
        else:
            self._rest.stop()

    def show(self) -> None:
        """Show the tip for where the mouse is, once the answers to the scan are read."""
        view, state = self.scene.view, self.scene.state
        if state.content is None or state.hides_labels or not view.isVisible():
            return
        at, row = self._at, view.picker.pick(*self._at)
        self.ask(row).add_done_callback(lambda done: self._read.emit(at, done))

    def _show(self, at: tuple[float, float], done: Future[str]) -> None:
        view = self.scene.view
        if done.cancelled() or at != self._at or not view.isVisible():
            return
        where = view.mapToGlobal(QPoint(round(at[0]) + 12, round(at[1]) + 12))
        QToolTip.showText(where, done.result(), view)

    def ask(self, row: int) -> Future[str]:
        """Every answer that a row of the shown scan got, the newest first; "" for -1, and where
        labels are hidden."""
        state, target = self.scene.state, self.scene.state.target
        blind = target is not None and target.blind and row in target.rows
        if row < 0 or blind or state.content is None:
            nothing: Future[str] = Future()
            nothing.set_result("")
            return nothing
        read = partial(answers_to, state.project, state.content.scan, row)
        return state.background.submit(read, Turn.NOW)

    def shut(self) -> None:
        self._rest.stop()
        self._read.disconnect()


def answers_to(project: Project, scan: str, row: int) -> str:
    """The newest answers that a row of a scan got, a line each: who, when, in which round, how."""
    lines = []
    try:
        for entry in project.answers.of_scan(scan):
            place = int(np.searchsorted(entry.rows, row))
            if place < len(entry.rows) and entry.rows[place] == row:
                when = time.strftime("%d %b %H:%M", time.localtime(entry.time))
                label = project.classes.title(int(entry.classes[place]))
                asked = round_name(entry.round) or "not asked"
                lines.append(f"{label}: {entry.annotator}, {when}, {asked}, {entry.tool}")
    except ProjectError as error:
        return error.what
    return "\n".join(lines[::-1][:_MOST])
