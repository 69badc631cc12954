"""What the network is least sure of: entropy, confidence, margin, and the votes of a unit's points.

As published (LiDAL, ReDAL) they rank whole scans: `scans x ent` and so on, in scans.py.
"""

from __future__ import annotations

from core.query.selection import Strategy
from core.query.strategies.pieces import by_score, closeness, entropy, unsureness, votes, whole

ENT = Strategy(
    name="ent",
    source="Wang & Shang 2014; ENT of LiDAL, ECCV 2022, on our units",
    groups=whole,
    score=entropy,
    spread=by_score,
    reason="entropy {E:.2f}, of {count:,} in {group}",
    needs=frozenset({"entropy"}),
    before="size",
)
CONFIDENCE = Strategy(
    name="confidence",
    source="Wang & Shang 2014; CONF of LiDAL, ECCV 2022, on our units",
    groups=whole,
    score=unsureness,
    spread=by_score,
    reason="confidence {confidence:.2f}, of {count:,} in {group}",
    needs=frozenset({"confidence"}),
    before="size",
)
MARGIN = Strategy(
    name="margin",
    source="Wang & Shang 2014; MAR of LiDAL, ECCV 2022, on our units",
    groups=whole,
    score=closeness,
    spread=by_score,
    reason="margin {margin:.2f}, of {count:,} in {group}",
    needs=frozenset({"margin"}),
    before="size",
)
VOTES = Strategy(
    name="votes",
    source="the segment's term of SEGENT, Lin et al. 2020, on our units",
    groups=whole,
    score=votes,
    spread=by_score,
    reason="votes' entropy {V:.2f}, of {count:,} in {group}",
    needs=frozenset({"votes"}),
    before="size",
)
