"""Scans, and the dataset that they are of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from operator import itemgetter
from pathlib import Path

import numpy as np

from core.base.errors import DataError
from core.data.camera import Camera
from core.data.classes import ClassList
from core.data.formats.format import Format
from core.data.own_poses import THE_DATA, Piece, own_pose, sequence_of
from core.data.places import Places
from core.data.places import frames as frames_of
from core.data.reading import AS_THEY_ARE, Reading
from core.data.returns import are_returns
from core.data.rig import AS_IT_IS, THE_FILES, Rig


@dataclass(frozen=True)
class Scan:
    """One LiDAR sweep: (N, 4) float32 x, y, z in metres and raw intensity.

    x is ahead, y left, z up, as the project's rig says (core.data.rig). Rows that are no returns of
    anything (core.data.returns) have NaN for x, y and z.
    """

    name: str
    points: np.ndarray
    _dataset: Dataset = field(repr=False)

    @property
    def pose(self) -> np.ndarray | None:
        """`Dataset.pose`, looked for when it is asked: a bag is read through for it."""
        return self._dataset.pose(self.name)


@dataclass(frozen=True)
class Dataset:
    """The scans of a project, read only.

    `train` and `validation` are scan names in the order in which people count; `intensity_scale` is
    the intensity that the files hold for 1; `rig` is how the sensor stands; `reading` is what was
    said about the files; `notes` are sentences on what was named and is not there; `sequences` are
    those its scans are of; `own_poses` is the folder with poses that the project computed itself,
    for sequences that have none (core.data.own_poses); `places` says where its scans lie in their
    sequences.
    """

    format: Format
    root: Path
    train: tuple[str, ...]
    validation: tuple[str, ...]
    intensity_scale: float = 1.0
    rig: Rig = THE_FILES
    reading: Reading = AS_THEY_ARE
    notes: tuple[str, ...] = ()
    sequences: tuple[str, ...] = ()
    own_poses: Path | None = None
    places: Places = field(default_factory=dict, compare=False, repr=False)

    @property
    def origin(self) -> np.ndarray:
        """(3,) float64 metres that were taken off x, y, z of every scan, in the files' axes: what
        an export of coordinates puts back."""
        return np.array(self.reading.origin, np.float64)

    @property
    def scans(self) -> tuple[str, ...]:
        """Every scan, those to train on first."""
        return (*self.train, *self.validation)

    def sequence(self, scan: str) -> str:
        """The sequence that a scan is of; of one that the dataset has not, its folder."""
        return self.places[scan][0] if scan in self.places else sequence_of(scan)

    def beside(self, scan: str) -> list[str]:
        """The scans of a scan's sequence on its side, training or validation, in their order."""
        side = frozenset(self.train if scan in self.train else self.validation)
        return [name for name in self.frames(scan) if name in side]

    def frames(self, scan: str) -> Sequence[str]:
        """All scans of a scan's sequence, whatever they are for, in the order of the recording."""
        return self._frames.get(self.sequence(scan), ())

    @cached_property
    def _frames(self) -> Mapping[str, Sequence[str]]:
        found: dict[str, list[str]] = {}
        _, place = frames_of(self.scans, self.places)
        for _, name in sorted(zip(place, self.scans, strict=True), key=itemgetter(0)):
            found.setdefault(self.sequence(name), []).append(name)
        return found

    @cached_property
    def shared_names(self) -> frozenset[str]:
        """Flat names that several scans have."""
        counts = Counter(flat_name(scan) for scan in (*self.train, *self.validation))
        return frozenset(name for name, count in counts.items() if count > 1)

    def path(self, scan: str) -> Path:
        """The file with a scan's points."""
        return self.format.path(self.root, scan)

    def digest(self, scan: str) -> str:
        """Content hash of a scan's points. Raises DataError, or OSError of its file."""
        return self.format.digest(self.root, scan)

    def count(self, scan: str) -> int:
        """Number of rows of a scan."""
        return self.format.count(self.root, scan)

    def scan(self, name: str) -> Scan:
        """Read a scan. Raises DataError where its file is missing, truncated or empty."""
        points = np.asarray(self.format.points(self.root, name))
        # All digits are kept until the origin is off; whole numbers may have more than float32.
        exact = np.can_cast(points.dtype, np.float32)
        points = points.astype(np.float32 if exact else np.float64, copy=False)
        if not len(points):
            raise DataError(
                f"Scan {name} holds no points.", "Remove the file, or leave it out of --train."
            )
        points = self.rig.turned(self._in_metres(points))
        points.setflags(write=False)
        return Scan(name, points, self)

    def _in_metres(self, points: np.ndarray) -> np.ndarray:
        """(N, 4) of points as the files have them, metres from the project's origin, no returns
        NaN: float64 where they were moved or the files have more digits, else float32."""
        good = are_returns(points, self.reading.metres)
        local = self.reading.local(points)
        if local is not points:
            good &= are_returns(local)
        if not good.all():
            local = local.copy() if local is points else local
            local[~good, :3] = np.nan
        return local

    def pose(self, name: str) -> np.ndarray | None:
        """(4, 4) float64 from a scan's coordinates, as `scan` gives them, to the sequence's, or to
        those of a piece of it (`placed`); None where it is not known."""
        placed = self.placed(name)
        return None if placed is None else placed[0]

    def move(self, name: str, other: str) -> np.ndarray | None:
        """(4, 4) float64 from a scan's coordinates to another's, as `scan` gives them; None where
        it is not known how they lie to each other, as of two sequences."""
        if self.sequence(name) != self.sequence(other):
            return None
        first, second = self.placed(name), self.placed(other)
        if first is None or second is None or first[1] != second[1]:
            return None
        moved: np.ndarray = np.linalg.inv(second[0]) @ first[0]
        return moved

    def placed(self, name: str) -> tuple[np.ndarray, Piece] | None:
        """A scan's pose, and the piece of its sequence whose coordinates it leads to. What the data
        say counts before what was computed. Poses of two pieces say nothing of each other."""
        found, piece = self.format.pose(self.root, name), THE_DATA
        if found is None and self.own_poses is not None:
            found, piece = own_pose(self.own_poses, name) or (None, THE_DATA)
        if found is None:
            return None
        return (found if not self._moves else found @ self._back), piece

    def in_the_files(self, pose: np.ndarray) -> np.ndarray:
        """A pose (4, 4) from the coordinates of `scan`, made one from those of the files."""
        kept: np.ndarray = pose @ np.linalg.inv(self._back)
        return kept

    def camera(self, name: str) -> Camera | None:
        """A scan's picture and the projection of its coordinates, as `scan` gives them."""
        found = self.format.camera(self.root, name)
        if found is None or found.projection is None or not self._moves:
            return found
        return replace(found, projection=found.projection @ self._back)

    @property
    def _moves(self) -> bool:
        return self.rig.turns or any(self.reading.origin)

    @property
    def from_files(self) -> np.ndarray:
        """(4, 4) float64 from the files' coordinates, in metres, to those of `scan`."""
        return np.linalg.inv(self._back) if self._moves else np.eye(4)

    @property
    def _back(self) -> np.ndarray:
        """(4, 4) float64 from the coordinates of `scan` to the files', in metres."""
        back = np.eye(4)
        back[:3, 3] = self.reading.origin
        moved: np.ndarray = back @ self.rig.back
        return moved

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
        return self.format.has_labels(self.root, name)

    def has_boxes(self, name: str) -> bool:
        """Whether the dataset itself has a file with a scan's boxes."""
        lies = self.format.box_file(name)
        return bool(lies) and (self.root / lies).is_file()

    def ground_truth(
        self, name: str, classes: ClassList, *, count: int | None = None
    ) -> np.ndarray | None:
        """(N,) uint8 classes of a scan from its label file, or None where there is none. `count` is
        its number of rows, where it is known.

        Raises DataError where the file has another number of labels or unknown ids.
        """
        raw = self.format.labels(self.root, name)
        if raw is None:
            return None
        count = self.count(name) if count is None else count
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
    """A scan's name as that of one file: so version 0.1.0 kept what it made from a scan, and so
    exports of one folder have it; a/b__c and a__b/c share it."""
    return scan.replace("/", "__")
