"""Simulated drives as nuScenes has scenes: keyframes with rings, lidarseg labels, the official
tables with poses, and boxes in the world."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from core.base.files import write_atomic
from core.base.jobs import Job
from core.base.loading import loading
from core.simulate.drives import Drive
from core.simulate.materials import OWN_CAR
from core.simulate.movers import OWN_SPEED
from core.simulate.scanning import Box, Simulated

VERSION = "v1.0-town"
_START_US = 1_600_000_000_000_000
# SemanticKITTI's raw id -> lidarseg's, and the name that its detection task has for things.
_LIDARSEG = {
    **{OWN_CAR: 31, 10: 17, 11: 14, 13: 16, 15: 21, 18: 23, 20: 18, 30: 2, 31: 14, 32: 21},
    **{40: 24, 44: 24, 48: 26, 49: 25, 50: 28, 51: 28, 52: 28, 60: 24, 70: 30, 71: 30},
    **{72: 27, 80: 28, 81: 28, 99: 29, 252: 17, 253: 14, 254: 2, 255: 21, 257: 16, 258: 23},
    259: 18,
}
_NAMES = {17: "car", 14: "bicycle", 16: "bus", 21: "motorcycle", 23: "truck", 2: "pedestrian"}
_NAMES |= {18: "construction_vehicle"}
# From nuScenes' axes of the scanner (x right, y ahead) to ours (x ahead, y left).
_AXES = np.array([[0.0, 1, 0, 0], [-1, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])


class Tables:
    """The official tables of all drives, filled one by one and written at the end."""

    def __init__(self) -> None:
        names = ("scene", "sample", "sample_data", "ego_pose", "calibrated_sensor", "lidarseg")
        self._rows: dict[str, list[dict[str, Any]]] = {
            name: [] for name in (*names, "sample_annotation")
        }
        self._sensor = _token("LIDAR_TOP")
        self._rows["calibrated_sensor"].append(
            {"token": self._sensor, "translation": [0.0, 0.0, 0.0], "rotation": _quaternion(_AXES)}
        )

    def add(self, root: Path, drive: Drive, beams: int, job: Job, done: int, total: int) -> str:
        """Write a drive's scans and labels below `root` and return its scene's name."""
        scene = f"scene-{drive.number:04d}"
        self._rows["scene"].append({"token": _token(scene), "name": scene})
        for frame, seen in enumerate(drive.seen(beams, boxes=True)):
            time = _START_US + round(frame * drive.step_m / OWN_SPEED * 1e6)
            self._frame(root, scene, time, seen, beams)
            job.progress(done + frame + 1, total, "simulate")
        return scene

    def _frame(self, root: Path, scene: str, time: int, seen: Simulated, beams: int) -> None:
        name = f"samples/LIDAR_TOP/{scene}__LIDAR_TOP__{time}.pcd.bin"
        sample, data, ego = (_token(f"{name} {what}") for what in ("sample", "data", "ego"))
        x, y, z, light = seen.points.T
        ring = beams - 1 - seen.ring.astype(np.float32)  # counted from the lowest
        rows = np.stack([-y, x, z, np.round(255 * light), ring], 1).astype("<f4")
        write_atomic(root / name, rows.tobytes())
        labels = f"lidarseg/{VERSION}/{data}_lidarseg.bin"
        table = np.zeros(1 << 16, np.uint8)
        table[list(_LIDARSEG)] = list(_LIDARSEG.values())
        write_atomic(root / labels, table[seen.labels & 0xFFFF].tobytes())
        add = self._rows
        add["sample"].append({"token": sample, "scene_token": _token(scene), "timestamp": time})
        add["ego_pose"].append(
            {
                "token": ego,
                "timestamp": time,
                "translation": seen.pose[:3, 3].tolist(),
                "rotation": _quaternion(seen.pose),
            }
        )
        add["sample_data"].append(
            {
                "token": data,
                "sample_token": sample,
                "ego_pose_token": ego,
                "calibrated_sensor_token": self._sensor,
                "timestamp": time,
                "fileformat": "pcd",
                "is_key_frame": True,
                "filename": name,
            }
        )
        add["lidarseg"].append({"token": data, "sample_data_token": data, "filename": labels})
        add["sample_annotation"] += boxes_in_world(seen.boxes, seen.pose, sample, scene)

    def write(self, root: Path) -> None:
        """Write all tables below `root`. Raises StorageError."""
        for name, rows in self._rows.items():
            write_atomic(root / VERSION / f"{name}.json", json.dumps(rows).encode())


def boxes_in_world(
    boxes: Sequence[Box], pose: np.ndarray, sample: str, scene: str
) -> list[dict[str, Any]]:
    """Boxes as rows of sample_annotation, in the world; `pose` (4, 4) is the sensor's in it."""
    found = []
    for box in boxes:
        length, width, height = box.size
        c, s = np.cos(box.yaw), np.sin(box.yaw)
        turn = np.eye(4)
        turn[:2, :2] = [[c, -s], [s, c]]
        found.append(
            {
                "token": _token(f"{sample} {box.number}"),
                "sample_token": sample,
                "instance_token": _token(f"{scene} {box.number}"),
                "category_name": _NAMES[_LIDARSEG[box.raw]],
                "translation": (pose[:3, :3] @ box.centre + pose[:3, 3]).tolist(),
                "size": [float(width), float(length), float(height)],
                "rotation": _quaternion(pose @ turn),
                "num_lidar_pts": box.points,
            }
        )
    return found


def _token(words: str) -> str:
    return hashlib.blake2b(words.encode(), digest_size=16).hexdigest()


def _quaternion(pose: np.ndarray) -> list[float]:
    """w, x, y, z of a pose's rotation."""
    with loading:
        from scipy.spatial.transform import Rotation

    x, y, z, w = Rotation.from_matrix(pose[:3, :3]).as_quat(canonical=True)
    return [float(w), float(x), float(y), float(z)]
