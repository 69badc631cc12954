"""What a round's network says of each scan: per point, and per unit before they are joined.

One file a scan, below cache/predictions/<round>/.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core.base.files import Column, read_arrays
from core.data.made import file_of, kept_file
from core.data.scans import Dataset

# Of N rows and U units, F numbers a feature. `source`: hash of the checkpoint, units' fingerprint.
_COLUMNS: dict[str, Column] = {
    "classes": (np.uint8, "N"),
    "entropy": (np.float16, "N"),
    "unit_entropy": (np.float32, "U"),
    "unit_feature": (np.float32, "UF"),
    "unit_class": (np.uint8, "U"),
    "unit_share": (np.float32, "U"),
    "source": (str, "2"),
}
_SCORE = "Delete it if it is there and run `lidarloop score` on the project."


def new_prediction_file(folder: Path, scan: str) -> Path:
    """Where a round's predictions of one scan are written."""
    return file_of(folder, scan)


def prediction_file(folder: Path, scan: str, dataset: Dataset) -> Path:
    """Where a round's predictions of one scan are read."""
    return kept_file(folder, scan, dataset)


def read_prediction(path: Path, *names: str, **lengths: int) -> dict[str, np.ndarray]:
    """Read arrays of a scan's predictions by name; lengths N, U and F where they are known.

    classes (N,) uint8; entropy (N,) float16; of the scan's units unit_entropy (U,) float32,
    unit_feature (U, F) float32, unit_class (U,) uint8 and unit_share (U,) float32; source (2,)
    hash of the checkpoint and fingerprint of the units. Raises ProjectError where the file is
    missing or damaged.
    """
    columns = {name: _COLUMNS[name] for name in names}
    return read_arrays(path, columns, optional=None, do=_SCORE, **lengths)
