"""A plain folder of point files; sub-folders are sequences, "." the folder itself.

What kinds there are, and which columns are x, y, z and intensity: core/data/clouds.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

import numpy as np

from core.base.errors import DataError
from core.data.clouds import COLOURED, SUFFIXES, Picked, count, las, pick, read, rgb_of
from core.data.clouds.source import unreadable
from core.data.columns import Columns, said_columns
from core.data.formats import folder_notes
from core.data.formats.format import Format
from core.data.formats.said import count_said, pick_said
from core.data.names import in_order

_LABELS = re.compile(
    "(?<!un)label|lidarseg|predict|annotat|semantic|instance|panoptic|ground.?truth|^gt$"
)
_FLAT = ".bin"
_ANYTHING = (".txt", ".csv")
_SURE = tuple(suffix for suffix in SUFFIXES if suffix not in _ANYTHING)
_NO_POINTS = ("calib", "classes", "license", "notes", "poses", "readme", "times", "timestamps")


class Folder(Format):
    """Scans without labels but for those in .las and .laz; the class list is the user's."""

    name = "folder"
    said: Columns | None = None
    layout = f"{', '.join(f'*{suffix}' for suffix in SUFFIXES)}, in the folder or one below"

    def sequences(self, root: Path) -> tuple[str, ...]:
        if not root.is_dir():
            return ()
        files = {root: _files(root)}
        folders = [p for p in root.iterdir() if p.is_dir() and not p.name.startswith(".")]
        for folder in folders:
            with suppress(DataError):  # another user's, such as the lost+found of a disk
                files[folder] = _files(folder)
        folders = [folder for folder in folders if folder in files]
        scans = {place: some for place, some in files.items() if some and not _texts(some)}
        own = [f.name for f in folders if files[f] and not _beside(files[f], f, scans)]
        return (*(["."] if files[root] else []), *sorted(own, key=in_order))

    def scans(self, root: Path, sequence: str) -> tuple[str, ...]:
        prefix = "" if sequence == "." else f"{sequence}/"
        files = _files(root / sequence)
        twice = min((stem for stem, names in files.items() if len(names) > 1), default=None)
        if twice is not None:
            raise DataError(
                f"Two files below {root / sequence} are called {twice} "
                f"({', '.join(sorted(files[twice]))}).",
                "Keep one of them: scans are named without their suffix.",
            )
        return tuple(sorted((f"{prefix}{stem}" for stem in files), key=in_order))

    def path(self, root: Path, scan: str) -> Path:
        base = os.fspath(root / scan)  # as text: asked of thousands of scans
        for suffix in (*_SURE, *(suffix.upper() for suffix in _SURE)):
            if os.path.isfile(base + suffix):
                return Path(base + suffix)
        folder, _, stem = scan.rpartition("/")
        there = _listed(root / folder).get(stem, [f"{stem}{SUFFIXES[0]}"])
        return root / folder / there[0]

    def with_columns(self, columns: Sequence[str]) -> Format:
        made = Folder()
        made.said = said_columns(columns)
        return made

    def columns(self, root: Path, scan: str) -> tuple[str, ...]:
        return read(self.path(root, scan)).names if self.said is None else self.said.names

    def count(self, root: Path, scan: str) -> int:
        path = self.path(root, scan)
        if self.said is not None and path.suffix.lower() == _FLAT:
            return count_said(path, self.said)
        return count(path)

    def points(self, root: Path, scan: str) -> np.ndarray:
        return self.picked(root, scan).points

    def notes(self, root: Path, sequence: str) -> tuple[str, ...]:
        said: list[str] = []
        scans, folder = self.scans(root, sequence), root / sequence
        with suppress(DataError):  # told where the scan is read
            taken = self.picked(root, scans[0]) if scans else None
            # Of four columns without names there is no doubt.
            said += taken.notes if taken and (taken.others or not all(taken.used)) else ()
        sure, texts = _kinds(folder)
        names = sorted((name for some in sure.values() for name in some), key=in_order)
        first = next((name for name in names if name.lower().endswith(las.SUFFIXES)), None)
        if first is not None:
            said += folder_notes.of_las(first, folder / first)
        clouds = [folder / name for name in names if name.lower().endswith(".pcd")]
        said += folder_notes.of_viewpoints(clouds)
        if sure:
            aside = sorted((name for some in texts.values() for name in some), key=in_order)
            said += folder_notes.of_texts(aside, sequence)
            said += folder_notes.of_folders(_folders_beside(root, folder, sure), sequence)
        return tuple(said)

    def labels(self, root: Path, scan: str) -> np.ndarray | None:
        path = self.path(root, scan)
        found = las.labels(path) if _is_las(path) else None
        return None if found is None else found & 0xFFFF

    def instances(self, root: Path, scan: str) -> np.ndarray | None:
        path = self.path(root, scan)
        found = las.labels(path) if _is_las(path) else None
        return found >> 16 if found is not None and (found >> 16).any() else None

    def colours(self, root: Path, scan: str) -> np.ndarray | None:
        path = self.path(root, scan)
        return rgb_of(read(path)) if path.suffix.lower() in COLOURED else None

    def picked(self, root: Path, scan: str) -> Picked:
        """A scan's points, and which columns of its file they are. Raises DataError."""
        path = self.path(root, scan)
        if self.said is None:
            return pick(read(path))
        if path.suffix.lower() == _FLAT:
            return pick_said(path, self.said)
        return pick(read(path), self.said.names)


