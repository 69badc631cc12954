"""What a strategy is, and what it chooses.

A strategy is a record of pieces: a table of units, split in groups; in each group a score, from
which a spread makes an order; `fill` walks the orders until the budget is spent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from core.base.errors import ProjectError
from core.query.budget import Budget, fill
from core.query.pool import Draw, Pool

RESERVED = frozenset({"unit_id", "partition", "points", "reason"})  # of an item in query.json
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
    spread : group, scores -> (n,) int64 places in the group, in the order to take them
    reason : words for the person; may name the columns, {group} and {count}, its units
    needs : columns of the pool that it reads
    before : strategy that chooses while the first network is not there yet, "" for none
    units : the kind of unit that it chooses from, one of UNIT_TABLES
    """

    name: str
    source: str
    groups: Callable[[Pool], Sequence[Group]]
    score: Callable[[Pool, Group, Draw], Scores]
    spread: Callable[[Group, Scores], np.ndarray]
    reason: str
    needs: frozenset[str] = frozenset()
    before: str = ""
    units: str = "basal"

    def __call__(self, pool: Pool, budget: Budget, draw: Draw) -> Selection:
        """Walk each group's order until the budget is spent.

        Raises ProjectError where nothing fits, or where a score is no number.
        """
        groups = self.groups(pool)
        orders: list[np.ndarray] = []
        columns: list[dict[str, np.ndarray]] = []
        for group in groups:
            scores = self.score(pool, group, draw)
            _check(pool, group, scores)
            order = self.spread(group, scores)
            orders.append(group.units[order])
            columns.append({name: values[order] for name, values in scores.columns.items()})
        taken = fill(orders, budget)
        reasons: list[str] = []
        parts: dict[str, list[np.ndarray]] = {name: [] for name in columns[0]}
        for group, order, mine, chosen in zip(groups, orders, columns, taken, strict=True):
            mask = np.isin(order, chosen)
            for name, values in mine.items():
                parts[name].append(values[mask].astype(np.float64))
            rows = zip(*(parts[name][-1].tolist() for name in parts), strict=True)
            numbers = list(rows) if parts else [()] * len(chosen)
            reasons += [
                self.reason.format(
                    group=group.words, count=len(order), **dict(zip(parts, row, strict=True))
                )
                for row in numbers
            ]
        joined = {name: np.concatenate(values) for name, values in parts.items()}
        return Selection(np.concatenate(taken), tuple(reasons), joined)


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
        wrong = f"more than the budget of {budget.amount:,} {budget.measure}"
    elif any(len(part) != count for part in (selection.reason, *selection.columns.values())):
        wrong = "reasons or columns of another length"
    elif taken := selection.columns.keys() & RESERVED:
        wrong = f"a column {min(taken)}, which is the query's own"
    else:
        return
    raise ProjectError(
        f"Strategy {name} chose {wrong}.", "Tell whoever wrote it, or ask by another strategy."
    )


def _check(pool: Pool, group: Group, scores: Scores) -> None:
    good = np.isfinite(scores.value)
    for values in (*scores.ties, *scores.columns.values()):
        good &= np.isfinite(values)
    bad = group.units[~good]
    if len(bad):
        scan = pool.units.scans[pool.units.scan[bad[0]]]
        raise ProjectError(
            f"The scores of scan {scan} hold values that are no numbers.",
            "Run `lidarloop score` again; if it stays, train the round again.",
        )
