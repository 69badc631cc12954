"""Which found boxes are right: by score, the best first, each takes the label it overlaps most."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from core.boxes.geometry import covered, points_in_boxes, points_per_box, rotated_iou
from core.boxes.table import Boxes

RIGHT, WRONG, NOT_COUNTED = 1, 0, -1
# Objects that count by the points they hold: the program's own levels, and Waymo's (CVPR 2020).
LEAST_POINTS = {"easy": 50, "moderate": 15, "hard": 5, "LEVEL_1": 6, "LEVEL_2": 1}
_IN_REGION = 0.5  # of a found box's area: then it lies in a region to ignore


class Rules(NamedTuple):
    """What counts of a class.

    Attributes
    ----------
    label : the class
    least : IoU above which a found box is right
    space : whether the IoU is that in space, else that from above
    points : objects that hold fewer points are neither missed nor found
    ranges : metres from the sensor, from and up to: what lies elsewhere does not count
    neighbours : classes that are neither right nor wrong (Van for Car)
    """

    label: int
    least: float
    space: bool = True
    points: int = LEAST_POINTS["hard"]
    ranges: tuple[float, float] = (0.0, np.inf)
    neighbours: tuple[int, ...] = ()


class Outcomes(NamedTuple):
    """Found boxes of a class in all frames: `score` (d,) float64, `outcome` (d,) int8 RIGHT, WRONG
    or NOT_COUNTED, `turn` (d,) float64 |yaw error| of those that are right, 0..pi, else NaN; and
    the number of `objects` that count."""

    score: np.ndarray
    outcome: np.ndarray
    turn: np.ndarray
    objects: int


def outcomes(frames: Sequence[tuple[Boxes, Boxes, np.ndarray]], rules: Rules) -> Outcomes:
    """Match the found boxes with the labels of each frame: (labels, found, points (N, >= 3)).

    A found box takes, of the labels that count and are not taken, the one of the largest IoU above
    the limit, else one that does not count; what then overlaps nothing is wrong, unless it lies in
    a region to ignore or out of range. Ties of the score go by the order of the boxes.
    """
    parts = [_frame(labels, found, points, rules) for labels, found, points in frames]
    if not parts:
        return Outcomes(np.zeros(0), np.zeros(0, np.int8), np.zeros(0), 0)
    score, outcome, turn = (np.concatenate([part[k] for part in parts]) for k in range(3))
    return Outcomes(score, outcome, turn, sum(part.objects for part in parts))


def counted_points(labels: Boxes, points: np.ndarray) -> np.ndarray:
    """(n, 3): of a frame's points (N, >= 3) those that `outcomes` counts, all that is to be kept of
    it: found boxes are judged by their overlaps alone."""
    kept: np.ndarray = points[points_in_boxes(points, labels.box[~labels.ignore]) >= 0, :3]
    return kept


def _frame(labels: Boxes, found: Boxes, points: np.ndarray, rules: Rules) -> Outcomes:
    found = found.take(found.label == rules.label)
    if np.isnan(found.score).any():
        raise ValueError("a found box has no score")
    regions = labels.box[labels.ignore]
    near = np.isin(labels.label, (rules.label, *rules.neighbours)) & ~labels.ignore
    labels = labels.take(near)
    counts = (labels.label == rules.label) & _in_range(labels.box, rules)
    counts &= points_per_box(points, labels.box) >= rules.points
    overlap = rotated_iou(found.box, labels.box)[int(rules.space)]
    excused = ~_in_range(found.box, rules)
    excused |= (covered(found.box, regions) > _IN_REGION).any(axis=1)
    outcome, turn = np.zeros(len(found), np.int8), np.full(len(found), np.nan)
    taken = np.zeros(len(labels), bool)
    for row in np.argsort(-found.score, kind="stable"):
        fits = (overlap[row] > rules.least) & ~taken
        best = _largest(overlap[row], fits & counts)
        if best is not None:
            outcome[row], taken[best] = RIGHT, True
            turn[row] = _between(found.box[row, 6], labels.box[best, 6])
            continue
        passed = _largest(overlap[row], fits & ~counts)
        if passed is not None:
            taken[passed] = True
        outcome[row] = NOT_COUNTED if passed is not None or excused[row] else WRONG
    return Outcomes(found.score, outcome, turn, int(counts.sum()))


def _largest(values: np.ndarray, of: np.ndarray) -> int | None:
    return int(np.where(of, values, -1).argmax()) if of.any() else None


def _in_range(box: np.ndarray, rules: Rules) -> np.ndarray:
    away = np.hypot(box[:, 0], box[:, 1])
    inside: np.ndarray = (away >= rules.ranges[0]) & (away < rules.ranges[1])
    return inside


def _between(a: float, b: float) -> float:
    turn = abs(a - b) % (2 * np.pi)
    return float(min(turn, 2 * np.pi - turn))
