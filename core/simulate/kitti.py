"""A simulated drive as KITTI's tracking benchmark has one: scans, boxes with tracks, calibration,
and where the car was, as its GPS would tell."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core.base.files import write_atomic
from core.base.jobs import Job
from core.boxes.formats import kitti_tracking
from core.boxes.table import Boxes
from core.data.calibration import Calibration
from core.simulate.drives import Drive
from core.simulate.scanning import Box
from core.simulate.semantickitti import TR, numbers

# What KITTI calls SemanticKITTI's things; its labels leave out what stands on two wheels.
_TYPES = {10: "Car", 252: "Car", 18: "Truck", 258: "Truck", 30: "Pedestrian", 254: "Pedestrian"}
_TYPES |= {31: "Cyclist", 253: "Cyclist", 32: "Misc", 255: "Misc", 13: "Misc", 257: "Misc"}
_TYPES |= {20: "Misc", 259: "Misc"}
_P2 = np.array([[721.5, 0, 609.6, 44.9], [0, 721.5, 172.9, 0.2], [0, 0, 1, 0.003]])
_PICTURE = (1242, 375)
_CLEAR, _PARTLY = 0.8, 0.4  # shares of its rays that a thing must get, to be seen or seen in part
_EARTH_M, _LATITUDE, _LONGITUDE = 6378137.0, 49.0, 8.4
_OXTS = 30  # numbers in a line


def write(root: Path, drive: Drive, beams: int, job: Job, done: int, total: int) -> str:
    """Write a drive below `root`/training and return its sequence. Raises StorageError."""
    part, name = root / "training", f"{drive.number:04d}"
    frames: dict[int, Boxes] = {}
    poses = []
    for frame, seen in enumerate(drive.seen(beams, boxes=True)):
        write_atomic(part / "velodyne" / name / f"{frame:06d}.bin", seen.points.tobytes())
        frames[frame] = table(seen.boxes)
        poses.append(seen.pose)
        job.progress(done + frame + 1, total, "simulate")
    calibration = Calibration(_P2, TR)
    types = tuple(dict.fromkeys(_TYPES.values()))
    text = kitti_tracking.written(frames, calibration, types, _PICTURE).text
    write_atomic(part / "label_02" / f"{name}.txt", text.encode())
    write_atomic(part / "calib" / f"{name}.txt", _calib().encode())
    write_atomic(part / "oxts" / f"{name}.txt", oxts(poses).encode())
    return f"training/{name}"


def table(boxes: tuple[Box, ...]) -> Boxes:
    """A scan's boxes that KITTI has types for, their labels places in `_TYPES`' names."""
    types = list(dict.fromkeys(_TYPES.values()))
    kept = [box for box in boxes if box.raw in _TYPES]
    return Boxes.of(
        np.array([[*box.centre, *box.size, box.yaw] for box in kept]).reshape(-1, 7),
        [types.index(_TYPES[box.raw]) for box in kept],
        track=[str(box.number) for box in kept],
        occluded=[0 if b.seen >= _CLEAR else 1 if b.seen >= _PARTLY else 2 for b in kept],
    )


def oxts(poses: list[np.ndarray]) -> str:
    """A line of oxts for each pose (4, 4), the inertial unit being in the scanner."""
    scale = np.cos(np.radians(_LATITUDE)) * _EARTH_M
    first = np.log(np.tan(np.radians(90 + _LATITUDE) / 2))
    lines = []
    for pose in poses:
        east, north, up = pose[:3, 3] - poses[0][:3, 3]
        latitude = np.degrees(2 * np.arctan(np.exp(first + north / scale))) - 90
        longitude = _LONGITUDE + np.degrees(east / scale)
        yaw, pitch = np.arctan2(pose[1, 0], pose[0, 0]), np.arcsin(-pose[2, 0])
        roll = np.arctan2(pose[2, 1], pose[2, 2])
        row = [latitude, longitude, up, roll, pitch, yaw] + [0.0] * (_OXTS - 6)
        lines.append(" ".join(f"{value:.14g}" for value in row) + "\n")
    return "".join(lines)


def _calib() -> str:
    camera = "".join(f"P{k}: {numbers(_P2)}\n" for k in range(4))
    turn = f"R_rect {' '.join(f'{v:g}' for v in np.eye(3).reshape(-1))}\n"
    return f"{camera}{turn}Tr_velo_cam {numbers(TR)}\nTr_imu_velo {numbers(np.eye(4))}\n"
