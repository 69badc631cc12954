"""Garbage is collected on the window's thread alone.

Python collects wherever the count of objects happens to be reached; what of Qt it ends on another
thread is destroyed there, while the window may draw it.
"""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, QTimer

_EVERY_MS = 1000


class Garbage(QObject):
    """Takes the collecting over from Python, at the same thresholds, once a second."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        gc.disable()
        self._timer = QTimer(self)
        self._timer.setInterval(_EVERY_MS)
        self._timer.timeout.connect(self.look)
        self._timer.start()

    def look(self) -> None:
        """Collect the oldest generation that is due, and the younger ones with it, as Python
        does."""
        both = zip(gc.get_count(), gc.get_threshold(), strict=True)
        due = [number for number, (count, most) in enumerate(both) if count > most]
        if due:
            gc.collect(due[-1])
