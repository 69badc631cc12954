"""Strategies: one small file each, with one function `select(pool, budget, draw)`.

Others add theirs through the entry point group "lidarloop.strategies".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Protocol

import numpy as np

from core.query.budget import Budget
from core.query.pool import Draw, Pool


@dataclass(frozen=True)
class Selection:
    """Chosen units in the order they will be asked.

    units (Q,) int64; reason (Q,) words for the person; columns: name -> (Q,) float64 numbers
    behind the choice.
    """

    units: np.ndarray
    reason: tuple[str, ...]
    columns: Mapping[str, np.ndarray] = field(default_factory=dict)


class Strategy(Protocol):
    """Chooses free units of a pool within a budget. Same input, same output, byte for byte."""

    def __call__(self, pool: Pool, budget: Budget, draw: Draw) -> Selection: ...


@cache
def strategies() -> dict[str, Strategy]:
    """Return every known strategy by name."""
    from importlib import metadata

    from core.query.strategies import basal, random, size

    known: dict[str, Strategy] = {
        "basal": basal.select,
        "size": size.select,
        "random": random.select,
    }
    for point in metadata.entry_points(group="lidarloop.strategies"):
        known[point.name] = point.load()
    return known
