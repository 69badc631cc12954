"""Exact clusters, looking only as deep as the selection by epsilon asks (docs/method.md, Clusters).

At a level T only edges of T and more are found; rows that hang together by lighter ones are one
item. Clusters born above T are then known exactly, and the least that those are worth which part
below. Where that leaves a choice open (core.prepare.clustering.hierarchy) the items in question are
looked into at the next level, at last down to single rows.
"""

from __future__ import annotations

import numpy as np

from core.prepare.clustering.dense import join_dense, mark_dense
from core.prepare.clustering.grow import grow
from core.prepare.clustering.hierarchy import MIN_DISTANCE_M, select_clusters
from core.prepare.clustering.kdtree import build, neighbours

LEVELS = (0.7, 0.35)  # of epsilon


def exact_clusters(
    points: np.ndarray,
    *,
    min_cluster_size: int,
    min_samples: int,
    epsilon_m: float,
    levels: tuple[float, ...] = LEVELS,
) -> np.ndarray:
    """Cluster points (n, 3) float64 metres, n >= 2; return (n,) int64, any numbers, -1 for noise.

    `levels`, descending parts of epsilon below 1, change how long it takes and nothing else.
    """
    n = len(points)
    tree = build(points)
    arrays = (tree.points, tree.start, tree.end, tree.box, tree.first_leaf)
    k = min(min_samples, n - 1)
    item = np.zeros(n, np.int64)  # a row that stands for all of its item
    below = np.zeros(n)
    asked = np.ones(n, bool)
    a, b = np.zeros((2, 0), np.int64)
    weight = np.zeros(0)
    for distance in [part * epsilon_m for part in levels if part * epsilon_m > MIN_DISTANCE_M] + [
        0
    ]:
        t2 = distance * distance
        dense = mark_dense(*arrays, k, t2, asked)
        sparse = np.flatnonzero(asked & ~dense)
        slot = np.full(n, -1, np.int64)
        slot[sparse] = np.arange(len(sparse))
        near, near2 = neighbours(*arrays, k, slot, len(sparse))
        core = np.full(n, np.inf)
        core[dense] = t2
        core[sparse] = near2[:, -1]
        total = np.bincount(item, minlength=n)[item]
        joined = join_dense(*arrays[:5], t2, dense)
        found = grow(*arrays, core, slot, near, near2, joined.copy(), total)
        a, b, weight = (
            np.concatenate([old, new]) for old, new in zip((a, b, weight), found, strict=True)
        )
        item[asked] = joined[asked]
        below[asked] = distance
        first = np.flatnonzero(item == np.arange(n))
        numbers = np.empty(n, np.int64)
        numbers[first] = np.arange(len(first))
        number = numbers[item]
        chosen, needed = select_clusters(
            np.bincount(number),
            below[first],
            number[a],
            number[b],
            weight,
            min_cluster_size=min_cluster_size,
            epsilon_m=epsilon_m,
        )
        asked = needed[number]
        if not needed.any():
            break
    labels = np.empty(n, np.int64)
    labels[tree.order] = chosen[number]
    return labels
