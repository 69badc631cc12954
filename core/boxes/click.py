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
_ANGLES = np.radians(np.arange(0, 180, 6.0))
_VOXEL_M = 0.08
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
) -> tuple[Candidate, ...]:
    """Boxes for the thing of a row of points (N, >= 3), the likeliest first.

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
        rows = _grown(points, is_ground, row, 3.0)
        return (Candidate(fit_box(points[rows], None, ground=ground), label or 0, rows),)
    own = np.flatnonzero((cluster == cluster[row]) & ~is_ground) if cluster[row] >= 0 else None
    made: list[tuple[float, Candidate]] = []
    for place, size in known.items():
        large = size[0] >= _LARGE_M
        reach = (_REACH_LARGE if large else _REACH) * float(np.hypot(*size[:2]))
        grown = _grown(points, is_ground, row, reach)
        ways = [_in_window(points, is_ground, row, grown, size) if large else grown]
        if own is not None:
            ways.append(_in_window(points, is_ground, row, own, size))
        # What goes on beyond a class's reach is no thing of it.
        off = _off(points, _grown(points, is_ground, row, _BEYOND * reach), size, ground)
        for later, rows in enumerate(ways):
            box = fit_box(points[rows], size, ground=ground, heading=heading)
            made.append((off + later * 1e-3, Candidate(box, place, rows)))
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


def _grown(points: np.ndarray, is_ground: np.ndarray, row: int, reach: float) -> np.ndarray:
    """Rows that are reached from a row by short steps, within a reach as seen from above."""
    from core.boxes.fit_kernel import flood

    near = around(points, points[row, :2], reach)
    near = near[~is_ground[near]]
    away = points[near, :3].astype(np.float64) - points[row, :3]
    cell = np.floor(away / _VOXEL_M).astype(np.int64)
    # One point stands for a voxel: near things have thousands.
    _, first, of = np.unique(cell, axis=0, return_index=True, return_inverse=True)
    seed = of.ravel()[np.flatnonzero(near == row)[0]]
    reached = flood(np.ascontiguousarray(away[first]), seed, STEP_M)
    found: np.ndarray = near[reached[of.ravel()]]
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
    angle, a, b = best_window(xy, weight, length, width, _ANGLES, _CELL_M, _BAND_M)
    cos, sin = np.cos(angle), np.sin(angle)
    ahead = cos * xy[:, 0] + sin * xy[:, 1] - a
    aside = cos * xy[:, 1] - sin * xy[:, 0] - b
    inside = (ahead >= 0) & (ahead <= length) & (aside >= 0) & (aside <= width)
    found: np.ndarray = near[inside] if inside.any() else np.array([row])
    return found
