"""Scans and where they come from: the format of a folder, its sequences, its scans."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from core.base.errors import DataError, SettingsError
from core.data.camera import Camera
from core.data.classes import ClassList
from core.data.formats import format_named, formats
from core.data.formats.format import Format
from core.data.rig import AS_IT_IS, THE_FILES, Rig


@dataclass(frozen=True)
class Scan:
    """One LiDAR sweep: (N, 4) float32 x, y, z in metres and raw intensity; pose (4, 4) or None.

    x is ahead, y left, z up, as the project's rig says (core.data.rig).
    """

    name: str
    points: np.ndarray
    pose: np.ndarray | None


@dataclass(frozen=True)
class Dataset:
    """The scans of a project, read only.

    `train` and `validation` are sorted scan names; `intensity_scale` is the intensity that the
    files hold for 1; `rig` is how the sensor stands.
    """

    format: Format
    root: Path
    train: tuple[str, ...]
    validation: tuple[str, ...]
    intensity_scale: float = 1.0
    rig: Rig = THE_FILES

    @property
    def scans(self) -> tuple[str, ...]:
        """Every scan, those to train on first."""
        return (*self.train, *self.validation)

    @cached_property
    def shared_names(self) -> frozenset[str]:
        """Flat names that several scans have."""
        counts = Counter(flat_name(scan) for scan in (*self.train, *self.validation))
        return frozenset(name for name, count in counts.items() if count > 1)

    def path(self, scan: str) -> Path:
        """The file with a scan's points."""
        return self.format.path(self.root, scan)

    def count(self, scan: str) -> int:
        """Number of rows of a scan."""
        return self.format.count(self.root, scan)

    def scan(self, name: str) -> Scan:
        """Read a scan. Raises DataError where its file is missing, truncated or empty."""
        points = np.asarray(self.format.points(self.root, name), np.float32)
        if not len(points):
            raise DataError(
                f"Scan {name} holds no points.", "Remove the file, or leave it out of --train."
            )
        points = self.rig.turned(points)
        points.setflags(write=False)
        return Scan(name, points, self.pose(name))

    def pose(self, name: str) -> np.ndarray | None:
        """(4, 4) float64 from a scan's coordinates, as `scan` gives them, to the sequence's."""
        found = self.format.pose(self.root, name)
        return found if found is None or not self.rig.turns else found @ self.rig.back

    def camera(self, name: str) -> Camera | None:
        """A scan's picture and the projection of its coordinates, as `scan` gives them."""
        found = self.format.camera(self.root, name)
        if found is None or not self.rig.turns:
            return found
        return replace(found, projection=found.projection @ self.rig.back)

    @property
    def ahead(self) -> tuple[float, float]:
        """Where the car drives, x and y in a scan's coordinates."""
        return (1.0, 0.0) if self.rig.axes != AS_IT_IS else self.format.ahead

    def colours(self, name: str) -> np.ndarray | None:
        """(N, 3) uint8 colours of a scan's points, None where its file has none."""
        return self.format.colours(self.root, name)

    def normalised(self, points: np.ndarray) -> np.ndarray:
        """(n, 4) float32: points of its scans, the intensity brought to 0..1."""
        return points / np.array([1, 1, 1, self.intensity_scale], np.float32)

    def has_labels(self, name: str) -> bool:
        """Whether a scan has a label file."""
        return self.format.labels(self.root, name) is not None

    def ground_truth(self, name: str, classes: ClassList) -> np.ndarray | None:
        """(N,) uint8 classes of a scan from its label file, or None where there is none.

        Raises DataError where the file has another number of labels or unknown ids.
        """
        raw = self.format.labels(self.root, name)
        if raw is None:
            return None
        count = self.count(name)
        if len(raw) != count:
            raise DataError(
                f"Scan {name} has {count:,} points but {len(raw):,} labels.",
                "Bring the label file that belongs to it.",
            )
        try:
            return classes.encode(raw)
        except DataError as error:
            raise DataError(f"Scan {name}: {error.what}", error.do) from error


