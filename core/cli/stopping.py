"""Ctrl+C while a network trains: what was learnt is saved first."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from core.base.jobs import Job


@contextmanager
def at_a_step(job: Job) -> Iterator[Job]:
    """Let the first Ctrl+C cancel the job, which ends at its next step and saves its state; a
    second one ends the process where it is, as without this. Who ignores it goes on."""
    before = signal.getsignal(signal.SIGINT)
    if before is None or before is signal.SIG_IGN:
        yield job
        return

    def stop(_: int, __: FrameType | None) -> None:
        signal.signal(signal.SIGINT, before)
        job.cancel()
        with suppress(OSError):  # Ctrl+C ends who reads it (tee), too
            os.write(2, b"\nlidarloop: stopping at the next step; again: at once.\n")  # reentrant

    signal.signal(signal.SIGINT, stop)
    try:
        yield job
    finally:
        signal.signal(signal.SIGINT, before)
