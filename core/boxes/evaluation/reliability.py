"""Whether scores mean what they say: how often boxes of a score are right.

Only where labels are complete: what nobody labelled would count as wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from core.boxes.evaluation.outcomes import NOT_COUNTED, RIGHT, Outcomes

LEAST_SCORE = 0.1
TENTHS = tuple(k / 10 for k in range(11))
_TELLING = 10  # boxes
RANGES = (0.0, 0.3, 0.5, 0.8, 1.0)  # of S-SSAL's histograms (arXiv 2501.15449)


class Bins(NamedTuple):
    """By range of scores [low, high), the last with its end: `boxes` (b,) int64 found,
    `score` their mean score and `right` the share that is right, (b,) float64, NaN of none."""

    boxes: np.ndarray
    score: np.ndarray
    right: np.ndarray


def reliability(
    found: Outcomes, edges: tuple[float, ...] = TENTHS, least: float = LEAST_SCORE
) -> Bins:
    """How often boxes with a score of at least `least` are right, by range of scores."""
    some = (found.outcome != NOT_COUNTED) & (found.score >= least)
    score, right = found.score[some], found.outcome[some] == RIGHT
    place = np.searchsorted(edges, score, side="right") - 1
    place = np.minimum(place, len(edges) - 2)
    count = np.bincount(place, minlength=len(edges) - 1)
    none = np.full(len(count), np.nan)
    sums = (np.bincount(place, values, len(count)) for values in (score, right.astype(float)))
    means = (np.divide(total, count, out=none.copy(), where=count > 0) for total in sums)
    return Bins(count, *means)


def half_right_from(found: Sequence[Outcomes]) -> float:
    """The smallest score from which on at least half of the boxes, those of all classes together,
    are right; 1 where of no score they are. NaN of fewer than ten boxes, which tell nothing."""
    score = np.concatenate([np.zeros(0), *(one.score for one in found)])
    outcome = np.concatenate([np.zeros(0, np.int8), *(one.outcome for one in found)])
    counts = outcome != NOT_COUNTED
    order = np.argsort(-score[counts], kind="stable")
    score, right = score[counts][order], (outcome[counts] == RIGHT)[order]
    if len(score) < _TELLING:
        return np.nan
    place = np.arange(1, len(score) + 1)
    ends = np.append(score[1:] < score[:-1], True)  # boxes of one score go together
    good = ends & (place >= _TELLING) & (2 * np.cumsum(right) >= place)
    return float(score[good].min(initial=1.0))


def d_ece(found: Outcomes, least: float = LEAST_SCORE) -> float:
    """Detection calibration error by score (Küppers et al., CVPRW 2020): over ten ranges of scores,
    the mean of |share that is right - mean score|, weighed by their boxes. NaN of no box."""
    bins = reliability(found, TENTHS, least)
    if not bins.boxes.sum():
        return np.nan
    some = bins.boxes > 0
    off = np.abs(bins.right[some] - bins.score[some])
    return float((off * bins.boxes[some]).sum() / bins.boxes.sum())
