"""What a strategy is, and what it chooses.

A strategy is a record of pieces: a table of units, split in groups; in each group a score, from
which a spread makes an order; `fill` walks the orders until the budget is spent. It may be
restricted to a part of the pool first; the rest of the pool then gets what that cannot spend.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np

from core.base.errors import ProjectError
from core.query.budget import Budget, fill
from core.query.pool import Draw, Pool

RESERVED = frozenset({"unit_id", "partition", "points", "reason"})  # of an item in query.json
_LARGEST = 1e15  # of a column: larger numbers are damage, whose squares do not add up in float32
_CHUNK = 65_536  # units whose columns are looked at together
UNIT_TABLES = ("basal",)  # kinds of unit that a project can be prepared into


@dataclass(frozen=True)
class Selection:
    """Chosen units in the order they will be asked.

    units (Q,) int64; reason (Q,) words for the person; columns: name -> (Q,) float64 numbers
    behind the choice.
    """

    units: np.ndarray
    reason: tuple[str, ...]
    columns: Mapping[str, np.ndarray] = field(default_factory=dict)


@dataclass(frozen=True)
class Group:
    """Units that compete with each other.

    Attributes
    ----------
    words : the group in words, such as "partition 3"
    units : (n,) int64 that may be asked, ascending
    labelled : (m,) int64 that are answered, ascending
    """

    words: str
    units: np.ndarray
    labelled: np.ndarray


@dataclass(frozen=True)
class Scores:
    """How much each of a group's n units is worth asking, the largest first.

    Attributes
    ----------
    value : (n,) float64
    ties : (n,) float64 each, which decide among equal values, the largest first
    columns : name -> (n,) float64, the numbers behind it that are kept with the query
    """

    value: np.ndarray
    ties: tuple[np.ndarray, ...] = ()
    columns: Mapping[str, np.ndarray] = field(default_factory=dict)


@dataclass(frozen=True)
class Stop:
    """When an order that is found step by step may end.

    Attributes
    ----------
    cost : (n,) int64, of the group's units
    reach : what the units found so far may cost before the rest follows as it stands: twice the
        group's equal share of the budget, or all of it
    draw : chance
    """

    cost: np.ndarray
    reach: int
    draw: Draw


@dataclass(frozen=True)
class Order:
    """The order in which to take a group's n units.

    Attributes
    ----------
    places : (n,) int64, every place in the group once
    columns : name -> (n,) float64, numbers of the units in the group's order that are kept with
        the query
    """

    places: np.ndarray
    columns: Mapping[str, np.ndarray] = field(default_factory=dict)


class Select(Protocol):
    """Chooses free units of a pool within a budget. Same input, same output, byte for byte."""

    def __call__(self, pool: Pool, budget: Budget, draw: Draw) -> Selection: ...


@dataclass(frozen=True)
class Strategy:
    """One way of choosing, callable as `Select`.

    Attributes
    ----------
    name : as it is typed
    source : the paper and its section
    groups : pool -> groups, in the order in which they are asked
    score : pool, group, draw -> scores of the group's units
    spread : pool, group, scores, stop -> the order in which to take the group's units
    reason : words for the person; may name the columns, {group} and {count}, its units
    needs : columns of the pool that it reads
    before : strategy that chooses while the first network is not there yet, "" for none
    units : the kind of unit that it chooses from, one of UNIT_TABLES
    work : how its time grows with n units that may be asked, m answered ones and k that are asked
    restrict : strategy, pool, budget, draw -> (U,) bool, the units to choose from first
    sure : pool, units (n,), points -> those of the units, of so many points at most, that the next
        training learns as they are predicted; None for a strategy that learns from answers alone
    """

    name: str
    source: str
    groups: Callable[[Pool], Sequence[Group]]
    score: Callable[[Pool, Group, Draw], Scores]
    spread: Callable[[Pool, Group, Scores, Stop], Order]
    reason: str
    needs: frozenset[str] = frozenset()
    before: str = ""
    units: str = "basal"
    work: str = "n log n"
    restrict: Callable[[Strategy, Pool, Budget, Draw], np.ndarray] | None = None
    sure: Callable[[Pool, np.ndarray, int], np.ndarray] | None = None

    def __call__(self, pool: Pool, budget: Budget, draw: Draw) -> Selection:
        """Walk each group's order until the budget is spent.

        Raises ProjectError where nothing fits, or where a score is no number.
        """
        if self.restrict is None:
            return self._select(pool, budget, draw)
        inside = self.restrict(self, pool, budget, draw)
        parts, left = [], budget
        for mine in (pool.free & inside, pool.free & ~inside):
            if (left.cost[mine] <= left.amount).any():
                parts.append(self._select(replace(pool, free=mine), left, draw))
                spent = int(left.cost[parts[-1].units].sum())
                left = replace(left, amount=left.amount - spent)
        return joined(parts) if parts else self._select(pool, budget, draw)

    def _select(self, pool: Pool, budget: Budget, draw: Draw) -> Selection:
        groups = self.groups(pool)
        share = budget.amount // max(1, sum(len(group.units) > 0 for group in groups))
        reach = max(1, min(2 * share, budget.amount))
        orders: list[np.ndarray] = []
        columns: list[dict[str, np.ndarray]] = []
        for group in groups:
            if not len(group.units):
                orders.append(group.units)
                columns.append({})
                continue
            self._check_columns(pool, group)
            scores = self.score(pool, group, draw)
            check_scores(pool, group, scores)
            found = self.spread(pool, group, scores, Stop(budget.cost[group.units], reach, draw))
            orders.append(group.units[found.places])
            numbers = {**scores.columns, **found.columns}
            columns.append({name: values[found.places] for name, values in numbers.items()})
        taken = fill(orders, budget)
        reasons: list[str] = []
        parts: dict[str, list[np.ndarray]] = {name: [] for mine in columns for name in mine}
        for group, order, mine, chosen in zip(groups, orders, columns, taken, strict=True):
            if not len(order):
                continue
            mask = np.isin(order, chosen)
            for name, values in mine.items():
                parts[name].append(values[mask].astype(np.float64))
            rows = list(zip(*(parts[name][-1].tolist() for name in parts), strict=True))
            reasons += [
                self.reason.format(
                    group=group.words, count=len(order), **dict(zip(parts, row, strict=True))
                )
                for row in rows or [()] * len(chosen)
            ]
        kept = {name: np.concatenate(values) for name, values in parts.items()}
        return Selection(np.concatenate(taken), tuple(reasons), kept)

    def _check_columns(self, pool: Pool, group: Group) -> None:
        """Raise ProjectError, with the scan, where a number that is needed is none."""
        for units in (group.units, group.labelled):
            for start in range(0, len(units), _CHUNK):
                some = units[start : start + _CHUNK]
                for name in sorted(self.needs):
                    _check_good(pool, some, plausible(pool.columns[name][some]))


def plausible(values: np.ndarray) -> np.ndarray:
    """(n,) bool: of rows of numbers (n, ...) those in which all are numbers, and none is larger
    than anything that was measured or learnt."""
    rows = values.reshape(len(values), -1)
    if rows.dtype.kind != "f":
        return np.ones(len(rows), bool)
    most = min(_LARGEST, float(np.finfo(rows.dtype).max))  # of half precision
    good: np.ndarray = (np.abs(rows) <= most).all(axis=1)
    return good


def joined(parts: Sequence[Selection]) -> Selection:
    """Selections one after another, of the same columns."""
    columns = {
        name: np.concatenate([part.columns[name] for part in parts]) for name in parts[0].columns
    }
    reasons = tuple(reason for part in parts for reason in part.reason)
    return Selection(np.concatenate([part.units for part in parts]), reasons, columns)


def check(selection: Selection, pool: Pool, budget: Budget, name: str) -> None:
    """Raise ProjectError where what strategy `name` chose may not be asked: others write some."""
    units = np.asarray(selection.units)
    count = len(units) if units.ndim == 1 else -1
    whole = count > 0 and np.issubdtype(units.dtype, np.integer)
    if not whole or units.min() < 0 or units.max() >= len(pool.units):
        wrong = "no list of units"
    elif len(np.unique(units)) < count:
        wrong = "a unit twice"
    elif not pool.free[units].all():
        wrong = "units that may not be asked"
    elif budget.cost[units].sum() > budget.amount:
        wrong = f"more than the budget of {budget.words(budget.amount)}"
    elif any(len(part) != count for part in (selection.reason, *selection.columns.values())):
        wrong = "reasons or columns of another length"
    elif taken := selection.columns.keys() & RESERVED:
        wrong = f"a column {min(taken)}, which is the query's own"
    else:
        return
    raise ProjectError(
        f"Strategy {name} chose {wrong}.", "Tell whoever wrote it, or ask by another strategy."
    )


def check_scores(pool: Pool, group: Group, scores: Scores) -> None:
    """Raise ProjectError, with the scan, where a score is no number."""
    good = np.isfinite(scores.value)
    for values in (*scores.ties, *scores.columns.values()):
        good &= np.isfinite(values)
    _check_good(pool, group.units, good)


def _check_good(pool: Pool, units: np.ndarray, good: np.ndarray) -> None:
    """Raise ProjectError with the scan of the first of units (n,) that is not good (n,) bool."""
    bad = units[~good]
    if len(bad):
        scan = pool.units.scans[pool.units.scan[bad[0]]]
        raise ProjectError(
            f"The scores of scan {scan} hold values that are no numbers.",
            "Run `lidarloop score` again; if it stays, train the round again.",
        )
