"""Size partitions: Eq. 1 of BaSAL and the cuts that share it out evenly."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def api_by_size(size: np.ndarray, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the sizes present, ascending, and their API = C / ln P (Eq. 1).

    size, points (C,) are the clusters' size in metres and number of points; P is the number of
    points in all clusters of a size, C their count.
    """
    sizes, inverse = np.unique(size, return_inverse=True)
    count = np.bincount(inverse, minlength=len(sizes))
    total = np.bincount(inverse, weights=points, minlength=len(sizes))
    return sizes.astype(np.int64), count / np.log(np.maximum(total, 2))


def cuts(sizes: np.ndarray, api: np.ndarray, partitions: int) -> tuple[int, ...]:
    """Return the largest size of each of min(partitions, m) contiguous groups of sizes (m,).

    The groups minimise the sum over groups of (their API - total / partitions)²; ties go to the
    lexicographically smallest cuts. By dynamic programming over prefixes.
    """
    m = len(sizes)
    groups = min(partitions, m)
    if not groups:
        return ()
    share = float(api.sum()) / groups
    before = np.concatenate([[0.0], np.cumsum(api)])
    # best[i] = (cost, cut indices) of splitting the first i sizes in the groups so far
    best: list[tuple[float, tuple[int, ...]] | None] = [(0.0, ())] + [None] * m
    for _ in range(groups):
        following: list[tuple[float, tuple[int, ...]] | None] = [None] * (m + 1)
        for last in range(1, m + 1):
            options = [
                (known[0] + (before[last] - before[first] - share) ** 2, (*known[1], last - 1))
                for first in range(last)
                if (known := best[first]) is not None
            ]
            following[last] = min(options, default=None)
        best = following
    found = best[m]
    assert found is not None
    return tuple(int(sizes[index]) for index in found[1])


def partition_of(size: np.ndarray, cut: Sequence[int]) -> np.ndarray:
    """Return (C,) int8 partition of clusters by size; sizes above the last cut join the last."""
    place = np.searchsorted(np.asarray(cut, np.int64), size, side="left")
    return np.minimum(place, max(len(cut) - 1, 0)).astype(np.int8)
