"""ReDAL (ICCV 2021): entropy and curvature, decayed among units that look alike."""

from __future__ import annotations

import math

import numpy as np

from core.query.pool import Draw, Pool
from core.query.selection import Group, Order, Scores, Stop, Strategy
from core.query.strategies.kmeans import kmeans
from core.query.strategies.pieces import column, whole

TRIM, CLUSTERS, RATE = 0.1, 150, 0.95  # of its code, outdoors
_CURVATURE = 0.05  # weight beside an entropy of base 2 that is a mean over the classes


def curved_entropy(pool: Pool, group: Group, draw: Draw) -> Scores:
    """H + 0.05 C ln 2 K: mean entropy of a unit's points and their mean curvature, C classes.

    ReDAL's code takes the logarithm of base 2 and the mean over the classes: that is this order.
    """
    weight = _CURVATURE * pool.columns["mean_p"].shape[1] * math.log(2)
    found = column(pool, "entropy", group.units)
    curvature = column(pool, "curvature", group.units)
    columns = {"E": found, "K": curvature, "score": found + weight * curvature}
    return Scores(columns["score"], columns=columns)


def decayed(pool: Pool, group: Group, scores: Scores, stop: Stop) -> Order:
    """Of the best tenth, in 150 clusters of the mean features, the k-th of a cluster, from 0, has
    its score times 0.95^k; sorted again. The others follow by their score."""
    order = np.argsort(-scores.value, kind="stable")
    count = math.ceil(len(order) * TRIM)
    best = order[:count]
    keys = stop.draw.keys(pool.units.names(group.units[best]))
    cluster, _ = kmeans(pool.columns["feature"][group.units[best]], keys, CLUSTERS)
    # Stable by cluster: within each, by score; the k-th is its place in that run.
    by_cluster = np.argsort(cluster, kind="stable")
    sizes = np.bincount(cluster)
    starts = np.repeat(np.cumsum(sizes) - sizes, sizes)
    place = np.empty(count, np.int64)
    place[by_cluster] = np.arange(count) - starts
    value = scores.value.copy()
    value[best] *= RATE**place
    again = best[np.lexsort((best, -value[best]))]
    return Order(np.concatenate([again, order[count:]]), {"decayed": value})


REDAL = Strategy(
    name="redal",
    source="ReDAL, ICCV 2021, and its code, on our units",
    groups=whole,
    score=curved_entropy,
    spread=decayed,
    reason="entropy {E:.2f}, curvature {K:.3f}, of {count:,} in {group}",
    needs=frozenset({"entropy", "curvature", "feature", "mean_p"}),
    before="size",
    work="150 x 100 x 0.1 n",
)
