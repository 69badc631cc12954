"""How much work an answer was: active seconds, clicks and keys since the last one."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication

from core.answers.effort import Effort

IDLE_S = 30.0


class Activity(QObject):
    """Watches the application's events. A pause counts for at most 30 s."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._last = clock()
        self._seconds = 0.0
        self._clicks = self._keys = 0
        self._pressed = -1

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Count; never swallow an event."""
        kind = event.type()
        # A key that is an action's never arrives as a key press, but always as this.
        if kind == QEvent.Type.ShortcutOverride:
            if watched is QApplication.focusWidget():
                self._keys += 1
                self._tick()
        elif kind == QEvent.Type.MouseButtonPress and isinstance(event, QMouseEvent):
            # Widget and parents are handed the same press: it has one time.
            if event.timestamp() != self._pressed:
                self._pressed = event.timestamp()
                self._clicks += 1
                self._tick()
        elif kind in (QEvent.Type.MouseMove, QEvent.Type.Wheel):
            self._tick()
        return False

    def _tick(self) -> None:
        now = self._clock()
        self._seconds += min(now - self._last, IDLE_S)
        self._last = now

    def take(self) -> Effort:
        """Return the effort since the last call, and begin anew."""
        self._tick()
        effort = Effort(self._seconds, self._clicks, self._keys)
        self._seconds, self._clicks, self._keys = 0.0, 0, 0
        return effort

    def give_back(self, effort: Effort) -> None:
        """Count an effort that was taken for the next answer after all."""
        self._seconds += effort.active_s
        self._clicks += effort.clicks
        self._keys += effort.keys
