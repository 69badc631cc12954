"""Ctrl+C while a network trains."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

from core.base.errors import Cancelled
from core.base.jobs import Job
from core.cli.stopping import at_a_step


@pytest.fixture(autouse=True)
def _in_a_terminal() -> Iterator[None]:
    """In the background of a script it would be ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def interrupt() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def test_the_first_stops_at_the_next_step_and_the_second_at_once(capfd):
    before = signal.getsignal(signal.SIGINT)
    with at_a_step(Job()) as job:
        interrupt()  # ends nothing here: a step is taken whole, so that its state can be saved
        assert "at the next step" in capfd.readouterr().err
        with pytest.raises(Cancelled):
            job.progress(1, 2, "train")
        with pytest.raises(KeyboardInterrupt):
            interrupt()
    assert signal.getsignal(signal.SIGINT) is before


def test_it_stops_where_nobody_reads_what_it_says():
    """`train 2>&1 | tee log`: Ctrl+C ends tee, too."""
    reading, writing = os.pipe()
    os.close(reading)
    kept = os.dup(2)
    os.dup2(writing, 2)
    try:
        with at_a_step(Job()) as job:
            interrupt()
            with pytest.raises(Cancelled):
                job.progress(1, 2, "train")
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(writing)


def test_who_ignores_it_goes_on():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # as in a script's background
    try:
        with at_a_step(Job()) as job:
            interrupt()
        assert not job.cancelled
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_afterwards_it_is_as_before():
    with at_a_step(Job()) as job:
        pass
    with pytest.raises(KeyboardInterrupt):
        interrupt()
    assert not job.cancelled
