"""Stanford's .ply: ascii and both binary orders, elements in any order, lists anywhere.

The header is that of Greg Turk's description (1994). Points are the element "vertex"; what other
elements hold is passed over.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from core.data.clouds.columns import Columns
from core.data.clouds.lines import Lines, lines_of, numbers
from core.data.clouds.source import (
    check_length,
    cut_short,
    file_size,
    read_bytes,
    read_header,
    read_rows,
    whole,
    wrong,
)

_TYPES = {
    **dict.fromkeys(("char", "int8"), "i1"),
    **dict.fromkeys(("uchar", "uint8"), "u1"),
    **dict.fromkeys(("short", "int16"), "i2"),
    **dict.fromkeys(("ushort", "uint16"), "u2"),
    **dict.fromkeys(("int", "int32"), "i4"),
    **dict.fromkeys(("uint", "uint32"), "u4"),
    **dict.fromkeys(("int64", "long"), "i8"),
    **dict.fromkeys(("uint64", "ulong"), "u8"),
    **dict.fromkeys(("float", "float32"), "f4"),
    **dict.fromkeys(("double", "float64"), "f8"),
}
_ORDERS = {"ascii": "<", "binary_little_endian": "<", "binary_big_endian": ">"}


@dataclass(frozen=True)
class _Property:
    """A number of each row, or with `length` as many as a number of that dtype before them says."""

    name: str
    dtype: np.dtype
    length: np.dtype | None = None


@dataclass(frozen=True)
class _Element:
    name: str
    rows: int
    properties: tuple[_Property, ...]

    @property
    def lists(self) -> bool:
        return any(p.length is not None for p in self.properties)

    @property
    def least(self) -> int:
        """Bytes that a row has at least, and has where there are no lists."""
        return sum((p.length or p.dtype).itemsize for p in self.properties)

    @property
    def numbers(self) -> list[_Property]:
        return [p for p in self.properties if p.length is None]


@dataclass(frozen=True)
class _Header:
    form: str
    elements: tuple[_Element, ...]
    vertex: int
    offset: int
    lines: int

    @property
    def points(self) -> _Element:
        return self.elements[self.vertex]


def read(path: Path) -> Columns:
    """Read the vertices of a .ply. Raises DataError."""
    header = _header(path)
    arrays = _ascii(path, header) if header.form == "ascii" else _binary(path, header)
    return Columns(path, tuple(p.name for p in header.points.numbers), tuple(arrays))


def count(path: Path) -> int:
    """Number of vertices, by the header, which the file's size must allow. Raises DataError."""
    return _header(path).points.rows


def _ascii(path: Path, header: _Header) -> list[np.ndarray]:
    lines = lines_of(read_bytes(path, header.offset).decode("latin-1"), header.lines)
    elements = [element for element in header.elements if element.properties]
    wanted = sum(element.rows for element in elements)
    first = sum(e.rows for e in header.elements[: header.vertex] if e.properties)
    vertex = header.points
    if len(lines) < first + vertex.rows:
        raise cut_short(path, vertex.rows, max(len(lines) - first, 0))
    if len(lines) < wanted:
        raise wrong(
            path, f"is cut short: its header says {wanted:,} lines, there are {len(lines):,}"
        )
    if len(lines) > wanted and elements[-1] is vertex:
        raise wrong(path, f"holds {len(lines):,} lines, its header says {wanted:,}")
    own = lines.part(first, first + vertex.rows)
    if vertex.lists:
        own = _without_lists(path, own, vertex)
    return numbers(path, own, [p.dtype for p in vertex.numbers])


def _without_lists(path: Path, lines: Lines, element: _Element) -> Lines:
    kept = []
    for text, place in zip(lines.texts, lines.places, strict=True):
        words, found, at = text.split(), [], 0
        for each in element.properties:
            if each.length is None:
                found += words[at : at + 1]
                at += 1
            else:
                length = whole(words[at]) if at < len(words) else None
                at = len(words) + 1 if length is None else at + 1 + length
        if at != len(words):
            raise wrong(path, f"line {place:,} does not hold the lists that the header names")
        kept.append(" ".join(found))
    return Lines(kept, lines.places)