def _is_las(path: Path) -> bool:
    return path.suffix.lower() in las.SUFFIXES and path.is_file()


def _files(folder: Path) -> dict[str, list[str]]:
    """The names of a folder's point files by their stem; hidden ones (._ of a Mac) are none.

    Text may be anything: it is points only where no surer kind lies beside it.
    """
    sure, texts = _kinds(folder)
    return sure or texts


def _listed(folder: Path) -> dict[str, list[str]]:
    """`_files` of a folder, none where it is gone; read again once something in it was made or
    taken away."""
    try:
        changed = folder.stat().st_mtime_ns
    except OSError:
        return {}
    return _files_then(folder, changed)


@lru_cache(maxsize=64)  # asked for each scan that is a text
def _files_then(folder: Path, _changed: int) -> dict[str, list[str]]:
    return _files(folder)


def _kinds(folder: Path) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """The names of files that are points for sure, and of texts that may be, by their stem."""
    sure: dict[str, list[str]] = {}
    texts: dict[str, list[str]] = {}
    for entry in _entries(folder):
        stem, suffix = os.path.splitext(entry.name)
        suffix = suffix.lower()
        if suffix not in SUFFIXES or stem.startswith(".") or _is_folder(entry):
            continue
        if suffix not in _ANYTHING:
            sure.setdefault(stem, []).append(entry.name)
        elif stem.lower() not in _NO_POINTS:
            texts.setdefault(stem, []).append(entry.name)
    return sure, texts


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError as error:
        raise unreadable(folder, error) from error


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads around: a scan that cannot be read, as its reader says
        return False


def _beside(
    own: dict[str, list[str]], folder: Path, scans: dict[Path, dict[str, list[str]]]
) -> bool:
    """Whether a folder holds what belongs to the scans of another: labels, a text for each.
    `scans`: the files of folders that hold surer kinds than texts."""
    if not (_LABELS.search(folder.name.lower()) or _texts(own)):
        return False
    for place, other in scans.items():
        if place != folder:
            # 7_lidarseg.bin is of 7.pcd.bin
            known = {*other, *(stem.partition(".")[0] for stem in other)}
            if all(stem in known or stem.rpartition("_")[0] in known for stem in own):
                return True
    return False


def _folders_beside(root: Path, folder: Path, sure: dict[str, list[str]]) -> list[str]:
    """The folders beside a folder of scans that are no sequences, for they hold files of the scans'
    names."""
    found, stem = [], next(iter(sure))
    for place in (p for p in root.iterdir() if p.is_dir() and p != folder):
        if place.name.startswith("."):
            continue
        named = _LABELS.search(place.name.lower()) is not None
        if named or any(os.path.exists(place / f"{stem}{end}") for end in _ANYTHING):
            with suppress(DataError):
                files = _files(place)
                if files and _beside(files, place, {folder: sure}):
                    found.append(place.name)
    return sorted(found, key=in_order)


def _texts(files: dict[str, list[str]]) -> bool:
    return all(name.lower().endswith(_ANYTHING) for names in files.values() for name in names)
