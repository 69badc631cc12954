"""SemanticKITTI: sequences/<nn>/{velodyne,labels,poses.txt,calib.txt,times.txt,image_2}.

Semantic classes are the low 16 bits of a label; poses.txt is in the frame of camera 0, so the
LiDAR's pose is inv(Tr) · pose · Tr with Tr of calib.txt (semantic-kitti.org).
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np

from core.errors import DataError
from core.formats.raw import file_size, read_columns


class SemanticKitti:
    """The layout of semantic-kitti.org; labels and poses are optional."""

    name = "semantickitti"
    classes = "semantickitti"
    layout = "sequences/<nn>/velodyne/*.bin"

    def recognises(self, folder: Path) -> bool:
        return bool(self.sequences(folder))

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
        path = root / self.label_file(root, scan)[0]
        if not path.exists():
            return None
        return read_columns(path, 1, "<u4")[:, 0] & 0xFFFF

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
        return poses[int(frame)]

    def label_file(self, root: Path, scan: str) -> tuple[str, np.dtype]:
        return f"{scan.replace('/velodyne/', '/labels/')}.label", np.dtype("<u4")


@lru_cache(maxsize=64)
def _poses(folder: Path) -> np.ndarray | None:
    """(F, 4, 4) float64 LiDAR poses of a sequence, or None where a file or its Tr is missing."""
    poses, calib = folder / "poses.txt", folder / "calib.txt"
    if not (poses.exists() and calib.exists()):
        return None
    try:
        rows = np.array(poses.read_text().split(), float).reshape(-1, 3, 4)
        pairs = (line.split(":", 1) for line in calib.read_text().splitlines() if ":" in line)
        lines = {name.strip(): values for name, values in pairs}
        if "Tr" not in lines:
            return None
        tr = _square(np.array(lines["Tr"].split(), float).reshape(1, 3, 4))[0]
    except (OSError, ValueError) as error:
        raise DataError(
            f"The poses of {folder} cannot be read: {error}.",
            "Bring the sequence's own poses.txt and calib.txt, or remove them.",
        ) from error
    return np.linalg.inv(tr) @ _square(rows) @ tr


def _square(rows: np.ndarray) -> np.ndarray:
    last = np.broadcast_to([[[0.0, 0.0, 0.0, 1.0]]], (len(rows), 1, 4))
    return np.concatenate([rows, last], axis=1)
