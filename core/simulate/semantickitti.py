"""A simulated drive as SemanticKITTI has a sequence: scans, labels, poses, calibration, times."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core.base.files import write_atomic
from core.base.jobs import Job
from core.simulate.drives import Drive
from core.simulate.movers import OWN_SPEED
from core.simulate.scanning import Simulated

LABELLED_M = 51.2  # its labels end there: farther points have none
# From the sensor's axes (x ahead, y left, z up) to a camera's (x right, y down, z ahead).
TR = np.array([[0, -1, 0, 0.0], [0, 0, -1, -0.08], [1, 0, 0, -0.27], [0, 0, 0, 1]])


def write(root: Path, drive: Drive, beams: int, job: Job, done: int, total: int) -> str:
    """Write a drive below `root`/sequences and return its sequence. Raises StorageError."""
    folder, poses, times = root / "sequences" / drive.name, [], []
    for frame, seen in enumerate(drive.seen(beams)):
        write_atomic(folder / "velodyne" / f"{frame:06d}.bin", seen.points.tobytes())
        write_atomic(folder / "labels" / f"{frame:06d}.label", labels(seen).tobytes())
        poses.append(seen.pose)
        times.append(f"{frame * drive.step_m / OWN_SPEED:.6e}\n")
        job.progress(done + frame + 1, total, "simulate")
    write_atomic(folder / "poses.txt", camera_poses(poses).encode())
    write_atomic(folder / "times.txt", "".join(times).encode())
    write_atomic(folder / "calib.txt", f"Tr: {numbers(TR)}\n".encode())
    return drive.name


def labels(seen: Simulated) -> np.ndarray:
    """(N,) uint32 as SemanticKITTI has them: none far away."""
    near = np.linalg.norm(seen.points[:, :3], axis=1) <= LABELLED_M
    return np.where(near, seen.labels, np.uint32(0))


def camera_poses(poses: list[np.ndarray]) -> str:
    """KITTI's poses.txt: of the camera, from where it was first; poses (4, 4) of the sensor."""
    first, back = np.linalg.inv(poses[0]), np.linalg.inv(TR)
    return "".join(f"{numbers(TR @ first @ pose @ back)}\n" for pose in poses)


def numbers(matrix: np.ndarray) -> str:
    """The first three rows of a matrix, as KITTI writes one."""
    return " ".join(f"{value:.9e}" for value in matrix[:3].reshape(-1))
