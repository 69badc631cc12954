"""Boxes for a click on a thing: candidates from what grows around it and from its cluster.

A cluster rarely is the thing (measured on KITTI: of the cars' clusters 56 in 100), so a window of
the class's size is laid where it holds most of what grew or of the cluster and least just outside.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from core.boxes.fit import Size, around, fit_box, ground_height
from core.boxes.geometry import rotated_iou

STEP_M = 0.35  # from point to point of a thing that grows
_LARGE_M = 2.5  # from this length on a window, below what grew
_REACH, _REACH_LARGE = 1.05, 1.3  # of the class's diagonal
_WINDOW = (1.12, 1.2)  # of the class's length and width
_BAND_M, _CELL_M = 0.4, 0.1
_CELLS = 50  # of a window's length at most: a long one is known less finely
_ANGLES = np.radians(np.arange(0, 180, 6.0))
_VOXEL_M = 0.08
_MIDDLE = 1 << 20  # makes the number of a voxel positive
_BEYOND = 2.0
_ALIKE = 0.9  # IoU from above: one candidate


class Candidate(NamedTuple):
    """A box (7,) float64, the class whose size it was fitted for, and the rows (n,) int64 of the
    points that it was fitted to."""

    box: np.ndarray
    label: int
    rows: np.ndarray


def candidates(
    points: np.ndarray,
    is_ground: np.ndarray,
    cluster: np.ndarray,
    row: int,
    sizes: Sequence[Size | None],
    label: int | None = None,
    heading: float | None = None,
    most: int | None = None,
) -> tuple[Candidate, ...]:
    """Boxes for the thing of a row of points (N, >= 3), the likeliest first; of at most so many
    classes, those of the nearest sizes.

    `is_ground` (N,) bool; `cluster` (N,) int, -1 for none; `sizes` are the classes' mean sizes.
    With `label` only that class is tried; else the class whose size is nearest to what grew comes
    first. The points of the ground are never part of a thing; a row that is, or whose point is
    NaN, gives no candidate.
    """
    if is_ground[row] or not np.isfinite(points[row, :3]).all():
        return ()
    ground = ground_height(points, is_ground, points[row, :2])
    known = {k: size for k, size in enumerate(sizes) if size is not None and label in (None, k)}
    if not known:
        rows = _Growth(points, is_ground, row).within(3.0)
        return (Candidate(fit_box(points[rows], None, ground=ground), label or 0, rows),)
    own = np.flatnonzero((cluster == cluster[row]) & ~is_ground) if cluster[row] >= 0 else None
    growth = _Growth(points, is_ground, row)
    reaches = {place: _reach(size) for place, size in known.items()}
    # What goes on beyond a class's reach is no thing of it. From the smallest reach on: what ends
    # within one need not grow again.
    grown, off = {}, {}
    for place in sorted(known, key=reaches.__getitem__):
        grown[place] = growth.within(reaches[place])
        beyond = growth.within(_BEYOND * reaches[place])
        off[place] = _off(points, beyond, known[place], ground)
    made: list[tuple[float, Candidate]] = []
    for place in sorted(known, key=off.__getitem__)[:most]:
        size, large = known[place], known[place][0] >= _LARGE_M
        rows = grown[place]
        ways = [_in_window(points, is_ground, row, rows, size) if large else rows]
        if own is not None:
            ways.append(_in_window(points, is_ground, row, own, size))
        for later, rows in enumerate(ways):
            box = fit_box(points[rows], size, ground=ground, heading=heading)
            made.append((off[place] + later * 1e-3, Candidate(box, place, rows)))
    ordered = [candidate for _, candidate in sorted(made, key=lambda pair: pair[0])]
    return tuple(_apart(ordered))


def _apart(ordered: Sequence[Candidate]) -> list[Candidate]:
    """Without those that are as good as an earlier one of their class."""
    kept: list[Candidate] = []
    for candidate in ordered:
        same = [other.box for other in kept if other.label == candidate.label]
        overlap = rotated_iou(candidate.box, np.array(same).reshape(-1, 7))[0]
        if not (overlap > _ALIKE).any():
            kept.append(candidate)
    return kept


def _off(points: np.ndarray, rows: np.ndarray, size: Size, ground: float | None) -> float:
    """How far what grew is from a class's size: of each side the logarithm of the ratio; too small
    counts half, for sides are often seen in part."""
    box = fit_box(points[rows], None, ground=ground)
    ratios = np.log(box[3:6] / size)
    return float(np.where(ratios > 0, ratios, -ratios / 2).sum())


def _reach(size: Size) -> float:
    """How far from its point a thing of a size is grown."""
    return (_REACH_LARGE if size[0] >= _LARGE_M else _REACH) * float(np.hypot(*size[:2]))


class _Growth:
    """What is reached from a row of points by short steps, within any reach."""

    def __init__(self, points: np.ndarray, is_ground: np.ndarray, row: int) -> None:
        self._points, self._is_ground, self._row = points, is_ground, row
        self._whole: tuple[float, np.ndarray] | None = None  # a reach that it does not fill

    def within(self, reach: float) -> np.ndarray:
        """Rows that are reached within a reach as seen from above."""
        from core.boxes.fit_kernel import flood

        if self._whole is not None and reach >= self._whole[0]:
            return self._whole[1]
        points, row = self._points, self._row
        near = around(points, points[row, :2], reach)
        near = near[~self._is_ground[near]]
        away = points[near, :3].astype(np.float64) - points[row, :3]
        cell = np.floor(away / _VOXEL_M).astype(np.int64) + _MIDDLE
        # One point stands for a voxel: near things have thousands.
        key = (cell[:, 0] << 42) + (cell[:, 1] << 21) + cell[:, 2]
        _, first, of = np.unique(key, return_index=True, return_inverse=True)
        seed = of[np.flatnonzero(near == row)[0]]
        reached = flood(np.ascontiguousarray(away[first]), seed, STEP_M)
        found: np.ndarray = near[reached[of]]
        farthest = float(np.hypot(away[first][reached, 0], away[first][reached, 1]).max())
        if farthest + STEP_M < reach:
            self._whole = reach, found
        return found


def _in_window(
    points: np.ndarray, is_ground: np.ndarray, row: int, mine: np.ndarray, size: Size
) -> np.ndarray:
    """Rows in the class-sized window around a row that holds most of its own rows, less the points
    just outside."""
    from core.boxes.fit_kernel import best_window

    length, width = size[0] * _WINDOW[0], size[1] * _WINDOW[1]
    near = around(points, points[row, :2], float(np.hypot(length, width)) + 2 * _BAND_M)
    near = near[~is_ground[near]]
    xy = np.ascontiguousarray(points[near, :2] - points[row, :2], np.float64)
    weight = np.column_stack([np.isin(near, mine), np.ones(len(near))]).astype(np.float64)
    step = max(_CELL_M, size[0] / _CELLS)
    angle, a, b = best_window(xy, weight, length, width, _ANGLES, step, _BAND_M)
    cos, sin = np.cos(angle), np.sin(angle)
    ahead = cos * xy[:, 0] + sin * xy[:, 1] - a
    aside = cos * xy[:, 1] - sin * xy[:, 0] - b
    inside = (ahead >= 0) & (ahead <= length) & (aside >= 0) & (aside <= width)
    found: np.ndarray = near[inside] if inside.any() else np.array([row])
    return found
