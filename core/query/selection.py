"""What a strategy chooses, and what a strategy is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
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
