"""Reading flat binary files whose columns a person said."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core.base.errors import DataError
from core.data.columns import Columns, four
from core.data.formats.raw import file_size


def read_said(path: Path, said: Columns) -> np.ndarray:
    """(N, 4) of a flat binary file with said columns. Raises DataError where it is cut short."""
    size, row = file_size(path), said.row.itemsize
    if size % row:
        raise DataError(
            f"{path} is truncated, or has other columns than {','.join(said.names)}: {size:,} "
            f"bytes are no whole number of {row}-byte points.",
            "Bring the whole file, or correct `columns` under [data] in project.toml.",
        )
    return four(said.named(np.fromfile(path, said.row)))
