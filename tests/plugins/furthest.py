"""A strategy as a package of its own would bring it: what is furthest from the sensor first."""

from __future__ import annotations

import numpy as np

from core.query.pool import Draw, Pool
from core.query.selection import Group, Scores, Strategy
from core.query.strategies.pieces import by_score, whole


def distance(pool: Pool, group: Group, draw: Draw) -> Scores:
    """Metres along the ground from the sensor to the middle of a unit's box."""
    low, high = pool.units.box_min[group.units], pool.units.box_max[group.units]
    middle = (low.astype(float) + high) / 2
    metres = np.hypot(middle[:, 0], middle[:, 1])
    return Scores(metres, columns={"distance": metres})


FURTHEST = Strategy(
    name="furthest",
    source="ours: what is far away has few points and is seldom labelled",
    groups=whole,
    score=distance,
    spread=by_score,
    reason="{distance:.1f} m from the sensor",
)
