"""The machine: which device computes, on how many threads."""

from __future__ import annotations

import contextlib
import os
import threading

import torch


def use_threads(wanted: int, processes: int = 1) -> int:
    """Take `wanted` threads, for 0 all but one that is the window's, and let other work go first.

    `processes` share the machine. Returns the number of threads.
    """
    threads = wanted or max(1, ((os.cpu_count() or 1) - 1) // processes)
    torch.set_num_threads(threads)
    if hasattr(os, "setpriority"):
        with contextlib.suppress(OSError):  # a polite wish, refused on some systems
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 19)
    return threads


def device() -> torch.device:
    """The GPU where there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")
