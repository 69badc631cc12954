"""What a format must say, and what it may leave to the defaults."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from core.base.errors import SettingsError
from core.base.files import hash_file
from core.data.calibration import Calibration
from core.data.camera import Camera


class Format(ABC):
    """How one dataset lies on disk. Scans are named by their path below the root, no suffix.

    Attributes
    ----------
    name : what a project calls it
    classes : its class list (core.data.classes), "" where the user brings one
    layout : the layout in words, for those who named another folder
    ahead : where the car drives, x and y in the scan's coordinates
    files : suffixes of files that are a root themselves
    """

    name: str
    classes: str = ""
    layout: str
    ahead: tuple[float, float] = (1.0, 0.0)
    files: tuple[str, ...] = ()

    @abstractmethod
    def sequences(self, root: Path) -> tuple[str, ...]:
        """The sequences below `root`, sorted; none where it is laid out otherwise."""

    @abstractmethod
    def scans(self, root: Path, sequence: str) -> tuple[str, ...]:
        """The scans of a sequence, sorted."""

    @abstractmethod
    def path(self, root: Path, scan: str) -> Path:
        """The file with a scan's points."""

    @abstractmethod
    def points(self, root: Path, scan: str) -> np.ndarray:
        """(N, 4) x, y, z and intensity as stored, float32, or float64 where the file has more
        digits. Raises DataError."""

    def recognises(self, folder: Path) -> bool:
        """Whether `folder` is a root in this layout."""
        return bool(self.sequences(folder))

    def is_root(self, path: Path) -> bool:
        """Whether a path may be a root at all: a folder, or a file that holds scans."""
        return path.is_dir() or (path.suffix.lower() in self.files and path.is_file())

    def instead(self, root: Path, sequence: str) -> str:
        """What to name in place of a sequence that there is not, "" where nothing is known."""
        return ""

    def digest(self, root: Path, scan: str) -> str:
        """Content hash of a scan's points. Raises DataError, or OSError of its file."""
        return hash_file(self.path(root, scan))

    def with_columns(self, columns: Sequence[str]) -> Format:
        """The format for files whose rows are these columns (core.data.columns). Raises
        SettingsError where its files say that themselves."""
        raise SettingsError(
            f"The format {self.name} knows its columns; --columns {','.join(columns)} says others.",
            "Leave --columns out, or use --format folder.",
        )

    def columns(self, root: Path, scan: str) -> tuple[str, ...]:
        """The names of the columns that a scan's file has, () where they are not known."""
        return ()

    def notes(self, root: Path, sequence: str) -> tuple[str, ...]:
        """Sentences on what of a sequence's other files is left out or taken for granted."""
        return ()

    def count(self, root: Path, scan: str) -> int:
        """Number of points, without reading them where the file's size says it."""
        return len(self.points(root, scan))

    def labels(self, root: Path, scan: str) -> np.ndarray | None:
        """(N,) uint32 raw ids, None where there is no label file. Raises DataError."""
        return None

    def has_labels(self, root: Path, scan: str) -> bool:
        """Whether there is a label file, without reading it where that can be."""
        return self.labels(root, scan) is not None

    def instances(self, root: Path, scan: str) -> np.ndarray | None:
        """(N,) uint32 which thing of its class each point is of, 0 for none; None where the label
        file says nothing of things. Raises DataError."""
        return None

    def colours(self, root: Path, scan: str) -> np.ndarray | None:
        """(N, 3) uint8 red, green, blue of each point, None where the file has none."""
        return None

    def pose(self, root: Path, scan: str) -> np.ndarray | None:
        """(4, 4) float64 from the scan's coordinates to the sequence's, None where not known."""
        return None

    def poses_from(self, root: Path, scan: str) -> str:
        """Where a scan's pose comes from, in words; "" where it has none."""
        return "the data" if self.pose(root, scan) is not None else ""

    def camera(self, root: Path, scan: str) -> Camera | None:
        """The camera's picture of the same moment, None without one."""
        return None

    def calibration(self, root: Path, scan: str) -> Calibration:
        """How the camera of a scan's picture stands; empty where it is not known."""
        return Calibration()

    def box_file(self, scan: str) -> str:
        """Where the dataset keeps a scan's 3D boxes, below its root; "" where it has no place for
        them."""
        return ""

    def label_file(self, root: Path, scan: str) -> tuple[str, np.dtype]:
        """Where an export puts labels, below its own root, and their dtype."""
        return f"{scan}.label", np.dtype("<u4")
