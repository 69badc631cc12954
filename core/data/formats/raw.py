"""Reading flat binary files, and the sentences for those that are wrong."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core.base.errors import DataError


def read_columns(path: Path, columns: int, dtype: str = "<f4") -> np.ndarray:
    """Read (N, columns) numbers. Raises DataError where the file is missing or cut short."""
    row = columns * np.dtype(dtype).itemsize
    size = file_size(path)
    if size % row:
        raise DataError(
            f"{path} is truncated: {size:,} bytes are no whole number of {row}-byte points.",
            "Bring the whole file, or leave the scan out.",
        )
    try:
        return np.fromfile(path, dtype).reshape(-1, columns)
    except OSError as error:
        raise _unreadable(path, error) from error


def file_size(path: Path) -> int:
    """Bytes of a file. Raises DataError where it is missing."""
    try:
        return path.stat().st_size
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError) -> DataError:
    return DataError(
        f"{path} cannot be read: {error.strerror}.",
        "Bring the file back; if the data root moved, correct `root` in project.toml.",
    )
