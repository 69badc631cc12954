"""A run that belongs to another program, such as the window: it ends with it, by itself, even where
that program was killed; unless it was told to stay."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from contextlib import suppress

import psutil

STAY = b"stay\n"
_STOPPED = 130  # as of a run that was interrupted


def follow(stream: int, stop: Callable[[], object] | None = None) -> threading.Thread:
    """End this process and all that it began when `stream`, a file descriptor, ends, unless it said
    STAY before. `stop` is done instead of ending it.
    """
    thread = threading.Thread(
        target=_follow, args=(stream, stop or _end), name="attached", daemon=True
    )
    thread.start()
    return thread


def _follow(stream: int, stop: Callable[[], object]) -> None:
    said = b""
    while STAY not in said:
        # Not through sys.stdin: Python could not end while a thread waits in its buffer.
        more = os.read(stream, 64)
        if not more:
            stop()
            return
        said += more


def _end() -> None:
    kill_tree(os.getpid(), itself=False)
    os._exit(_STOPPED)


def kill_tree(process: int, *, itself: bool = True) -> None:
    """Kill a process and all that it began, and wait for their end; none is no error."""
    with suppress(psutil.NoSuchProcess):
        top = psutil.Process(process)
        all_of_them = top.children(recursive=True)
        if itself:
            top.suspend()  # else it begins others meanwhile
            all_of_them = [*top.children(recursive=True), top]
        for one in all_of_them:
            with suppress(psutil.NoSuchProcess):
                one.kill()
        psutil.wait_procs(all_of_them, timeout=10)
