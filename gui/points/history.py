"""The history of the point under the mouse: who said what of it, when, how."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from PySide6.QtCore import QObject, QPoint, QTimer
from PySide6.QtWidgets import QToolTip

from core.base.errors import ProjectError
from gui.points.scene import Scene

_REST_MS = 600
_MOST = 6


class History(QObject):
    """Shows a tip once the mouse rests over a point that was answered."""

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self.scene = scene
        self._at = (0.0, 0.0)
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(_REST_MS)
        self._rest.timeout.connect(self.show)
        scene.view.canvas.events.mouse_move.connect(self._moved)

    def _moved(self, event: Any) -> None:
        self._at = (float(event.pos[0]), float(event.pos[1]))
        if event.button is None and event.press_event is None:
            self._rest.start()
        else:
            self._rest.stop()

    def show(self) -> None:
        """Show the tip for where the mouse is."""
        view, state = self.scene.view, self.scene.state
        if state.content is None or state.hides_labels or not view.isVisible():
            return
        row = view.picker.pick(*self._at)
        text = self.text(row) if row >= 0 else ""
        where = view.mapToGlobal(QPoint(round(self._at[0]) + 12, round(self._at[1]) + 12))
        QToolTip.showText(where, text, view)

    def text(self, row: int) -> str:
        """Every answer that a row of the shown scan got, the newest first."""
        state = self.scene.state
        assert state.content is not None
        target = state.target
        if target is not None and target.blind and row in target.rows:
            return ""
        try:
            lines = []
            for entry in state.project.answers.of_scan(state.content.scan):
                place = int(np.searchsorted(entry.rows, row))
                if place < len(entry.rows) and entry.rows[place] == row:
                    when = time.strftime("%d %b %H:%M", time.localtime(entry.time))
                    found = state.class_name(int(entry.classes[place]))
                    asked = entry.round or "not asked"
                    lines.append(f"{found}: {entry.annotator}, {when}, {asked}, {entry.tool}")
        except ProjectError as error:
            return error.what
        return "\n".join(lines[::-1][:_MOST])

    def shut(self) -> None:
        self._rest.stop()
