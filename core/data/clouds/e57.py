"""E57 (ASTM E2807), of terrestrial scanners: a file holds several scans, read one at a time.

Points lie in packets, each with a piece of every field's stream of bits; a field's values follow
each other without gaps, the lowest bit first. Written by hand, for a library that reads E57 is
native code, which a damaged file can end; the tests compare with pye57.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from struct import unpack_from

import numpy as np

from core.data.clouds.columns import Columns
from core.data.clouds.e57_file import Field, Listed, Pages, listed
from core.data.clouds.source import cut_short, file_size, wrong

SUFFIX = ".e57"
_SECTION, _PACKET = 32, 6
_DATA, _OTHERS = 1, (0, 2)  # packets of points; of an index, and empty ones
_CARTESIAN = ("cartesianX", "cartesianY", "cartesianZ")
_SPHERICAL = ("sphericalRange", "sphericalAzimuth", "sphericalElevation")
_INVALID = ("cartesianInvalidState", "sphericalInvalidState")
_NAMES = {"colorRed": "red", "colorGreen": "green", "colorBlue": "blue"}
_DO = "Export it again with cartesian or spherical coordinates."


def scans(path: Path) -> tuple[Listed, ...]:
    """The scans of a file. Raises DataError."""
    return _scans(path, file_size(path), path.stat().st_mtime_ns)


@lru_cache(maxsize=64)
def _scans(path: Path, size: int, changed: int) -> tuple[Listed, ...]:
    return listed(Pages(path))


def read(path: Path, place: int) -> Columns:
    """Read x, y, z as the scanner saw them (its pose is not applied) and the other columns of a
    file's scan; a point whose state is not valid keeps its row and has NaN. Raises DataError."""
    found = scans(path)
    if not 0 <= place < len(found):
        raise wrong(path, f"has {len(found):,} scans, no number {place}")
    scan = found[place]
    names = [field.name for field in scan.fields]
    if not scan.points:
        return Columns(path, ("x", "y", "z"), tuple(np.zeros((3, 0))))
    used = next((kind for kind in (_CARTESIAN, _SPHERICAL) if set(kind) <= set(names)), None)
    if used is None:
        raise wrong(path, f"has no x, y and z; there are {', '.join(names)}", _DO)
    if len(set(names)) != len(names):
        raise wrong(path, "has two fields of one name")
    arrays = _fields(path, scan, used)
    xyz = [arrays[name] for name in used]
    if used is _SPHERICAL:
        xyz = _cartesian(*xyz)
    bad = np.zeros(scan.points, bool)
    for name in _INVALID:
        if name in arrays and name[:5] == used[0][:5]:
            bad |= arrays[name] != 0
    if bad.any():
        xyz = [np.where(bad, np.nan, values).astype(np.result_type(values, "f4")) for values in xyz]
    others = {_NAMES.get(name, name): array for name, array in arrays.items() if name not in used}
    return Columns(path, ("x", "y", "z", *others), (*xyz, *others.values()))


def _cartesian(reach: np.ndarray, azimuth: np.ndarray, up: np.ndarray) -> list[np.ndarray]:
    reach, azimuth, up = (np.asarray(values, np.float64) for values in (reach, azimuth, up))
    flat = reach * np.cos(up)
    return [flat * np.cos(azimuth), flat * np.sin(azimuth), reach * np.sin(up)]


def _fields(path: Path, scan: Listed, used: tuple[str, ...]) -> dict[str, np.ndarray]:
    pages = Pages(path)
    streams = _streams(pages, scan)
    if not any(field.bits for field in scan.fields if field.name in used):
        raise wrong(path, "is damaged: its coordinates have no bits")  # any number of points fits
    for field, stream in zip(scan.fields, streams, strict=True):
        if scan.points * field.bits > 8 * len(stream):
            raise cut_short(path, scan.points, 8 * len(stream) // field.bits)
    return {
        field.name: _values(field, stream, scan.points)
        for field, stream in zip(scan.fields, streams, strict=True)
    }


def _streams(pages: Pages, scan: Listed) -> list[np.ndarray]:
    """The bytes of each field, of all packets together."""
    damaged = wrong(pages.path, "is damaged: its packets of points cannot be told apart")
    head = bytes(pages.read(scan.start, _SECTION))
    length, start = unpack_from("<QQ", head, 8)
    before = _logical(start, pages.page) - _logical(scan.start, pages.page)
    if head[0] != 1 or not _SECTION <= before <= length:
        raise damaged
    body = pages.read(start, length - before)
    raw, at = body.data, 0
    pieces: list[list[np.ndarray]] = [[] for _ in scan.fields]
    while at + 4 <= len(body):
        kind, size = raw[at], int.from_bytes(raw[at + 2 : at + 4], "little") + 1
        if at + size > len(body) or size < 4 or size % 4:
            raise damaged
        if kind == _DATA:
            if size < _PACKET or unpack_from("<H", raw, at + 4)[0] != len(pieces):
                raise damaged
            first = at + _PACKET + 2 * len(pieces)
            if first > at + size:
                raise damaged
            lengths = unpack_from(f"<{len(pieces)}H", raw, at + _PACKET)
            if first + sum(lengths) > at + size:
                raise damaged
            for piece, count in zip(pieces, lengths, strict=True):
                piece.append(body[first : first + count])
                first += count
        elif kind not in _OTHERS:
            raise damaged
        at += size
    return [np.concatenate([*piece, np.zeros(0, np.uint8)]) for piece in pieces]


def _logical(offset: int, page: int) -> int:
    return offset // page * (page - 4) + min(offset % page, page - 4)


def _values(field: Field, stream: np.ndarray, count: int) -> np.ndarray:
    """(count,) numbers of a field, of a stream that is long enough."""
    if field.kind == "Float":
        dtype = np.dtype(f"<f{field.bits // 8}")
        return np.frombuffer(stream.tobytes(), dtype, count)
    if field.bits:
        steps = _unpacked(stream, field.bits, count).view(np.int64) + np.int64(field.least)
    else:
        steps = np.broadcast_to(np.int64(field.least), count)
    if field.kind == "Integer":
        return steps
    return steps * field.scale + field.offset


def _unpacked(stream: np.ndarray, bits: int, count: int) -> np.ndarray:
    """(count,) uint64 of values of some bits each, the lowest bit first."""
    padded = np.concatenate([stream[: -(-count * bits // 8)], np.zeros(9, np.uint8)])
    words = np.ndarray((len(padded) - 8,), "<u8", padded.tobytes(), strides=(1,))
    place = np.arange(count, dtype=np.int64) * bits
    byte, shift = place >> 3, (place & 7).astype(np.uint64)
    found: np.ndarray = words[byte] >> shift
    if bits > 57:  # a ninth byte may hold the highest
        above = padded[byte + 8].astype(np.uint64)
        found |= np.where(shift > 0, above << ((np.uint64(64) - shift) & np.uint64(63)), 0)
    return found & np.uint64((1 << bits) - 1)
