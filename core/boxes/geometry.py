"""Geometry of 3D boxes: overlaps, suppression, corners, points inside.

Boxes are (n, 7) of x, y, z, l, w, h, yaw (core.boxes.table); all is computed in float64. A box
without area or volume, or with a value that is no number, has an overlap of 0 with every box.
"""

from __future__ import annotations

import numpy as np

# The corners of a box of size 1: lower ones first, each four counter-clockwise from front left.
_CORNERS = 0.5 * np.array([(1, 1), (-1, 1), (-1, -1), (1, -1)] * 2, np.float64)
# Pairs of corners that are joined by an edge: bottom, top, upright.
EDGES = np.array(
    [(0, 1), (1, 2), (2, 3), (3, 0), (4, 5), (5, 6), (6, 7), (7, 4), (0, 4), (1, 5), (2, 6), (3, 7)]
)


def wrapped(angle: np.ndarray) -> np.ndarray:
    """Angles in [-pi, pi), float64; those that lie there are not touched."""
    angle = np.asarray(angle, np.float64)
    inside = (angle >= -np.pi) & (angle < np.pi)
    turned = (angle + np.pi) % (2 * np.pi) - np.pi
    # Rounding may end at pi itself.
    return np.where(inside, angle, np.where(turned >= np.pi, -np.pi, turned))


def corners(boxes: np.ndarray) -> np.ndarray:
    """(n, 8, 3) float64: the four lower corners, then the four upper ones, each counter-clockwise
    as seen from above from the front left one. `EDGES` joins them."""
    boxes = _rows(boxes)
    across = _CORNERS * boxes[:, None, 3:5]
    cos, sin = np.cos(boxes[:, 6, None]), np.sin(boxes[:, 6, None])
    made = np.empty((len(boxes), 8, 3))
    made[:, :, 0] = boxes[:, 0, None] + cos * across[:, :, 0] - sin * across[:, :, 1]
    made[:, :, 1] = boxes[:, 1, None] + sin * across[:, :, 0] + cos * across[:, :, 1]
    made[:, :4, 2] = (boxes[:, 2] - boxes[:, 5] / 2)[:, None]
    made[:, 4:, 2] = (boxes[:, 2] + boxes[:, 5] / 2)[:, None]
    return made


def rotated_iou(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Overlap of each of boxes a (n, 7) with each of b (m, 7): intersection over union as seen from
    above and in space, (n, m) float64 each."""
    from core.boxes.kernel import overlaps

    above, space = overlaps(_rows(a), _rows(b))
    return above, space


def rotated_iou_of_pairs(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """As `rotated_iou` of the i-th of boxes a and the i-th of b (n, 7): (n,) float64 each.

    Raises ValueError where one has more boxes than the other.
    """
    from core.boxes.kernel import overlaps_of_pairs

    a, b = _rows(a), _rows(b)
    if len(a) != len(b):
        raise ValueError(f"{len(a)} boxes and {len(b)} are no pairs")
    above, space = overlaps_of_pairs(a, b)
    return above, space


def covered(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(n, m) float64: the share of the area of each of boxes a (n, 7) that each of b (m, 7) covers
    as seen from above."""
    from core.boxes.kernel import shared_areas

    a, b = _rows(a), _rows(b)
    area = shared_areas(a, b)
    return _over(area, np.broadcast_to((a[:, 3] * a[:, 4])[:, None], area.shape))


def nms(
    boxes: np.ndarray,
    scores: np.ndarray,
    most: float,
    *,
    labels: np.ndarray | None = None,
    top: int | None = None,
) -> np.ndarray:
    """Indices (k,) int64 of the boxes (n, 7) that stay, best score first, ties by index.

    A box goes if one that stays has a better score and an IoU strictly above `most` with it as seen
    from above. With `labels` (n,) int only boxes of one label remove each other; of `top` only so
    many best ones are looked at.
    """
    from core.boxes.kernel import suppress

    boxes = _rows(boxes)
    order = np.argsort(-np.asarray(scores, np.float64), kind="stable")[:top]
    same = np.zeros(len(boxes), np.int64) if labels is None else np.asarray(labels, np.int64)
    kept = suppress(boxes, same, order, float(most))
    left: np.ndarray = order[kept[order]]
    return left


def points_in_boxes(points: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """(N,) int32: the first of boxes (n, 7) that each of points (N, >= 3) lies in, its sides
    included; -1 in none, and where a point is NaN."""
    from core.boxes.kernel import first_box

    found: np.ndarray = first_box(_xyz(points), _rows(boxes))
    return found


def points_per_box(points: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """(n,) int64: how many of points (N, >= 3) lie in each of boxes (n, 7); a point may lie in
    several."""
    from core.boxes.kernel import count_inside

    found: np.ndarray = count_inside(_xyz(points), _rows(boxes))
    return found


def moved(boxes: np.ndarray, pose: np.ndarray) -> np.ndarray:
    """Boxes (n, 7) seen from another frame: pose (4, 4) from theirs to that one.

    Boxes stay upright: of the pose's rotation the part about z turns them.
    """
    boxes = _rows(boxes)
    made = boxes.copy()
    made[:, :3] = boxes[:, :3] @ pose[:3, :3].T + pose[:3, 3]
    heading = np.stack([np.cos(boxes[:, 6]), np.sin(boxes[:, 6])], axis=1) @ pose[:2, :2].T
    made[:, 6] = wrapped(np.arctan2(heading[:, 1], heading[:, 0]))
    return made


def is_way(pose: np.ndarray) -> bool:
    """Whether (4, 4) leads from one frame to another and back."""
    return bool(np.isfinite(pose).all() and abs(np.linalg.det(pose)) >= 0.5)


def _rows(boxes: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(np.asarray(boxes, np.float64).reshape(-1, 7))


def _xyz(points: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(points[:, :3], np.float64)


def _over(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """part / whole, 0 where there is no part."""
    some = (part > 0) & (whole > 0)
    made: np.ndarray = np.divide(part, whole, out=np.zeros(part.shape), where=some)
    return made
