"""KITTI tracking's box files: one for each drive, whose frames are numbers; a line is a box."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

import numpy as np

from core.base.errors import DataError
from core.base.words import counted
from core.boxes.formats import kitti_tracking
from core.boxes.formats.source import Found
from core.boxes.names import Names
from core.boxes.table import Boxes
from core.data.scans import Dataset, flat_name
from core.exchange.match import ends_alike


def drive_file(dataset: Dataset, scan: str) -> str:
    """The file of KITTI tracking, below its root, with the boxes of a scan's sequence."""
    if dataset.format.name == "kitti-tracking":
        return dataset.format.box_file(scan)
    return f"label_02/{flat_name(scan.rpartition('/')[0]) or 'scans'}.txt"


def in_drives(dataset: Dataset, scans: Iterable[str]) -> dict[str, dict[int, str]]:
    """The scans that each file of KITTI tracking is of, by frame; those whose names are no numbers
    are in none. Raises DataError where two scans are one frame of a file."""
    found: dict[str, dict[int, str]] = {}
    for scan in scans:
        frame, file = scan.rpartition("/")[2], drive_file(dataset, scan)
        if not frame.isdecimal():
            continue
        other = found.setdefault(file, {}).setdefault(int(frame), scan)
        if other != scan:
            raise DataError(
                f"Scans {other} and {scan} are both frame {int(frame)} of {file}, and KITTI "
                "tracking holds one.",
                "Take another kind of box files, such as openlabel or csv.",
            )
    return found


def read_drives(dataset: Dataset, path: Path, names: Names, scans: Sequence[str]) -> Found:
    """The boxes of scans in the files below `path`, or in one of them. Raises DataError."""
    of_drive = in_drives(dataset, scans)
    of_drive = {file.removesuffix(".txt"): frames for file, frames in of_drive.items()}
    there = [path] if path.is_file() else sorted(path.rglob("label_02/*.txt"))
    if path.is_dir() and not there:
        there = sorted(path.glob("*.txt"))
    files: dict[str, Path] = {}
    notes: list[str] = []
    for file in there:
        drive = _drive_of(file, path, of_drive)
        if not drive:
            notes.append(f"{file.name} is of no drive of the project, or of several.")
        elif drive in files:
            raise DataError(
                f"{drive}.txt could be {files[drive]} or {file}.", "Name the folder of one of them."
            )
        else:
            files[drive] = file
            if file.stem != drive.rpartition("/")[2]:
                notes.append(f"{file.name} is taken for {drive}.txt: there is no other drive.")
    frames: dict[str, Boxes] = {}
    for name, file in files.items():
        scan_of = of_drive[name]
        calibration = dataset.format.calibration(dataset.root, next(iter(scan_of.values())))
        found = kitti_tracking.read(file, calibration, names).frames
        beyond = [frame for frame in found if int(frame) not in scan_of]
        if beyond:
            notes.append(f"{file.name} has {counted(len(beyond), 'frame')} that no scan is of.")
        empty = sum(str(frame) not in found for frame in scan_of)
        if empty:  # a line is a box
            notes.append(f"{counted(empty, 'frame')} of {file.name} without a line: without a box.")
        none = Boxes.of(np.zeros((0, 7)), [])
        frames |= {scan: found.get(str(frame), none) for frame, scan in scan_of.items()}
    return Found(frames, tuple(notes))


def _drive_of(file: Path, root: Path, drives: Collection[str]) -> str:
    """The one of the drives that a file is of: by its path, by what of that lies below the root,
    or, of a single file, since there is no other; "" where it is of none, or of several."""
    whole = file.absolute().with_suffix("").parts
    below = (file.stem,) if file == root else file.relative_to(root).with_suffix("").parts
    parts = {drive: tuple(drive.split("/")) for drive in drives}
    found = [drive for drive, mine in parts.items() if whole[-len(mine) :] == mine]
    if not found:
        found = [drive for drive, mine in parts.items() if ends_alike(mine, below)]
    if not found and file == root:
        found = list(drives)
    return found[0] if len(found) == 1 else ""
