"""LAS and LAZ, read by laspy and lazrs (the extra `las`).

What laspy believes of a header (counts, lengths) is held against the file's size before it is asked
(LAS 1.4 R15, public header block): a damaged one could make it wait or want all memory.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from struct import unpack_from
from typing import Any

import numpy as np

from core.base.errors import DataError
from core.data.clouds.columns import Columns
from core.data.clouds.laz import check_parts
from core.data.clouds.source import cut_short, file_size, unreadable, wrong

SUFFIXES = (".las", ".laz")
_HEADER_BYTES, _VLR_BYTES = 375, 54
_COMPRESSED = 0xC0
_LEAST_BYTES = 20  # of a point, in format 0
_MOST_A_BYTE = 1000  # compressed points; two million that are all the same take 7 kB
_BITS = (
    *("return_number", "number_of_returns", "synthetic", "key_point", "overlap"),
    *("scanner_channel", "scan_direction_flag", "edge_of_flight_line", "withheld"),
)
_NATIVE_BYTES = 8 << 20  # what laspy and lazrs want besides the points
_POSITION = ("X", "Y", "Z")
_MOST_ID = 0xFFFF
_DO = "Write the class of each point as classification, or as whole numbers in class_id."


def need_laspy(*, compressed: bool = False) -> None:
    """Raise DataError where laspy, or for compressed files lazrs, is not installed."""
    for package in ("laspy", "lazrs") if compressed else ("laspy",):
        try:
            import_module(package)
        except ImportError as error:
            raise DataError(
                f"LAS and LAZ files need the package {package}, which is not installed.",
                'Install it: pip install "lidarloop[las]".',
            ) from error


def read(path: Path) -> Columns:
    """Read x, y, z as float64 and the other columns; a point that is marked as withheld keeps its
    row and has NaN for x, y, z. Raises DataError."""
    with _points(path) as (points, header):
        names = [
            name for name in points.point_format.dimension_names if name not in (*_POSITION, *_BITS)
        ]
        arrays = [_metres(points, header, axis) for axis in range(3)]
        withheld = np.asarray(points["withheld"]) != 0
        if withheld.any():
            for array in arrays:
                array[withheld] = np.nan
        others = {name: np.asarray(points[name]) for name in names}
    kept = {name: array for name, array in others.items() if array.dtype.kind in "fiub"}
    return Columns(path, ("x", "y", "z", *kept), (*arrays, *kept.values()))


def count(path: Path) -> int:
    """Number of points, by the header. Raises DataError."""
    return _header(path).points


def labels(path: Path) -> np.ndarray | None:
    """(N,) uint32 labels: the classification, or the extra dimension class_id where there is one,
    and in the high 16 bits the extra dimension instance. None where every point is 0, which says
    that nobody classified them. Raises DataError."""
    with _points(path) as (points, _):
        names = set(points.point_format.dimension_names)
        ids = np.asarray(points["class_id" if "class_id" in names else "classification"])
        things = np.asarray(points["instance"]) if "instance" in names else np.zeros(1, np.uint8)
    for array in (ids, things):
        whole = array.ndim == 1 and array.dtype.kind in "ui"
        if not whole or array.min(initial=0) < 0 or array.max(initial=0) > _MOST_ID:
            raise wrong(path, f"has ids that are no whole numbers up to {_MOST_ID:,}", _DO)
    found: np.ndarray = ids.astype(np.uint32) | things.astype(np.uint32) << np.uint32(16)
    return found if found.any() else None


def _metres(points: Any, header: Any, axis: int) -> np.ndarray:
    steps: np.ndarray = points.array[_POSITION[axis]] * float(header.scales[axis])
    steps += float(header.offsets[axis])
    return steps


@dataclass(frozen=True)
class _Header:
    points: int
    row: int  # bytes
    compressed: bool


def _header(path: Path) -> _Header:
    """What the header says, where the file is long enough for it. Raises DataError."""
    size = file_size(path)
    try:
        with path.open("rb") as file:
            head = file.read(_HEADER_BYTES)
            if head[:4] != b"LASF" or len(head) < 227:
                raise wrong(path, "cannot be read: it is no LAS file", "Bring the whole file.")
            version, length = head[25], *unpack_from("<H", head, 94)
            start, vlrs, kind, row, points = unpack_from("<IIBHI", head, 96)
            if version >= 4 and len(head) == _HEADER_BYTES:
                points = unpack_from("<Q", head, 247)[0]
            compressed = bool(kind & _COMPRESSED)
            if length + vlrs * _VLR_BYTES > start or start > size or row < _LEAST_BYTES:
                raise wrong(path, "cannot be read: its header is damaged")
            if not compressed and points * row > size - start:
                raise cut_short(path, points, (size - start) // row)
            if compressed:
                if points > _MOST_A_BYTE * size:
                    raise wrong(path, f"says {points:,} points, which {size:,} bytes cannot hold")
                check_parts(path, length, vlrs, start, row, points)
    except OSError as error:
        raise unreadable(path, error) from error
    numbers = unpack_from("<6d", head, 131)
    if not all(map(math.isfinite, numbers)) or 0 in numbers[:3]:
        raise wrong(path, "cannot be read: the scales or offsets in its header are no numbers")
    return _Header(points, row, compressed)


def _need_memory(header: _Header, size: int) -> None:
    """Raise MemoryError where the points will not fit: of lazrs, an allocation that fails ends the
    process."""
    np.empty(header.points * (header.row + 3 * 8) + size + _NATIVE_BYTES, np.uint8)


@contextmanager
def _points(path: Path) -> Iterator[tuple[Any, Any]]:
    """A file's points as laspy has them, and its header. Raises DataError."""
    header = _header(path)
    need_laspy(compressed=header.compressed)
    import laspy

    _need_memory(header, file_size(path))
    try:
        with laspy.open(
            path,
            "r",
            laz_backend=laspy.LazBackend.Lazrs,
            read_evlrs=False,
            encoding_errors="replace",
        ) as reader:
            if reader.header.point_count != header.points:
                raise wrong(path, "cannot be read: its header says two numbers of points")
            points = reader.read_points(header.points)
            if len(points) != header.points:
                raise cut_short(path, header.points, len(points))
            yield points, reader.header
    except (DataError, MemoryError):
        raise
    except BaseException as error:  # of a damaged file laspy raises any kind, lazrs panics
        if isinstance(error, KeyboardInterrupt | SystemExit | GeneratorExit):
            raise
        raise wrong(path, f"cannot be read: {str(error) or type(error).__name__:.200}") from error
