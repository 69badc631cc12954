"""KITTI's own layouts (cvlibs.net): the object and tracking benchmarks, the raw recordings, and
KITTI-360.

None has labels of single scans: those that an export wrote are read and written in a folder labels,
as SemanticKITTI's.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core.base.errors import DataError
from core.data.calibration import Calibration, calibration_in, calibration_of
from core.data.formats import kitti_poses
from core.data.formats.semantickitti import SemanticKitti
from core.data.names import is_hidden

_PARTS = ("training", "testing")
_SETS = {"train": "training", "val": "training", "test": "testing"}
# Where only the points in the camera's view were kept, as detectors' tools do.
_REDUCED = "reduced"
_DATA = "velodyne_points/data"
_RAW_360 = "data_3d_raw"


class KittiObject(SemanticKitti):
    """training and testing, with the splits train, val and test where ImageSets names their frames;
    frames that no split names stay in training or testing."""

    name = "kitti"
    classes = "kitti"
    layout = "training/velodyne/*.bin beside training/calib, splits in ImageSets"

    def sequences(self, root: Path) -> tuple[str, ...]:
        kinds = {part: _kind(root / part) for part in _PARTS}
        there = [part for part, kind in kinds.items() if kind is not None]
        if not any(self._frames_there(root, f"{part}{kinds[part]}") for part in there):
            return ()
        names = [f"{name}{kinds[_SETS.get(name, name)] or ''}" for name in (*_SETS, *there)]
        return tuple(sorted(name for name in names if self.scans(root, name)))

    def folder(self, sequence: str) -> str:
        name, _, kind = sequence.partition("_")
        return f"{_SETS.get(name, name)}/{'_'.join(filter(None, ('velodyne', kind)))}"

    def scans(self, root: Path, sequence: str) -> tuple[str, ...]:
        there = self._frames_there(root, sequence)
        name = sequence.partition("_")[0]
        if name in _SETS:
            named = _named(root, name)
            return tuple(scan for scan in there if _stem(scan) in named)
        sets = (one for one, part in _SETS.items() if part == name)
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

    def label_file(self, root: Path, scan: str) -> tuple[str, np.dtype]:
        return f"{scan.partition('/')[0]}/labels/{_stem(scan)}.label", np.dtype("<u4")

    def box_file(self, scan: str) -> str:
        return f"{scan.partition('/')[0]}/label_2/{_stem(scan)}.txt"


class KittiTracking(SemanticKitti):
    """A sequence is a drive of training or testing."""

    name = "kitti-tracking"
    classes = "kitti"
    layout = "training/velodyne/<nnnn>/*.bin beside training/calib"

    def sequences(self, root: Path) -> tuple[str, ...]:
        found = []
        for part in _PARTS:
            kind = _kind(root / part)
            if kind is not None:
                drives = (root / part / f"velodyne{kind}").glob("*")
                found += [f"{part}{kind}/{drive.name}" for drive in drives if drive.is_dir()]
        return tuple(sorted(found))

    def folder(self, sequence: str) -> str:
        part, kind, drive = _of_drive(sequence)
        return f"{part}/velodyne{kind}/{drive}"

    def pose(self, root: Path, scan: str) -> np.ndarray | None:
        part, _velodyne, drive, frame = scan.split("/")
        return self._found(root, f"{part}/{drive}").poses.get(kitti_poses.number(frame))

    def notes(self, root: Path, sequence: str) -> tuple[str, ...]:
        return self._found(root, sequence).told([*map(_stem, self.scans(root, sequence))])

    def _found(self, root: Path, sequence: str) -> kitti_poses.Found:
        part, _kind, drive = _of_drive(sequence)
        place = root / part
        return kitti_poses.of_tracking(place / f"oxts/{drive}.txt", place / f"calib/{drive}.txt")

    def image(self, root: Path, scan: str) -> Path:
        part, _velodyne, drive, frame = scan.split("/")
        return root / part / "image_02" / drive / frame

    def calibration(self, root: Path, scan: str) -> Calibration:
        part, _velodyne, drive, _frame = scan.split("/")
        return _in_file(root / part / "calib" / f"{drive}.txt")

    def label_file(self, root: Path, scan: str) -> tuple[str, np.dtype]:
        part, _velodyne, drive, frame = scan.split("/")
        return f"{part}/labels/{drive}/{frame}.label", np.dtype("<u4")

    def box_file(self, scan: str) -> str:
        part, _velodyne, drive, _frame = scan.split("/")
        return f"{part}/label_02/{drive}.txt"


class KittiRaw(SemanticKitti):
    """A sequence is a drive, below its date or another folder."""

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
        return self._found(root, _drive(scan)).poses.get(kitti_poses.number(_stem(scan)))

    def notes(self, root: Path, sequence: str) -> tuple[str, ...]:
        return self._found(root, sequence).told([*map(_stem, self.scans(root, sequence))])

    def _found(self, root: Path, sequence: str) -> kitti_poses.Found:
        return kitti_poses.of_raw(root / sequence)

    def image(self, root: Path, scan: str) -> Path:
        return root / _drive(scan) / "image_02/data" / _stem(scan)

    def calibration(self, root: Path, scan: str) -> Calibration:
        return calibration_of((root / _drive(scan)).parent)

    def label_file(self, root: Path, scan: str) -> tuple[str, np.dtype]:
        return f"{_drive(scan)}/labels/{_stem(scan)}.label", np.dtype("<u4")


class Kitti360(KittiRaw):
    """A sequence is a drive of data_3d_raw; that folder alone is a root too."""

    name = "kitti-360"
    layout = f"{_RAW_360}/<drive>/{_DATA}/*.bin beside data_poses, calibration and data_2d_raw"

    def sequences(self, root: Path) -> tuple[str, ...]:
        if root.name != _RAW_360 and not (root / _RAW_360).is_dir():
            return ()
        place = _home(root) / _RAW_360
        return tuple(sorted(p.parent.parent.name for p in place.glob(f"*/{_DATA}") if p.is_dir()))

    def folder(self, sequence: str) -> str:
        return f"{sequence}/{_DATA}"

    def scans(self, root: Path, sequence: str) -> tuple[str, ...]:
        prefix = "" if root.name == _RAW_360 else f"{_RAW_360}/"
        found = super().scans(_home(root) / _RAW_360, sequence)
        return tuple(f"{prefix}{scan}" for scan in found)

    def _found(self, root: Path, sequence: str) -> kitti_poses.Found:
        home, drive = _home(root), sequence.rpartition("/")[2]
        return kitti_poses.of_360(home / "data_poses" / drive, home / "calibration")

    def image(self, root: Path, scan: str) -> Path:
        drive = _drive(scan).rpartition("/")[2]
        return _home(root) / "data_2d_raw" / drive / "image_00/data_rect" / _stem(scan)

    def calibration(self, root: Path, scan: str) -> Calibration:
        return kitti_poses.calibration_360(_home(root) / "calibration")


def _home(root: Path) -> Path:
    """The folder that has KITTI-360's parts side by side."""
    return root.parent if root.name == _RAW_360 else root


def _kind(part: Path) -> str | None:
    """What follows velodyne in the name of the folder with the points: "" where all are there,
    else "_reduced"; None where there is neither."""
    kinds = ("", f"_{_REDUCED}")
    return next((kind for kind in kinds if (part / f"velodyne{kind}").is_dir()), None)


def _of_drive(sequence: str) -> tuple[str, str, str]:
    """Part, kind and drive of "training/0000" or "training_reduced/0000"."""
    part, _, drive = sequence.partition("/")
    kind = part[part.index("_") :] if "_" in part else ""
    return part.removesuffix(kind), kind, drive


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
