"""Random selection, the baseline RS of BaSAL's Table III: units of the whole pool, no shares."""

from __future__ import annotations

from core.query.selection import Strategy
from core.query.strategies.pieces import by_score, chance, whole

RANDOM = Strategy(
    name="random",
    source="BaSAL, arXiv 2310.08035, Table III",
    groups=whole,
    score=chance,
    spread=by_score,
    reason="drawn by chance in {group}",
)
