"""Random selection, the baseline RS of BaSAL's Table III: units of the whole pool, no shares."""

from __future__ import annotations

import numpy as np

from core.query.budget import Budget, fill
from core.query.pool import Draw, Pool
from core.query.selection import Selection


def select(pool: Pool, budget: Budget, draw: Draw) -> Selection:
    """Draw units uniformly from the whole pool, by their keys; sizes do not matter."""
    order = draw.order(pool.units, np.flatnonzero(pool.free))
    (taken,) = fill([order], budget)
    return Selection(taken, ("drawn by chance in the whole pool",) * len(taken))
