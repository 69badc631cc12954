"""Poses of a bag's scans: from tf, and from odometry where tf does not say where a frame is.

A transform of tf brings coordinates of its child frame to its parent's (ros.org, tf2). The frame
that scans are brought to is odom before map: over a few seconds it does not jump (REP 105).
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from core.base.loading import loading
from core.data.bags.bag import ODOMETRY, TRANSFORMS, Bag

_FIXED = ("odom", "map", "world", "earth", "camera_init")
_BODIES = ("base", "body", "chassis", "vehicle", "imu")
_GAP_NS = 10**9  # between two transforms, to tell what was between them
_FAR_M = 1e8
_COMPUTE = "`lidarloop poses` computes them from the scans"


@dataclass(frozen=True)
class Transforms:
    """Where a frame was in another, over time.

    Attributes
    ----------
    parent : the other frame
    source : the topic it is from
    times : (n,) int64 nanoseconds, ascending; unused where the transform is `still`
    moves : (n, 3) float64 metres
    turns : (n, 4) float64 unit quaternions x, y, z, w
    still : whether it is one transform for ever
    """

    parent: str
    source: str
    times: np.ndarray
    moves: np.ndarray
    turns: np.ndarray
    still: bool

    def at(self, time: int) -> np.ndarray | None:
        """(4, 4) float64 at a time, None where what is known lies too far from it."""
        with loading:
            from scipy.spatial.transform import Rotation, Slerp

        if self.still:
            return _matrix(self.moves[0], Rotation.from_quat(self.turns[0]))
        after = int(np.searchsorted(self.times, time))
        if after < len(self.times) and self.times[after] == time:
            return _matrix(self.moves[after], Rotation.from_quat(self.turns[after]))
        if not 0 < after < len(self.times):
            return None
        first, last = int(self.times[after - 1]), int(self.times[after])
        if last - first > _GAP_NS:
            return None
        share = (time - first) / (last - first)
        move = (1 - share) * self.moves[after - 1] + share * self.moves[after]
        turn = Slerp([0.0, 1.0], Rotation.from_quat(self.turns[after - 1 : after + 1]))(share)
        return _matrix(move, turn)


@dataclass(frozen=True)
class Motion:
    """Where a sensor was: `words` say from what, "" where it is not known, and then `notes` why."""

    words: str
    notes: tuple[str, ...]
    chain: tuple[Transforms, ...] = ()

    def at(self, time: int) -> np.ndarray | None:
        """(4, 4) float64 from the sensor's coordinates to the fixed frame's at a time, in
        nanoseconds; None where it is not known."""
        if not self.chain:
            return None
        pose = np.eye(4)
        for transforms in self.chain:
            step = transforms.at(time)
            if step is None:
                return None
            pose = step @ pose
        return pose


def motion_of(bag: Bag, frame: str) -> Motion:
    """How the frame of a bag's clouds moved. Raises DataError where its messages are damaged."""
    topics = bag.of_kind(*TRANSFORMS, ODOMETRY)
    frame = frame.strip("/")
    if not topics:
        return Motion("", (f"neither tf nor odometry, so no poses: {_COMPUTE}.",))
    samples: dict[tuple[str, str, str], _Samples] = {}
    kinds = {topic.name: topic.kind for topic in topics}
    for name, message in bag.every(topics):
        if kinds[name] == ODOMETRY:
            pose = message.pose.pose
            key = message.header.frame_id, message.child_frame_id, name
            _add(samples, key, message.header.stamp, pose.position, pose.orientation)
            continue
        for one in message.transforms:
            move, turn = one.transform.translation, one.transform.rotation
            key = one.header.frame_id, one.child_frame_id, name
            _add(samples, key, one.header.stamp, move, turn)
    return _chain(frame, *_tree(samples, kinds))


