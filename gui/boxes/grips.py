"""Where a box can be taken hold of in a view of it, and what pulling there makes of it."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np

from core.boxes.edit import (
    Side,
    grounded,
    in_box,
    shifted,
    shrunk,
    snapped,
    stretched,
    turned,
)
from core.boxes.geometry import wrapped
from gui.boxes.sheets import Aspect, Sheet

Kind = Literal["body", "edge", "corner", "turn"]
NEAR_PX = 7.0  # from an edge, where it is still taken
_INNER = 0.25  # of a box's side on screen: the most that an edge takes of the body
_ON_GROUND_M = 0.4  # a lower side this near to the ground stands on it


class Grip(NamedTuple):
    """What the mouse takes: a `kind` of handle, and the sides that it moves."""

    kind: Kind
    sides: tuple[Side, ...] = ()


def grip_at(sheet: Sheet, box: np.ndarray, x: float, y: float) -> Grip | None:
    """What a place (pixels) takes of a box (7,) that the view looks straight at; None beside it."""
    if sheet.aspect.from_above and np.hypot(*(sheet.knob(box) - (x, y))) <= NEAR_PX + 2:
        return Grip("turn")
    outline = sheet.outline(box)
    (left, top), (right, bottom) = outline.min(axis=0), outline.max(axis=0)
    at_right, at_left, at_top, at_bottom = sheet.aspect.sides
    if not (left - NEAR_PX <= x <= right + NEAR_PX and top - NEAR_PX <= y <= bottom + NEAR_PX):
        return None
    sides: list[Side] = []
    inner = min(NEAR_PX, (right - left) * _INNER)
    if x >= right - inner:
        sides.append(at_right)
    elif x <= left + inner:
        sides.append(at_left)
    inner = min(NEAR_PX, (bottom - top) * _INNER)
    if y <= top + inner:
        sides.append(at_top)
    elif y >= bottom - inner:
        sides.append(at_bottom)
    kinds: tuple[Kind, ...] = ("body", "edge", "corner")
    return Grip(kinds[len(sides)], tuple(sides))


class Pull(NamedTuple):
    """How far the mouse went, in metres to the right and up, and the angle by which it went around
    the box; `both`: the opposite side goes as far; `snap`: the side stops at what is inside."""

    across: float
    upward: float
    turn: float = 0.0
    both: bool = False
    snap: bool = False


def pulled(
    box: np.ndarray,
    aspect: Aspect,
    grip: Grip,
    pull: Pull,
    points: np.ndarray,
    ground: float | None,
) -> np.ndarray:
    """(7,) of a box (7,) that was pulled at a grip in a view.

    `points` (n, >= 3) near it, none of the ground; `ground`: its height under the box, None where
    none is known.
    """
    if grip.kind == "turn":
        return turned(box, pull.turn)
    if grip.kind == "body":
        by = [0.0, 0.0, 0.0]
        by[aspect.across], by[aspect.upward] = pull.across, pull.upward
        made = shifted(box, *by)
        if pull.snap and not aspect.from_above and ground is not None:
            made[2] = ground + box[5] / 2
        return made
    for side in grip.sides:
        place = aspect.sides.index(side)
        by_m = (pull.across, -pull.across, pull.upward, -pull.upward)[place]
        box = _moved(box, side, by_m, pull, points, ground)
    return box


def _moved(
    box: np.ndarray,
    side: Side,
    by: float,
    pull: Pull,
    points: np.ndarray,
    ground: float | None,
) -> np.ndarray:
    made = stretched(box, side, by, both=pull.both)
    if not pull.snap:
        return made
    tight = _tight(made, side, points, ground)
    if not pull.both:
        return tight
    # As far on both sides as the one that is held went.
    axis = _AXES[side]
    went = tight[3 + axis] - made[3 + axis]
    return stretched(made, side, went, both=True)


_AXES: dict[Side, int] = {
    "front": 0,
    "back": 0,
    "left": 1,
    "right": 1,
    "top": 2,
    "bottom": 2,
}


def _tight(box: np.ndarray, side: Side, points: np.ndarray, ground: float | None) -> np.ndarray:
    """A side at the outermost point inside; the lower one, near the ground, on it."""
    if side == "bottom" and ground is not None:
        if abs(box[2] - box[5] / 2 - ground) <= _ON_GROUND_M:
            return grounded(box, ground)
    return snapped(box, side, points)


def tightened(box: np.ndarray, grip: Grip, points: np.ndarray, ground: float | None) -> np.ndarray:
    """(7,) of a box (7,) whose sides at a grip were moved in to the outermost points inside, all of
    them where it is the body. What stands on the ground keeps standing there."""
    if grip.kind == "turn":
        return box.astype(np.float64)
    if grip.kind == "body":
        stands = ground is not None and abs(box[2] - box[5] / 2 - ground) <= _ON_GROUND_M
        made = shrunk(box, points)
        return grounded(made, ground) if stands and ground is not None else made
    for side in grip.sides:
        box = _tight(box, side, points, ground)
    return box.astype(np.float64)


def near_rows(box: np.ndarray, points: np.ndarray, room: float) -> np.ndarray:
    """(n,) int64 rows of points (N, >= 3) within half a box's size and some room of its middle,
    along its own axes."""
    reach = float(np.hypot(box[3] / 2 + room, box[4] / 2 + room))
    x, y = points[:, 0], points[:, 1]
    rows = np.flatnonzero((np.abs(x - box[0]) < reach) & (np.abs(y - box[1]) < reach))
    local = in_box(box, points[rows])
    found: np.ndarray = rows[(np.abs(local) <= box[3:6] / 2 + room).all(axis=1)]
    return found


def changed(before: np.ndarray, after: np.ndarray, grip: Grip) -> str:
    """What a drag changes, in words: sizes of the sides that are held, a way, or an angle."""
    if grip.kind == "turn":
        yaw = float(np.degrees(after[6]))
        by = float(np.degrees(wrapped(np.array([after[6] - before[6]]))[0]))
        return f"yaw {yaw:.1f}° ({by:+.1f}°)"
    if grip.kind == "body":
        ahead, aside, up = in_box(before, after[None, :3])[0].tolist()
        ways = (("ahead", ahead), ("left", aside), ("up", up))
        said = [f"{name} {way:+.2f}" for name, way in ways if abs(way) >= 0.005]
        return f"{', '.join(said) or '0'} m"
    axes = dict.fromkeys(_AXES[side] for side in grip.sides)
    return ", ".join(
        f"{'lwh'[axis]} {after[3 + axis]:.2f} m ({after[3 + axis] - before[3 + axis]:+.2f})"
        for axis in axes
    )
