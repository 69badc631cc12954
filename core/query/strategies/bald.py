"""BALD (Houlsby et al. 2011): what several looks at a unit know beyond each other."""

from __future__ import annotations

from core.query.pool import Draw, Pool
from core.query.selection import Group, Scores, Strategy
from core.query.strategies.pieces import by_score, column, whole


def knowledge(pool: Pool, group: Group, draw: Draw) -> Scores:
    """I: entropy of the mean over looks less the mean entropy, mean over a unit's points."""
    values = column(pool, "mutual", group.units)
    return Scores(values, columns={"I": values})


BALD = Strategy(
    name="bald",
    source="Houlsby et al. 2011, over eight turned and scaled views, so of any network",
    groups=whole,
    score=knowledge,
    spread=by_score,
    reason="mutual information {I:.3f}, of {count:,} in {group}",
    needs=frozenset({"mutual"}),
    before="size",
)
