"""Boxes and the camera beside the scanner: KITTI's coordinates, and rectangles in the picture."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from core.boxes.geometry import EDGES, corners, wrapped
from core.boxes.table import Boxes
from core.data.calibration import Calibration

_NEAREST_M = 0.5
_TILT = np.radians(3)  # KITTI's scanners are off by 0.9 degrees at most, KITTI-360's by 2.5
# KITTI's camera 0 if it stood in the scanner and looked ahead: x right, y down, z ahead.
AS_IF = Calibration(
    np.array([[721.5377, 0, 609.5593, 0], [0, 721.5377, 172.854, 0], [0, 0, 1.0, 0]]),
    np.array([[0.0, -1, 0, 0], [0, 0, -1, 0], [1, 0, 0, 0], [0, 0, 0, 1]]),
)
KITTI_SIZE = (1242, 375)  # of AS_IF's picture


class InCamera(NamedTuple):
    """Boxes as KITTI has them: `size` (n, 3) h w l, `place` (n, 3) x y z of the middle of the lower
    side in the rectified camera 0, `turn` (n,) rotation_y in [-pi, pi]; float64."""

    size: np.ndarray
    place: np.ndarray
    turn: np.ndarray


def as_if(from_files: np.ndarray, ahead: tuple[float, float]) -> Calibration:
    """`AS_IF` for boxes in the coordinates of files, which `from_files` (4, 4) leads to those of
    scans; in these the car drives towards `ahead`, x and y of length 1."""
    x, y = ahead
    turn = np.eye(4)
    turn[:2, :2] = [[x, y], [-y, x]]
    assert AS_IF.tr is not None
    return Calibration(AS_IF.p2, AS_IF.tr @ turn @ from_files)


def to_camera(box: np.ndarray, tr: np.ndarray) -> InCamera:
    """Boxes (n, 7) in KITTI's terms; tr (4, 4) from the scanner to the rectified camera 0.

    As everywhere in the field, the small tilt between the two is not applied to the headings.
    """
    low = box[:, :3].copy()
    low[:, 2] -= _up(tr) * box[:, 5] / 2
    place = low @ tr[:3, :3].T + tr[:3, 3]
    turn = wrapped(_side(tr) * (_ahead(tr) - box[:, 6]) - np.pi / 2)
    return InCamera(box[:, [5, 4, 3]], place, turn)


def from_camera(found: InCamera, tr: np.ndarray) -> np.ndarray:
    """(n, 7) float64 boxes of KITTI's terms; the inverse of `to_camera`."""
    back = np.linalg.inv(tr)
    box = np.empty((len(found.place), 7))
    box[:, :3] = found.place @ back[:3, :3].T + back[:3, 3]
    box[:, 3:6] = found.size[:, ::-1]
    box[:, 2] += _up(tr) * found.size[:, 0] / 2
    box[:, 6] = wrapped(_ahead(tr) - _side(tr) * (found.turn + np.pi / 2))
    return box


def _up(tr: np.ndarray) -> float:
    """1 where the scanner's z is up as the camera has it, whose y is down; -1 where it hangs."""
    return -1.0 if tr[1, 2] > 0 else 1.0


def _side(tr: np.ndarray) -> float:
    """1 where the scanner's headings grow to the camera's left; -1 where it hangs or mirrors."""
    right, ahead = tr[0, :2], tr[2, :2]
    return 1.0 if ahead[1] * right[0] >= ahead[0] * right[1] else -1.0


def _ahead(tr: np.ndarray) -> float:
    """The heading, in the scanner, of what the camera looks along; 0 for the small tilt of a
    scanner whose x is ahead."""
    angle = float(np.arctan2(tr[2, 1], tr[2, 0]))
    return 0.0 if abs(angle) < _TILT else angle


def observed(found: InCamera) -> np.ndarray:
    """(n,) float64 alpha: rotation_y less the direction in which the camera sees the box."""
    alpha: np.ndarray = wrapped(found.turn - np.arctan2(found.place[:, 0], found.place[:, 2]))
    return alpha


def rectangles(box: np.ndarray, projection: np.ndarray, size: tuple[int, int] | None) -> np.ndarray:
    """(n, 4) float64 left, top, right, bottom of boxes (n, 7) in the picture; NaN where none of it
    is in view.

    projection is (3, 4) from the boxes' coordinates to pixels, size the picture's width and height;
    without a size nothing is cut off. The edges are cut 0.5 m before the camera, not the corners
    left out, so that a box beside the car keeps the part that is in view.
    """
    at = corners(box)
    seen = at @ projection[:, :3].T + projection[:, 3]
    found = np.full((len(box), 4), np.nan)
    for row, vertices in enumerate(seen):
        ends = np.concatenate([vertices, _crossings(vertices)])
        ends = ends[ends[:, 2] >= _NEAREST_M - 1e-9]
        if not len(ends):
            continue
        pixels = ends[:, :2] / ends[:, 2:]
        low, high = pixels.min(0), pixels.max(0)
        if size is not None:
            most = np.array(size) - 1.0
            if (high < 0).any() or (low > most).any():
                continue
            low, high = low.clip(0, most), high.clip(0, most)
        found[row] = *low, *high
    return found


def completed(boxes: Boxes, calibration: Calibration, size: tuple[int, int] | None) -> Boxes:
    """The table with alpha and the rectangle computed where nobody stated them; `size` is the
    picture's width and height. What the picture does not show keeps no rectangle."""
    assert calibration.tr is not None
    alpha, picture = boxes.alpha, boxes.picture
    alpha = np.where(np.isnan(alpha), observed(to_camera(boxes.box, calibration.tr)), alpha)
    if calibration.p2 is not None:
        computed = rectangles(boxes.box, calibration.p2 @ calibration.tr, size)
        picture = np.where(np.isnan(picture), computed, picture)
    for column in (alpha, picture):
        column.setflags(write=False)
    return replace(boxes, alpha=alpha, picture=picture)


def _crossings(vertices: np.ndarray) -> np.ndarray:
    """Where the edges between projected vertices (8, 3) pass the nearest depth."""
    start, end = vertices[EDGES[:, 0]], vertices[EDGES[:, 1]]
    passes = (start[:, 2] < _NEAREST_M) != (end[:, 2] < _NEAREST_M)
    start, end = start[passes], end[passes]
    part = (_NEAREST_M - start[:, 2]) / (end[:, 2] - start[:, 2])
    crossing: np.ndarray = start + part[:, None] * (end - start)
    return crossing
