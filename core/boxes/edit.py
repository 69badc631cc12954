"""What a person does to one box (7,): each act gives a new box, and what it does not name stays.

Sides are named as the thing itself would: front is where the heading points, left is to its left.
"""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np

from core.boxes.geometry import wrapped

Side = Literal["front", "back", "left", "right", "top", "bottom"]
SIDES: tuple[Side, ...] = get_args(Side)
LEAST_M = 0.05  # a side is never shorter
_ROOM_M = 1e-3  # a box holds the points on its sides
# Side -> axis of the box it stands on, and which way it looks.
_FACING: dict[Side, tuple[int, int]] = {
    "front": (0, 1),
    "back": (0, -1),
    "left": (1, 1),
    "right": (1, -1),
    "top": (2, 1),
    "bottom": (2, -1),
}


def shifted(box: np.ndarray, ahead: float, aside: float, up: float) -> np.ndarray:
    """Moved by metres along its heading, to its left, and up."""
    made = box.astype(np.float64)
    made[:3] += _axes(box) @ (ahead, aside, up)
    return made


def turned(box: np.ndarray, angle: float) -> np.ndarray:
    """Turned about its middle by an angle, counter-clockwise as seen from above."""
    made = box.astype(np.float64)
    made[6] = wrapped(np.array([box[6] + angle]))[0]
    return made


def flipped(box: np.ndarray) -> np.ndarray:
    """Its front where its back was: the same room, the other heading."""
    return turned(box, np.pi)


def quarter(box: np.ndarray) -> np.ndarray:
    """Its front where its left was: the same room, with length and width changed about."""
    made = turned(box, np.pi / 2)
    made[[3, 4]] = box[[4, 3]]
    return made


def stretched(box: np.ndarray, side: Side, by: float, *, both: bool = False) -> np.ndarray:
    """A side moved outwards by metres, inwards where negative; the opposite one stays, or with
    `both` moves as far. No side gets shorter than LEAST_M."""
    axis, facing = _FACING[side]
    made = box.astype(np.float64)
    by = max(by, (LEAST_M - box[3 + axis]) / (2 if both else 1))
    made[3 + axis] += 2 * by if both else by
    if not both:
        made[:3] += _axes(box)[:, axis] * (facing * by / 2)
    return made


def snapped(box: np.ndarray, side: Side, points: np.ndarray) -> np.ndarray:
    """A side moved inwards to the outermost of the points (N, >= 3) that the box holds; the box as
    it is where it holds none."""
    inside = _inside(box, points)
    if not len(inside):
        return box.astype(np.float64)
    axis, facing = _FACING[side]
    outermost = float((inside[:, axis] * facing).max())
    return stretched(box, side, outermost + _ROOM_M - box[3 + axis] / 2)


def shrunk(box: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Every side moved inwards to the outermost of the points (N, >= 3) that the box holds."""
    for side in SIDES:
        box = snapped(box, side, points)
    return box.astype(np.float64)


def grounded(box: np.ndarray, ground: float) -> np.ndarray:
    """Its lower side at the height of the ground; its top stays where that leaves a height."""
    return stretched(box, "bottom", float(box[2] - box[5] / 2 - ground))


def in_box(box: np.ndarray, points: np.ndarray) -> np.ndarray:
    """(N, 3) float64: points (N, >= 3) along the box's own axes, from its middle."""
    found: np.ndarray = (points[:, :3].astype(np.float64) - box[:3]) @ _axes(box)
    return found


def _axes(box: np.ndarray) -> np.ndarray:
    """(3, 3): the box's own axes as columns."""
    c, s = np.cos(box[6]), np.sin(box[6])
    return np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])


def _inside(box: np.ndarray, points: np.ndarray) -> np.ndarray:
    """(n, 3) those of the points that the box holds, along its axes from its middle."""
    local = in_box(box, points)
    held: np.ndarray = local[(np.abs(local) <= box[3:6] / 2).all(axis=1)]
    return held
