"""A box around points: from a thing's own points, or from a click on it (docs/method.md, Boxes)."""

from __future__ import annotations

import numpy as np

from core.boxes.geometry import wrapped

GROUND_RADIUS_M = 3.5
FEW_POINTS = 10  # below: the class's mean box at the near face
_COARSE = np.radians(np.arange(0, 90, 2.0))
_FINE = np.radians(np.arange(-2, 2.01, 0.5))
_ABOVE_M = 0.08  # beams miss the top edge by about half their distance
_LEAST_HEIGHT = 0.9  # of the class's mean
_TOP_SEEN = 100  # points from which the highest is trusted more
_LEAST_SEEN_HEIGHT = 0.8
_SMALLEST_M = 0.1
_ROUNDING_M = 1e-6  # so that the outermost points lie inside
Size = tuple[float, float, float]


def ground_height(points: np.ndarray, is_ground: np.ndarray, xy: np.ndarray) -> float | None:
    """The median z of ground points (N, >= 3) within 3.5 m of a place (2,), None without any."""
    rows = around(points, xy, GROUND_RADIUS_M)
    rows = rows[is_ground[rows]]
    return float(np.median(points[rows, 2])) if len(rows) else None


def around(points: np.ndarray, xy: np.ndarray, radius: float) -> np.ndarray:
    """(n,) int64 rows of points (N, >= 3) within a radius of a place (2,), as seen from above."""
    near = np.abs(points[:, 0] - xy[0]) < radius
    rows = np.flatnonzero(near)
    away = np.hypot(points[rows, 0] - xy[0], points[rows, 1] - xy[1])
    found: np.ndarray = rows[away < radius]
    return found


def fit_box(
    points: np.ndarray,
    size: Size | None,
    *,
    ground: float | None = None,
    heading: float | None = None,
    sensor: tuple[float, float] = (0.0, 0.0),
) -> np.ndarray:
    """(7,) float64 box around the points (n, >= 3) of one thing, n >= 1, none of the ground.

    `size` is its class's mean, None where nothing is known: then the box holds just the points.
    `ground` is the height on which it stands, None for its lowest point. Of the two directions in
    which a box may head, that nearer to `heading` is taken (the thing's motion, its neighbours'),
    else the one in [-pi/2, pi/2). A side shorter than the mean grows away from the `sensor`.
    """
    xyz = np.ascontiguousarray(points[:, :3], np.float64)
    xy = xyz[:, :2] - sensor
    lowest, highest = float(xyz[:, 2].min()), float(xyz[:, 2].max())
    low_z = lowest - _ROUNDING_M if ground is None else min(ground, highest)
    if len(xyz) < FEW_POINTS and size is not None:
        box = _mean_box(xy, size, heading)
    else:
        box = _around(xy, _direction(xy), size)
    height = highest + _ABOVE_M - low_z
    if size is not None:
        seen = len(xyz) >= _TOP_SEEN
        height = max(height, (_LEAST_SEEN_HEIGHT if seen else _LEAST_HEIGHT) * size[2])
    x, y, length, width, yaw = box
    if heading is None:
        yaw = yaw + np.pi if np.cos(yaw) < 0 else yaw
    elif np.cos(yaw - heading) < 0:
        yaw += np.pi
    place = (x + sensor[0], y + sensor[1], low_z + height / 2)
    return np.array([*place, length, width, height, float(wrapped(np.array(yaw)))])


Flat = tuple[float, float, float, float, float]


def _direction(xy: np.ndarray) -> float:
    """The angle, 0 to 90 degrees, of the rectangle along whose sides the points lie closest."""
    from core.boxes.fit_kernel import closeness

    coarse = float(_COARSE[closeness(xy, _COARSE).argmax()])
    fine = coarse + _FINE
    return float(fine[closeness(xy, fine).argmax()])


def _around(xy: np.ndarray, angle: float, size: Size | None) -> Flat:
    """x, y, length, width, yaw of the rectangle at an angle, seen from the sensor at 0, 0."""
    cos, sin = np.cos(angle), np.sin(angle)
    turned = np.column_stack([cos * xy[:, 0] + sin * xy[:, 1], cos * xy[:, 1] - sin * xy[:, 0]])
    low, high = turned.min(0) - _ROUNDING_M, turned.max(0) + _ROUNDING_M
    extent = high - low
    across = bool(extent[1] > extent[0])
    if size is not None:
        across = _misfit(extent[1], extent[0], size) < _misfit(extent[0], extent[1], size)
        wanted = (size[1], size[0]) if across else (size[0], size[1])
        for axis, mean in enumerate(wanted):
            low[axis], high[axis] = _grown(low[axis], high[axis], mean)
    middle = (low + high) / 2
    sides = np.maximum(high - low, _SMALLEST_M)
    length, width = (sides[1], sides[0]) if across else (sides[0], sides[1])
    x, y = cos * middle[0] - sin * middle[1], sin * middle[0] + cos * middle[1]
    return x, y, length, width, angle + (np.pi / 2 if across else 0.0)


def _misfit(length: float, width: float, size: Size) -> float:
    """How badly a length and a width fit a mean: too long counts double, for sides are often seen
    in part and never seen longer than they are."""
    off = [(length - size[0]) / size[0], (width - size[1]) / size[1]]
    return float(sum(2 * part if part > 0 else -part for part in off))


def _grown(low: float, high: float, mean: float) -> tuple[float, float]:
    """A side at least as long as the mean, grown away from 0, to both sides where it spans 0."""
    if high - low >= mean:
        return low, high
    if low > 0:
        return low, low + mean
    if high < 0:
        return high - mean, high
    middle = (low + high) / 2
    return middle - mean / 2, middle + mean / 2


def _mean_box(xy: np.ndarray, size: Size, heading: float | None) -> Flat:
    """The class's mean box behind the nearest of few points, along the heading where one is known,
    else along the line of sight."""
    middle = xy.mean(0)
    yaw = float(np.arctan2(middle[1], middle[0])) if heading is None else heading
    cos, sin = np.cos(yaw), np.sin(yaw)
    ahead = np.sort(cos * xy[:, 0] + sin * xy[:, 1])
    aside = np.sort(cos * xy[:, 1] - sin * xy[:, 0])
    a = _grown(ahead[0], ahead[-1], size[0])
    b = _grown(aside[0], aside[-1], size[1])
    at = (a[0] + a[1]) / 2, (b[0] + b[1]) / 2
    x, y = cos * at[0] - sin * at[1], sin * at[0] + cos * at[1]
    return x, y, a[1] - a[0], b[1] - b[0], yaw
