"""What a round's network says of each scan: per point, and per unit before they are joined.

One file a scan, below cache/predictions/<round>/.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from core.base.errors import ProjectError
from core.base.files import Column, read_arrays
from core.data.made import file_of, kept_file
from core.data.scans import Dataset

# Of N rows, U units, F numbers a feature, C classes. `source`: the checkpoint's hash, the units'
# fingerprint.
_COLUMNS: dict[str, Column] = {
    "classes": (np.uint8, "N"),
    "entropy": (np.float16, "N"),
    "confidence": (np.float16, "N"),
    "unit_entropy": (np.float32, "U"),
    "unit_feature": (np.float32, "UF"),
    "unit_class": (np.uint8, "U"),
    "unit_share": (np.float32, "U"),
    "unit_confidence": (np.float32, "U"),
    "unit_margin": (np.float32, "U"),
    "unit_votes": (np.float32, "U"),
    "unit_p": (np.float16, "UC"),
    "source": (str, "2"),
}
_SCORE = "Delete it if it is there and run `lidarloop score` on the project."
_ABSENT = "Open the project again, or run `lidarloop score` on it, which makes them."


def new_prediction_file(folder: Path, scan: str) -> Path:
    """Where a round's predictions of one scan are written."""
    return file_of(folder, scan)


def prediction_file(folder: Path, scan: str, dataset: Dataset) -> Path:
    """Where a round's predictions of one scan are read."""
    return kept_file(folder, scan, dataset)


def read_prediction(
    path: Path, *names: str, optional: Sequence[str] = (), **lengths: int
) -> dict[str, np.ndarray]:
    """Read arrays of a scan's predictions by name, and of the `optional` ones those that are there;
    lengths N, U and F where they are known.

    classes (N,) uint8; entropy (N,) float16; confidence (N,) float16, the largest probability, 0
    without coordinates, which earlier versions did not keep; of the scan's units unit_entropy (U,)
    float32, unit_feature (U, F) float32, unit_class (U,) uint8, unit_share, unit_confidence,
    unit_margin and unit_votes (U,) float32, unit_p (U, C) float16; source (2,) hash of the
    checkpoint and fingerprint of the units. Raises ProjectError where the file is missing or
    damaged.
    """
    if not path.exists():
        raise ProjectError(f"The predictions in {path} are not there, or no more.", _ABSENT)
    columns = {name: _COLUMNS[name] for name in names}
    more = {name: _COLUMNS[name] for name in optional}
    return read_arrays(path, columns, optional=more, do=_SCORE, **lengths)


def source_of(path: Path) -> str:
    """The hash of the checkpoint that a scan's predictions are of. Raises ProjectError."""
    return str(read_prediction(path, "source")["source"][0])


def is_predicted(path: Path, source: str, fingerprint: str, *, units: bool) -> bool:
    """Whether there are a scan's predictions of that checkpoint and preparation, with `units` all
    that is said of its units: version 0.1.0 said less. Raises ProjectError for a damaged file."""
    if not path.exists():
        return False
    wanted = {"unit_votes": _COLUMNS["unit_votes"]} if units else {}
    found = read_arrays(path, {"source": _COLUMNS["source"]}, optional=wanted, do=_SCORE)
    return found.pop("source").tolist() == [source, fingerprint] and found.keys() == wanted.keys()
