"""Few scans: a query opens as few scans as hold three times what it may spend."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np

from core.data.places import frames
from core.query.budget import Budget, fits
from core.query.pool import Draw, Pool
from core.query.selection import Scores, Strategy
from core.query.strategies.size import SIZE

APART, ENOUGH = 10, 3  # frames between two scans of a sequence; shares that each group must hold


def few_scans(inner: Strategy) -> Strategy:
    """`inner` in few scans."""
    return replace(
        inner,
        name=f"few-scans x {inner.name}",
        restrict=best_scans,
        reason=f"{inner.reason}; few scans are opened",
    )


def best_scans(inner: Strategy, pool: Pool, budget: Budget, draw: Draw) -> np.ndarray:
    """(U,) bool: units of the scans to open.

    A scan is worth the sum, over the groups, of its best units' scores, as many as an equal share
    of the budget pays. The best scan is next, ties by chance, at least 10 frames from the others
    of its sequence, until each group has three times its share in them; where too few scans are so
    far apart, nearer ones follow.
    """
    units, count = pool.units, len(pool.units.scans)
    groups = [group for group in inner.groups(pool) if len(group.units)]
    wanted = ENOUGH * budget.amount / max(1, len(groups))
    value, holds = np.zeros(count), np.zeros((len(groups), count))
    for number, group in enumerate(groups):
        scores = inner.score(pool, group, draw)
        scan, cost = units.scan[group.units], budget.cost[group.units]
        holds[number] = np.bincount(scan, cost, count)
        value += _worth(scores, scan, cost, budget.amount // len(groups), count)
    missing = np.minimum(wanted, holds.sum(axis=1))
    order = np.lexsort((draw.keys(units.scans), -value)).tolist()
    sequence, frame = frames(units.scans, pool.places)
    chosen: np.ndarray = np.zeros(count, bool)
    taken: dict[int, list[int]] = {}
    for apart in (True, False):
        for scan in order:
            if (missing <= 0).all():
                return np.asarray(chosen[units.scan])
            near = (abs(frame[scan] - other) < APART for other in taken.get(sequence[scan], ()))
            if chosen[scan] or not holds[:, scan].any() or (apart and any(near)):
                continue
            chosen[scan] = True
            taken.setdefault(sequence[scan], []).append(frame[scan])
            missing -= holds[:, scan]
    return np.asarray(chosen[units.scan])


def _worth(
    scores: Scores, scan: np.ndarray, cost: np.ndarray, share: int, count: int
) -> np.ndarray:
    """(count,) per scan the sum of its best units' scores, of those that `fill` would take for
    `share`."""
    order = np.lexsort((-scores.value, scan))
    ends = np.searchsorted(scan[order], np.arange(count + 1)).tolist()
    parts = (order[first:last] for first, last in pairwise(ends))
    best = np.concatenate([np.zeros(0, np.int64), *(p[fits(cost[p], share)] for p in parts)])
    # From the least on, so that what is not worth least counts as none.
    value = scores.value[best] - min(0.0, scores.value.min(initial=0))
    return np.bincount(scan[best], value, count)


FEW_SCANS = replace(
    few_scans(SIZE),
    name="few-scans",
    source="ours: size-balanced chance, in as few scans as hold three shares",
)
