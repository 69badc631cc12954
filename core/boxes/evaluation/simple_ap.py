"""Average precision for data without pictures, over 40 recall levels.

The mean over the recalls k/40, k = 1..40, of the best precision at that recall or beyond. Found
boxes of equal scores count together. Unlike KITTI's rules this holds for few objects too: what
finds everything, and nothing else, has 1.
"""

from __future__ import annotations

import numpy as np

from core.boxes.evaluation.outcomes import NOT_COUNTED, RIGHT, Outcomes

_LEVELS = 40


def simple_ap(found: Outcomes) -> float:
    """AP 0..1; NaN where no object counts."""
    return _ap(found, np.ones(len(found.score)))


def simple_aph(found: Outcomes) -> float:
    """AP 0..1 with headings (Waymo's APH, Sun et al., CVPR 2020): in the precision a box that is
    right weighs 1 - |yaw error| / pi. NaN where no object counts."""
    return _ap(found, 1 - found.turn / np.pi)


def _ap(found: Outcomes, weight: np.ndarray) -> float:
    if not found.objects:
        return np.nan
    some = found.outcome != NOT_COUNTED
    score, right = found.score[some], found.outcome[some] == RIGHT
    if not len(score):
        return 0.0
    order = np.argsort(-score, kind="stable")
    score, right = score[order], right[order]
    weighed = np.where(right, weight[some][order], 0.0).cumsum()
    hits = right.cumsum()
    ends = np.flatnonzero(np.append(score[1:] != score[:-1], True))  # the last of each score
    precision = weighed[ends] / (ends + 1)
    best = np.maximum.accumulate(precision[::-1])[::-1]
    # Recall >= k/40 in whole numbers, so that no rounding moves a level.
    place = np.searchsorted(hits[ends] * _LEVELS, np.arange(1, _LEVELS + 1) * found.objects)
    return float(np.append(best, 0.0)[place].mean())
