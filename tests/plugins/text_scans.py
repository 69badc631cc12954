"""A data format as a package of its own would bring it: scans as text, the rest beside them.

<root>/<sequence>/<scan>.csv holds "x y z intensity", a point a line; <scan>.json of the same name,
where there is one, {"pose": 4 rows of 4 numbers, "labels": an id per point}, either left out.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from core.base.errors import DataError
from core.data.formats.format import Format


class TextScans(Format):
    """Four columns a line; the classes are SemanticKITTI's."""

    name = "text"
    classes = "semantickitti"
    layout = "<sequence>/*.csv"

    def sequences(self, root: Path) -> tuple[str, ...]:
        return tuple(sorted({file.parent.name for file in root.glob("*/*.csv")}))

    def scans(self, root: Path, sequence: str) -> tuple[str, ...]:
        files = (root / sequence).glob("*.csv")
        return tuple(sorted(f"{sequence}/{file.stem}" for file in files))

    def path(self, root: Path, scan: str) -> Path:
        return root / f"{scan}.csv"

    def points(self, root: Path, scan: str) -> np.ndarray:
        try:
            lines = self.path(root, scan).read_text(encoding="utf-8").splitlines()
            rows = [line.split() for line in lines]
            points = np.array(rows, np.float32).reshape(-1, 4)
        except (OSError, ValueError) as error:
            raise _wrong(scan, error) from error
        if len(points) != len(rows):  # all lines are cut short alike
            raise _wrong(scan, f"{len(rows):,} lines are {len(points):,} points")
        return points

    def labels(self, root: Path, scan: str) -> np.ndarray | None:
        return _numbers(root, scan, "labels", np.uint32, (-1,))

    def pose(self, root: Path, scan: str) -> np.ndarray | None:
        return _numbers(root, scan, "pose", np.float64, (4, 4))


def _numbers(
    root: Path, scan: str, key: str, dtype: type, shape: tuple[int, ...]
) -> np.ndarray | None:
    file = root / f"{scan}.json"
    if not file.exists():
        return None
    try:
        found = json.loads(file.read_text(encoding="utf-8")).get(key)
        return None if found is None else np.array(found, dtype).reshape(shape)
    except (OSError, ValueError, TypeError, AttributeError, OverflowError) as error:
        raise _wrong(scan, error) from error


def _wrong(scan: str, why: object) -> DataError:
    return DataError(f"Scan {scan} cannot be read: {why}.", "Bring both of its files whole.")
