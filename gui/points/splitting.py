"""A unit split in parts of like points, in the background."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from functools import partial

import numpy as np
from PySide6.QtCore import QObject, Signal

from core.assist.split import Parts, split
from gui.desk.background import Turn
from gui.desk.state import State


class Splitting(QObject):
    """Splits one unit at a time: a new wish replaces the one before."""

    _done = Signal(object, object)

    def __init__(self, state: State) -> None:
        super().__init__(state)
        self._state = state
        self._asked: Future[Parts] | None = None
        self._done.connect(self._take)

    def start(self, points: np.ndarray, then: Callable[[Parts], None]) -> None:
        """Split points (R, 4), their intensity 0..1, and go on with their parts."""
        if self._asked is not None:
            self._asked.cancel()
        self._asked = self._state.background.submit(partial(split, points), Turn.NOW)
        self._asked.add_done_callback(lambda done: self._done.emit(then, done))

    def _take(self, then: Callable[[Parts], None], done: Future[Parts]) -> None:
        if not done.cancelled():
            then(done.result())

    def shut(self) -> None:
        """Take no parts any more."""
        self._done.disconnect()
