"""nuScenes keyframes with lidarseg or panoptic labels: the official tables, or plain folders.

Official: <root>/v1.0-*/{scene,sample,sample_data,lidarseg,ego_pose,calibrated_sensor}.json name
samples/LIDAR_TOP/*.pcd.bin; a sequence is a scene; of several versions one is read. Plain:
<root>/<sequence>/LIDAR_TOP/*.pcd.bin beside <sequence>/lidarseg/*_lidarseg.bin and
panoptic/*_panoptic.npz. Points are float32 x, y, z, intensity 0..255, ring.
"""

from __future__ import annotations

import json
import math
import os
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from core.base.bounded import MOST_TABLE, read_whole
from core.base.errors import DataError
from core.base.paths import check_name
from core.data.calibration import is_rigid
from core.data.formats.format import Format
from core.data.formats.nuscenes_panoptic import panoptic_name, read_panoptic
from core.data.formats.nuscenes_versions import of_versions, version_folder
from core.data.formats.raw import file_size, read_columns
from core.data.names import some

_SUFFIX = ".pcd.bin"
_NO_LENGTH = 0.05  # away from 1, of a quaternion


class NuScenes(Format):
    """Keyframes of LIDAR_TOP; labels and poses are optional."""

    name = "nuscenes"
    classes = "nuscenes"
    layout = "v1.0-*/*.json with samples/LIDAR_TOP, or <sequence>/LIDAR_TOP/*.pcd.bin"
    ahead = (0.0, 1.0)

    def sequences(self, root: Path) -> tuple[str, ...]:
        tables = _tables(root)
        if tables is not None:
            return tuple(sorted(tables.scenes))
        return tuple(sorted(p.parent.name for p in root.glob("*/LIDAR_TOP") if p.is_dir()))

    def scans(self, root: Path, sequence: str) -> tuple[str, ...]:
        tables = _tables(root)
        if tables is not None:
            return tuple(sorted(tables.scenes[sequence]))
        folder = f"{sequence}/LIDAR_TOP"
        files = (root / folder).glob(f"*{_SUFFIX}")
        return tuple(sorted(f"{folder}/{p.name.removesuffix(_SUFFIX)}" for p in files))

    def path(self, root: Path, scan: str) -> Path:
        return root / f"{scan}{_SUFFIX}"

    def count(self, root: Path, scan: str) -> int:
        return file_size(self.path(root, scan)) // 20

    def points(self, root: Path, scan: str) -> np.ndarray:
        return np.ascontiguousarray(read_columns(self.path(root, scan), 5)[:, :4])

    def columns(self, root: Path, scan: str) -> tuple[str, ...]:
        return ("x", "y", "z", "intensity", "ring")

    def has_labels(self, root: Path, scan: str) -> bool:
        return any(os.path.isfile(path) for path in self._label_files(root, scan))

    def labels(self, root: Path, scan: str) -> np.ndarray | None:
        lidarseg, panoptic = self._label_files(root, scan)
        if os.path.isfile(lidarseg):
            return read_columns(lidarseg, 1, "u1")[:, 0].astype(np.uint32)
        return read_panoptic(panoptic) & 0xFFFF if os.path.isfile(panoptic) else None

    def instances(self, root: Path, scan: str) -> np.ndarray | None:
        """Of the panoptic labels, where they have the class that `labels` has."""
        panoptic = self._label_files(root, scan)[1]
        if not os.path.isfile(panoptic):
            return None
        both, classes = read_panoptic(panoptic), self.labels(root, scan)
        if classes is None or len(classes) != len(both):
            raise DataError(
                f"{panoptic} has {len(both):,} labels, its lidarseg labels are "
                f"{0 if classes is None else len(classes):,}.",
                "Bring the files that belong together.",
            )
        return np.where(both & 0xFFFF == classes, both >> 16, 0).astype(np.uint32)

    def notes(self, root: Path, sequence: str) -> tuple[str, ...]:
        """Which versions are not read, and whether lidarseg and panoptic labels of the first scan
        that has both differ."""
        versions = of_versions(root)
        return (*([versions] if versions else []), *self._of_labels(root, sequence))

    def instead(self, root: Path, sequence: str) -> str:
        versions = of_versions(root)
        return f"There are {some(self.sequences(root))}. {versions}" if versions else ""

    def _of_labels(self, root: Path, sequence: str) -> tuple[str, ...]:
        for scan in self.scans(root, sequence):
            if not all(os.path.isfile(path) for path in self._label_files(root, scan)):
                continue
            try:
                panoptic = read_panoptic(self._label_files(root, scan)[1]) & 0xFFFF
                differ = int((panoptic != self.labels(root, scan)).sum())
            except (DataError, ValueError):  # told where the labels are read
                return ()
            if not differ:
                return ()
            return (
                f"{scan}: {differ:,} of {len(panoptic):,} points have another class in panoptic "
                "than in lidarseg: the class is lidarseg's, and they are of no instance.",
            )
        return ()

    def _label_files(self, root: Path, scan: str) -> tuple[Path, Path]:
        """Where lidarseg and panoptic labels of a scan may be."""
        name = self.label_file(root, scan)[0]
        return root / name, root / panoptic_name(name)

    def pose(self, root: Path, scan: str) -> np.ndarray | None:
        tables = _tables(root)
        return tables.poses.get(scan) if tables is not None else None

    def poses_from(self, root: Path, scan: str) -> str:
        return "ego_pose.json" if self.pose(root, scan) is not None else ""

    def label_file(self, root: Path, scan: str) -> tuple[str, np.dtype]:
        tables = _tables(root)
        if tables is not None:
            return tables.labels[scan], np.dtype("u1")
        folder, _, stem = scan.rpartition("/")
        folder = folder.removesuffix("/LIDAR_TOP")
        return f"{folder}/lidarseg/{stem}_lidarseg.bin", np.dtype("u1")


