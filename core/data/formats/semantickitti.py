"""SemanticKITTI: sequences/<nn>/{velodyne,labels,poses.txt,calib.txt,times.txt,image_2}.

Semantic classes are the low 16 bits of a label, instances the high 16; poses.txt is in the frame of
camera 0, so the LiDAR's pose is inv(Tr) · pose · Tr with Tr of calib.txt (semantic-kitti.org).
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np

from core.base.errors import DataError
from core.data.camera import Camera
from core.data.formats.format import Format
from core.data.formats.raw import file_size, read_columns


class SemanticKitti(Format):
    """The layout of semantic-kitti.org; labels and poses are optional."""

    name = "semantickitti"
    classes = "semantickitti"
    layout = "sequences/<nn>/velodyne/*.bin"

    def sequences(self, root: Path) -> tuple[str, ...]:
        return tuple(sorted(p.parent.name for p in (root / "sequences").glob("*/velodyne")))

    def scans(self, root: Path, sequence: str) -> tuple[str, ...]:
        folder = f"sequences/{sequence}/velodyne"
        return tuple(sorted(f"{folder}/{p.stem}" for p in (root / folder).glob("*.bin")))

    def path(self, root: Path, scan: str) -> Path:
        return root / f"{scan}.bin"

    def count(self, root: Path, scan: str) -> int:
        return file_size(self.path(root, scan)) // 16

    def points(self, root: Path, scan: str) -> np.ndarray:
        return read_columns(self.path(root, scan), 4)

    def labels(self, root: Path, scan: str) -> np.ndarray | None:
        found = self._label_file(root, scan)
        return None if found is None else found & 0xFFFF

    def instances(self, root: Path, scan: str) -> np.ndarray | None:
        found = self._label_file(root, scan)
        return None if found is None else found >> 16

    def _label_file(self, root: Path, scan: str) -> np.ndarray | None:
        path = root / self.label_file(root, scan)[0]
        return read_columns(path, 1, "<u4")[:, 0] if path.exists() else None

    def pose(self, root: Path, scan: str) -> np.ndarray | None:
        folder = self.path(root, scan).parent.parent
        poses = _poses(folder)
        frame = scan.rpartition("/")[2]
        if poses is None or not frame.isdecimal():
            return None
        if int(frame) >= len(poses):
            raise DataError(
                f"{folder / 'poses.txt'} has {len(poses):,} poses, none for frame {frame}.",
                "Bring the sequence's whole poses.txt, or remove it to work without poses.",
            )
        pose: np.ndarray = poses[int(frame)]
        return pose

    def camera(self, root: Path, scan: str) -> Camera | None:
        """The left colour picture of the same moment, None without it or a calibration."""
        folder, frame = self.path(root, scan).parent.parent, scan.rpartition("/")[2]
        files = (folder / "image_2" / f"{frame}{end}" for end in (".png", ".jpg"))
        image = next((file for file in files if file.exists()), None)
        calibration = _calibration(folder)
        if image is None or calibration is None:
            return None
        missing = [name for name in ("P2", "Tr") if name not in calibration]
        if missing:
            raise DataError(
                f"{folder / 'calib.txt'} has no {' and no '.join(missing)}: points cannot be drawn "
                f"into {image.name}.",
                "Bring the sequence's own calib.txt.",
            )
        tr = _square(calibration["Tr"][None])[0]
        return Camera(image, calibration["P2"] @ tr)

    def label_file(self, root: Path, scan: str) -> tuple[str, np.dtype]:
        return f"{scan.replace('/velodyne/', '/labels/')}.label", np.dtype("<u4")


@lru_cache(maxsize=64)
def _poses(folder: Path) -> np.ndarray | None:
    """(F, 4, 4) float64 LiDAR poses of a sequence, or None where a file or its Tr is missing."""
    poses, calibration = folder / "poses.txt", _calibration(folder)
    if not poses.exists() or calibration is None or "Tr" not in calibration:
        return None
    try:
        rows = np.array(poses.read_text().split(), float).reshape(-1, 3, 4)
    except (OSError, ValueError) as error:
        raise _unreadable(folder, error) from error
    tr = _square(calibration["Tr"][None])[0]
    lidar: np.ndarray = np.linalg.inv(tr) @ _square(rows) @ tr
    return lidar


@lru_cache(maxsize=64)
def _calibration(folder: Path) -> dict[str, np.ndarray] | None:
    """The (3, 4) matrices of calib.txt by name, None without the file."""
    file = folder / "calib.txt"
    if not file.exists():
        return None
    try:
        pairs = (line.split(":", 1) for line in file.read_text().splitlines() if ":" in line)
        return {
            name.strip(): np.array(values.split(), float).reshape(3, 4) for name, values in pairs
        }
    except (OSError, ValueError) as error:
        raise _unreadable(folder, error) from error


def _unreadable(folder: Path, error: Exception) -> DataError:
    return DataError(
        f"The poses of {folder} cannot be read: {error}.",
        "Bring the sequence's own poses.txt and calib.txt, or remove them.",
    )


def _square(rows: np.ndarray) -> np.ndarray:
    last = np.broadcast_to([[[0.0, 0.0, 0.0, 1.0]]], (len(rows), 1, 4))
    return np.concatenate([rows, last], axis=1)
