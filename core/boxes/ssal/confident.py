"""How unsure a detector is of a box, and which boxes of a class it is surest of (CPSP's filter)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

FLOOR = 0.1  # of a score: what is less is no box
LEAST = 10  # boxes of a class, below which none is confident
_A_GROUP = 5  # boxes that a group has on average, at least
_MOST_PASSES = 300
_SURE_FROM = 0.5  # uncertainty is clustered above it: below, it falls again


class Rule(NamedTuple):
    """`clusters`: groups of a class's boxes; `cluster`: what is grouped, "score" or "u"; `keep`:
    "centre" for boxes beyond the surest group's centre, "group" for all of that group."""

    clusters: int = 20
    cluster: str = "score"
    keep: str = "centre"


class Confident(NamedTuple):
    """`chosen` (n,) bool; `threshold`: class -> the score from which on its boxes are confident,
    for the classes that have enough boxes."""

    chosen: np.ndarray
    threshold: Mapping[int, float]


def uncertainty(score: np.ndarray) -> np.ndarray:
    """(n,) float64 bits: the entropy of right or wrong, -s log2 s - (1-s) log2(1-s), at score s."""
    s = np.asarray(score, np.float64)
    yes, no = (np.where(p > 0, p, 1.0) for p in (s, 1 - s))
    found: np.ndarray = 0.0 - yes * np.log2(yes) - no * np.log2(no)
    return found


def centres(values: np.ndarray, k: int) -> np.ndarray:
    """(k,) float64 centres, ascending, of K-means of values (n,) in one dimension: one run of
    Lloyd's from the (i + .5)/k quantiles, so that equal input gives equal centres."""
    ordered = np.sort(np.asarray(values, np.float64))
    sums = np.concatenate([[0.0], np.cumsum(ordered)])
    found = np.quantile(ordered, (np.arange(k) + 0.5) / k)
    ends = np.zeros(k + 1, np.int64)
    ends[-1] = len(ordered)
    for _ in range(_MOST_PASSES):
        before = ends.copy()
        # A value in the middle of two centres is of the lower one.
        ends[1:-1] = np.searchsorted(ordered, (found[:-1] + found[1:]) / 2, side="right")
        size = np.diff(ends)
        some = size > 0
        mean = (sums[ends[1:]] - sums[ends[:-1]])[some] / size[some]
        # Rounding must not move a centre beyond its group.
        low, high = ordered[ends[:-1][some]], ordered[ends[1:][some] - 1]
        found[some] = np.clip(mean, low, high)
        if np.array_equal(before, ends):
            break
    return found


def confident(score: np.ndarray, label: np.ndarray, rule: Rule) -> Confident:
    """Which of n boxes with scores (n,) float 0..1 and labels (n,) int their classes' surest are.

    Per class the boxes of score >= .1 are split in k groups, k at most a fifth of their number;
    with less than 10 of them none is confident. By "u" the groups are of the uncertainty of those
    from .5 on.
    """
    score = np.asarray(score, np.float64)
    chosen, threshold = np.zeros(len(score), bool), dict[int, float]()
    by_u = rule.cluster == "u"
    for one in np.unique(label).tolist():
        mine = np.flatnonzero((label == one) & (score >= (_SURE_FROM if by_u else FLOOR)))
        if len(mine) < LEAST:
            continue
        # Both ways the surest are the highest values: from .5 on, u falls as the score grows.
        values = -uncertainty(score[mine]) if by_u else score[mine]
        middle = centres(values, max(1, min(rule.clusters, len(mine) // _A_GROUP)))
        limit = middle[-1]
        if rule.keep == "group" and len(middle) > 1:
            limit = np.nextafter((middle[-2] + middle[-1]) / 2, np.inf)
        kept = values >= limit
        if kept.any():
            chosen[mine[kept]] = True
            threshold[one] = float(score[mine[kept]].min())
    return Confident(chosen, threshold)
