"""numpy's .npy: (N, 3 to 64) numbers, or structured arrays with named fields; never pickled.

The header is numpy's own (numpy.lib.format): magic, version, length, a Python literal.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.base.bounded import literal
from core.data.clouds.columns import Columns
from core.data.clouds.source import check_length, file_size, read_rows, unreadable, wrong

_HEADER_BYTES = 10_000  # numpy's own limit: a longer literal could exhaust the parser
_MOST_COLUMNS = 64
_DO = "Save (N, 3) x y z or (N, 4) with intensity by numpy.save, or a structured array."


@dataclass(frozen=True)
class _Header:
    shape: tuple[int, ...]
    fortran: bool
    dtype: np.dtype
    offset: int


def read(path: Path) -> Columns:
    """Read a .npy. Raises DataError."""
    header = _header(path)
    rows = read_rows(path, header.dtype, math.prod(header.shape), header.offset)
    if header.dtype.names is None:
        if header.fortran:
            arrays = tuple(rows.reshape(header.shape[::-1]))
        else:
            arrays = tuple(rows.reshape(header.shape).T)
        return Columns(path, tuple(str(n + 1) for n in range(len(arrays))), arrays, named=False)
    if header.fortran:
        rows = rows.reshape(header.shape[::-1]).T.ravel()
    fields = {name: rows[name].reshape(len(rows), -1) for name in _numbers(header.dtype)}
    return Columns(
        path,
        tuple(fields),
        tuple(array[:, 0] if array.shape[1] == 1 else array for array in fields.values()),
    )


def count(path: Path) -> int:
    """Number of points, by the header. Raises DataError."""
    header = _header(path)
    return math.prod(header.shape) if header.dtype.names else header.shape[0]


def _header(path: Path) -> _Header:
    file_size(path)
    try:
        with path.open("rb") as file:
            start = file.read(12)
            wide = start[6:7] != b"\x01"
            offset = 12 if wide else 10
            length = int.from_bytes(start[8:offset], "little")
            file.seek(offset)
            text = file.read(min(length, _HEADER_BYTES + 1))
    except OSError as error:
        raise unreadable(path, error) from error
    if start[:6] != b"\x93NUMPY" or start[6:7] not in (b"\x01", b"\x02", b"\x03"):
        raise wrong(path, "cannot be read: it is no .npy file", _DO)
    if len(text) != length:
        raise wrong(path, f"cannot be read: its header of {length:,} bytes is not there")
    try:
        said = literal(text.decode("utf-8" if start[6] == 3 else "latin-1"))
        shape = tuple(said["shape"])
        dtype = np.lib.format.descr_to_dtype(said["descr"])
        fortran = bool(said["fortran_order"])
    except Exception as error:  # of a damaged header Python and numpy raise several kinds
        raise wrong(path, "cannot be read: its header is damaged") from error
    if not all(type(length) is int and length >= 0 for length in shape):
        raise wrong(path, "cannot be read: its header is damaged")
    _check(path, shape, dtype)
    check_length(path, offset + length, math.prod(shape), dtype.itemsize)
    return _Header(shape, fortran, dtype, offset + length)


def _check(path: Path, shape: tuple[int, ...], dtype: np.dtype) -> None:
    if dtype.hasobject:
        raise wrong(path, "holds pickled Python objects, which are never read", _DO)
    if dtype.names is not None:
        if not shape or not _numbers(dtype):
            raise wrong(path, f"has the shape {shape} and no fields of numbers", _DO)
        return
    if dtype.kind not in "fiub" or dtype.shape or len(shape) != 2:
        raise wrong(path, f"has the shape {shape} of {dtype}", _DO)
    if not 3 <= shape[1] <= _MOST_COLUMNS:
        do = "Save its transpose." if 3 <= shape[0] <= _MOST_COLUMNS else _DO
        raise wrong(path, f"has the shape {shape}", do)


def _numbers(dtype: np.dtype) -> list[str]:
    """The fields that are numbers; texts, times and structures are none."""
    return [name for name in dtype.names or () if dtype[name].base.kind in "fiub"]
