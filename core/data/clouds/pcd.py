"""Point Cloud Library's .pcd, version 0.5 to 0.7: ascii, binary and binary_compressed.

The header is that of pointclouds.org/documentation/tutorials/pcd_file_format. Fields called "_"
are padding, of which ROS writes several; an organised cloud is read row by row.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.data.clouds.columns import Columns
from core.data.clouds.lines import lines_of, numbers
from core.data.clouds.source import (
    check_length,
    check_tail,
    cut_short,
    file_size,
    read_bytes,
    read_header,
    read_rows,
    whole,
    wrong,
)

_TYPES = {
    **{("F", size): f"<f{size}" for size in (2, 4, 8)},
    **{("I", size): f"<i{size}" for size in (1, 2, 4, 8)},
    **{("U", size): f"<u{size}" for size in (1, 2, 4, 8)},
}
_PADDING = "_"
_LARGEST = 1 << 16  # bytes of a field: descriptors have some thousand
_MOST = 88  # bytes that one byte of LZF can become: three give at most 264


@dataclass(frozen=True)
class _Field:
    name: str
    dtype: np.dtype
    count: int

    @property
    def size(self) -> int:
        return self.dtype.itemsize * self.count


@dataclass(frozen=True)
class _Header:
    fields: tuple[_Field, ...]
    points: int
    data: str
    offset: int
    lines: int

    @property
    def row(self) -> int:
        """Bytes of a point."""
        return sum(field.size for field in self.fields)


def read(path: Path) -> Columns:
    """Read a .pcd. Raises DataError."""
    header = _header(path)
    columns = {"ascii": _ascii, "binary": _binary}.get(header.data, _compressed)(path, header)
    pairs = [
        (field.name, array[:, 0] if field.count == 1 else array)
        for field, array in zip(header.fields, columns, strict=True)
        if field.name != _PADDING
    ]
    return Columns(path, tuple(name for name, _ in pairs), tuple(array for _, array in pairs))


def count(path: Path) -> int:
    """Number of points, by the header, which the file's size must allow. Raises DataError."""
    return _header(path).points


def viewpoint(path: Path) -> tuple[float, ...] | None:
    """The sensor's place x, y, z and quaternion w, x, y, z that a header tells, None for the usual
    one (the origin, unturned) and for one that cannot be read. Raises DataError."""
    lines, _ = read_header(path, _is_last)
    said = next((line.split()[1:] for line in lines if line.upper().startswith("VIEWPOINT")), [])
    try:
        numbers = tuple(float(word) for word in said)
    except ValueError:
        return None
    return numbers if len(numbers) == 7 and any(numbers[:3] + numbers[4:]) else None


def _is_last(line: str) -> bool:
    return line.upper().split()[:1] == ["DATA"]


def _ascii(path: Path, header: _Header) -> list[np.ndarray]:
    text = read_bytes(path, header.offset).decode("latin-1")
    lines = lines_of(text, header.lines)
    if len(lines) < header.points:
        raise cut_short(path, header.points, len(lines))
    if len(lines) > header.points:
        raise wrong(path, f"holds {len(lines):,} points, its header says {header.points:,}")
    dtypes = [field.dtype for field in header.fields for _ in range(field.count)]
    found = numbers(path, lines, dtypes)
    ends = np.cumsum([field.count for field in header.fields])
    return [
        found[end - 1][:, None] if field.count == 1 else np.stack(found[end - field.count : end], 1)
        for field, end in zip(header.fields, ends.tolist(), strict=True)
    ]


def _binary(path: Path, header: _Header) -> list[np.ndarray]:
    names = [str(place) for place in range(len(header.fields))]
    formats = [(field.dtype, (field.count,)) for field in header.fields]
    rows = read_rows(
        path,
        np.dtype(list((name, *form) for name, form in zip(names, formats, strict=True))),
        header.points,
        header.offset,
    )
    return [rows[name] for name in names]


