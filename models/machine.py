"""The machine: which device computes, on how many threads."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Mapping

import torch

_BFLOAT16 = ("avx512_bf16", "amx_bf16", "arm_bf16")


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


def half_of(where: torch.device) -> torch.dtype | None:
    """The half precision whose products a device makes faster than those of single precision:
    float16 on CUDA, bfloat16 on a CPU that has instructions for it, None without any."""
    if where.type == "cuda":
        return torch.float16
    tell: Callable[[], Mapping[str, object]] = getattr(torch.cpu, "get_capabilities", dict)
    able = tell()  # none before torch 2.12
    return torch.bfloat16 if any(able.get(name) for name in _BFLOAT16) else None


def precision(where: torch.device, mixed: bool) -> str:
    """What products of a mixed training are made in on a device, or of another: "bfloat16"."""
    half = half_of(where) if mixed else None
    return str(half or torch.float32).removeprefix("torch.")


def device() -> torch.device:
    """The GPU where there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")
