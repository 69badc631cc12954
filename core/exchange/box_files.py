"""Box files of all kinds: which kind a path is, which scans its frames are of, and their boxes; so
too those that a dataset itself has.

Boxes are in the coordinates of the scans' files, in metres; `boxes_here` brings them to the points.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from core.answers.box import Box, boxes_in
from core.base.errors import DataError, SettingsError
from core.base.words import counted
from core.boxes.formats import (
    KINDS,
    csv_file,
    kitti_object,
    labelcloud,
    nuscenes,
    openlabel,
)
from core.boxes.formats.source import Found, json_of
from core.boxes.names import Names
from core.boxes.table import Boxes
from core.data.scans import Dataset
from core.exchange.box_drives import read_drives
from core.exchange.match import match, some

_EACH = "Name a folder with a file for each scan, or one file of all frames."


def boxes_here(dataset: Dataset, scan: str, boxes: Boxes) -> list[Box]:
    """A scan's boxes as files have them, where its points are. Raises DataError where they would
    lean there."""
    try:
        return [box.now(dataset.from_files) for box in boxes_in(boxes)]
    except ValueError as error:
        raise DataError(
            f"The boxes of {scan} cannot be placed: their z is not the one of [rig].",
            "Bring boxes that stand upright in the axes that [rig] makes of the scans.",
        ) from error


def kind_of(path: Path) -> str:
    """Which of KINDS a file or folder is. Raises DataError where it is none."""
    if path.is_dir():
        for folder, kind in (("label_02", "kitti-tracking"), ("label_2", "kitti")):
            if next(path.glob(f"**/{folder}"), None) is not None or path.name == folder:
                return kind
        if next(path.glob("**/*.txt"), None) is not None:
            return "kitti"
        if files := _below(path, ".json"):
            return kind_of(files[0]) if len(files) == 1 else "labelcloud"
        if len(_below(path, ".csv")) == 1:
            return "csv"
        raise DataError(f"{path} holds no box files: {', '.join(KINDS)} are read.", _EACH)
    if not path.exists():
        raise DataError(f"There is no {path}.", _EACH)
    if path.suffix.lower() == ".csv":
        return "csv"
    if path.suffix.lower() == ".txt":
        return "kitti-tracking"
    value = json_of(path)
    if isinstance(value, dict) and "objects" in value:
        return "labelcloud"
    return "openlabel" if isinstance(value, dict) and "openlabel" in value else "nuscenes"


def _below(folder: Path, suffix: str) -> list[Path]:
    """The files below a folder that end so and may hold boxes."""
    return [
        file
        for file in folder.glob("**/*")  # passes over what may not be read
        if file.suffix.lower() == suffix
        and not file.name.startswith((".", "_classes."))  # _classes.json is labelCloud's own
        and file.is_file()
    ]


def read_boxes(
    dataset: Dataset,
    path: Path,
    names: Names | Sequence[str],
    *,
    kind: str = "",
    scans: Sequence[str] = (),
) -> Found:
    """The boxes below `path` of the dataset's scans, or of `scans` alone.

    `kind`: one of KINDS, "" to recognise it. Raises DataError for what is no such file, for classes
    that `names` lacks, and where no frame is one of the scans.
    """
    kind = kind or kind_of(path)
    if kind not in KINDS:
        raise SettingsError(f"Nothing is called {kind}.", f"Choose one of {', '.join(KINDS)}.")
    scans = tuple(scans) or dataset.scans
    known = names if isinstance(names, Names) else Names(names)
    if kind in ("kitti", "labelcloud"):
        found = _of_each(dataset, path, known, kind, scans)
    elif kind == "kitti-tracking":
        found = read_drives(dataset, path, known, scans)
    else:
        found = _of_one(dataset, path, known, kind, scans)
    if not found.frames:
        raise DataError(
            f"{path} holds no boxes for the project's scans"
            f"{f': {found.notes[0]}' if found.notes else '.'}",
            "Files and frames are matched by the names of the scans.",
        )
    return found


def _of_each(dataset: Dataset, path: Path, names: Names, kind: str, scans: Sequence[str]) -> Found:
    """A file for each scan."""
    suffix = ".txt" if kind == "kitti" else ".json"
    if path.is_file():
        files: Mapping[str, Path] = {_scan_of(path.stem, scans, path): path}
        strange: tuple[Path, ...] = ()
    else:
        matched = match(path, scans, (suffix,), _is_of_boxes)
        files, strange = matched.files, matched.strange
    frames: dict[str, Boxes] = {}
    notes: list[str] = []
    for scan, file in files.items():
        if kind == "kitti":
            calibration = dataset.format.calibration(dataset.root, scan)
            frames[scan] = kitti_object.read(file, calibration, names)
        else:
            frames[scan], said = labelcloud.read(file, names)
            notes += said
    if strange:
        where = some([file.name for file in strange])
        notes.append(f"{counted(len(strange), 'file')} of no scan of the project: {where}.")
    return Found(frames, tuple(dict.fromkeys(notes)))


def _is_of_boxes(path: Path) -> bool:
    return path.parent.name not in ("calib", "oxts", "ImageSets", "poses", "timestamps")


def _of_one(dataset: Dataset, path: Path, names: Names, kind: str, scans: Sequence[str]) -> Found:
    """One file of all frames."""
    if path.is_dir():
        files = _below(path, ".csv" if kind == "csv" else ".json")
        if len(files) != 1:
            raise DataError(
                f"{path} is a folder, and {kind} boxes lie in one file.", "Name the file."
            )
        path = files[0]
    if kind == "nuscenes":
        poses = {
            key: pose
            for scan in scans
            if (pose := dataset.format.pose(dataset.root, scan)) is not None
            for key in (scan, scan.rpartition("/")[2])
        }
        found = nuscenes.read(path, poses, names)
    else:
        read: Callable[[Path, Names], Found] = (
            openlabel.read if kind == "openlabel" else csv_file.read
        )
        found = read(path, names)
    frames, lost, known = {}, [], _ByName(scans)
    for key, boxes in found.frames.items():
        scan = known.of(key)
        if scan is None:
            lost.append(key)
        elif scan in frames:
            raise DataError(f"{path} has two frames of scan {scan}.", "Remove one of them.")
        else:
            frames[scan] = boxes
    notes = list(found.notes)
    if lost:
        notes.append(f"{counted(len(lost), 'frame')} of no scan of the project: {some(lost)}.")
    return Found(frames, tuple(notes))


def _scan_of(key: str, scans: Sequence[str], path: Path) -> str:
    found = _ByName(scans).of(key)
    if found is None:
        raise DataError(
            f"{path} is of no scan of the project, or of several.",
            "Name it as its scan is called, or import the folder that it lies in.",
        )
    return found


class _ByName:
    """Scans by what files call their frames; None stands for several."""

    def __init__(self, scans: Sequence[str]) -> None:
        self._whole = frozenset(scans)
        self._last: dict[str, str | None] = {}
        self._numbered: dict[int, str | None] = {}
        for scan in scans:
            last = scan.rpartition("/")[2]
            self._last[last] = None if last in self._last else scan
            number = _number(last)
            if number is not None:
                self._numbered[number] = None if number in self._numbered else scan

    def of(self, key: str) -> str | None:
        """The one scan that a frame is of: by its whole name, its file's, or the number of that."""
        if key in self._whole:
            return key
        if key in self._last:
            return self._last[key]
        number = _number(key)
        return None if number is None else self._numbered.get(number)


def _number(name: str) -> int | None:
    return int(name) if name.isascii() and name.isdecimal() and len(name) < 20 else None


class Truth:
    """The boxes that a dataset itself has; a file of many scans is read once."""

    def __init__(self, dataset: Dataset, names: Names | Sequence[str]) -> None:
        self._dataset, self._names = dataset, names
        self._drives: dict[Path, Mapping[str, Boxes]] = {}

    def of(self, scan: str) -> Boxes | None:
        """A scan's own boxes, None where it has none. Raises DataError."""
        dataset = self._dataset
        if not dataset.has_boxes(scan):
            return None
        file = dataset.root / dataset.format.box_file(scan)
        if file.parent.name != "label_02":
            return self._read(file, "kitti", [scan]).get(scan)
        if scan not in self._drives.get(file, {}):
            scans = list(dict.fromkeys((scan, *dataset.frames(scan))))
            self._drives[file] = self._read(file, "kitti-tracking", scans)
        return self._drives[file].get(scan)

    def _read(self, file: Path, kind: str, scans: Sequence[str]) -> Mapping[str, Boxes]:
        return read_boxes(self._dataset, file, self._names, kind=kind, scans=scans).frames
