"""SemanticKITTI: sequences/<nn>/{velodyne,labels,poses.txt,calib.txt,times.txt,image_2}, or such a
sequence alone, as point_labeler has it.

Semantic classes are the low 16 bits of a label, instances the high 16; poses.txt is in the frame of
camera 0, so the LiDAR's pose is inv(Tr) · pose · Tr with Tr of calib.txt (semantic-kitti.org).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np

from core.base.errors import DataError
from core.data.calibration import POSES, Calibration, calibration_of, poses_of
from core.data.camera import Camera
from core.data.columns import Columns, said_columns
from core.data.formats.format import Format
from core.data.formats.raw import file_size, read_columns
from core.data.formats.said import count_said, points_said
from core.data.names import in_order, is_hidden

_COLUMNS = ("x", "y", "z", "intensity")


class SemanticKitti(Format):
    """The layout of semantic-kitti.org; labels and poses are optional."""

    name = "semantickitti"
    classes = "semantickitti"
    layout = "sequences/<nn>/velodyne/*.bin, or velodyne/*.bin beside labels"
    said: Columns | None = None

    def with_columns(self, columns: Sequence[str]) -> Format:
        made = type(self)()
        made.said = said_columns(columns)
        return made

    def columns(self, root: Path, scan: str) -> tuple[str, ...]:
        return _COLUMNS if self.said is None else self.said.names

    def sequences(self, root: Path) -> tuple[str, ...]:
        found = tuple(sorted(p.parent.name for p in (root / "sequences").glob("*/velodyne")))
        return found or ((".",) if _is_one_sequence(root) else ())

    def folder(self, sequence: str) -> str:
        """Where a sequence's scans are, below the root."""
        return "velodyne" if sequence == "." else f"sequences/{sequence}/velodyne"

    def calibration(self, root: Path, scan: str) -> Calibration:
        """What is known of a scan's camera and scanner. Raises DataError."""
        return calibration_of(self.path(root, scan).parent.parent)

    def image(self, root: Path, scan: str) -> Path:
        """The left colour picture of the same moment, without its suffix."""
        file = self.path(root, scan)
        return file.parent.parent / "image_2" / scan.rpartition("/")[2]

    def scans(self, root: Path, sequence: str) -> tuple[str, ...]:
        folder = self.folder(sequence)
        return tuple(sorted(f"{folder}/{stem}" for stem in _frames(root / folder)))

    def path(self, root: Path, scan: str) -> Path:
        return _in_any_case(root / f"{scan}.bin")

    def count(self, root: Path, scan: str) -> int:
        path = self.path(root, scan)
        return file_size(path) // 16 if self.said is None else count_said(path, self.said)

    def points(self, root: Path, scan: str) -> np.ndarray:
        path = self.path(root, scan)
        return read_columns(path, 4) if self.said is None else points_said(path, self.said)

    def has_labels(self, root: Path, scan: str) -> bool:
        return _in_any_case(root / self.label_file(root, scan)[0]).exists()

    def labels(self, root: Path, scan: str) -> np.ndarray | None:
        found = self._label_file(root, scan)
        return None if found is None else found & 0xFFFF

    def instances(self, root: Path, scan: str) -> np.ndarray | None:
        found = self._label_file(root, scan)
        return None if found is None else found >> 16

    def _label_file(self, root: Path, scan: str) -> np.ndarray | None:
        path = _in_any_case(root / self.label_file(root, scan)[0])
        return read_columns(path, 1, "<u4")[:, 0] if path.exists() else None

    def pose(self, root: Path, scan: str) -> np.ndarray | None:
        poses, _ = _poses(self.path(root, scan).parent)
        return poses.get(scan.rpartition("/")[2])

    def poses_from(self, root: Path, scan: str) -> str:
        return POSES if self.pose(root, scan) is not None else ""

    def notes(self, root: Path, sequence: str) -> tuple[str, ...]:
        return _poses(root / self.folder(sequence))[1]

    def camera(self, root: Path, scan: str) -> Camera | None:
        """The left colour picture of the same moment, None without it. Without P2 and Tr it is
        known that it is there, not where points lie in it."""
        stem = self.image(root, scan)
        files = (stem.with_name(f"{stem.name}{end}") for end in (".png", ".jpg"))
        image = next((file for file in files if file.exists()), None)
        if image is None:
            return None
        found = self.calibration(root, scan)
        if found.p2 is None or found.tr is None:
            return Camera(image, None)
        return Camera(image, found.p2 @ found.tr)

    def label_file(self, root: Path, scan: str) -> tuple[str, np.dtype]:
        folder, _, frame = scan.rpartition("/")
        labels = f"{folder.removesuffix('velodyne')}labels"
        return f"{labels}/{frame}.label", np.dtype("<u4")


def _is_one_sequence(root: Path) -> bool:
    """Whether a folder is what point_labeler works on: a sequence's, wherever it lies. In KITTI's
    object benchmark there is a folder calib."""
    labelled = next((root / "labels").glob("*.label"), None) is not None
    known = labelled or any((root / name).exists() for name in ("poses.txt", "calib.txt"))
    if not known or (root / "calib").is_dir():
        return False
    return bool(_frames(root / "velodyne"))


@lru_cache(maxsize=64)
def _poses(folder: Path) -> tuple[dict[str, np.ndarray], tuple[str, ...]]:
    """The poses of a folder of scans by frame, and sentences on them that name the sequence."""
    try:
        found = poses_of(folder.parent)
    except DataError as error:  # a scan can be labelled without
        return {}, (f"{error.what} {error.do}",)
    if found is None:
        return {}, ()
    poses, notes = found.of(sorted(_frames(folder), key=in_order))
    return poses, tuple(f"{folder.parent}: {note}" for note in notes)


def _frames(folder: Path) -> list[str]:
    files = folder.iterdir() if folder.is_dir() else ()
    return [p.stem for p in files if p.suffix.lower() == ".bin" and not is_hidden(p.name)]


@lru_cache(maxsize=1 << 16)  # asked at each answer
def _in_any_case(path: Path) -> Path:
    """A file, or the one with .BIN or .Bin for .bin."""
    base = os.fspath(path).removesuffix(path.suffix)  # as text: asked of thousands of scans
    ends = (path.suffix, path.suffix.upper(), path.suffix.title())
    return next((Path(base + end) for end in ends if os.path.exists(base + end)), path)
