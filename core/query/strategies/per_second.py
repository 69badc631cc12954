"""A score for each second that an answer is expected to take."""

from __future__ import annotations

from dataclasses import replace

from core.base.errors import SettingsError
from core.query.pool import Draw, Pool
from core.query.selection import Group, Scores, Strategy
from core.query.strategies.pieces import by_score, column
from core.query.strategies.uncertain import ENT


def per_second(inner: Strategy) -> Strategy:
    """`inner` with its score divided by the seconds that an answer is expected to take.

    Raises SettingsError where its order is more than its score.
    """
    if inner.spread is not by_score:
        raise SettingsError(
            f"per-second divides a score, and {inner.name} does not order by one.",
            "Write it before a strategy such as ent, margin or basal.",
        )

    def score(pool: Pool, group: Group, draw: Draw) -> Scores:
        found = inner.score(pool, group, draw)
        seconds = column(pool, "seconds", group.units)
        value = found.value / seconds
        return Scores(value, found.ties, {**found.columns, "seconds": seconds, "per second": value})

    return replace(
        inner,
        name=f"per-second x {inner.name}",
        score=score,
        reason=f"{inner.reason}; about {{seconds:.1f}} s",
        needs=inner.needs | {"seconds"},
    )


PER_SECOND = replace(
    per_second(ENT), name="per-second", source="ours: entropy for each second of a person"
)
