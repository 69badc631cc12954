"""Frames by chance, evenly spread, emptiest first: no network is asked."""

from __future__ import annotations

import numpy as np

from core.query.budget import Budget
from core.query.frame_pool import FramePool, reached
from core.query.pool import Draw
from core.query.selection import Selection

NOTHING_FOUND = "no detector found a thing in any frame: drawn by chance"


def random(pool: FramePool, budget: Budget, draw: Draw) -> Selection:
    """By chance, the same in all arms of a comparison with one seed."""
    return first(_by_chance(pool, draw), budget, "by chance")


def every(pool: FramePool, budget: Budget, draw: Draw) -> Selection:
    """At equal distances in the order of the frames, as many as are expected to be drawn; then at
    half of these distances, and so on."""
    free = pool.free
    count = min(len(free), max(1, int(budget.amount // max(1.0, float(budget.cost[free].mean())))))
    order: list[int] = []
    while len(order) < len(free):
        places = np.unique((np.arange(count) * len(free)) // count)
        order += np.setdiff1d(places, order).tolist()
        count = min(len(free), 2 * count)
    return first(free[order], budget, "at equal distances through the recording")


def unlabelled(pool: FramePool, budget: Budget, draw: Draw) -> Selection:
    """Those with the fewest boxes so far first."""
    free = pool.free
    order = free[np.argsort(pool.frames.drawn[free], kind="stable")]
    return first(order, budget, "with the fewest boxes so far")


def blind(pool: FramePool, budget: Budget, draw: Draw) -> Selection:
    """By chance, said to be so for want of anything found."""
    return first(_by_chance(pool, draw), budget, NOTHING_FOUND)


def first(order: np.ndarray, budget: Budget, reason: str) -> Selection:
    """As many of frames in an order as the budget has room for."""
    taken = order[: reached(budget.cost[order], budget)]
    return Selection(taken, (reason,) * len(taken))


def _by_chance(pool: FramePool, draw: Draw) -> np.ndarray:
    keys = draw.keys([pool.frames.scans[place] for place in pool.free.tolist()])
    found: np.ndarray = pool.free[np.argsort(keys, kind="stable")]
    return found
