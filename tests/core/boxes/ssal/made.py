"""Frames, items and predictions for CPSP, made by chance or by hand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.boxes.predictions import FramePrediction
from core.boxes.samples import Sample
from core.boxes.ssal.bank import GT, Item, points_of

SIZES = np.array([(3.9, 1.6, 1.56), (0.8, 0.6, 1.73), (1.76, 0.6, 1.73)])


def boxes_by_chance(rng: np.random.Generator, count: int, reach: float = 25.0) -> np.ndarray:
    """(n, 7) boxes of three sizes on a slope, some of which overlap."""
    kind = rng.integers(0, 3, count)
    xy = rng.uniform(-reach, reach, (count, 2))
    z = height(xy) + SIZES[kind, 2] / 2
    yaw = rng.uniform(-np.pi, np.pi, count)
    return np.column_stack([xy, z, SIZES[kind], yaw])


def labels_of(boxes: np.ndarray) -> np.ndarray:
    return np.abs(boxes[:, None, 3:6] - SIZES).sum(2).argmin(1)


def height(xy: np.ndarray) -> np.ndarray:
    """The ground: a slope of 2 %."""
    return -1.7 + 0.02 * xy[:, 0]


def frame(rng: np.random.Generator, boxes: np.ndarray, ground: int = 6000) -> np.ndarray:
    """(N, 4) float32 points of the ground and within boxes."""
    xy = rng.uniform(-30, 30, (ground, 2))
    parts = [np.column_stack([xy, height(xy) + rng.normal(0, 0.02, ground)])]
    for box in boxes:
        inside = rng.uniform(-0.49, 0.49, (40, 3)) * box[3:6]
        c, s = np.cos(box[6]), np.sin(box[6])
        turned = inside @ np.array([[c, s, 0], [-s, c, 0], [0, 0, 1]])
        parts.append(turned + box[:3])
    xyz = np.concatenate(parts)
    return np.column_stack([xyz, rng.uniform(0, 1, len(xyz))]).astype(np.float32)


def items_of(points: np.ndarray, boxes: np.ndarray, scan: str, origin: int = GT) -> list[Item]:
    labels = labels_of(boxes) if len(boxes) else []
    parts = points_of(points, boxes)
    return [
        Item(box, int(label), 1.0, scan, part, origin)
        for box, label, part in zip(boxes, labels, parts, strict=True)
    ]


def prediction(
    box: np.ndarray, score: Sequence[float], label: Sequence[int], width: int = 3
) -> FramePrediction:
    box = np.array(box, float).reshape(-1, 7)
    feature = np.zeros((len(box), width), np.float32)
    return FramePrediction(box, np.array(score, float), np.array(label, np.uint8), feature)


class OneFrame:
    """Labelled samples that are one scene."""

    key = "one"

    def sample(self, number: int) -> Sample:
        none = np.zeros((0, 7), np.float32)
        return Sample(np.zeros((1, 4), np.float32), none, np.zeros(0, np.int64), none)

    def ready(self, step: int) -> bool:
        return True

    def due(self, step: int) -> bool:
        return False

    def refresh(self, step, predict, job) -> None:
        raise AssertionError