def _compressed(path: Path, header: _Header) -> list[np.ndarray]:
    from core.data.clouds.lzf import inflate

    packed, size = _sizes(path, header)
    body = np.frombuffer(read_bytes(path, header.offset + 8), np.uint8, packed)
    out = np.empty(size, np.uint8)
    if not inflate(body, out):
        raise wrong(path, "is damaged: its compressed points cannot be unpacked")
    ends = np.cumsum([field.size * header.points for field in header.fields]).tolist()
    return [
        out[end - field.size * header.points : end]
        .view(field.dtype)
        .reshape(header.points, field.count)
        for field, end in zip(header.fields, ends, strict=True)
    ]


def _sizes(path: Path, header: _Header) -> tuple[int, int]:
    """Bytes of the compressed points and of the points, both held against file and header."""
    there = file_size(path) - header.offset - 8
    if there < 0:
        raise cut_short(path, header.points, 0)
    packed, size = read_rows(path, np.dtype("<u4"), 2, header.offset).tolist()
    if packed > there:
        raise wrong(
            path, f"is cut short: of {packed:,} bytes of compressed points {there:,} are there"
        )
    if size != header.points * header.row or size > packed * _MOST:
        raise wrong(
            path,
            f"is damaged: {packed:,} compressed bytes are said to hold {size:,}, the header says "
            f"{header.points:,} points of {header.row} bytes",
        )
    check_tail(path, header.offset + 8 + packed)
    return packed, size


def _header(path: Path) -> _Header:
    lines, offset = read_header(path, _is_last)
    said: dict[str, list[str]] = {}
    for line in lines:
        if line and not line.startswith("#"):
            word, *rest = line.split()
            said[word.upper()] = rest
    fields = _fields(path, said)
    points = _points(path, said)
    data = (said.get("DATA") or [""])[0].lower()
    if data not in ("ascii", "binary", "binary_compressed"):
        raise wrong(
            path, f"has points as {data or 'nothing'}, not ascii or binary", "Save it anew."
        )
    header = _Header(fields, points, data, offset, len(lines))
    if data == "binary":
        check_length(path, offset, points, header.row)
    elif data == "ascii":
        # A value and what parts it from the next are two bytes.
        least = 2 * sum(field.count for field in fields)
        if points * least > file_size(path) - offset + 1:
            raise cut_short(path, points, (file_size(path) - offset + 1) // least)
    else:
        _sizes(path, header)
    return header


def _fields(path: Path, said: dict[str, list[str]]) -> tuple[_Field, ...]:
    names = said.get("FIELDS") or said.get("COLUMNS") or []
    sizes, types = said.get("SIZE", []), said.get("TYPE", [])
    counts = said.get("COUNT") or ["1"] * len(names)
    if not names or not len(names) == len(sizes) == len(types) == len(counts):
        raise wrong(
            path,
            f"has a damaged header: {len(names)} FIELDS, {len(sizes)} of SIZE, {len(types)} of "
            f"TYPE, {len(counts)} of COUNT",
        )
    fields = []
    for name, size, kind, times in zip(names, sizes, types, counts, strict=True):
        code, number = _TYPES.get((kind.upper(), whole(size) or 0)), whole(times)
        if (whole(size) or 0) * (number or 0) > _LARGEST:
            code = number = None
        if name == _PADDING and whole(size) and number:
            fields.append(_Field(name, np.dtype(f"V{size}"), number))
        elif code is None or not number:
            raise wrong(
                path,
                f"has a field {name} of TYPE {kind}, SIZE {size} and COUNT {times}",
                "Save it anew.",
            )
        else:
            fields.append(_Field(name, np.dtype(code), number))
    return tuple(fields)


def _points(path: Path, said: dict[str, list[str]]) -> int:
    numbers = {
        word: whole(said[word][0]) if said[word] else None
        for word in ("POINTS", "WIDTH", "HEIGHT")
        if word in said
    }
    grid = [numbers[word] for word in ("WIDTH", "HEIGHT") if word in numbers]
    if None in numbers.values() or ("POINTS" not in numbers and len(grid) < 2):
        raise wrong(path, "has a damaged header: its POINTS, WIDTH or HEIGHT is no number")
    product = math.prod(number or 0 for number in grid)
    points = numbers.get("POINTS", product) or 0
    if len(grid) == 2 and product != points:
        raise wrong(path, f"has a damaged header: POINTS {points:,}, WIDTH x HEIGHT {product:,}")
    return points
