"""Scans and where they come from: the format of a folder, its sequences, its scans."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from core.base.errors import DataError, SettingsError
from core.base.words import is_text
from core.data.camera import Camera
from core.data.classes import ClassList
from core.data.formats import format_named, formats
from core.data.formats.format import Format
from core.data.names import in_order, in_span, is_hidden, sequence_and_span, shown
from core.data.own_poses import own_pose, sequence_of
from core.data.places import Places
from core.data.reading import AS_THEY_ARE, Reading
from core.data.returns import are_returns
from core.data.rig import AS_IT_IS, THE_FILES, Rig

_MOST_FOLDERS = 1000


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
        """All scans of a scan's sequence, whatever they are for, in their order; of a scan that the
        dataset has not, those of its folder."""
        return self._frames.get(self.sequence(scan), ())

    @cached_property
    def _frames(self) -> Mapping[str, Sequence[str]]:
        found: dict[str, list[str]] = {}
        for name in self.scans:
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
        points = np.asarray(self.format.points(self.root, name), np.float32)
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

    def placed(self, name: str) -> tuple[np.ndarray, int] | None:
        """A scan's pose, and the piece of its sequence whose coordinates it leads to: -1 for what
        the data say, which counts before what was computed. Poses of two pieces say nothing of each
        other."""
        found, piece = self.format.pose(self.root, name), -1
        if found is None and self.own_poses is not None:
            found, piece = own_pose(self.own_poses, name) or (None, -1)
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
    reading: Reading | None = None,
) -> Dataset:
    """Find the scans of the named sequences.

    A name is a sequence, or SEQUENCE:FIRST-LAST for the scans whose file names lie between. A
    sequence without scans is left out where others have some.
    Raises DataError or SettingsError saying what was expected and what is there.
    """
    layout = format_named(format)
    if not is_text(str(root)):
        raise DataError(
            f"The data root {shown(str(root))} has a name that is not UTF-8.", "Rename the folder."
        )
    reading = reading or Reading()
    if reading.columns:
        layout = layout.with_columns(reading.columns)
    if not layout.is_root(root):
        raise DataError(
            f"The data root {root} does not exist.",
            "Name the folder with the scans; if it moved, correct `root` under [data] in "
            "project.toml.",
        )
    sequences = sequences_of(layout, root)
    if not sequences:
        raise DataError(
            f"{root} holds no scans in {format} layout ({layout.layout}).", _hint(root, layout)
        )
    empty: list[str] = []
    places: dict[str, tuple[str, int]] = {}
    parts = [
        _select(layout, root, sequences, names, empty, places) for names in (train, validation)
    ]
    if not parts[0]:
        if empty:
            odd = _strange_names(layout, root, empty)
            do = odd[0] if odd else "Check the name."
            raise DataError(f"{empty[0]} names no scan below {root}.", do)
        raise SettingsError("No training sequence is named.", f"There are {_some(sequences)}.")
    both = sorted(set(parts[0]) & set(parts[1]))
    if both:
        raise SettingsError(
            f"Scan {both[0]} is both in training and in validation.",
            "Name each sequence on one side only.",
        )
    notes = tuple(f"Sequence {name} below {root} is empty: it is left out." for name in empty)
    rig = rig or THE_FILES
    used = dict.fromkeys(sequence_and_span(name, sequences)[0] for name in (*train, *validation))
    notes += _strange_names(layout, root, tuple(used))
    return Dataset(
        layout, root, parts[0], parts[1], intensity_scale, rig, reading, notes, tuple(used),
        places=places,
    )  # fmt: skip


def sequences_of(layout: Format, root: Path) -> tuple[str, ...]:
    """The sequences below a root, in order; folders whose name begins with a dot are none."""
    if not layout.is_root(root):
        return ()
    return tuple(sorted(filter(_is_name, layout.sequences(root)), key=in_order))


def scans_of(layout: Format, root: Path, sequence: str) -> tuple[str, ...]:
    """The scans of a sequence, in order; files whose name begins with a dot are none."""
    return tuple(sorted(filter(_is_name, layout.scans(root, sequence)), key=in_order))


def _is_name(name: str) -> bool:
    return is_text(name) and not is_hidden(name)


def _strange_names(layout: Format, root: Path, sequences: Sequence[str]) -> tuple[str, ...]:
    """A sentence on the sequences, and the scans of `sequences`, whose names are no text."""
    names = [name for name in layout.sequences(root) if not is_text(name)]
    for sequence in sequences:
        names += [name for name in layout.scans(root, sequence) if not is_text(name)]
    if not names:
        return ()
    told = f"Names that are not UTF-8 are left out, {len(names):,} in all"
    return (f"{told}: {_some(sorted(map(shown, names)))}; rename them to use them.",)


def _select(
    layout: Format,
    root: Path,
    sequences: tuple[str, ...],
    names: Sequence[str],
    empty: list[str],
    places: dict[str, tuple[str, int]],
) -> tuple[str, ...]:
    """The scans that `names` name, in order; those without scans go to `empty`, and where each scan
    lies in its sequence to `places`."""
    chosen: set[str] = set()
    for name in names:
        sequence, span = sequence_and_span(name, sequences)
        if sequence not in sequences:
            raise DataError(
                f"There is no sequence {sequence} below {root}.",
                layout.instead(root, sequence) or f"There are {_some(sequences)}.",
            )
        scans = scans_of(layout, root, sequence)
        if not scans:
            empty.append(name)
            continue
        lies = {scan: (sequence, place) for place, scan in enumerate(scans)}
        if span is not None:
            scans = in_span(scans, span)
        if not scans:
            raise DataError(f"{name} names no scan below {root}.", "Check the name.")
        chosen.update(scans)
        places.update((scan, lies[scan]) for scan in scans)
    return tuple(sorted(chosen, key=in_order))


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(names[:12])
    return shown if len(names) <= 12 else f"{shown} and {len(names) - 12} more"


def _hint(root: Path, layout: Format) -> str:
    # Above a plain folder others' files lie.
    if not root.is_dir():
        return "Name another file, or a folder."
    above = () if layout.name == "folder" else (root.parent, root.parent.parent)
    for folder in (
        *above,
        *sorted(p for p in root.iterdir() if p.is_dir()),
    ):
        if sequences_of(layout, folder):
            return f"Did you mean {folder}?"
    below = _below(root, layout)
    if below is not None:
        return f"Did you mean {below}?"
    known = recognise(root) if layout.name == "folder" else None
    if known is not None and known.root == root:
        return f"They are laid out as --format {known.format}."
    inside = _some(sorted(shown(p.name) for p in root.iterdir())) or "nothing"
    return f"Name the folder above that; here there is {inside}."


def recognise(folder: Path) -> DatasetFolder | None:
    """Say what a folder holds, looking also one level above and below, and where there is nothing
    further down; or what a file holds, such as a bag. None if no scans."""
    if not folder.is_dir():
        files = (layout for layout in formats().values() if layout.is_root(folder))
        return next((_holds(layout, folder) for layout in files), None)
    below = sorted(path for path in folder.iterdir() if path.is_dir())
    known = [layout for layout in formats().values() if layout.name not in ("folder", "bag")]
    for root in (folder, folder.parent, *below):
        for layout in known:
            found = _holds(layout, root) if layout.recognises(root) else None
            if found is not None and (root != folder.parent or _is_of(found, layout, folder)):
                return found
    # A plain folder is what no other format knows, and only what was named: any has a neighbour
    # with some .bin.
    plain = format_named("folder")
    found = _holds(plain, folder) if plain.recognises(folder) else None
    if found is not None:
        return found
    # Scans that were taken out of a bag often lie beside it: they are what is meant.
    bags = format_named("bag")
    for root in (folder, *below):
        if bags.recognises(root):
            return _holds(bags, root)
    deeper = _below(folder, plain)
    return None if deeper is None else _holds(plain, deeper)


def _holds(layout: Format, root: Path) -> DatasetFolder | None:
    """What a root has in a layout, None where it has no scan."""
    scans = {name: scans_of(layout, root, name) for name in sequences_of(layout, root)}
    scans = {name: found for name, found in scans.items() if found}
    if not scans:
        return None
    every = [scan for found in scans.values() for scan in found]
    # A format that must read a label file to tell whether it is there is asked once a sequence.
    tells = type(layout).has_labels is not Format.has_labels
    labelled = sum(
        layout.has_labels(root, scan) if tells else len(found) * layout.has_labels(root, found[0])
        for found in scans.values()
        for scan in (found if tells else found[:1])
    )
    return DatasetFolder(layout.name, root, tuple(scans), len(every), labelled)


def _is_of(found: DatasetFolder, layout: Format, folder: Path) -> bool:
    """Whether a folder is a part of the dataset that lies in the one above: it holds scans of it,
    or nothing that a plain folder has."""
    if not format_named("folder").sequences(folder):
        return True
    inside = f"{folder.name}/"
    scans = (scans_of(layout, found.root, sequence) for sequence in found.sequences)
    return any(scan.startswith(inside) for some in scans for scan in some)


def _below(folder: Path, layout: Format) -> Path | None:
    """The first folder further down that holds scans in a layout, None where none of the first
    thousand does."""
    waiting, seen = [folder], 0
    while waiting and seen < _MOST_FOLDERS:
        place = waiting.pop(0)
        seen += 1
        try:
            inside = sorted(p for p in place.iterdir() if p.is_dir() and not is_hidden(p.name))
            names = sequences_of(layout, place) if place != folder else ()
            if any(scans_of(layout, place, name) for name in names):
                return place
        except (OSError, DataError):  # somebody else's folder
            continue
        waiting += inside
    return None
