"""Size-balanced warm start (BaSAL III-C): chance inside each partition, equal shares of points."""

from __future__ import annotations

from core.query.selection import Strategy
from core.query.strategies.pieces import by_score, chance, partitions

SIZE = Strategy(
    name="size",
    source="BaSAL, arXiv 2310.08035, III-C",
    groups=partitions,
    score=chance,
    spread=by_score,
    reason="drawn by chance in {group}",
)
