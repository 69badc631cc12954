"""BaSAL (arXiv 2310.08035, III-D): entropy and diversity ranked inside each size partition."""

from __future__ import annotations

import numpy as np

from core.query.pool import Draw, Pool
from core.query.selection import Group, Scores, Strategy
from core.query.strategies.distances import sum_of_distances
from core.query.strategies.pieces import by_score, column, partitions


def entropy_and_novelty(pool: Pool, group: Group, draw: Draw) -> Scores:
    """Eq. 4: 1/rE + 1/rD with competition ranks, 1 = largest; equal ones by E, then D.

    E is Eq. 2, the mean entropy over a unit's points; D is Eq. 3, the sum of feature distances to
    the answered units of the same group.
    """
    entropy = column(pool, "entropy", group.units)
    feature = pool.columns["feature"]
    distance = sum_of_distances(
        feature, group.units, group.labelled, job=pool.job, text=f"novelty, {group.words}"
    )
    rank_e, rank_d = competition_ranks(entropy), competition_ranks(distance)
    score = 1 / rank_e + 1 / rank_d
    columns = {"E": entropy, "D": distance, "rE": rank_e, "rD": rank_d, "score": score}
    return Scores(score, (entropy, distance), columns)


def competition_ranks(values: np.ndarray) -> np.ndarray:
    """(n,) int64: 1 + the number of strictly larger values."""
    ascending = np.sort(values)
    return 1 + len(values) - np.searchsorted(ascending, values, side="right")


BASAL = Strategy(
    name="basal",
    source="BaSAL, arXiv 2310.08035, III-D",
    groups=partitions,
    score=entropy_and_novelty,
    spread=by_score,
    reason="entropy rank {rE:.0f}, novelty rank {rD:.0f} of {count:,} in {group}",
    needs=frozenset({"entropy", "feature"}),
    before="size",
)
