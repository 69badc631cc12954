"""A job: how a long step tells its progress and learns that it must stop."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TextIO

from core.base.errors import Cancelled, plain
from core.base.words import duration


@dataclass(frozen=True)
class Progress:
    """One report of a job: `done` of `total`, what it does, and named values (loss, mIoU);
    or a sentence it has `said`."""

    done: int
    total: int
    text: str
    values: Mapping[str, float] = field(default_factory=dict)
    seconds_left: float | None = None
    said: str = ""


Listener = Callable[[Progress], None]


class Job:
    """Passed to every long step. The step reports; the listener shows; `cancel` stops it.

    Reports reach the listener at most ten times a second, a stage's first and last always.
    `cancel` may be called from any thread; the step stops at its next report or `check`, by the
    exception `Cancelled`.
    """

    def __init__(self, listener: Listener | None = None, *, interval_s: float = 0.1) -> None:
        self._listener = listener
        self._interval_s = interval_s
        self._stop = threading.Event()
        self._text = ""
        self._began = 0.0
        self._first = 0
        self._told = 0.0

    @property
    def cancelled(self) -> bool:
        return self._stop.is_set()

    def cancel(self) -> None:
        self._stop.set()

    def check(self) -> None:
        """Raise Cancelled if the job was told to stop."""
        if self._stop.is_set():
            raise Cancelled

    def progress(
        self, done: int, total: int, text: str, *, always: bool = False, **values: float
    ) -> None:
        """Report that `done` of `total` steps of the stage `text` are finished.

        `always`: even where the last report was a moment ago.
        """
        self.check()
        if self._listener is None:
            return
        now = time.monotonic()
        if text != self._text:
            self._text, self._began, self._first, self._told = text, now, done, 0.0
        if not always and done < total and now - self._told < self._interval_s:
            return
        self._told = now
        here = done - self._first  # what an earlier run did took no time of this one
        left = (now - self._began) * (total - done) / here if here > 0 else None
        self._listener(Progress(done, total, text, values, left))

    def say(self, sentence: str) -> None:
        """Tell the person something once."""
        self.check()
        if self._listener is not None:
            self._listener(Progress(0, 0, self._text, said=sentence))


def terminal_bar(stream: TextIO | None = None) -> Listener:
    """Return a listener that draws one progress line per stage on `stream` (stderr)."""
    out = stream if stream is not None else sys.stderr
    redraw = out.isatty()

    def show(report: Progress) -> None:
        if report.said:
            said = plain(report.said)
            out.write(f"\r\x1b[K{said}\n" if redraw else f"{said}\n")
            out.flush()
            return
        finished = report.done >= report.total
        if not report.total or (not redraw and not finished):  # of nothing there is no share
            return
        width = 24
        filled = width * report.done // max(report.total, 1)
        parts = [f"{report.text:<12} [{'#' * filled}{'.' * (width - filled)}]"]
        parts.append(f"{report.done}/{report.total}")
        parts += [f"{name} {value:.4g}" for name, value in report.values.items()]
        if report.seconds_left is not None and not finished:
            parts.append(f"{duration(report.seconds_left)} left")
        line = "  ".join(parts)
        out.write(f"\r\x1b[K{line}" + ("\n" if finished else "") if redraw else line + "\n")
        out.flush()

    return show
