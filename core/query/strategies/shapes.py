"""Strategies on the units' shapes, which need no network: ProbCover and TypiClust."""

from __future__ import annotations

import numpy as np

from core.query.pool import Pool
from core.query.selection import Group, Order, Scores, Stop, Strategy
from core.query.strategies.kmeans import kmeans, nearest
from core.query.strategies.pieces import none, whole

MOST = 20_000  # units of a group that are compared with each other, the rest follow
CLASSES, PURE = 20, 0.95  # of k-means, that 95 % of the balls must be pure in
RADII = tuple(0.25 * step for step in range(40, 0, -1))  # the largest such is taken
CLUSTERS, SMALLEST, NEIGHBOURS = 500, 5, 20  # of TypiClust
_CHUNK = 1024


def covering(pool: Pool, group: Group, scores: Scores, stop: Stop) -> Order:
    """The unit whose ball covers most of what no ball covers yet comes next, ties in unit order.

    Balls of answered units cover from the start. Of a group over 20,000 units those of the
    smallest keys are looked at; what is not looked at, or covered, follows by its key.
    """
    keys = stop.draw.keys(pool.units.names(group.units))
    by_key = np.argsort(keys, kind="stable")
    some = np.sort(by_key[:MOST])
    values, answered = _normal(pool, group.units[some], group.labelled)
    radius = pure_radius(values, keys[some])
    covers = within(values, values, radius)
    np.fill_diagonal(covers, True)
    open_ = np.ones(len(values), bool)
    for start in range(0, len(answered), _CHUNK):  # a table of all of them would be gigabytes
        open_ &= ~within(answered[start : start + _CHUNK], values, radius).any(axis=0)
    degree = covers[:, open_].sum(axis=1)
    picks, said, spent = [], np.zeros(len(group.units)), 0
    while len(degree) and spent < stop.reach and degree.max() > 0:
        at = int(degree.argmax())
        said[some[at]] = degree[at]
        picks.append(int(some[at]))
        spent += int(stop.cost[some[at]])
        new = np.flatnonzero(covers[at] & open_)
        open_[new] = False
        degree -= covers[:, new].sum(axis=1)
    left = np.ones(len(keys), bool)
    left[picks] = False
    rest = by_key[left[by_key]]
    return Order(np.concatenate([np.array(picks, np.int64), rest]), {"covers": said})


def pure_radius(values: np.ndarray, keys: np.ndarray) -> float:
    """The largest radius of RADII at which at least 95 % of 1,000 balls hold one cluster of
    k-means only, 20 clusters; the smallest where none is."""
    cluster, _ = kmeans(values, keys, CLASSES)
    some = np.argsort(keys, kind="stable")[:1000]
    square = _squares(values[some], values)
    square[cluster[some][:, None] == cluster] = np.inf
    nearest_other = np.sqrt(square.min(axis=1, initial=np.inf))
    for radius in RADII:
        if np.mean(nearest_other >= radius) >= PURE:
            return radius
    return RADII[-1]


def typical(pool: Pool, group: Group, scores: Scores, stop: Stop) -> Order:
    """In turn through min(answered + asked, 500) clusters of over 5 units, those with the fewest
    answered first, then the largest: the unit whose 20 nearest in the cluster are nearest.

    What is in no such cluster follows, by its key.
    """
    keys = stop.draw.keys(pool.units.names(group.units))
    count = len(keys)
    values, answered = _normal(pool, group.units, group.labelled)
    asked = min(count, int(np.searchsorted(np.cumsum(np.sort(stop.cost)), stop.reach, "right")))
    mean_asked = int(stop.reach / max(1.0, float(stop.cost.mean()))) if count else 0
    k = min(len(answered) + max(1, min(asked, mean_asked)), CLUSTERS, count)
    typicality, turn = np.zeros(count), np.full(count, count)
    by_key = np.argsort(keys, kind="stable")
    if not count:
        return Order(by_key, {"typicality": typicality})
    cluster, centres = kmeans(values, keys, k)
    held = (
        np.bincount(nearest(answered, centres), minlength=len(centres))
        if len(answered)
        else (np.zeros(len(centres), int))
    )
    sizes = np.bincount(cluster, minlength=len(centres))
    members = np.split(np.argsort(cluster, kind="stable"), np.cumsum(sizes)[:-1])
    for mine in members:
        if len(mine) > SMALLEST:
            typicality[mine] = _typicality(values[mine])
            turn[mine[np.argsort(-typicality[mine], kind="stable")]] = np.arange(len(mine))
    # The k-th of a cluster waits until it has k answers more; fewest answered, then largest.
    waits = np.where(turn < count, turn + held[cluster], 2 * count)
    order = np.lexsort((keys, cluster, -sizes[cluster], waits))
    return Order(order, {"typicality": typicality})


def _typicality(values: np.ndarray) -> np.ndarray:
    """(n,) 1 / the mean distance to the min(20, n // 2) nearest others, of values (n, F)."""
    from core.query.strategies.near import k_nearest  # loads numba

    near = min(NEIGHBOURS, len(values) // 2)
    square, _ = k_nearest(values, values, near, same=True)
    found: np.ndarray = 1 / np.maximum(np.sqrt(square).mean(axis=1), 1e-9)
    return found


def within(centres: np.ndarray, values: np.ndarray, radius: float) -> np.ndarray:
    """(m, n) bool: which of values (n, F) are nearer than `radius` to each of centres (m, F)."""
    found = np.empty((len(centres), len(values)), bool)
    for start in range(0, len(centres), _CHUNK):
        square = _squares(centres[start : start + _CHUNK], values)
        found[start : start + _CHUNK] = square < radius * radius
    return found


def _squares(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """(m, n) float64 squared distances of one (m, F) to other (n, F)."""
    square: np.ndarray = one @ other.T * -2.0
    square += np.einsum("ij,ij->i", one, one)[:, None]
    square += np.einsum("ij,ij->i", other, other)
    np.maximum(square, 0, out=square)
    return square


def _normal(pool: Pool, units: np.ndarray, answered: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Shapes of units and of answered ones, each number less its mean over its deviation in
    `units`, float64."""
    shape = pool.columns["shape"]
    mine, theirs = shape[units].astype(np.float64), shape[answered].astype(np.float64)
    if not len(mine):
        return mine, theirs
    mean, deviation = mine.mean(axis=0), mine.std(axis=0)
    deviation[deviation == 0] = 1
    return (mine - mean) / deviation, (theirs - mean) / deviation


PROBCOVER = Strategy(
    name="probcover",
    source="ProbCover, Yehuda et al., NeurIPS 2022, on the units' shapes",
    groups=whole,
    score=none,
    spread=covering,
    reason="covers {covers:.0f} units that none covers, of {count:,} in {group}",
    needs=frozenset({"shape"}),
    work="n log n + 20,000²",
)
TYPICLUST = Strategy(
    name="typiclust",
    source="TypiClust, Hacohen et al., ICML 2022 (arXiv 2202.02794), on the units' shapes",
    groups=whole,
    score=none,
    spread=typical,
    reason="typical of units of its shape, of {count:,} in {group}",
    needs=frozenset({"shape"}),
    work="500 x 100 n",
)
