"""One thing in several frames: copying its box along the poses, and the boxes between keyframes.

Boxes are (7,) in the coordinates of their own frame; poses (4, 4) lead from there to the world.
With a pose for each frame all is done in the world, so that what is parked stays where it is;
without, in the sensor's coordinates, which holds for what moves as the sensor does.
"""

from __future__ import annotations

import itertools
from bisect import bisect
from collections.abc import Mapping, Sequence

import numpy as np

from core.boxes.fit import Size, fit_box
from core.boxes.geometry import moved, points_in_boxes, wrapped

_PLACE_M, _TURN = 1.0, np.radians(10)  # how far a copy may be moved onto its points
_SHELL_M = 0.3
_LEAST_POINTS = 10
Poses = Mapping[int, np.ndarray]


def copied(
    keys: Mapping[int, np.ndarray], frame: int, poses: Poses, *, moving: bool = False
) -> np.ndarray:
    """(7,) box in a frame, of boxes by frame that are known: the nearest one where it stands in the
    world or, of a `moving` thing, where the two nearest ones on one side lead at constant speed.

    `keys` holds at least one box. Frames without a pose are in the sensor's coordinates.
    """
    nearest = min(keys, key=lambda key: (abs(key - frame), key))
    world = _in_world(keys, [*keys, frame], poses)
    box = world.boxes[nearest].copy()
    others = [key for key in keys if (key < nearest) == (nearest < frame) and key != nearest]
    if moving and others and frame != nearest:
        before = min(others, key=lambda key: abs(key - nearest))
        share = (frame - nearest) / (nearest - before)
        box[:3] += share * (box[:3] - world.boxes[before][:3])
    return world.back(box, frame)


def interpolated(keys: Mapping[int, np.ndarray], frame: int, poses: Poses) -> np.ndarray:
    """(7,) box in a frame between keyframes: in place on a smooth curve through them (cubic, with
    the speeds of the neighbouring keyframes), the shorter way in yaw, the size of the one before.

    `keys` are boxes by frame, at least one; before the first and after the last one that box is
    kept where it stands. The box of a keyframe itself is returned as it is. Between two keyframes
    alone the way is straight.
    """
    if frame in keys:
        return np.array(keys[frame], np.float64)
    frames = sorted(keys)
    after = bisect(frames, frame)
    if after in (0, len(frames)):
        return copied(keys, frame, poses)
    near = frames[max(after - 2, 0) : after + 2]
    world = _in_world({key: keys[key] for key in near}, [*near, frame], poses)
    first, last = frames[after - 1], frames[after]
    start, end = world.boxes[first], world.boxes[last]
    share, span = (frame - first) / (last - first), last - first
    box = start.copy()
    box[:3] = (
        (1 + 2 * share) * (1 - share) ** 2 * start[:3]
        + share**2 * (3 - 2 * share) * end[:3]
        + share * (1 - share) ** 2 * span * _speed(world, near, first)
        - share**2 * (1 - share) * span * _speed(world, near, last)
    )
    turn = float(wrapped(np.array(end[6] - start[6])))
    box[6] = float(wrapped(np.array(start[6] + share * turn)))
    return world.back(box, frame)


def _speed(world: _World, frames: Sequence[int], at: int) -> np.ndarray:
    """(3,) metres a frame at a keyframe: of the ways before and behind it, the nearer one more."""
    place = frames.index(at)
    ways = []
    for one, other in itertools.pairwise(frames[max(place - 1, 0) : place + 2]):
        ways.append(((world.boxes[other][:3] - world.boxes[one][:3]) / (other - one), other - one))
    if len(ways) == 1:
        speed: np.ndarray = ways[0][0]
        return speed
    (before, past), (behind, ahead) = ways
    mean: np.ndarray = (before * ahead + behind * past) / (past + ahead)
    return mean


def heading(keys: Mapping[int, np.ndarray], frame: int, poses: Poses) -> float | None:
    """The direction, in a frame's coordinates, in which a thing moves around it; None where it
    moves less than 0.5 m between its known boxes."""
    frames = sorted(keys, key=lambda key: (abs(key - frame), key))[:2]
    if len(frames) < 2:
        return None
    world = _in_world(keys, [*frames, frame], poses)
    first, last = (world.back(world.boxes[key], frame) for key in sorted(frames))
    way = last[:2] - first[:2]
    return float(np.arctan2(way[1], way[0])) if np.hypot(*way) >= 0.5 else None


def settled(box: np.ndarray, points: np.ndarray, ground: float | None) -> np.ndarray:
    """(7,) of a copied box laid onto the points (N, >= 3), none of the ground, that lie about it.

    Its size stays; it moves by at most 1 m and turns by at most 10 degrees. Where fewer than ten
    points lie about it, or none of this fits better, it stays as it is.
    """
    about = box[None].copy()
    about[0, 3:6] += 2 * _SHELL_M
    own = points[points_in_boxes(points, about) == 0]
    if len(own) < _LEAST_POINTS:
        return box.copy()
    size: Size = (float(box[3]), float(box[4]), float(box[5]))
    fitted = fit_box(own, size, ground=ground, heading=float(box[6]))
    turn = float(wrapped(np.array(fitted[6] - box[6])))
    if abs(turn) > _TURN:
        return box.copy()
    made = box.copy()
    made[6] = fitted[6]
    made[:2] = _onto(fitted, size)
    if np.hypot(*(made[:2] - box[:2])) > _PLACE_M:
        return box.copy()
    if ground is not None:
        made[2] = ground + size[2] / 2
    return made


def _onto(fitted: np.ndarray, size: Size) -> np.ndarray:
    """(2,) middle of a box of a size whose sides nearest to the sensor are those of another."""
    cos, sin = np.cos(fitted[6]), np.sin(fitted[6])
    middle = np.array([cos * fitted[0] + sin * fitted[1], cos * fitted[1] - sin * fitted[0]])
    for axis in range(2):
        more = fitted[3 + axis] - size[axis]
        if abs(middle[axis]) > fitted[3 + axis] / 2:  # the sensor is beside this axis's span
            middle[axis] -= np.sign(middle[axis]) * more / 2
    return np.array([cos * middle[0] - sin * middle[1], sin * middle[0] + cos * middle[1]])


class _World:
    """Boxes by frame in the world, and the way back."""

    def __init__(self, boxes: Mapping[int, np.ndarray], poses: Poses) -> None:
        self._poses = poses
        self.boxes = {frame: self._to(box, poses.get(frame)) for frame, box in boxes.items()}

    def _to(self, box: np.ndarray, pose: np.ndarray | None) -> np.ndarray:
        return np.array(box, np.float64) if pose is None else moved(box, pose)[0]

    def back(self, box: np.ndarray, frame: int) -> np.ndarray:
        """A box of the world in a frame's coordinates."""
        pose = self._poses.get(frame)
        return self._to(box, None if pose is None else np.linalg.inv(pose))


def _in_world(boxes: Mapping[int, np.ndarray], frames: Sequence[int], poses: Poses) -> _World:
    """In the world where each of the frames has a pose, else as the sensor sees it."""
    known = all(frame in poses for frame in frames)
    return _World(boxes, {frame: poses[frame] for frame in frames} if known else {})
