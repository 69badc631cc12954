"""Flat binary files (.bin): rows of numbers and nothing else, so the file cannot say of what."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core.data.clouds.columns import Columns
from core.data.clouds.source import file_size, read_rows, wrong

_NAMES = ("x", "y", "z", "intensity")


def read(path: Path, columns: int = 4, dtype: str = "<f4") -> Columns:
    """Read a .bin; four columns are x, y, z, intensity, others go by number. Raises DataError."""
    rows = read_matrix(path, columns, dtype)
    usual = columns == len(_NAMES)
    names = _NAMES if usual else tuple(str(place + 1) for place in range(columns))
    return Columns(path, names, tuple(rows.T), named=False)


def count(path: Path, columns: int = 4, dtype: str = "<f4") -> int:
    """Number of rows, by the file's size. Raises DataError where it is missing or cut short."""
    row = columns * np.dtype(dtype).itemsize
    size = file_size(path)
    if size % row:
        raise wrong(path, f"is truncated: {size:,} bytes are no whole number of {row}-byte points")
    return size // row


def read_matrix(path: Path, columns: int, dtype: str = "<f4") -> np.ndarray:
    """Read (N, columns) numbers. Raises DataError where the file is missing or cut short."""
    rows = count(path, columns, dtype)
    return read_rows(path, np.dtype(dtype), rows * columns).reshape(-1, columns)
