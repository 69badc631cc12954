"""Where a bag's scans were: from tf, from odometry, or from nothing, which is said."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.data.formats import format_named
from tests.bags import (
    KINDS,
    ODOMETRY,
    TF,
    Message,
    drive,
    odometry,
    store_of,
    transform,
    transforms,
    write_bag,
)
from tests.streets import small_scan

START, STEP = 1_700_000_000 * 10**9, 10**8
BAG = format_named("bag")


def tf(kind: str, time: int, *several: tuple, topic: str = "/tf") -> Message:
    store = store_of(kind)
    made = [transform(store, parent, child, time, *rest) for parent, child, *rest in several]
    return topic, TF, time, transforms(store, made)


def odom(kind: str, time: int, frame: str, child: str, *rest, topic: str = "/odom") -> Message:
    return topic, ODOMETRY, time, odometry(store_of(kind), frame, child, time, *rest)


def bag(tmp_path: Path, kind: str, *more: Message, scans: int = 4) -> Path:
    clouds = drive(kind, [small_scan(0)[0][:50]] * scans)
    messages = sorted([*clouds, *more], key=lambda message: message[2])
    return write_bag(tmp_path / "drive", messages, kind)


def poses(path: Path, scans: int = 4) -> list[np.ndarray | None]:
    return [BAG.pose(path, f"drive/{at:06}") for at in range(scans)]


def matrix(yaw: float, x: float, y: float, z: float) -> np.ndarray:
    made = np.eye(4)
    made[:2, :2] = [[np.cos(yaw), -np.sin(yaw)], [np.sin(yaw), np.cos(yaw)]]
    made[:3, 3] = x, y, z
    return made


def driving(kind: str, *, shift: int = STEP // 2, ticks: int = 6) -> list[Message]:
    """odom > base_link at moments between the scans', turning by 0.2 and going 1 m a tick."""
    return [
        tf(kind, START + at * STEP - shift, ("odom", "base_link", (at, 0, 0), 0.2 * at))
        for at in range(ticks)
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_tf_is_followed_to_odom_and_told_between_its_moments(tmp_path: Path, kind: str):
    still = tf(kind, START, ("base_link", "lidar", (1, 0, 1.7), np.pi / 2), topic="/tf_static")
    above = tf(kind, START, ("map", "odom", (50, 60, 0)))
    path = bag(tmp_path, kind, still, above, *driving(kind))
    for at, pose in enumerate(poses(path)):
        tick = at + 0.5  # half way between two transforms
        wanted = matrix(0.2 * tick, tick, 0, 0) @ matrix(np.pi / 2, 1, 0, 1.7)
        assert pose is not None
        assert np.allclose(pose, wanted, atol=1e-9)
    assert BAG.poses_from(path, "drive/000000") == "/tf (lidar in odom)"
    assert BAG.notes(path, "drive") == ()


@pytest.mark.parametrize("kind", KINDS)
def test_odometry_serves_where_tf_says_only_how_the_sensor_is_mounted(tmp_path: Path, kind: str):
    still = tf(kind, START, ("base_link", "lidar", (0, 0, 2)), topic="/tf_static")
    moves = [
        odom(kind, START + at * STEP, "/odom", "/base_link", (2 * at, 0, 0)) for at in range(4)
    ]
    path = bag(tmp_path, kind, still, *moves)
    for at, pose in enumerate(poses(path)):
        assert pose is not None
        assert np.allclose(pose, matrix(0, 2 * at, 0, 2), atol=1e-9)
    assert BAG.poses_from(path, "drive/000000") == "/odom (lidar in odom)"


def test_tf_counts_where_odometry_says_it_too(tmp_path: Path):
    moves = [odom("mcap", START + at * STEP, "odom", "lidar", (9, 9, 9)) for at in range(4)]
    by_tf = [tf("mcap", START + at * STEP, ("odom", "lidar", (at, 0, 0))) for at in range(4)]
    found = poses(bag(tmp_path, "mcap", *moves, *by_tf))
    assert [pose[0, 3] for pose in found if pose is not None] == [0, 1, 2, 3]


def test_outside_of_what_is_known_there_is_no_pose(tmp_path: Path):
    kind = "ros1"
    early = [tf(kind, START + at * STEP, ("odom", "lidar", (at, 0, 0))) for at in (0, 1)]
    late = tf(kind, START + 50 * STEP, ("odom", "lidar", (50, 0, 0)))  # a gap of almost 5 s
    found = poses(bag(tmp_path, kind, *early, late))
    assert [pose is None for pose in found] == [False, False, True, True]


NO_POSES = {
    "nothing": ((), "neither tf nor odometry"),
    "mounting alone, sent again and again": (
        tuple(tf("ros1", START + at * STEP, ("base_link", "lidar", (0, 0, 2))) for at in range(4)),
        "/tf leads from the clouds' frame lidar to base_link, to no frame that stands still",
    ),
    "a nodding sensor": (
        tuple(
            tf("ros1", START + at * STEP, ("base_link", "lidar", (0, 0, 2), 0.1 * at))
            for at in range(4)
        ),
        "to base_link, to no frame that stands still",
    ),
    "another frame's": (
        tuple(odom("ros1", START + at * STEP, "odom", "imu", (at, 0, 0)) for at in range(4)),
        "leads from the clouds' frame lidar to lidar",
    ),
    "two parents": (
        (
            *(tf("ros1", START + at * STEP, ("odom", "lidar", (at, 0, 0))) for at in range(4)),
            *(tf("ros1", START + at * STEP, ("map", "lidar", (0, at, 0))) for at in range(4)),
        ),
        "lidar lies in map by /tf and in odom by /tf: it cannot be told which is right",
    ),
    "two odometries": (
        (
            odom("ros1", START, "odom", "lidar", (0, 0, 0), topic="/wheels"),
            odom("ros1", START, "odom", "lidar", (0, 0, 0), topic="/icp"),
        ),
        "lidar lies in odom by /icp and in odom by /wheels",
    ),
    "a circle": (
        (
            tf("ros1", START, ("a", "lidar", (0, 0, 0))),
            tf("ros1", START, ("lidar", "a", (1, 0, 0))),
        ),
        "tf turns in a circle",
    ),
    "another clock": (
        tuple(tf("ros1", START // 2 + at, ("odom", "lidar", (at, 0, 0))) for at in range(4)),
        "the clouds' stamps lie outside the times of /tf",
    ),
}


@pytest.mark.parametrize("case", NO_POSES)
def test_where_it_cannot_be_told_it_is_said(tmp_path: Path, case: str):
    more, sentence = NO_POSES[case]
    path = bag(tmp_path, "ros1", *more)
    assert poses(path) == [None] * 4
    assert BAG.poses_from(path, "drive/000000") == ""  # so that they can be computed
    (note,) = BAG.notes(path, "drive")
    assert note.startswith("drive: ")
    assert sentence in note


@pytest.mark.parametrize("wrong", [np.nan, np.inf, 1e300])
def test_numbers_that_are_no_transform_are_passed_over(tmp_path: Path, wrong: float):
    bad = tf("ros1", START + 1, ("odom", "lidar", (wrong, 0, 0)))
    worse = tf("ros1", START + 2, ("odom", "lidar", (0, 0, 0)))
    worse[3].transforms[0].transform.rotation.w = wrong
    good = [tf("ros1", START + at * STEP, ("odom", "lidar", (at, 0, 0))) for at in range(4)]
    found = poses(bag(tmp_path, "ros1", bad, worse, *good))
    assert [pose[0, 3] for pose in found if pose is not None] == [0, 1, 2, 3]
