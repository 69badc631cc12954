"""Two views of a scan for a mean teacher: weak, as training always has them, and strong.

A weak view is turned and scaled (batches.augment). A strong one is a weak one of its own, then
mirrored by chance, each point shifted a little, its intensities scaled, some points left out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.data.classes import UNLABELLED
from models.networks.voxels import Voxels

_SHIFT_M, _MOST_SHIFT_M = 0.02, 0.06  # the noise of a sensor
_INTENSITY = (0.8, 1.25)
_MOST_LEFT_OUT = 0.3  # of a scan's points


@dataclass(frozen=True)
class Strong:
    """points (M, 4) float32 of a strong view, and which rows of the scan they are, (M,) int64."""

    points: np.ndarray
    rows: np.ndarray


def strengthen(points: np.ndarray, rng: np.random.Generator) -> Strong:
    """Make a strong view of a scan's weak one, points (N, 4) float32."""
    rows = np.flatnonzero(rng.random(len(points)) >= rng.uniform(0, _MOST_LEFT_OUT))
    strong = points[rows]
    if rng.random() < 0.5:
        strong[:, 1] = -strong[:, 1]
    shift = rng.normal(0, _SHIFT_M, (len(rows), 3)).clip(-_MOST_SHIFT_M, _MOST_SHIFT_M)
    strong[:, :3] += shift.astype(np.float32)
    strong[:, 3] *= np.float32(rng.uniform(*_INTENSITY))
    return Strong(strong, rows)


def asked(strong: Voxels, rows: np.ndarray, labels: np.ndarray, weak: Voxels) -> np.ndarray:
    """(V,) int64: for each voxel of a strong view the weak view's voxel whose class it may learn,
    that of its first point, whose coordinates it has; -1 where a person said something of one of
    its points, also that it is of no class.

    rows (M,): the scan's row of each of the strong view's points; labels (N,) uint8 by row.
    """
    of_point = strong.voxel_of_point.numpy()
    mine = rows[strong.rows]
    first = np.zeros(len(strong.keys), np.int64)
    first[of_point[::-1]] = mine[::-1]  # the last one written is the first in file order
    said = np.zeros(len(strong.keys), bool)
    said[of_point[labels[mine] != UNLABELLED]] = True
    weak_of_row = np.full(len(labels), -1, np.int64)
    weak_of_row[weak.rows] = weak.voxel_of_point.numpy()
    return np.where(said, -1, weak_of_row[first])