@dataclass
class _Tables:
    """What the official tables say about the LIDAR_TOP keyframes, by scan name."""

    scenes: dict[str, list[str]] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    poses: dict[str, np.ndarray] = field(default_factory=dict)


@lru_cache(maxsize=4)
def _tables(root: Path) -> _Tables | None:
    folder = version_folder(root)
    if folder is None:
        return None
    try:
        return _read_tables(folder)
    except DataError as error:
        raise DataError(
            f"The tables of {folder} name a file elsewhere: {error.what}",
            "Bring the dataset's own metadata archive.",
        ) from error
    except MemoryError as error:
        raise DataError(
            f"The tables of {folder} are too large for the memory that is free.",
            "Close other programs, or bring the tables of fewer scenes.",
        ) from error
    except (LookupError, TypeError, AttributeError, ValueError, OSError, RecursionError) as error:
        raise DataError(
            f"The tables of {folder} cannot be read: {type(error).__name__}, {error}.",
            "Unpack the dataset's metadata archive again.",
        ) from error


def _read_tables(folder: Path) -> _Tables:
    def rows(name: str) -> list[dict[str, Any]]:
        found = json.loads(read_whole(folder / f"{name}.json", MOST_TABLE))
        if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
            raise ValueError(f"{name}.json is no list of records")
        return found

    scene_of = {row["token"]: row["name"] for row in rows("scene")}
    scene_of_sample = {row["token"]: scene_of[row["scene_token"]] for row in rows("sample")}
    keyframes = [
        row for row in rows("sample_data") if row["is_key_frame"] and "LIDAR_TOP" in row["filename"]
    ]
    ego = _matrices(rows("ego_pose"), {row["ego_pose_token"] for row in keyframes})
    mounts = {row["calibrated_sensor_token"] for row in keyframes}
    sensor = _matrices(rows("calibrated_sensor"), mounts)
    tables = _Tables()
    for row in keyframes:
        check_name(row["filename"])
        scan = row["filename"].removesuffix(_SUFFIX)
        tables.scenes.setdefault(scene_of_sample[row["sample_token"]], []).append(scan)
        tables.poses[scan] = ego[row["ego_pose_token"]] @ sensor[row["calibrated_sensor_token"]]
        tables.labels[scan] = f"lidarseg/{folder.name}/{row['token']}_lidarseg.bin"
        check_name(tables.labels[scan])
    return tables


def _matrices(rows: list[dict[str, Any]], wanted: set[str]) -> dict[str, np.ndarray]:
    return {row["token"]: _matrix(row) for row in rows if row["token"] in wanted}


def _matrix(row: dict[str, Any]) -> np.ndarray:
    """(4, 4) float64 from a translation and a quaternion w, x, y, z."""
    length = math.hypot(*row["rotation"])
    if not abs(length - 1) < _NO_LENGTH:
        raise ValueError(f"{row['token']} is no pose: its rotation is {row['rotation']}")
    w, x, y, z = (value / length for value in row["rotation"])
    matrix = np.eye(4)
    matrix[:3, :3] = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ]
    matrix[:3, 3] = row["translation"]
    if not is_rigid(matrix):
        raise ValueError(f"{row['token']} is no pose: its place is {row['translation']}")
    return matrix
