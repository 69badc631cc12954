"""Pieces that strategies share: groups of a pool, scores of a group, orders by score."""

from __future__ import annotations

import numpy as np

from core.query.pool import Draw, Pool
from core.query.selection import Group, Scores

_NAMED = 1 << 15  # units at a time


def whole(pool: Pool) -> list[Group]:
    """All units as one group."""
    return [
        Group("the whole pool", np.flatnonzero(pool.free), np.flatnonzero(pool.labelled)),
    ]


def partitions(pool: Pool) -> list[Group]:
    """The size partitions of BaSAL (III-B), the smallest first, the ground last."""
    groups = []
    for index, name in enumerate(pool.units.partition_names):
        mine = pool.units.partition == index
        free, labelled = np.flatnonzero(pool.free & mine), np.flatnonzero(pool.labelled & mine)
        groups.append(Group(f"partition {name}", free, labelled))
    return groups


def chance(pool: Pool, group: Group, draw: Draw) -> Scores:
    """By the units' keys, the smallest first: any order is as likely as another."""
    keys = np.empty(len(group.units), np.uint64)
    for start in range(0, len(keys), _NAMED):
        pool.job.progress(start, len(keys), f"chance, {group.words}")
        part = slice(start, start + _NAMED)
        keys[part] = draw.keys(pool.units.names(group.units[part]))
    pool.job.progress(len(keys), len(keys), f"chance, {group.words}")
    last = ~keys
    # A float holds 53 of the 64 bits exactly; the others decide among equal ones.
    return Scores((last >> np.uint64(11)).astype(float), ((last & np.uint64(0x7FF)).astype(float),))


def by_score(group: Group, scores: Scores) -> np.ndarray:
    """(n,) int64 places by value, then ties, the largest first, then unit order."""
    keys = (group.units, *(-values for values in reversed(scores.ties)), -scores.value)
    return np.lexsort(keys)