def _binary(path: Path, header: _Header) -> list[np.ndarray]:
    vertex = header.points
    before = header.elements[: header.vertex]
    if not any(element.lists for element in (*before, vertex)):
        start = header.offset + sum(element.rows * element.least for element in before)
        form = [(str(n), p.dtype) for n, p in enumerate(vertex.properties)]
        rows = read_rows(path, np.dtype(form), vertex.rows, start)
        return [rows[name] for name, _ in form]
    body, at = read_bytes(path, header.offset), 0
    for element in before:
        at = _pass_over(path, body, at, element)
    places = array("q")
    if vertex.lists:
        _pass_over(path, body, at, vertex, places)
        starts = np.frombuffer(places, np.int64).reshape(-1, len(vertex.numbers))
    else:
        if vertex.rows * vertex.least > len(body) - at:
            raise cut_short(path, vertex.rows, (len(body) - at) // vertex.least)
        sizes = np.cumsum([0, *(p.dtype.itemsize for p in vertex.numbers)])[:-1]
        starts = at + vertex.least * np.arange(vertex.rows)[:, None] + sizes
    data = np.frombuffer(body, np.uint8)
    return [
        data[first[:, None] + np.arange(p.dtype.itemsize)].reshape(-1).view(p.dtype)
        for first, p in zip(starts.T, vertex.numbers, strict=True)
    ]


def _pass_over(
    path: Path, body: bytes, at: int, element: _Element, places: array[int] | None = None
) -> int:
    """Where an element that begins `at` ends; `places` gets the place of each of its numbers."""
    if not element.lists:
        return at + element.rows * element.least
    for row in range(element.rows):
        for each in element.properties:
            if each.length is None:
                if places is not None:
                    places.append(at)
                at += each.dtype.itemsize
                continue
            size, signed = each.length.itemsize, each.length.kind == "i"
            order: Literal["big", "little"] = "big" if each.length.str[0] == ">" else "little"
            length = int.from_bytes(body[at : at + size], order, signed=signed)
            at += size + length * each.dtype.itemsize
            if length < 0:
                raise wrong(path, f"is damaged: a list of {length:,} numbers in its {element.name}")
        if at > len(body):
            raise cut_short(path, element.rows, row)
    return at


def _header(path: Path) -> _Header:
    lines, offset = read_header(path, lambda line: line == "end_header")
    if lines[0] != "ply":
        raise wrong(path, "is no .ply file: it does not begin with ply", "Save it anew.")
    form, elements = "", list[_Element]()
    for place, line in enumerate(lines[1:-1], 2):
        word, *rest = line.split() or [""]
        if word == "format" and rest and rest[0] in _ORDERS:
            form = rest[0]
        elif word == "element" and form and len(rest) == 2 and whole(rest[1]) is not None:
            elements.append(_Element(rest[0], whole(rest[1]) or 0, ()))
        elif word == "property" and elements and (added := _property(rest, _ORDERS[form])):
            last = elements[-1]
            elements[-1] = _Element(last.name, last.rows, (*last.properties, added))
        elif word not in ("comment", "obj_info", ""):
            raise wrong(path, f"has a header that cannot be read: line {place} is {line[:60]!r}")
    if not form:
        raise wrong(path, "has a header without a format", "Save it anew.")
    vertex = [n for n, element in enumerate(elements) if element.name.lower() == "vertex"]
    if len(vertex) != 1 or not elements[vertex[0]].numbers:
        names = ", ".join(element.name for element in elements) or "nothing"
        raise wrong(
            path, f"holds no points: its header names {names}", "Save it with a vertex element."
        )
    header = _Header(form, tuple(elements), vertex[0], offset, len(lines))
    _check_size(path, header)
    return header


def _property(words: list[str], order: str) -> _Property | None:
    kinds = [_TYPES.get(word) for word in words[:-1]]
    if len(words) == 2 and kinds[0]:
        return _Property(words[1], np.dtype(order + kinds[0]))
    if len(words) == 4 and words[0] == "list" and kinds[1] and kinds[2] and kinds[1][0] in "iu":
        return _Property(words[3], np.dtype(order + kinds[2]), np.dtype(order + kinds[1]))
    return None


def _check_size(path: Path, header: _Header) -> None:
    """Raise DataError where the file is too short for its elements, or, without lists, too long."""
    vertex, there = header.points, file_size(path) - header.offset
    if header.form == "ascii":
        # A value and what parts it from the next are two bytes.
        least = 2 * len(vertex.properties)
        if vertex.rows * least > there + 1:
            raise cut_short(path, vertex.rows, (there + 1) // least)
        return
    before = sum(element.rows * element.least for element in header.elements[: header.vertex])
    if before + vertex.rows * vertex.least > there:
        raise cut_short(path, vertex.rows, max(there - before, 0) // vertex.least)
    total = sum(element.rows * element.least for element in header.elements)
    if total > there:
        raise wrong(path, f"is cut short: its header says {total:,} bytes, there are {there:,}")
    if not any(element.lists for element in header.elements):
        check_length(path, header.offset, 1, total)
