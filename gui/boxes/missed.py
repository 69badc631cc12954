"""Clusters of the size of a thing that no box covers: what may have been missed."""

from __future__ import annotations

import numpy as np

from core.answers.box import Box
from core.boxes.fit import Size, fit_box
from core.boxes.geometry import points_in_boxes
from gui.boxes.scan_points import ScanPoints

MOST = 5  # that are asked of one frame
_LEAST_POINTS = 20
_FAR_M = 45.0
_COVERED = 0.3  # of a cluster's points in boxes: it has its box
_OFF = 0.45  # of the logarithms of three sides
_LARGEST_M = 12.0


def missed(
    scan: ScanPoints, boxes: np.ndarray, sizes: tuple[Size | None, ...], from_files: np.ndarray
) -> list[Box]:
    """Boxes around clusters that none of boxes (n, 7) covers, those nearest to a class's size
    first."""
    rows = np.flatnonzero((scan.cluster >= 0) & scan.standing)
    if not len(rows) or not any(sizes):
        return []
    order = rows[np.argsort(scan.cluster[rows], kind="stable")]
    _, first, count = np.unique(scan.cluster[order], return_index=True, return_counts=True)
    held = (
        points_in_boxes(scan.points, boxes) >= 0 if len(boxes) else np.zeros(len(scan.points), bool)
    )
    found: list[tuple[float, Box]] = []
    for start, many in zip(first.tolist(), count.tolist(), strict=True):
        own = order[start : start + many]
        points = scan.points[own, :3]
        low, high = points.min(axis=0), points.max(axis=0)
        away = float(np.hypot(*((low + high) / 2)[:2]))
        if many < _LEAST_POINTS or away > _FAR_M or (high - low).max() > _LARGEST_M:
            continue
        if held[own].mean() > _COVERED:
            continue
        ground = scan.ground_at(points[:, :2].mean(axis=0))
        tight = fit_box(points, None, ground=ground)
        for label, size in enumerate(sizes):
            if size is None:
                continue
            ratios = np.log(tight[3:6] / size)
            off = float(np.where(ratios > 0, ratios, -ratios / 2).sum())
            if off < _OFF:
                box = fit_box(points, size, ground=ground)
                found.append((off, Box(box=box, label=label, sure=False, from_files=from_files)))
    return _apart(sorted(found, key=lambda pair: pair[0]))[:MOST]


def _apart(ordered: list[tuple[float, Box]]) -> list[Box]:
    """The best class of each cluster: boxes that lie on an earlier one are the same thing."""
    kept: list[Box] = []
    for _, box in ordered:
        if all(np.hypot(*(box.box[:2] - other.box[:2])) > 0.5 for other in kept):
            kept.append(box)
    return kept
