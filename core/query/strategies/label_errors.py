"""Label errors: units whose imported labels are likely wrong, by points mended for each second."""

from __future__ import annotations

from core.query.pool import Draw, Pool
from core.query.selection import Group, Scores, Strategy
from core.query.strategies.pieces import by_score, column, whole


def mended(pool: Pool, group: Group, draw: Draw) -> Scores:
    """The share of a unit's points that are likely labelled wrong times its points, over the
    seconds that an answer is expected to take; among equal ones the more doubtful first."""
    doubt = column(pool, "doubt", group.units)
    seconds = column(pool, "seconds", group.units)
    wrong = doubt * pool.units.points[group.units]
    value = wrong / seconds
    return Scores(value, (doubt,), {"doubt": doubt, "likely wrong": wrong, "per second": value})


LABEL_ERRORS = Strategy(
    name="label-errors",
    source="ours: confident learning (Northcutt et al. 2021) on units, and units alike, by seconds",
    groups=whole,
    score=mended,
    spread=by_score,
    reason="its label disagrees with the network and with units like it: {likely wrong:.0f} points "
    "likely wrong",
    needs=frozenset({"doubt", "seconds"}),
)
