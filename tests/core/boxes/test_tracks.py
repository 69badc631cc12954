"""Boxes along poses and between keyframes: by hand, by property, on a real drive."""

from __future__ import annotations

import numpy as np
import pytest

from core.boxes.geometry import moved, rotated_iou_of_pairs
from core.boxes.tracks import copied, heading, interpolated, settled
from tests.core.boxes.frames import drive_poses, drive_tracks
from tests.core.boxes.shapes import corner_of_a_car

CAR = np.array([10.0, 2, 0, 4, 2, 1.5, 0.3])


def poses(frames: int = 30, step: float = 1.0, turn: float = 0.02) -> dict[int, np.ndarray]:
    """A sensor that drives ahead and turns."""
    made, at = {}, np.eye(4)
    ahead = np.eye(4)
    ahead[:2, :2] = [[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]
    ahead[0, 3] = step
    for frame in range(frames):
        made[frame] = at
        at = at @ ahead
    return made


def seen(box: np.ndarray, pose: np.ndarray) -> np.ndarray:
    """A box of the world from a frame."""
    return moved(box, np.linalg.inv(pose))[0]


def test_what_is_parked_stays_in_the_world():
    way = poses()
    keys = {4: seen(CAR, way[4])}
    for frame in (0, 9, 29):
        np.testing.assert_allclose(copied(keys, frame, way), seen(CAR, way[frame]), atol=1e-9)
        np.testing.assert_allclose(interpolated(keys, frame, way), seen(CAR, way[frame]), atol=1e-9)


def test_what_moves_keeps_its_speed():
    way = poses()
    at = {k: seen(np.add(CAR, [0.5 * k, 0.1 * k, 0, 0, 0, 0, 0]), way[k]) for k in range(30)}
    keys = {3: at[3], 4: at[4], 20: at[20]}
    np.testing.assert_allclose(copied(keys, 7, way, moving=True), at[7], atol=1e-9)
    np.testing.assert_allclose(copied({k: at[k] for k in (9, 12)}, 5, way, moving=True), at[5])
    np.testing.assert_array_equal(copied(keys, 4, way, moving=True)[3:6], CAR[3:6])


def test_without_poses_the_sensor_sees_no_motion():
    keys = {4: CAR}
    np.testing.assert_array_equal(copied(keys, 9, {}), CAR)
    # One pose of two is none.
    np.testing.assert_array_equal(copied(keys, 9, {4: np.diag([1.0, -1, -1, 1])}), CAR)


def test_between_two_keyframes_the_way_is_straight_and_short():
    one, other = CAR.copy(), CAR.copy()
    one[6], other[6] = 3.0, -3.0
    other[:3] += (10, -5, 1)
    found = interpolated({0: one, 10: other}, 5, {})
    np.testing.assert_allclose(found[:3], one[:3] + np.array([5, -2.5, 0.5]))
    assert abs(found[6]) == pytest.approx(np.pi)
    np.testing.assert_allclose(
        interpolated({0: one, 10: other}, 2, {})[:3], np.add(one[:3], [2, -1, 0.2])
    )


def test_keyframes_are_kept_and_a_steady_motion_is_exact():
    at = {k: np.add(CAR, [0.7 * k, -0.2 * k, 0, 0, 0, 0, 0]) for k in range(30)}
    keys = {k: at[k] for k in (0, 3, 10, 29)}
    for frame in range(30):
        np.testing.assert_allclose(interpolated(keys, frame, {}), at[frame], atol=1e-9)
    np.testing.assert_array_equal(interpolated(keys, 10, {}), at[10])


def test_braking_is_a_curve():
    at = {k: np.add(CAR, [10 * np.sin(k / 15), 0, 0, 0, 0, 0, 0]) for k in range(24)}
    keys = {k: at[k] for k in (0, 8, 16, 23)}
    off = max(abs(interpolated(keys, k, {})[0] - at[k][0]) for k in range(24))
    straight = max(
        abs(np.interp(k, list(keys), [box[0] for box in keys.values()]) - at[k][0])
        for k in range(24)
    )
    assert off < 0.7 * straight


def test_the_heading_is_that_of_the_motion():
    keys = {3: CAR, 6: CAR - np.array([3, 3, 0, 0, 0, 0, 0])}
    assert heading(keys, 4, {}) == pytest.approx(-3 * np.pi / 4)
    assert heading({3: CAR}, 4, {}) is None
    assert heading({3: CAR, 4: CAR}, 4, {}) is None


def test_a_copy_is_laid_onto_its_points():
    points, true = corner_of_a_car(12, 5, 0.4)
    ground = true[2] - true[5] / 2
    near = np.add(true, [0.25, -0.2, 0.1, 0, 0, 0, 0.05])
    found = settled(near, points, ground)
    assert rotated_iou_of_pairs(found[None], true[None])[1][0] > 0.93
    np.testing.assert_array_equal(found[3:6], true[3:6])
    far = np.add(true, [3, 0, 0, 0, 0, 0, 0])
    np.testing.assert_array_equal(settled(far, points, ground)[3:6], far[3:6])
    np.testing.assert_array_equal(settled(true, points[:4], ground), true)


# A real drive: what share of boxes is right ---------------------------------------------------


@pytest.fixture(scope="module")
def things():
    """Tracks by whether they move, and the drive's poses."""
    way, found = drive_poses(), {"parked": {}, "moving": {}}
    for name, boxes in drive_tracks().items():
        at = np.array([moved(box, way[frame])[0, :2] for frame, box in boxes.items()])
        still = np.linalg.norm(at - np.median(at, axis=0), axis=1).max() < 2.2
        found["parked" if still else "moving"][name] = boxes
    assert {kind: len(tracks) for kind, tracks in found.items()} == {"parked": 13, "moving": 2}
    return found, way


def share_right(tracks, every: int, way) -> float:
    right = []
    for name, boxes in tracks.items():
        frames = sorted(boxes)
        keys = {frame: boxes[frame] for frame in {*frames[::every], frames[-1]}}
        made = np.array([interpolated(keys, frame, way) for frame in frames])
        overlap = rotated_iou_of_pairs(made, np.array([boxes[frame] for frame in frames]))[1]
        right += (overlap > (0.7 if name.startswith(("car", "van")) else 0.5)).tolist()
    return float(np.mean(right))


def test_one_real_box_in_ten_by_hand_is_enough(things):
    found, way = things
    assert share_right(found["parked"], 10, way) > 0.97
    assert share_right(found["moving"], 10, way) > 0.98
    assert share_right(found["parked"], 20, way) > 0.95
    assert share_right(found["moving"], 20, way) > 0.85
    assert share_right(found["parked"], 10, {}) < 0.9  # poses are worth asking for
    keys = [frames[::10] for kind in found.values() for frames in map(sorted, kind.values())]
    assert sum(map(len, keys)) + len(keys) <= 110


def test_a_real_parked_box_is_copied_along_the_poses(things):
    found, way = things
    shares = []
    for gap in (1, 5, 10):
        overlaps = [
            rotated_iou_of_pairs(copied({k: box}, k + gap, way)[None], boxes[k + gap][None])[1][0]
            for name, boxes in found["parked"].items()
            if name.startswith("car") and name != "car 4"  # which parks yet
            for k, box in boxes.items()
            if k + gap in boxes
        ]
        shares.append(np.mean(np.array(overlaps) >= 0.7))
    assert shares[0] > 0.99
    assert shares[1] > 0.94
    assert shares[2] > 0.85
