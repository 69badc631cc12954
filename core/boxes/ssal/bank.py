"""The bank of objects that pseudo scenes are made of: people's boxes, and a detector's surest ones.

A refresh looks at each frame's predictions again: better ones take the place of an item (Eq. 1),
items that nothing overlaps any more go, confident boxes that overlap no item come: O^t =
(O^(t-1) minus O_remove) with O_new (Eq. 3). What people drew is never touched.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

from core.boxes.geometry import points_in_boxes, rotated_iou

OVERLAP = 0.5  # IoU from above, strictly more: of one thing, whatever the classes
GT, PSEUDO, FALSE = 0, 1, 2  # where an object is from


@dataclass(frozen=True, eq=False)
class Item:
    """An object with its points.

    Attributes
    ----------
    box : (7,) float64 (core.boxes.table); label : class id; score : 0..1, of a person's box 1
    frame : the scan it stands in
    points : (n, 4) float32, x, y, z from the box's centre, intensity
    origin : GT, PSEUDO, or FALSE for what a detector hardly believes in
    missed : refreshes in a row in which no prediction overlapped it; born : refresh it came in
    """

    box: np.ndarray
    label: int
    score: float
    frame: str
    points: np.ndarray
    origin: int
    missed: int = 0
    born: int = 0


class Seen(NamedTuple):
    """Predictions of a frame, all of score >= .1: `box` (n, 7) float64, `score` (n,), `label`
    (n,), `confident` (n,) bool, and the `points` (n_i, 4) float32 in each, from its centre."""

    box: np.ndarray
    score: np.ndarray
    label: np.ndarray
    confident: np.ndarray
    points: Sequence[np.ndarray]


@dataclass
class Changes:
    """What a refresh did: items that were `replaced`, `removed`, `new`, by class id."""

    replaced: dict[int, int] = field(default_factory=dict)
    removed: dict[int, int] = field(default_factory=dict)
    new: dict[int, int] = field(default_factory=dict)


def refresh_frame(
    items: Sequence[Item], seen: Seen, frame: str, *, born: int, del_after: int, changes: Changes
) -> list[Item]:
    """The items of a frame after its predictions were looked at: people's, those that stay, new
    ones. `changes` are counted on."""
    people = [item for item in items if item.origin == GT]
    pseudo = [item for item in items if item.origin == PSEUDO]
    if not len(seen.box):
        for item in pseudo:
            _count(changes.removed, item.label)
        return people
    kept = _kept(pseudo, seen, del_after, changes)
    boxes = [item.box for item in (*people, *pseudo)]
    overlap = rotated_iou(seen.box, np.array(boxes).reshape(-1, 7))[0]
    free = ~(overlap > OVERLAP).any(axis=1)
    added = []
    for row in np.flatnonzero(free & seen.confident).tolist():
        if not len(seen.points[row]):
            continue
        added.append(_item(seen, row, frame, born))
        _count(changes.new, int(seen.label[row]))
    return [*people, *kept, *added]


def _kept(pseudo: Sequence[Item], seen: Seen, del_after: int, changes: Changes) -> list[Item]:
    """The pseudo items that stay, some with a better box."""
    if not pseudo:
        return []
    overlap = rotated_iou(np.array([item.box for item in pseudo]), seen.box)[0]
    best = overlap.argmax(axis=1)
    matched = overlap[np.arange(len(pseudo)), best] > OVERLAP
    kept = []
    for place, item in enumerate(pseudo):
        row = int(best[place])
        if not matched[place]:
            if item.missed + 1 >= del_after:
                _count(changes.removed, item.label)
            else:
                kept.append(replace(item, missed=item.missed + 1))
            continue
        rivals = np.flatnonzero(matched & (best == row)).tolist()
        away = [float(np.hypot(*(pseudo[r].box[:2] - seen.box[row, :2]))) for r in rivals]
        if rivals[int(np.argmin(away))] != place:  # two items of one thing
            _count(changes.removed, item.label)
        elif seen.score[row] >= item.score and len(seen.points[row]):
            kept.append(_item(seen, row, item.frame, item.born))
            if int(seen.label[row]) == item.label:
                _count(changes.replaced, item.label)
            else:  # of its own class it is gone
                _count(changes.removed, item.label)
                _count(changes.new, int(seen.label[row]))
        else:
            kept.append(replace(item, missed=0))
    return kept


def _item(seen: Seen, row: int, frame: str, born: int) -> Item:
    return Item(
        box=np.array(seen.box[row], np.float64),
        label=int(seen.label[row]),
        score=float(seen.score[row]),
        frame=frame,
        points=seen.points[row],
        origin=PSEUDO,
        born=born,
    )


def points_of(points: np.ndarray, boxes: np.ndarray) -> list[np.ndarray]:
    """The points (n_i, 4) float32 of (N, 4) that each of boxes (n, 7) holds, from its centre; a
    point in several boxes is of each."""
    xyz = np.ascontiguousarray(points[:, :3], np.float64)
    made = []
    for box in np.asarray(boxes, np.float64).reshape(-1, 7):
        reach = 0.5 * np.hypot(box[3], box[4]) * (1 + 1e-9)
        near = np.flatnonzero(np.abs(xyz[:, 0] - box[0]) <= reach)
        mine = points[near[points_in_boxes(xyz[near], box) == 0], :4].astype(np.float64)
        mine[:, :3] -= box[:3]
        made.append(mine.astype(np.float32))
    return made


def without(points: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Those of points (N, 4) that lie in none of boxes (n, 7)."""
    if not len(boxes):
        return points
    left: np.ndarray = points[points_in_boxes(points, boxes) < 0]
    return left


def _count(counts: dict[int, int], label: int) -> None:
    counts[label] = counts.get(label, 0) + 1
