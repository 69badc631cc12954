"""Work that the window must not wait for: a few threads, what a person asked for goes first."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from enum import IntEnum
from functools import cache
from heapq import heappop, heappush
from itertools import count
from typing import TypeVar

from PySide6.QtCore import QObject, Qt, Signal
from shiboken6 import isValid

T = TypeVar("T")


class Turn(IntEnum):
    """How soon work is begun. LATER is done one at a time, so that it never holds every thread."""

    NOW = 0  # a person asked for it and waits
    SOON = 1  # for what is shown, beside it
    LATER = 2  # learning, reading ahead


class Background:
    """A pool. A future that waits can be cancelled; one that runs is let run to its end."""

    def __init__(self, threads: int, name: str) -> None:
        self._change = threading.Condition()
        self._waiting: list[tuple[Turn, int, Future, Callable[[], object]]] = []
        self._order = count()
        self._later = False  # whether work of that turn is running
        self._open = True
        self._threads = [
            threading.Thread(target=self._run, name=f"{name} {n}", daemon=True)
            for n in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, work: Callable[[], T], turn: Turn) -> Future[T]:
        """Have work done in its turn; a cancelled future once this is shut."""
        future: Future[T] = Future()
        with self._change:
            if self._open:
                heappush(self._waiting, (turn, next(self._order), future, work))
                self._change.notify()
                return future
        future.cancel()
        return future

    def shut(self) -> None:
        """Take nothing more, cancel what waits, and wait for what runs."""
        with self._change:
            self._open = False
            left = [future for _, _, future, _ in self._waiting]
            self._waiting.clear()
            self._change.notify_all()
        for future in left:
            future.cancel()
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        while True:
            with self._change:
                self._change.wait_for(lambda: self._ready() or not self._open)
                if not self._waiting:
                    return
                turn, _, future, work = heappop(self._waiting)
                self._later |= turn is Turn.LATER
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(work())
                except BaseException as error:  # told where the result is taken, as ever
                    future.set_exception(error)
            del future, work  # else an idle thread keeps what it did last
            if turn is Turn.LATER:
                with self._change:
                    self._later = False
                    self._change.notify()

    def _ready(self) -> bool:
        """Whether the first that waits may begin: nothing of an earlier turn waits behind it."""
        return bool(self._waiting) and not (self._later and self._waiting[0][0] is Turn.LATER)


class _Bearer(QObject):
    """Emits on other threads what one that the window deletes meanwhile must not emit there."""

    done = Signal(object, object, object)

    def __init__(self) -> None:
        super().__init__()
        self.done.connect(self._bring, Qt.ConnectionType.QueuedConnection)

    def _bring(self, to: QObject, then: Callable[[Future], object], future: Future) -> None:
        if isValid(to):
            then(future)


@cache
def _bearer() -> _Bearer:
    return _Bearer()


def bring(future: Future[T], to: QObject, then: Callable[[Future[T]], object]) -> None:
    """Have `then` called with a future on the window's thread once it is done or cancelled, never
    before this returns, and not where `to` is deleted by then. Call it on that thread."""
    bearer = _bearer()
    future.add_done_callback(lambda done: bearer.done.emit(to, then, done))
