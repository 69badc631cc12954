"""Reading flat binary files whose columns a person said."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core.base.errors import DataError
from core.data.clouds import Columns, Picked, pick
from core.data.clouds.source import file_size, read_rows
from core.data.columns import Columns as Said


def pick_said(path: Path, said: Said) -> Picked:
    """The points of a flat file with said columns. Raises DataError where it is cut short."""
    rows = read_rows(path, said.row, count_said(path, said))
    arrays = tuple(rows[f"f{at}"] for at in range(len(said.names)))
    return pick(Columns(path, said.names, arrays, named=False), said.names)


def points_said(path: Path, said: Said) -> np.ndarray:
    """(N, 4) of a flat file with said columns, as `Format.points` gives them."""
    return pick_said(path, said).points


def count_said(path: Path, said: Said) -> int:
    """Number of rows, by the file's size. Raises DataError where it is cut short."""
    size, row = file_size(path), said.row.itemsize
    if size % row:
        raise DataError(
            f"{path} is truncated, or has other columns than {','.join(said.names)}: {size:,} "
            f"bytes are no whole number of {row}-byte points.",
            "Bring the whole file, or correct `columns` under [data] in project.toml.",
        )
    return size // row
