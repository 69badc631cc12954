"""KITTI's own layouts (cvlibs.net): the object and tracking benchmarks, the raw recordings.

KITTI-360's scans lie as the raw ones. KITTI has no labels of points: those that an export wrote are
read and written in a folder labels, as SemanticKITTI's.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core.base.errors import DataError
from core.data.calibration import Calibration, calibration_in, calibration_of
from core.data.formats.semantickitti import SemanticKitti
from core.data.names import is_hidden

_PARTS = ("training", "testing")
_SETS = {"train": "training", "val": "training", "test": "testing"}
_DATA = "velodyne_points/data"


class KittiObject(SemanticKitti):
    """training and testing, with the splits train, val and test where ImageSets names their frames;
    frames that no split names stay in training or testing."""

    name = "kitti"
    classes = "kitti"
    layout = "training/velodyne/*.bin beside training/calib, splits in ImageSets"

    def sequences(self, root: Path) -> tuple[str, ...]:
        there = [part for part in _PARTS if (root / part / "velodyne").is_dir()]
        if not any(self._frames_there(root, part) for part in there):
            return ()
        names = (*_SETS, *there)
        return tuple(sorted(name for name in names if self.scans(root, name)))

    def folder(self, sequence: str) -> str:
        return f"{_SETS.get(sequence, sequence)}/velodyne"

    def scans(self, root: Path, sequence: str) -> tuple[str, ...]:
        there = self._frames_there(root, _SETS.get(sequence, sequence))
        if sequence in _SETS:
            return tuple(scan for scan in there if _stem(scan) in _named(root, sequence))
        sets = (name for name, part in _SETS.items() if part == sequence)
        named = frozenset[str]().union(*(_named(root, name) for name in sets))
        return tuple(scan for scan in there if _stem(scan) not in named)

    def _frames_there(self, root: Path, part: str) -> tuple[str, ...]:
        return super().scans(root, part)

    def pose(self, root: Path, scan: str) -> np.ndarray | None:
        return None  # its frames are of many drives

    def notes(self, root: Path, sequence: str) -> tuple[str, ...]:
        return ()

    def calibration(self, root: Path, scan: str) -> Calibration:
        return _in_file(self.path(root, scan).parent.parent / "calib" / f"{_stem(scan)}.txt")


class KittiTracking(SemanticKitti):
    """A sequence is a drive of training or testing."""

    name = "kitti-tracking"
    classes = "kitti"
    layout = "training/velodyne/<nnnn>/*.bin beside training/calib"

    def sequences(self, root: Path) -> tuple[str, ...]:
        found = [p for part in _PARTS for p in (root / part / "velodyne").glob("*") if p.is_dir()]
        return tuple(sorted(f"{p.parent.parent.name}/{p.name}" for p in found))

    def folder(self, sequence: str) -> str:
        part, _, drive = sequence.partition("/")
        return f"{part}/velodyne/{drive}"

    def pose(self, root: Path, scan: str) -> np.ndarray | None:
        return None

    def notes(self, root: Path, sequence: str) -> tuple[str, ...]:
        return ()

    def image(self, root: Path, scan: str) -> Path:
        return root / scan.replace("/velodyne/", "/image_02/")

    def calibration(self, root: Path, scan: str) -> Calibration:
        part, _velodyne, drive, _frame = scan.split("/")
        return _in_file(root / part / "calib" / f"{drive}.txt")

    def label_file(self, root: Path, scan: str) -> tuple[str, np.dtype]:
        return f"{scan.replace('/velodyne/', '/labels/')}.label", np.dtype("<u4")


class KittiRaw(SemanticKitti):
    """A sequence is a drive, below its date or another folder (data_3d_raw of KITTI-360)."""

    name = "kitti-raw"
    classes = "kitti"
    layout = f"<date>/<drive>/{_DATA}/*.bin"

    def sequences(self, root: Path) -> tuple[str, ...]:
        found = (p for depth in ("*", "*/*") for p in root.glob(f"{depth}/{_DATA}"))
        drives = (p.parent.parent.relative_to(root).as_posix() for p in found if p.is_dir())
        return tuple(sorted(drive for drive in drives if not is_hidden(drive)))

    def folder(self, sequence: str) -> str:
        return f"{sequence}/{_DATA}"

    def pose(self, root: Path, scan: str) -> np.ndarray | None:
        return None

    def notes(self, root: Path, sequence: str) -> tuple[str, ...]:
        return ()

    def image(self, root: Path, scan: str) -> Path:
        return root / _drive(scan) / "image_02/data" / _stem(scan)

    def calibration(self, root: Path, scan: str) -> Calibration:
        return calibration_of((root / _drive(scan)).parent)

    def label_file(self, root: Path, scan: str) -> tuple[str, np.dtype]:
        return f"{_drive(scan)}/labels/{_stem(scan)}.label", np.dtype("<u4")


def _stem(scan: str) -> str:
    return scan.rpartition("/")[2]


def _drive(scan: str) -> str:
    return scan.rpartition(f"/{_DATA}/")[0]


def _in_file(file: Path) -> Calibration:
    return calibration_in(file) if file.exists() else Calibration()


def _named(root: Path, split: str) -> frozenset[str]:
    """The frames that a split names; none without its file. Raises DataError."""
    file = root / "ImageSets" / f"{split}.txt"
    if not file.exists():
        return frozenset()
    try:
        return frozenset(file.read_bytes().decode("utf-8-sig", "replace").split())
    except OSError as error:
        raise DataError(
            f"{file} cannot be read: {error.strerror}.", "Bring the file back, or remove it."
        ) from error
