"""Files of other programs matched to scans by their names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from core.base.errors import DataError
from core.data.scans import flat_name

# Folders that say what lies in them, not which scan it is of.
_KINDS = frozenset(
    "velodyne velodyne_points data labels predictions lidar_top lidarseg panoptic sequences "
    "samples probs probabilities points scans lidar label_2 label_02 boxes".split()
)


@dataclass(frozen=True)
class Matched:
    """`files`: scan -> its file. `without`: scans that have none; `strange`: files of no scan."""

    files: Mapping[str, Path]
    without: tuple[str, ...]
    strange: tuple[Path, ...]

    def told(self, what: str, scans: str) -> list[str]:
        """Sentences on how many scans have a file and which have none; `what` the files hold."""
        said = [
            f"{len(self.files):,} of {len(self.files) + len(self.without):,} {scans} have {what}."
        ]
        if self.without:
            said.append(f"None: {some(self.without)}.")
        if self.strange:
            names = [path.name for path in self.strange]
            said.append(f"{len(names):,} files belong to no such scan: {some(names)}.")
        return said


def some(names: Collection[str], most: int = 5) -> str:
    """The first few of many names."""
    shown = ", ".join(list(names)[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most:,} more"


def match(
    root: Path,
    scans: Iterable[str],
    suffixes: Collection[str],
    usable: Callable[[Path], bool] = lambda _: True,
) -> Matched:
    """Find for each scan the one file below `root` that has its name.

    A file is of a scan where both have the same stem and the same folders, folders such as
    velodyne or labels aside; or where one path ends as the other, and no other scan or file does
    so too; or where the stem is the scan's flat name, as exports have it. Raises DataError where
    two files would be of one scan.
    """
    scans = tuple(scans)
    found = [
        path
        for path in sorted(root.rglob("*"))
        if not path.name.startswith(".")
        and any(path.name.lower().endswith(suffix) for suffix in suffixes)
        and path.is_file()
        and usable(path)
    ]
    key_of_file = {path: _key(path.relative_to(root).as_posix(), suffixes) for path in found}
    by_stem: dict[str, list[Path]] = {}
    for path, key in key_of_file.items():
        by_stem.setdefault(key[-1], []).append(path)
    alike: dict[str, list[str]] = {}
    for scan in scans:
        alike.setdefault(_key(scan, ())[-1], []).append(scan)
    flat = Counter(map(flat_name, scans))
    files: dict[str, Path] = {}
    for scan in scans:
        key = _key(scan, ())
        there = by_stem.get(key[-1], [])
        same = [path for path in there if key_of_file[path] == key]
        if not same:
            same = [path for path in there if ends_alike(key_of_file[path], key)]
            same = [
                path
                for path in same
                if sum(ends_alike(key_of_file[path], _key(other, ())) for other in alike[key[-1]])
                == 1
            ]
        if not same and "/" in scan and flat[flat_name(scan)] == 1:
            same = by_stem.get(flat_name(scan), [])
        if len(same) > 1:
            raise DataError(
                f"Scan {scan} could have {same[0]} or {same[1]}.",
                "Name the folder that holds one file for each scan.",
            )
        if same:
            files[scan] = same[0]
    used = set(files.values())
    return Matched(
        files,
        tuple(scan for scan in scans if scan not in files),
        tuple(path for path in found if path not in used),
    )


def _key(name: str, suffixes: Collection[str]) -> tuple[str, ...]:
    """Folders and stem of a path, without folders that say what lies in them."""
    for suffix in sorted(suffixes, key=len, reverse=True):
        if name.lower().endswith(suffix):
            name = name[: -len(suffix)]
            break
    *folders, stem = name.split("/")
    return (*(part for part in folders if part.lower() not in _KINDS), stem)


def ends_alike(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether the shorter of two paths is the end of the longer one."""
    short, long = sorted((one, other), key=len)
    return long[len(long) - len(short) :] == short
