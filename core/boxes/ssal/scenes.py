"""Pseudo scenes: a frame without its things, and objects of the bank set in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from core.boxes.fit import GROUND_RADIUS_M, around
from core.boxes.geometry import rotated_iou
from core.boxes.ssal.bank import Item, without

_GROUND_POINTS = 20  # below, nothing is said of the ground there
_LOWEST, _BAND_M = 0.05, 0.3  # share that may lie under the ground; what is still ground over it


class Scene(NamedTuple):
    """`points` (n, 4) float32; `boxes` (m, 7) float32 and `labels` (m,) int64 of the things in it;
    `pasted`: how many of the points, the last ones, are of objects of the bank."""

    points: np.ndarray
    boxes: np.ndarray
    labels: np.ndarray
    pasted: int


def ground_below(points: np.ndarray, xy: np.ndarray) -> float | None:
    """The height of the ground around a place (2,) of points (N, >= 3), of which none need be known
    to be ground: the median of the lowest 30 cm within 3.5 m, above the 5 % that may be
    reflections. None where there are few points."""
    z = points[around(points, xy, GROUND_RADIUS_M), 2]
    if len(z) < _GROUND_POINTS:
        return None
    low = np.partition(z, int(_LOWEST * len(z)))[int(_LOWEST * len(z))]
    return float(np.median(z[(z >= low) & (z <= low + _BAND_M)]))


def pseudo_scene(background: np.ndarray, objects: Sequence[Item], others: Sequence[Item]) -> Scene:
    """Set objects in a background (N, 4), in this order, each at its own place and heading and on
    the ground that is there; what has none below it, or would overlap anything set before by any
    area seen from above, is left out. `others` are set likewise and get no label. The background's
    points within the boxes go."""
    wanted = [*objects, *others]
    there = np.array([item.box for item in wanted]).reshape(-1, 7)
    clash = rotated_iou(there, there)[0] > 0  # whatever the heights
    placed, stand, parts = list[int](), list[np.ndarray](), list[np.ndarray]()
    for place, item in enumerate(wanted):
        box = None if clash[place, placed].any() else _lowered(item.box, background)
        if box is None:
            continue
        placed.append(place)
        stand.append(box)
        mine = item.points.astype(np.float64)
        mine[:, :3] += box[:3]
        parts.append(mine.astype(np.float32))
    boxes = np.array(stand).reshape(-1, 7)
    things = [row for row, place in enumerate(placed) if place < len(objects)]
    pasted = sum(map(len, parts))
    left = without(background, boxes).astype(np.float32)
    return Scene(
        points=np.concatenate([left, *parts]) if parts else left,
        boxes=boxes[things].astype(np.float32),
        labels=np.array([wanted[placed[row]].label for row in things], np.int64),
        pasted=pasted,
    )


def _lowered(box: np.ndarray, background: np.ndarray) -> np.ndarray | None:
    """A box (7,) on the ground below it, None where that is not known: at the height that it had in
    another frame it would hang in the air or lie under the road."""
    ground = ground_below(background, box[:2])
    if ground is None:
        return None
    made = box.copy()
    made[2] = ground + box[5] / 2
    return made


def drawn(
    items: Mapping[int, Sequence[Item]], most: Mapping[int, int], rng: np.random.Generator
) -> list[Item]:
    """Of each class so many items at most, by chance, all in an order by chance."""
    chosen: list[Item] = []
    for label in sorted(items):
        mine = items[label]
        count = min(most.get(label, 0), len(mine))
        chosen += [mine[k] for k in rng.choice(len(mine), count, replace=False).tolist()]
    return [chosen[k] for k in rng.permutation(len(chosen)).tolist()]
