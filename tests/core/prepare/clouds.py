"""Points of scans for the tests of preparation."""

from __future__ import annotations

import numpy as np

from core.data.formats.raw import read_columns
from core.prepare.ground import ground_mask
from tests.samples import Scans

_SCANS = {
    True: ("00/000000", "01/000000", "08/000000"),
    False: ("00/000000", "00/000003", "08/000000"),
}


def non_ground(street: Scans, number: int) -> np.ndarray:
    """(N, 3) float64 points of one of three scans."""
    sequence, frame = _SCANS[street.real][number].split("/")
    file = street.root / "sequences" / sequence / "velodyne" / f"{frame}.bin"
    points = read_columns(file, 4)
    return points[~ground_mask(points, sensor_height_m=1.723), :3].astype(np.float64)
