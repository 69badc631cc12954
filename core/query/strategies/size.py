"""Size-balanced warm start (BaSAL III-C): chance inside each partition, equal shares of points."""

from __future__ import annotations

import numpy as np

from core.query.budget import Budget, fill
from core.query.pool import Draw, Pool
from core.query.selection import Selection


def select(pool: Pool, budget: Budget, draw: Draw) -> Selection:
    """Draw units of each partition uniformly, by their keys, until its share is used."""
    units = pool.units
    orders = [
        draw.order(units, np.flatnonzero(pool.free & (units.partition == index)))
        for index in range(len(units.partition_names))
    ]
    taken = fill(orders, budget)
    reason = tuple(
        f"drawn by chance in partition {name}"
        for name, chosen in zip(units.partition_names, taken, strict=True)
        for _ in chosen
    )
    return Selection(np.concatenate(taken), reason)
