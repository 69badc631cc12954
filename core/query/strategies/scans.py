"""Whole scans: a strategy chooses scans by their rows' means, and all units of a scan are asked.

What a scan's rows say is the mean over those that have a unit; rows without one are not asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from core.base.errors import SettingsError
from core.prepare.units import Units
from core.query.pool import Pool
from core.query.selection import Group, Order, Scores, Stop, Strategy, check_scores
from core.query.strategies.pieces import none, whole

_RANK = "scan rank"
_NO_MEAN = ("predicted", "share", "shape", "centre", "seconds")  # of units, not of scans


class Scans(Units):
    """A table with a row for each scan instead of each unit; its name is the scan's."""

    def names(self, units: Sequence[int] | np.ndarray) -> list[str]:
        return [self.scans[scan] for scan in np.asarray(units).tolist()]


class _Means(Mapping[str, np.ndarray]):
    """Columns of scans: the means of their units' rows, made when first asked for."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._made: dict[str, np.ndarray] = {}

    def __getitem__(self, name: str) -> np.ndarray:
        if name in _NO_MEAN:
            raise KeyError(name)
        if name not in self._made:
            self._made[name] = _means(self._pool.units, self._pool.columns[name])
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return (name for name in self._pool.columns if name not in _NO_MEAN)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _means(units: Units, values: np.ndarray) -> np.ndarray:
    """(S,) or (S, k) float64: means over the rows of each scan's units, one scan in memory."""
    found = np.zeros((len(units.scans), *values.shape[1:]))
    for scan, (start, end) in enumerate(zip(units.offsets, units.offsets[1:], strict=False)):
        weight = units.points[start:end].astype(np.float64)
        if len(weight):
            found[scan] = weight @ values[start:end].astype(np.float64) / weight.sum()
    return found


def pool_of_scans(pool: Pool) -> Pool:
    """Scans as units: free where a unit of theirs is, labelled where one is answered."""
    units, count = pool.units, len(pool.units.scans)
    zeros = np.zeros(count, np.int32)
    table = Scans(
        scans=units.scans,
        offsets=np.arange(count + 1),
        scan=np.arange(count, dtype=np.int32),
        kind=zeros.astype(np.uint8),
        key=zeros,
        points=np.bincount(units.scan, units.points, count).astype(np.int32),
        size=zeros.astype(np.int16),
        partition=zeros.astype(np.int8),
        box_min=np.zeros((count, 3), np.float32),
        box_max=np.zeros((count, 3), np.float32),
        cuts=(),
        scan_rows=units.scan_rows,
        scan_hashes=units.scan_hashes,
        noise_points=units.noise_points,
        oversize=units.oversize,
        fingerprint=units.fingerprint,
    )

    def any_of(mask: np.ndarray) -> np.ndarray:
        return np.bincount(units.scan[mask], minlength=count) > 0

    free, labelled = any_of(pool.free), any_of(pool.labelled)
    return Pool(table, free, labelled, _Means(pool), places=pool.places)


def whole_scans(inner: Strategy, *, name: str = "", source: str = "") -> Strategy:
    """`inner` on scans: their order, and in each scan unit order.

    Raises SettingsError where it ranks by what only a unit has.
    """
    alone = sorted(inner.needs & set(_NO_MEAN))
    if alone:
        raise SettingsError(
            f"scans ranks whole scans, and {inner.name} goes by {alone[0]}, which only a unit has.",
            "Ask by it without scans, or by a strategy that ranks by scores.",
        )

    def spread(pool: Pool, group: Group, scores: Scores, stop: Stop) -> Order:
        scans = pool_of_scans(pool)
        mine = whole(scans)[0]
        found = inner.score(scans, mine, stop.draw)
        check_scores(scans, mine, found)
        scan = pool.units.scan[group.units]
        cost = np.bincount(scan, stop.cost, len(pool.units.scans)).astype(np.int64)[mine.units]
        order = inner.spread(scans, mine, found, replace(stop, cost=cost))
        rank = np.zeros(len(pool.units.scans))
        rank[mine.units[order.places]] = np.arange(1, len(mine.units) + 1)
        place = np.searchsorted(mine.units, scan)
        numbers = {**found.columns, **order.columns}
        columns = {name: values[place] for name, values in numbers.items()}
        return Order(np.argsort(rank[scan], kind="stable"), {_RANK: rank[scan], **columns})

    return replace(
        inner,
        name=name or f"scans x {inner.name}",
        source=source or inner.source,
        groups=whole,
        score=none,
        spread=spread,
        reason="of the scan at rank {scan rank:.0f}",
        before="rand-scans" if inner.needs else "",
    )
