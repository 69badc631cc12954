"""Point files: one small file for each kind, a path in, named columns out.

No file can end the process: each size is held against the file's before memory is asked for, and
what is wrong is a DataError. Which columns are x, y, z and intensity: columns.py.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from core.data.clouds import flat, las, npy, pcd, ply, text
from core.data.clouds.columns import Columns, Picked, pick
from core.data.clouds.rgb import rgb_of
from core.data.clouds.source import wrong

TOO_LARGE = "needs more memory than is free"
__all__ = [
    "COLOURED",
    "SUFFIXES",
    "TOO_LARGE",
    "Columns",
    "Picked",
    "count",
    "pick",
    "read",
    "rgb_of",
]

_READERS: dict[str, Callable[[Path], Columns]] = {
    ".bin": flat.read,
    ".npy": npy.read,
    ".pcd": pcd.read,
    ".ply": ply.read,
    **dict.fromkeys(las.SUFFIXES, las.read),
    **dict.fromkeys(text.SUFFIXES, text.read),
}
_COUNTS: dict[str, Callable[[Path], int]] = {
    ".bin": flat.count,
    ".npy": npy.count,
    ".pcd": pcd.count,
    ".ply": ply.count,
    **dict.fromkeys(las.SUFFIXES, las.count),
}
SUFFIXES = tuple(_READERS)
COLOURED = tuple(suffix for suffix in SUFFIXES if suffix != ".bin")  # columns with names


def read(path: Path) -> Columns:
    """Read a point file by its suffix, in any case. Raises DataError."""
    try:
        return _READERS[path.suffix.lower()](path)
    except MemoryError as error:
        raise wrong(path, TOO_LARGE, "Close other programs, or cut the file in parts.") from error


def count(path: Path) -> int:
    """Number of points, from the header or the size where one says it. Raises DataError."""
    cheap = _COUNTS.get(path.suffix.lower())
    return cheap(path) if cheap else len(read(path))
