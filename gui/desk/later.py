"""Tells of many changes together, a moment after the first, and only where somebody sees them."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QWidget

_PATIENT = 10
_SOON_MS = 40  # behind its coming in sight


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


class WhileSeen(QObject):
    """Keeps a panel up to date only while somebody sees it.

    `refill` reads everything anew, and says whether it could: where not, it is tried again when the
    panel comes in sight. `count` follows the new answers.
    """

    def __init__(
        self, panel: QWidget, refill: Callable[[], bool], count: Callable[[], object]
    ) -> None:
        super().__init__(panel)
        self._panel, self._refill, self._count = panel, refill, count
        self._seen = False
        self._old = True  # whether more than answers may have changed
        self._soon = Later(self, _SOON_MS, self._look)

    def turn(self, seen: bool) -> None:
        """Its tab came to the front, or went behind another: Qt calls it visible there too."""
        self._seen = seen
        self._soon.soon()

    def renew(self) -> None:
        """More than answers has changed."""
        self._old = True
        self._look()

    def follow(self) -> None:
        """Answers have changed."""
        if self._seen and not self._old:
            self._count()

    def _look(self) -> None:
        if not self._seen:
            return
        if not self._panel.updatesEnabled():  # every panel is in sight while the window is laid out
            self._soon.soon()
        elif self._old:
            self._old = not self._refill()
        else:
            self._count()
