"""Tells of many changes together, a moment after the first."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer


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
