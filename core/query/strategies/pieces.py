"""Pieces that strategies share: groups of a pool, scores of a group, orders by score."""

from __future__ import annotations

import numpy as np

from core.query.pool import Draw, Pool
from core.query.selection import Group, Order, Scores, Stop

# -- groups ----------------------------------------------------------------------------------------

_NAMED = 1 << 15  # units at a time


def whole(pool: Pool) -> list[Group]:
    """All units as one group."""
    return [
        Group("the whole pool", np.flatnonzero(pool.free), np.flatnonzero(pool.labelled)),
    ]


def partitions(pool: Pool) -> list[Group]:
    """The size partitions of BaSAL (III-B), the smallest first, the ground last."""
    return [
        _group(pool, f"partition {name}", pool.units.partition == index)
        for index, name in enumerate(pool.units.partition_names)
    ]


def predicted_classes(pool: Pool) -> list[Group]:
    """Units by the class that most of their points are predicted as, by its number."""
    predicted = pool.columns["predicted"]
    found = np.unique(predicted[pool.free]).tolist() or [0]
    return [_group(pool, f"predicted class {one}", predicted == one) for one in found]


def _group(pool: Pool, words: str, mine: np.ndarray) -> Group:
    return Group(words, np.flatnonzero(pool.free & mine), np.flatnonzero(pool.labelled & mine))


# -- scores ----------------------------------------------------------------------------------------


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


def none(pool: Pool, group: Group, draw: Draw) -> Scores:
    """All alike: the spread alone decides."""
    return Scores(np.zeros(len(group.units)))


def entropy(pool: Pool, group: Group, draw: Draw) -> Scores:
    """E: the mean entropy over a unit's points (Eq. 2 of BaSAL)."""
    values = column(pool, "entropy", group.units)
    return Scores(values, columns={"E": values})


def unsureness(pool: Pool, group: Group, draw: Draw) -> Scores:
    """1 less the mean largest probability of a unit's points, so the least confident is first."""
    confidence = column(pool, "confidence", group.units)
    return Scores(1 - confidence, columns={"confidence": confidence})


def closeness(pool: Pool, group: Group, draw: Draw) -> Scores:
    """1 less the mean margin between a point's two likeliest classes: the smallest is first."""
    margin = column(pool, "margin", group.units)
    return Scores(1 - margin, columns={"margin": margin})


def votes(pool: Pool, group: Group, draw: Draw) -> Scores:
    """V: the entropy of the shares that each predicted class has of a unit's points."""
    values = column(pool, "votes", group.units)
    return Scores(values, columns={"V": values})


def column(pool: Pool, name: str, units: np.ndarray) -> np.ndarray:
    """Float64 values of units (n,) in a column of the pool."""
    values: np.ndarray = pool.columns[name][units].astype(np.float64)
    return values


# -- orders ----------------------------------------------------------------------------------------


def by_score(pool: Pool, group: Group, scores: Scores, stop: Stop) -> Order:
    """By value, then ties, the largest first, then unit order."""
    keys = (group.units, *(-values for values in reversed(scores.ties)), -scores.value)
    return Order(np.lexsort(keys))


def ended(picks: np.ndarray, rest: np.ndarray) -> np.ndarray:
    """(n,) int64 places: `picks` (k,) in their order, then those not picked by `rest` (n,), what
    each still has to say for itself, the largest first, then unit order."""
    left = np.ones(len(rest), bool)
    left[picks] = False
    others = np.flatnonzero(left)
    return np.concatenate([picks, others[np.argsort(-rest[others], kind="stable")]])
