"""Ground of one scan by Patchwork++, and its grid cells (docs/method.md, Ground)."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator

import numpy as np

from core.data.rig import Rig


def ground_mask(
    points: np.ndarray, *, sensor_height_m: float, rig: Rig | None = None
) -> np.ndarray:
    """Return (n,) bool: ground or not, of points (n, 4) float32 x, y, z, intensity, all finite.

    `rig` says how near ground is looked for and whether reflections are left out of it.
    A fresh Patchwork++ for each scan: it carries state from one call to the next.
    """
    import pypatchworkpp

    mask = np.zeros(len(points), bool)
    if not len(points):
        return mask
    parameters = pypatchworkpp.Parameters()
    parameters.sensor_height = sensor_height_m
    if rig is not None:
        parameters.min_range = rig.ground_from_m
        parameters.enable_RNR = rig.drop_reflections
    with _silent_stdout():
        detector = pypatchworkpp.patchworkpp(parameters)
        detector.estimateGround(np.ascontiguousarray(points, np.float32))
        mask[detector.getGroundIndices()] = True
    return mask


def cell_keys(points: np.ndarray, *, cell_m: float) -> np.ndarray:
    """Return (n,) int32 keys of the grid cells (i, j) of points (n, >= 2): i · 65536 + j + 32768.

    The order of the keys is the order of (i, j) as integers.
    """
    cell = np.floor(points[:, :2].astype(np.float64) / cell_m).astype(np.int64)
    return (cell[:, 0] * 65536 + cell[:, 1] + 32768).astype(np.int32)


@contextlib.contextmanager
def _silent_stdout() -> Iterator[None]:
    """Send what a C library prints to nowhere, so that our own output stays clean."""
    sys.stdout.flush()
    kept = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 1)
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)
