"""Boxes and the labels of points, both ways: what lies in a box is of its thing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from core.base.words import counted
from core.boxes.fit import FEW_POINTS, Size, fit_box, ground_height
from core.boxes.geometry import points_in_boxes
from core.boxes.table import Boxes
from core.data.classes import FIRST_CODE, IGNORED, UNLABELLED

MOST = 0xFFFF  # the upper half of a label


class OfPoints(NamedTuple):
    """Per point `label` (N,) uint8 its class, IGNORED or UNLABELLED, and `row` (N,) int32 the row
    of its box, -1 in none."""

    label: np.ndarray
    row: np.ndarray


def to_points(points: np.ndarray, boxes: Boxes, is_ground: np.ndarray | None = None) -> OfPoints:
    """The class and the box of each of points (N, >= 3).

    In several boxes a point is of the one with the smallest volume: whoever sits in a car, not the
    car. A region to ignore gives IGNORED where no box is. Ground points (N,) bool are of no box.
    """
    # Regions last, then by volume; ties by row.
    volume = boxes.box[:, 3:6].prod(axis=1)
    order = np.lexsort((volume, boxes.ignore))
    place = points_in_boxes(points, boxes.box[order])
    row = np.where(place >= 0, np.append(order, -1)[place], -1).astype(np.int32)
    if is_ground is not None:
        row[is_ground] = -1
    label = np.where(boxes.ignore, np.uint8(IGNORED), boxes.label)
    code = np.append(label, np.uint8(UNLABELLED))[row]
    row[code == IGNORED] = -1
    return OfPoints(code.astype(np.uint8), row)


def from_points(
    points: np.ndarray,
    label: np.ndarray,
    instance: np.ndarray,
    sizes: Sequence[Size | None],
    is_ground: np.ndarray,
) -> tuple[Boxes, tuple[str, ...]]:
    """A box around each thing that labels of points tell apart, and sentences on what was odd.

    Of points (N, >= 3) each has a `label` (N,) uint8 and an `instance` (N,) int, 0 for none; points
    of one class and instance are a thing, and the instance its track. `sizes` are the classes' mean
    sizes. Points of the ground (N,) bool and those that are NaN are of none. Which end is the front
    is not known: headings lie in [-pi/2, pi/2).
    """
    finite = np.isfinite(points[:, :3]).all(axis=1)
    things = (instance != 0) & (label < FIRST_CODE)
    usable = np.flatnonzero(things & finite & ~is_ground)
    pairs = np.column_stack([label[usable], instance[usable]]).astype(np.int64)
    kinds, of = np.unique(pairs, axis=0, return_inverse=True)
    ordered = usable[np.argsort(of.ravel(), kind="stable")]
    ends = np.cumsum(np.bincount(of.ravel(), minlength=len(kinds)))
    parts = [
        ordered[end - size : end] for end, size in zip(ends, np.diff(ends, prepend=0), strict=True)
    ]
    box, tracks, few = [], [], 0
    numbers = kinds[:, 1].tolist()
    for (kind, number), rows in zip(kinds.tolist(), parts, strict=True):
        ground = ground_height(points, is_ground, points[rows, :2].mean(axis=0))
        box.append(fit_box(points[rows], sizes[kind], ground=ground))
        alone = numbers.count(number) == 1
        tracks.append(str(number) if alone else f"{kind}-{number}")
        few += len(rows) < FEW_POINTS
    notes = []
    if few:
        said = counted(few, "thing")
        notes.append(f"{said} of fewer than {FEW_POINTS} points: of the class's mean size.")
    lost = len(np.unique(instance[(instance != 0) & (label >= FIRST_CODE)]))
    if lost:
        notes.append(f"{counted(lost, 'thing')} without a class: no box.")
    hidden = len(np.unique(np.column_stack([label[things], instance[things]]), axis=0)) - len(kinds)
    if hidden:
        notes.append(f"{counted(hidden, 'thing')} of ground points alone: no box.")
    table = Boxes.of(np.array(box).reshape(-1, 7), kinds[:, 0], track=tracks)
    return table, tuple(notes)
