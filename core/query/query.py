"""A query: an ordered, frozen list of items, each with its reason; query.json."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.base.errors import ProjectError
from core.base.files import read_json, write_json
from core.prepare.units import Units
from core.query.budget import Budget
from core.query.pool import Draw
from core.query.selection import Selection

VERSION = 1


@dataclass(frozen=True)
class Query:
    """What a round asks, in order. Written once.

    Attributes
    ----------
    items : (Q,) unit_ids
    partition : (Q,) names; points : (Q,) int64; reason : (Q,) words for the person
    columns : name -> (Q,) float64, the numbers behind the choice, NaN for an item that has none;
        empty for a warm start
    strategy, seed, round, budget : how it was asked
    fingerprint : of the units; checkpoint : hash of the network's, or None; parent : round or None
    """

    items: tuple[str, ...]
    partition: tuple[str, ...]
    points: np.ndarray
    reason: tuple[str, ...]
    columns: Mapping[str, np.ndarray]
    strategy: str
    seed: int
    round: int
    budget: Mapping[str, Any]
    fingerprint: str
    checkpoint: str | None
    parent: str | None


def freeze(
    selection: Selection,
    units: Units,
    *,
    strategy: str,
    draw: Draw,
    budget: Budget,
    checkpoint: str | None,
    parent: str | None,
) -> Query:
    """Turn a strategy's selection into a query of unit_ids."""
    names = units.partition_names
    return Query(
        items=tuple(units.names(selection.units)),
        partition=tuple(names[p] for p in units.partition[selection.units].tolist()),
        points=units.points[selection.units].astype(np.int64),
        reason=selection.reason,
        columns=selection.columns,
        strategy=strategy,
        seed=draw.seed,
        round=draw.round,
        budget={"kind": budget.kind, "amount": budget.amount, "asked": budget.asked},
        fingerprint=units.fingerprint,
        checkpoint=checkpoint,
        parent=parent,
    )


def write_query(path: Path, query: Query) -> None:
    """Freeze a query at `path`, atomically; the same query gives the same bytes."""
    rows = zip(query.items, query.partition, query.points.tolist(), query.reason, strict=True)
    items = []
    for place, (unit_id, partition, points, reason) in enumerate(rows):
        item = {"unit_id": unit_id, "partition": partition, "points": points, "reason": reason}
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
    stored = read_json(path)
    try:
        if stored["version"] > VERSION:
            raise ProjectError(
                f"{path} was written by a newer LidarLoop (query version {stored['version']}).",
                "Update LidarLoop to read it.",
            )
        items = stored["items"]
        points = np.array([item["points"] for item in items], np.int64)
        points.setflags(write=False)
        return Query(
            items=tuple(item["unit_id"] for item in items),
            partition=tuple(item["partition"] for item in items),
            points=points,
            reason=tuple(item["reason"] for item in items),
            columns={
                name: np.array([item.get(name, np.nan) for item in items], float)
                for name in stored["columns"]
            },
            strategy=stored["strategy"],
            seed=stored["seed"],
            round=stored["round"],
            budget=stored["budget"],
            fingerprint=stored["fingerprint"],
            checkpoint=stored["checkpoint"],
            parent=stored["parent"],
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ProjectError(
            f"{path} is damaged: {error!r}.", "Restore it from a copy of the project."
        ) from error
