"""Reading flat binary files, and the sentences for those that are wrong."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core.data.clouds import flat
from core.data.clouds.source import file_size

__all__ = ["file_size", "read_columns"]


def read_columns(path: Path, columns: int, dtype: str = "<f4") -> np.ndarray:
    """Read (N, columns) numbers. Raises DataError where the file is missing or cut short."""
    return flat.read_matrix(path, columns, dtype)
