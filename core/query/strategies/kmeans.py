"""k-means of units' numbers: Lloyd's steps from units that chance names, the same every time."""

from __future__ import annotations

import numpy as np

_STEPS = 100
_MOST = 400_000  # rows that the centres are fitted to


def kmeans(values: np.ndarray, keys: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Clusters (n,) int64 of values (n, F), and their centres (c, F) float64, c at most `k`.

    The centres start at the `k` rows of the smallest keys (n,) that differ from each other, and
    move for 100 steps or until no row changes; one that loses its rows stays where it is. Of more
    than 400,000 rows those of the smallest keys move the centres. Sums are float64, in row order.
    """
    order = np.argsort(keys, kind="stable")
    some = np.sort(order[:_MOST])
    _, first = np.unique(values[order[:_MOST]], axis=0, return_index=True)
    centres = values[order[np.sort(first)[:k]]].astype(np.float64)
    moving = values if len(some) == len(values) else values[some]
    cluster = np.full(len(moving), -1)
    for _ in range(_STEPS):
        before, cluster = cluster, nearest(moving, centres)
        if np.array_equal(before, cluster):
            break
        sizes = np.bincount(cluster, minlength=len(centres))
        sums = np.stack([np.bincount(cluster, column, len(centres)) for column in moving.T], axis=1)
        there = sizes > 0
        centres[there] = sums[there] / sizes[there, None]
    return (cluster if moving is values else nearest(values, centres)), centres


def nearest(values: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """(n,) int64: the nearest of centres (c, F) to each row of values (n, F), ties to the first."""
    from core.query.strategies.near import k_nearest  # loads numba

    return k_nearest(values, centres, 1)[1][:, 0]
