"""Ctrl+C while a network trains: what was learnt is saved first."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from core.base.jobs import Job


@contextmanager
def at_a_step(job: Job) -> Iterator[Job]:
    """Let the first Ctrl+C cancel the job, which ends at its next step and saves its state; a
    second one ends the process where it is, as without this."""
    before = signal.getsignal(signal.SIGINT)

    def stop(_: int, __: FrameType | None) -> None:
        signal.signal(signal.SIGINT, before)
        job.cancel()
        print("\nlidarloop: stopping at the next step; again: at once.", file=sys.stderr)

    signal.signal(signal.SIGINT, stop)
    try:
        yield job
    finally:
        signal.signal(signal.SIGINT, before)