def _chain(frame: str, tree: Mapping[str, Transforms], doubts: Mapping[str, str]) -> Motion:
    """What leads from a frame up to a fixed one."""
    path, names = [], [frame]
    while names[-1] in tree and names[-1] not in doubts:
        above = tree[names[-1]]
        if above.parent in names:
            return Motion("", (f"tf turns in a circle at {above.parent}: no poses.",))
        path.append(above)
        names.append(above.parent)
    top = names[-1]
    if top in doubts:
        return Motion("", (f"{doubts[top]}: it cannot be told which is right, so no poses.",))
    called = [name.rpartition("/")[2] for name in names]
    end = next((called.index(name) for name in _FIXED if name in called[1:]), len(path))
    chain = tuple(path[:end])
    known = end < len(path) or called[end] in _FIXED
    moving = [one for one in chain if not one.still and (known or _moves(one))]
    if not moving or (not known and called[end].startswith(_BODIES)):
        sources = ", ".join(sorted({f"/{one.source}" for one in tree.values()})) or "tf"
        return Motion(
            "",
            (
                f"{sources} leads from the clouds' frame {frame or 'without a name'} to {top}, to "
                f"no frame that stands still, so no poses: {_COMPUTE}.",
            ),
        )
    sources = ", ".join(dict.fromkeys(f"/{one.source}" for one in moving))
    return Motion(f"{sources} ({frame} in {names[end]})", (), chain)


def _moves(one: Transforms) -> bool:
    """Whether it is not one transform sent again and again."""
    return bool(np.ptp(one.moves, axis=0).max() > 1e-6 or np.ptp(one.turns, axis=0).max() > 1e-6)


@dataclass
class _Samples:
    times: array[int] = field(default_factory=lambda: array("q"))
    values: array[float] = field(default_factory=lambda: array("d"))


def _add(
    samples: dict[tuple[str, str, str], _Samples],
    key: tuple[str, str, str],
    stamp: Any,
    move: Any,
    turn: Any,
) -> None:
    parent, child, name = key
    one = samples.setdefault((parent.strip("/"), child.strip("/"), name), _Samples())
    one.times.append(int(stamp.sec) * 10**9 + int(stamp.nanosec))
    one.values.extend((move.x, move.y, move.z, turn.x, turn.y, turn.z, turn.w))


def _tree(
    samples: Mapping[tuple[str, str, str], _Samples], kinds: Mapping[str, str]
) -> tuple[dict[str, Transforms], dict[str, str]]:
    """By frame what it hangs on, and a sentence for each frame that has several places."""
    tree: dict[str, Transforms] = {}
    doubts: dict[str, str] = {}
    # tf first: where it says where a frame is, odometry is what it was made from.
    for (parent, child, name), found in sorted(
        samples.items(), key=lambda item: (kinds[item[0][2]] == ODOMETRY, item[0])
    ):
        one = _transforms(parent, name, found)
        if one is None or not child or child == parent:
            continue
        before = tree.get(child)
        if before is None:
            tree[child] = one
        elif kinds[name] != ODOMETRY and parent == before.parent and _alike(one, before):
            continue
        elif kinds[name] != ODOMETRY or kinds[before.source] == ODOMETRY:
            doubts[child] = (
                f"{child} lies in {before.parent} by /{before.source} and in {parent} by /{name}"
            )
    return tree, doubts


def _alike(one: Transforms, other: Transforms) -> bool:
    """Whether two topics say the same of a frame that does not move."""
    return (
        not _moves(one)
        and not _moves(other)
        and np.allclose(one.moves[0], other.moves[0], atol=1e-6)
        and np.allclose(one.turns[0], other.turns[0], atol=1e-6)
    )


def _transforms(parent: str, name: str, found: _Samples) -> Transforms | None:
    """Samples in order of time, without those that are no transforms; None where none is left."""
    times = np.array(found.times, np.int64)
    values = np.array(found.values, np.float64).reshape(-1, 7)
    # Numbers that are no transform, as a damaged message has them; NaN is none of these either.
    good = (np.abs(values[:, :3]) < _FAR_M).all(axis=1) & (np.abs(values[:, 3:]) < 2).all(axis=1)
    times, values = times[good], values[good]
    length = np.linalg.norm(values[:, 3:], axis=1)
    good = np.abs(length - 1) < 0.1
    times, values, length = times[good], values[good], length[good]
    if not len(times):
        return None
    still = name.rpartition("/")[2] == "tf_static"
    # Of several of one time the last counts; of one that stands still, the newest.
    order = np.argsort(times, kind="stable")
    last = np.append(times[order][1:] != times[order][:-1], True)
    order = order[last]
    if still:
        order = order[-1:]
    turns = values[order, 3:] / length[order, None]
    return Transforms(parent, name, times[order], values[order, :3], turns, still)


def _matrix(move: np.ndarray, turn: Any) -> np.ndarray:
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = turn.as_matrix(), move
    return matrix
