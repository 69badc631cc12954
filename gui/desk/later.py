"""Tells of many changes together, a moment after the first."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer

_PATIENT = 10


class Later(QTimer):
    """Calls `tell` once, so many milliseconds after the first or, from `start`, the last change."""

    def __init__(self, parent: QObject, wait_ms: int, tell: Callable[[], object]) -> None:
        super().__init__(parent)
        self.setSingleShot(True)
        self.setInterval(wait_ms)
        self.timeout.connect(tell)

    def soon(self) -> None:
        """Something changed; what waits already is told of with it."""
        if not self.isActive():
            self.start()


class AfterFrame(Later):
    """Tells behind the frame of what changed: a list is nothing that the eye should wait for.

    `due` says whether that frame is still to come; one that is covered may never be drawn, so it is
    waited for ten times at most.
    """

    def __init__(self, parent: QObject, wait_ms: int, tell: Callable[[], object]) -> None:
        super().__init__(parent, wait_ms, self._tell_or_wait)
        self.due: Callable[[], bool] = lambda: False
        self._tell, self._waited = tell, 0

    def _tell_or_wait(self) -> None:
        if self._waited < _PATIENT and self.due():
            self._waited += 1
            self.start()
        else:
            self._waited = 0
            self._tell()
