"""Apart: no two units of a round that are near each other and of one size class."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from core.data.places import frames
from core.query.pool import Pool
from core.query.selection import Group, Order, Scores, Stop, Strategy
from core.query.strategies.few_scans import APART
from core.query.strategies.size import SIZE

METRES = 5.0


def apart(inner: Strategy) -> Strategy:
    """`inner` with what is near an earlier unit of its order, and of its size class, put last."""

    def spread(pool: Pool, group: Group, scores: Scores, stop: Stop) -> Order:
        order = inner.spread(pool, group, scores, stop)
        units = group.units[order.places]
        near = np.zeros(len(units), bool)
        last, left = _Taken(pool), stop.reach
        for place, unit in enumerate(units.tolist()):
            if left <= 0:
                break
            near[place] = last.holds_near(unit)
            if not near[place]:
                last.add(unit)
                left -= int(stop.cost[order.places[place]])
        return Order(order.places[np.argsort(near, kind="stable")], order.columns)

    return replace(inner, name=f"apart x {inner.name}", spread=spread)


class _Taken:
    """Units taken so far. Near is within 5 m by the poses, or within 10 frames without them."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._centre = pool.columns["centre"] if "centre" in pool.columns else None
        self._sequence, self._frame = frames(pool.units.scans, pool.places)
        if self._centre is not None:
            self._sequence = pool.coordinates
        self._cells: dict[tuple[int, ...], list[int]] = {}  # with poses, units
        self._frames: dict[tuple[int, ...], set[int]] = {}  # without, frames near those of units

    def holds_near(self, unit: int) -> bool:
        if self._centre is None:
            scan = int(self._pool.units.scan[unit])
            return self._frame[scan] in self._frames.get(self._kind(unit), ())
        here = self._centre[unit]
        i, j, k = np.floor(here / METRES).astype(int).tolist()
        around = (-1, 0, 1)
        return any(
            float(np.linalg.norm(self._centre[other] - here)) < METRES
            for a in around
            for b in around
            for c in around
            for other in self._cells.get((*self._kind(unit), i + a, j + b, k + c), ())
        )

    def add(self, unit: int) -> None:
        if self._centre is None:
            frame = self._frame[int(self._pool.units.scan[unit])]
            near = range(frame - APART + 1, frame + APART)
            self._frames.setdefault(self._kind(unit), set()).update(near)
        else:
            cell = np.floor(self._centre[unit] / METRES).astype(int).tolist()
            self._cells.setdefault((*self._kind(unit), *cell), []).append(unit)

    def _kind(self, unit: int) -> tuple[int, ...]:
        units = self._pool.units
        return (self._sequence[int(units.scan[unit])], int(units.partition[unit]))


APART_SIZE = replace(
    apart(SIZE),
    name="apart",
    source="ours: size-balanced chance, no two of one size class within 5 m, or 10 frames",
)
