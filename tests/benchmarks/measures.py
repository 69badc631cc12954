"""Ratios within one run: what is timed and its reference alternate, so that both see the noise."""

from __future__ import annotations

import gc
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

from tests.places import ROOT


def cpu_seconds(function: Callable[[], object]) -> float:
    """CPU seconds of this process, all its threads, that one call takes."""
    gc.collect()
    began = time.process_time()
    function()
    return time.process_time() - began


def ratio(ours: Callable[[], object], reference: Callable[[], object], *, runs: int = 5) -> float:
    """Median CPU seconds of `ours` over those of `reference`, measured in turns."""
    pairs = [(cpu_seconds(ours), cpu_seconds(reference)) for _ in range(runs)]
    return statistics.median(a for a, _ in pairs) / statistics.median(b for _, b in pairs)


def numbers(code: str, *arguments: object) -> list[float]:
    """Numbers that a new process prints."""
    command = [sys.executable, "-c", code, *(str(argument) for argument in arguments)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return [float(word) for word in done.stdout.split()]


# VmHWM, since a child's ru_maxrss may be its parent's.
PEAK_MB = """
text = open("/proc/self/status").read()
print(int(text.partition("VmHWM:")[2].split()[0]) / 1024)
"""
