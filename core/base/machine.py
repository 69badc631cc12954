"""Whether this machine can train with given settings, without loading torch."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from core.base.settings import TrainSettings

# Of a training step at width 1, measured (models/training/learner.py refuses by the same figure).
BYTES_PER_VOXEL = 31e3
MEMORY_SHARE = 0.7  # of what is free, that a step may take
# Seconds of a step on one core, for a voxel at width 1, as the preset laptop was measured.
_SECONDS_PER_VOXEL = 2.7e-4
_PATIENCE_S = 20.0  # for one step
_TYPICAL_POINTS = 120_000  # of a scan, of 64 beams


def has_gpu() -> bool:
    """Whether an NVIDIA GPU can be seen: by its driver's files on Linux, else by its tool.

    torch knows better and takes seconds to load: training asks it. CUDA_VISIBLE_DEVICES may hide
    all GPUs, as it does from torch.
    """
    hidden = os.environ.get("CUDA_VISIBLE_DEVICES")
    if hidden is not None and hidden.strip() in ("", "-1"):
        return False
    if sys.platform.startswith("linux"):
        # WSL has no /dev/nvidia0, but this.
        places = ("/dev/nvidia0", "/dev/dxg")
        return any(Path(place).exists() for place in places) or any(
            Path("/proc/driver/nvidia/gpus").glob("*")
        )
    return shutil.which("nvidia-smi") is not None


def usual_preset(format: str) -> str:
    """The preset for scans of a format on this machine."""
    fine = format == "nuscenes"
    if has_gpu():
        return "nuscenes" if fine else "paper"
    return "nuscenes-laptop" if fine else "laptop"


def too_much(settings: TrainSettings, points: int = _TYPICAL_POINTS) -> str | None:
    """Why this machine cannot train with these settings on scans of so many points, in a sentence;
    None where it can, or has a GPU, whose memory is only known to torch."""
    if has_gpu():
        return None
    # Of 124,000 points of SemanticKITTI 92, 62 and 35 thousand voxels of 0.05, 0.1 and 0.2 m.
    scans = settings.batch + (settings.teacher_scans if settings.teacher_weight else 0)
    voxels = scans * points * min(1.0, 0.155 * settings.voxel_m**-0.5)
    needed = voxels * BYTES_PER_VOXEL * settings.width
    seconds = voxels * settings.width**2 * _SECONDS_PER_VOXEL
    import psutil

    free = psutil.virtual_memory().total * MEMORY_SHARE
    if needed <= free and seconds <= _PATIENCE_S:
        return None
    each = f"{seconds / 60:,.0f} min" if seconds >= 90 else f"{seconds:.0f} s"
    return (
        f"To train by these settings takes an NVIDIA GPU, and none is seen here: one of thousands "
        f"of steps takes about {needed / 1e9:,.0f} GB of memory and, without one, {each}."
    )
