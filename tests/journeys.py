"""Towns of walls, posts and boxes, seen anew from each place of a journey through them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.streets import write_scan

POINTS, SEEN_M, NOISE_M = 9000, 40.0, 0.01


def town(seed: int) -> np.ndarray:
    """(n, 6) low and high corners of upright boxes, walls and posts beside a road."""
    rng = np.random.default_rng(seed)
    at = rng.uniform([-40, -30], [60, 30], (160, 2))
    at = at[np.abs(at[:, 1]) > 4]
    size = np.where(rng.random((len(at), 1)) < 0.5, 0.3, rng.uniform(1, 6, (len(at), 2)))
    tall = rng.uniform(1.5, 6, len(at))
    low = np.column_stack([at - size / 2, np.full(len(at), -1.7)])
    return np.hstack([low, np.column_stack([at + size / 2, tall - 1.7])])


def pose(step: int, *, metres: float = 0.8, turn: float = 0.02) -> np.ndarray:
    """(4, 4) of the sensor after so many steps along a bend."""
    made = np.eye(4)
    for _ in range(step):
        c, s = np.cos(turn), np.sin(turn)
        made = made @ np.array([[c, -s, 0, metres], [s, c, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])
    return made


def seen(boxes: np.ndarray, where: np.ndarray, seed: int) -> np.ndarray:
    """(n, 4) points of a town and its ground from a pose (4, 4), others each time."""
    rng = np.random.default_rng(seed)
    box = boxes[rng.integers(0, len(boxes), POINTS)]
    place = rng.uniform(box[:, :3], box[:, 3:])
    side = rng.integers(0, 4, POINTS)  # on one of the four walls
    for number, (axis, corner) in enumerate(((0, 0), (0, 3), (1, 1), (1, 4))):
        mine = side == number
        place[mine, axis] = box[mine, corner]
    ground = rng.uniform([-60, -50, -1.7], [80, 50, -1.7], (POINTS // 2, 3))
    world = np.vstack([place, ground])
    world += rng.normal(0, NOISE_M, world.shape)
    back = np.linalg.inv(where)
    here = world @ back[:3, :3].T + back[:3, 3]
    here = here[np.linalg.norm(here, axis=1) < SEEN_M]
    return np.column_stack([here, rng.uniform(0.2, 0.8, len(here))]).astype(np.float32)


def write_journey(
    root: Path, sequence: str, scans: int, *, seed: int = 0, breaks: tuple[int, ...] = ()
) -> list[np.ndarray]:
    """Write a sequence in SemanticKITTI layout; from each of `breaks` on it lies in another town.
    Returns the poses."""
    poses = [pose(step) for step in range(scans)]
    for step, where in enumerate(poses):
        boxes = town(seed + 100 * sum(step >= first for first in breaks))
        name = f"sequences/{sequence}/velodyne/{step:06}"
        write_scan(root, name, seen(boxes, where, 1000 * seed + step), None)
    return poses