def flat_name(scan: str) -> str:
    """The name by which version 0.1.0 kept what it made from a scan; a/b__c and a__b/c share it."""
    return scan.replace("/", "__")


@dataclass(frozen=True)
class DatasetFolder:
    """A folder with scans in a known layout: how many there are, and how many have labels."""

    format: str
    root: Path
    sequences: tuple[str, ...]
    scans: int
    labelled: int


def open_dataset(
    format: str,
    root: Path,
    train: Sequence[str],
    validation: Sequence[str],
    *,
    intensity_scale: float = 1.0,
    rig: Rig | None = None,
) -> Dataset:
    """Find the scans of the named sequences.

    A name is a sequence, or SEQUENCE:FIRST-LAST for the scans whose file names lie between.
    Raises DataError or SettingsError saying what was expected and what is there.
    """
    layout = format_named(format)
    if not root.is_dir():
        raise DataError(
            f"The data root {root} does not exist.",
            "Name the folder with the scans; if it moved, correct `root` under [data] in "
            "project.toml.",
        )
    sequences = layout.sequences(root)
    if not sequences:
        raise DataError(
            f"{root} holds no scans in {format} layout ({layout.layout}).", _hint(root, layout)
        )
    parts = [_select(layout, root, sequences, names) for names in (train, validation)]
    if not parts[0]:
        raise SettingsError("No training sequence is named.", f"There are {_some(sequences)}.")
    both = sorted(set(parts[0]) & set(parts[1]))
    if both:
        raise SettingsError(
            f"Scan {both[0]} is both in training and in validation.",
            "Name each sequence on one side only.",
        )
    return Dataset(layout, root, parts[0], parts[1], intensity_scale, rig or THE_FILES)


def _select(
    layout: Format, root: Path, sequences: tuple[str, ...], names: Sequence[str]
) -> tuple[str, ...]:
    chosen: set[str] = set()
    for name in names:
        sequence, colon, span = name.partition(":")
        if sequence not in sequences:
            raise DataError(
                f"There is no sequence {sequence} below {root}.", f"There are {_some(sequences)}."
            )
        scans = layout.scans(root, sequence)
        if colon:
            first, _, last = span.partition("-")
            stems = {scan: scan.rpartition("/")[2].split(".")[0] for scan in scans}
            scans = tuple(s for s in scans if first <= stems[s] <= (last or first))
        if not scans:
            raise DataError(f"{name} names no scan below {root}.", "Check the name.")
        chosen.update(scans)
    return tuple(sorted(chosen))


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(names[:12])
    return shown if len(names) <= 12 else f"{shown} and {len(names) - 12} more"


def _hint(root: Path, layout: Format) -> str:
    for folder in (
        root.parent,
        root.parent.parent,
        *sorted(p for p in root.iterdir() if p.is_dir()),
    ):
        if layout.sequences(folder):
            return f"Did you mean {folder}?"
    inside = _some(sorted(p.name for p in root.iterdir())) or "nothing"
    return f"Name the folder above that; here there is {inside}."


def recognise(folder: Path) -> DatasetFolder | None:
    """Say what a folder holds, looking also one level above and below; None if no scans."""
    if not folder.is_dir():
        return None
    below = sorted(path for path in folder.iterdir() if path.is_dir())
    # A plain folder is what no other format knows: it is asked last.
    for layout in sorted(formats().values(), key=lambda layout: layout.name == "folder"):
        # Any folder has a neighbour with some .bin: a plain folder is only what was named.
        places = (folder,) if layout.name == "folder" else (folder, folder.parent, *below)
        for root in places:
            if not layout.recognises(root):
                continue
            sequences = layout.sequences(root)
            scans = [scan for name in sequences for scan in layout.scans(root, name)]
            if scans:
                labelled = sum(layout.labels(root, scan) is not None for scan in scans[:1])
                return DatasetFolder(
                    layout.name, root, sequences, len(scans), len(scans) if labelled else 0
                )
    return None
