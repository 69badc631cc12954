"""Units of other kinds than clusters and cells: a whole scan, blocks of equal size, super-voxels.

Published strategies choose among these (docs/method.md, Units). Every valid row is in one, but for
super-voxels that are too small.
"""

from __future__ import annotations

import numpy as np

from core.prepare.units import BLOCK, SCAN, VOXELS

BLOCKS = 20  # of a scan, as LiDAL has
KINDS = {"scans": SCAN, "blocks": BLOCK, "vccs": VOXELS}  # of prepare.units


def numbers(xyz: np.ndarray, units: str) -> np.ndarray:
    """(n,) int64 unit of each point (n, 3), from 0, negative for none; `units` is one of KINDS."""
    if units == "scans":
        return np.zeros(len(xyz), np.int64)
    if units == "blocks":
        return blocks(xyz)
    from core.prepare.vccs import supervoxels

    return supervoxels(xyz.astype(np.float64))


def blocks(xyz: np.ndarray) -> np.ndarray:
    """(n,) int64 block of each point: the scan is halved across its longer side in the plane, by
    points, until there are 20, of sizes that differ by a few points, or one for each point."""
    found = np.zeros(len(xyz), np.int64)
    parts = [(np.arange(len(xyz)), 0, min(BLOCKS, len(xyz)))]
    while parts:
        rows, first, many = parts.pop()
        if many == 1 or not len(rows):
            found[rows] = first
            continue
        sides = np.ptp(xyz[rows, :2], axis=0)
        along = xyz[rows, int(sides[1] > sides[0])]
        rows = rows[np.argsort(along, kind="stable")]
        half = many // 2
        cut = len(rows) * half // many
        parts += [(rows[:cut], first, half), (rows[cut:], first + half, many - half)]
    return found
