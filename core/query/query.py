"""A query: an ordered, frozen list of items, each with its reason; query.json."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from core.base.errors import ProjectError
from core.base.files import read_json, write_json
from core.base.typed import listed, mapped, number, whole, words, words_or_none
from core.query.budget import Budget
from core.query.pool import Draw
from core.query.selection import Selection

VERSION = 1
_SEED = 1 << 63


@dataclass(frozen=True)
class Query:
    """What a round asks, in order. Written once.

    Attributes
    ----------
    items : (Q,) unit_ids, or names of scans
    group : (Q,) names of the group each was chosen in, for units their partition
    cost : (Q,) int64, what each answer was expected to cost, for units their points
    reason : (Q,) words for the person
    columns : name -> (Q,) float64, the numbers behind the choice, NaN for an item that has none;
        empty for a warm start
    strategy, seed, round, budget : how it was asked
    fingerprint : of the units; checkpoint : hash of the network's, or None; parent : round or None
    """

    items: tuple[str, ...]
    group: tuple[str, ...]
    cost: np.ndarray
    reason: tuple[str, ...]
    columns: Mapping[str, np.ndarray]
    strategy: str
    seed: int
    round: int
    budget: Mapping[str, Any]
    fingerprint: str
    checkpoint: str | None
    parent: str | None

    @cached_property
    def place_of(self) -> Mapping[str, int]:
        """Item -> its place in the query."""
        return {item: place for place, item in enumerate(self.items)}


class Table(Protocol):
    """What a selection was made from: units, later frames."""

    @property
    def costs(self) -> np.ndarray: ...
    @property
    def fingerprint(self) -> str: ...
    def names(self, units: np.ndarray) -> list[str]: ...
    def groups(self, units: np.ndarray) -> list[str]: ...


def freeze(
    selection: Selection,
    table: Table,
    *,
    strategy: str,
    draw: Draw,
    budget: Budget,
    checkpoint: str | None,
    parent: str | None,
) -> Query:
    """Turn a strategy's selection from a table into a query of its names."""
    return Query(
        items=tuple(table.names(selection.units)),
        group=tuple(table.groups(selection.units)),
        cost=table.costs[selection.units],
        reason=selection.reason,
        columns=selection.columns,
        strategy=strategy,
        seed=draw.seed,
        round=draw.round,
        budget={"kind": budget.kind, "amount": budget.amount, "asked": budget.asked},
        fingerprint=table.fingerprint,
        checkpoint=checkpoint,
        parent=parent,
    )


def write_query(path: Path, query: Query) -> None:
    """Freeze a query at `path`, atomically; the same query gives the same bytes."""
    rows = zip(query.items, query.group, query.cost.tolist(), query.reason, strict=True)
    items = []
    for place, (unit_id, group, cost, reason) in enumerate(rows):
        item = {"unit_id": unit_id, "partition": group, "points": cost, "reason": reason}
        numbers = {name: float(values[place]) for name, values in query.columns.items()}
        item |= {name: value for name, value in numbers.items() if np.isfinite(value)}
        items.append(item)
    write_json(
        path,
        {
            "version": VERSION,
            "strategy": query.strategy,
            "seed": query.seed,
            "round": query.round,
            "parent": query.parent,
            "budget": dict(query.budget),
            "fingerprint": query.fingerprint,
            "checkpoint": query.checkpoint,
            "columns": list(query.columns),
            "items": items,
        },
    )


def read_query(path: Path) -> Query:
    """Read a query. Raises ProjectError where it is damaged or of a newer version."""
    stored = read_json(path, version=int)
    if stored["version"] > VERSION:
        raise ProjectError(
            f"{path} was written by a newer LidarLoop (query version {stored['version']}).",
            "Update LidarLoop to read it.",
        )
    try:
        return _query(stored)
    except (KeyError, ValueError) as error:
        raise ProjectError(
            f"{path} is damaged: {error!r}.", "Restore it from a copy of the project."
        ) from error


def _query(stored: Mapping[str, Any]) -> Query:
    """The query that a file tells. Raises KeyError or ValueError where it tells none."""
    items = [mapped(item, "an item") for item in listed(stored["items"], "items")]
    names = tuple(words(item["unit_id"], "a unit_id") for item in items)
    if len(set(names)) != len(names):
        raise ValueError("an item is asked twice")
    cost = np.array([whole(item["points"], "points") for item in items], np.int64)
    cost.setflags(write=False)
    columns = [words(name, "a column") for name in listed(stored["columns"], "columns")]
    return Query(
        items=names,
        group=tuple(words(item["partition"], "a partition") for item in items),
        cost=cost,
        reason=tuple(words(item["reason"], "a reason") for item in items),
        columns={
            name: np.array([number(item.get(name, np.nan), name) for item in items], float)
            for name in columns
        },
        strategy=words(stored["strategy"], "strategy"),
        seed=whole(stored["seed"], "seed", -_SEED, _SEED),
        round=whole(stored["round"], "round", 1, 1_000_000),
        budget=mapped(stored["budget"], "budget"),
        fingerprint=words(stored["fingerprint"], "fingerprint"),
        checkpoint=words_or_none(stored["checkpoint"], "checkpoint"),
        parent=words_or_none(stored["parent"], "parent"),
    )
