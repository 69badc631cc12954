"""Panoptic quality of classes and things together (Kirillov et al., Panoptic Segmentation, 2019).

A segment is all points of one class and instance; without instances, all points of the class. A
true segment and a predicted one of its class match where their IoU is more than a half, which at
most one can. PQ = sum of the matches' IoUs / (TP + FP / 2 + FN / 2) = SQ · RQ.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.data.classes import FIRST_CODE

_HALF = 0.5


@dataclass(frozen=True)
class Matches:
    """Per class (C,): int64 segments that match, predicted ones that match none, true ones that
    match none; float64 sum of the matches' IoUs. Those of scans add up."""

    true_positive: np.ndarray
    false_positive: np.ndarray
    false_negative: np.ndarray
    iou: np.ndarray

    def __add__(self, other: Matches) -> Matches:
        return Matches(
            self.true_positive + other.true_positive,
            self.false_positive + other.false_positive,
            self.false_negative + other.false_negative,
            self.iou + other.iou,
        )

    @property
    def sq(self) -> np.ndarray:
        """(C,) float64 mean IoU of the matches, 0 without one; NaN where the class is nowhere."""
        return self._share(self.iou, self.true_positive)

    @property
    def rq(self) -> np.ndarray:
        """(C,) float64 F1 of the segments, NaN where the class is nowhere."""
        return self._share(self.true_positive, self._weight)

    @property
    def pq(self) -> np.ndarray:
        """(C,) float64 panoptic quality, NaN where the class is nowhere."""
        return self._share(self.iou, self._weight)

    @property
    def _weight(self) -> np.ndarray:
        weight: np.ndarray = self.true_positive + (self.false_positive + self.false_negative) / 2
        return weight

    def _share(self, part: np.ndarray, whole: np.ndarray) -> np.ndarray:
        found = np.where(self._weight > 0, 0.0, np.nan)
        shares: np.ndarray = np.divide(part, whole, out=found, where=whole > 0)
        return shares


def no_matches(classes: int) -> Matches:
    """Before the first scan."""
    none = np.zeros(classes, np.int64)
    return Matches(none, none, none, none.astype(float))


def matches(
    truth: np.ndarray,
    true_instance: np.ndarray,
    predicted: np.ndarray,
    predicted_instance: np.ndarray,
    classes: int,
) -> Matches:
    """Of one scan: classes and codes (N,) uint8, instances (N,) integers, 0 for none.

    Points whose truth is no class do not count at all, as in the benchmark of semantic-kitti.org;
    points without a predicted class are of no predicted segment.
    """
    known = truth < FIRST_CODE
    true_class, true_of, true_size = _segments(truth[known], true_instance[known])
    said_class, said_of, said_size = _segments(predicted[known], predicted_instance[known])
    pairs, common = np.unique(
        true_of.astype(np.int64) * max(len(said_class), 1) + said_of, return_counts=True
    )
    one, other = np.divmod(pairs, max(len(said_class), 1))
    shared = common / (true_size[one] + said_size[other] - common)
    match = (true_class[one] == said_class[other]) & (shared > _HALF)
    match &= said_class[other] < FIRST_CODE
    of_class = true_class[one[match]]
    count = np.bincount(of_class, minlength=classes)
    said = said_class[said_class < FIRST_CODE]
    return Matches(
        count,
        np.bincount(said, minlength=classes) - count,
        np.bincount(true_class, minlength=classes) - count,
        np.bincount(of_class, weights=shared[match], minlength=classes),
    )


def _segments(found: np.ndarray, instance: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(S,) class of each segment, (n,) segment of each point, (S,) points of each segment."""
    key = found.astype(np.int64) << 40 | instance.astype(np.int64)
    keys, of_point, size = np.unique(key, return_inverse=True, return_counts=True)
    return keys >> 40, of_point, size


def as_things(classes: np.ndarray, group: np.ndarray, countable: frozenset[int]) -> np.ndarray:
    """(N,) int64 instances of points with classes (N,): of a countable class its group's number
    (N,) from 1 on, so that each group is one thing of the class; 0 of all others and of points of
    no group, which are negative."""
    of_thing = np.isin(classes, list(countable)) & (group >= 0)
    return np.where(of_thing, group.astype(np.int64) + 1, 0)
