"""E57 files of terrestrial scanners: a file is a sequence, each scan in it is a scan.

Points stay as the scanner saw them; the scan's pose in the file's map is its pose.
"""

from __future__ import annotations

from contextlib import suppress
from functools import lru_cache
from pathlib import Path

import numpy as np

from core.base.errors import DataError
from core.base.files import hash_file
from core.data.clouds import TOO_LARGE, Columns, Picked, e57, pick, rgb_of
from core.data.clouds.source import wrong
from core.data.formats.folder import Folder
from core.data.formats.format import Format
from core.data.names import is_hidden


class E57(Format):
    """Files in a folder or one below; scans are named by file and place in it, from 0 on."""

    name = "e57"
    layout = f"*{e57.SUFFIX}, in the folder or one below"

    def sequences(self, root: Path) -> tuple[str, ...]:
        files = (path for depth in ("*", "*/*") for path in root.glob(depth) if _is_e57(path))
        names = (path.relative_to(root).with_suffix("").as_posix() for path in files)
        return tuple(sorted({name for name in names if not is_hidden(name)}))

    def recognises(self, folder: Path) -> bool:
        """Whether there are such files, and none of a plain folder's, which were meant then."""
        return bool(self.sequences(folder)) and not Folder().sequences(folder)

    def scans(self, root: Path, sequence: str) -> tuple[str, ...]:
        lies = root / sequence
        files = sorted(path.name for path in lies.parent.glob("*") if _is_e57(path))
        twice = [name for name in files if name[: -len(e57.SUFFIX)] == lies.name]
        if len(twice) > 1:
            raise DataError(
                f"Two files below {lies.parent} are called {lies.name} ({', '.join(twice)}).",
                "Keep one of them: scans are named without their suffix.",
            )
        try:
            found = e57.scans(self.path(root, f"{sequence}/0"))
        except DataError:  # a scan that cannot be read, as its reader says
            return (f"{sequence}/0",)
        return tuple(f"{sequence}/{place}" for place, scan in enumerate(found) if scan.points)

    def path(self, root: Path, scan: str) -> Path:
        name = root / scan.rpartition("/")[0]
        ends = (e57.SUFFIX, e57.SUFFIX.upper())
        files = (name.with_name(f"{name.name}{end}") for end in ends)
        return next((file for file in files if file.exists()), name.with_name(name.name + ends[0]))

    def digest(self, root: Path, scan: str) -> str:
        """Content hash of the whole file, which is one for all scans in it."""
        path = self.path(root, scan)
        about = path.stat()
        return _hash_then(path, about.st_size, about.st_mtime_ns)

    def count(self, root: Path, scan: str) -> int:
        found, place = e57.scans(self.path(root, scan)), _place(scan)
        return found[place].points if place < len(found) else 0

    def points(self, root: Path, scan: str) -> np.ndarray:
        return self.picked(root, scan).points

    def columns(self, root: Path, scan: str) -> tuple[str, ...]:
        return self._read(root, scan).names

    def colours(self, root: Path, scan: str) -> np.ndarray | None:
        return rgb_of(self._read(root, scan))

    def pose(self, root: Path, scan: str) -> np.ndarray | None:
        with suppress(DataError):  # told where the scan is read
            found, place = e57.scans(self.path(root, scan)), _place(scan)
            return found[place].pose if place < len(found) else None
        return None

    def notes(self, root: Path, sequence: str) -> tuple[str, ...]:
        path = self.path(root, f"{sequence}/0")
        said: list[str] = []
        with suppress(DataError):  # told where the scan is read
            scans = [scan for scan in e57.scans(path) if scan.points]
            placed = sum(scan.pose is not None and _moves(scan.pose) for scan in scans)
            if placed:
                said.append(
                    f"{path.name}: {placed:,} of {len(scans):,} scans say where the scanner stood: "
                    "their points stay as it saw them, and that is their pose."
                )
            names = self.scans(root, sequence)
            said += self.picked(root, names[0]).notes if names else ()
        return tuple(said)

    def picked(self, root: Path, scan: str) -> Picked:
        """A scan's points, and which columns of its file they are. Raises DataError."""
        return pick(self._read(root, scan))

    def _read(self, root: Path, scan: str) -> Columns:
        path = self.path(root, scan)
        try:
            return e57.read(path, _place(scan))
        except MemoryError as error:
            raise wrong(path, TOO_LARGE, "Close other programs, or cut the file.") from error


@lru_cache(maxsize=64)  # asked for each scan of a file, which may be of gigabytes
def _hash_then(path: Path, _size: int, _changed: int) -> str:
    return hash_file(path)


def _is_e57(path: Path) -> bool:
    return path.suffix.lower() == e57.SUFFIX and path.is_file()


def _moves(pose: np.ndarray) -> bool:
    return bool((pose != np.eye(4)).any())


def _place(scan: str) -> int:
    return int(scan.rpartition("/")[2])
