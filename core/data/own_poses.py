"""Poses that a project computed itself, a file for each sequence, in its folder `poses/`.

They lead from a scan's coordinates as its file has them to the sequence's. Where a scan could not
be fitted to the one before a new piece begins: poses of two pieces say nothing of each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from core.base.errors import ProjectError
from core.base.files import read_json, write_json

FOLDER = "poses"
_AGAIN = "Delete it, and run `lidarloop poses` again."


@dataclass(frozen=True)
class OwnPoses:
    """Poses of a sequence's scans.

    Attributes
    ----------
    by : what they were computed with, in words
    scans : their names, in order
    poses : (n, 4, 4) float64
    pieces : (n,) int64, the number of each one's piece, from 0 on; -1 for a scan without a pose
    """

    by: str
    scans: tuple[str, ...]
    poses: np.ndarray
    pieces: np.ndarray

    @cached_property
    def places(self) -> dict[str, int]:
        """The place of each scan."""
        return {scan: at for at, scan in enumerate(self.scans)}


# The folder whose poses were computed, and the number of a piece of them; THE_DATA: of what the
# data say.
Piece = tuple[str, int]
THE_DATA: Piece = ("", -1)


def sequence_of(scan: str) -> str:
    """The folder of a scan's name, "." without one: its scans were made one after the other."""
    return scan.rpartition("/")[0] or "."


def write_own(folder: Path, sequence: str, found: OwnPoses) -> None:
    """Keep the poses of a sequence below a project's folder `poses`, all or none."""
    rows: list[Any] = found.poses[:, :3].reshape(-1, 12).tolist()
    value = {
        "by": found.by,
        "scans": list(found.scans),
        "pieces": found.pieces.tolist(),
        "poses": rows,
    }
    write_json(_file(folder, sequence), value)


def read_own(folder: Path, sequence: str) -> OwnPoses | None:
    """The poses of a sequence, None where none were computed. Raises ProjectError where their file
    is damaged."""
    return read_own_file(_file(folder, sequence))


def read_own_file(file: Path) -> OwnPoses | None:
    """As `read_own`, of the file of a sequence."""
    try:
        about = file.stat()
    except OSError:
        return None
    return _read(file, about.st_mtime_ns, about.st_size)


def own_pose(folder: Path, scan: str) -> tuple[np.ndarray, Piece] | None:
    """A scan's pose (4, 4) and its piece, None where none was computed, or its file is damaged:
    a scan can be labelled without."""
    sequence = sequence_of(scan)
    try:
        found = read_own(folder, sequence)
    except ProjectError:  # told by `status`
        return None
    at = None if found is None else found.places.get(scan)
    if found is None or at is None or found.pieces[at] < 0:
        return None
    return found.poses[at], (sequence, int(found.pieces[at]))


def _file(folder: Path, sequence: str) -> Path:
    # "." is no name of a file, and a sequence may be called "_".
    parts = ["%2E" if part == "." else part.replace("%", "%25") for part in sequence.split("/")]
    return folder.joinpath(*parts[:-1], f"{parts[-1]}.json")


@lru_cache(maxsize=64)
def _read(file: Path, _changed: int, _size: int) -> OwnPoses:
    value = read_json(
        file,
        do=_AGAIN,
        by=str,
        scans=list[str],
        pieces=list[int],
        poses=list[list[float]],
    )
    count = len(value["scans"])
    try:
        rows = np.array(value["poses"], np.float64).reshape(count, 3, 4)
        pieces = np.array(value["pieces"], np.int64).reshape(count)
    except ValueError as error:
        raise ProjectError(f"{file} is damaged: {error}.", _AGAIN) from error
    if not np.isfinite(rows).all():
        raise ProjectError(f"{file} is damaged: a pose is not finite.", _AGAIN)
    last = np.broadcast_to([[0.0, 0.0, 0.0, 1.0]], (count, 1, 4))
    return OwnPoses(
        value["by"], tuple(value["scans"]), np.concatenate([rows, last], axis=1), pieces
    )
