"""Core-set (Sener & Savarese, ICLR 2018): the greedy cover of the features, exact."""

from __future__ import annotations

from core.query.pool import Pool
from core.query.selection import Group, Order, Scores, Stop, Strategy
from core.query.strategies.pieces import ended, none, whole


def farthest(pool: Pool, group: Group, scores: Scores, stop: Stop) -> Order:
    """Farthest first by the mean features; what is left by its last known distance."""
    from core.query.strategies.farthest import farthest_first  # loads numba

    feature = pool.columns["feature"]
    mine, answered = feature[group.units], feature[group.labelled]
    picks, distance, _ = farthest_first(mine, answered, stop.cost, stop.reach)
    return Order(ended(picks, distance), {"distance": distance})


CORESET = Strategy(
    name="coreset",
    source="Sener & Savarese, ICLR 2018; CSET of LiDAL and ReDAL, on our units",
    groups=whole,
    score=none,
    spread=farthest,
    reason="{distance:.3g} from all that is known, of {count:,} in {group}",
    needs=frozenset({"feature"}),
    before="size",
    work="n (m + 0.03 k)",
)
