"""Which rows of a scan are returns of something: the others are in no unit and in no total."""

from __future__ import annotations

import numpy as np

AT_SENSOR_M = 0.05
FAR_M = 2_000.0
_TIMES_FURTHER = 50.0  # than all but the furthest 2 % of the scan


def are_returns(points: np.ndarray, metres: float = 1.0) -> np.ndarray:
    """(N,) bool of points (N, >= 3), x, y, z from the sensor in a unit of so many metres: a return
    of something.

    No return: not finite; within 5 cm of the sensor, where drivers put rays that met nothing; and
    further than 2 km and 50 times as far as 98 % of the scan, as a broken packet gives it.
    """
    xyz = points[:, :3]
    with np.errstate(over="ignore", invalid="ignore"):
        square = np.einsum("ij,ij->i", xyz, xyz)
        good: np.ndarray = np.isfinite(square) & (square >= (AT_SENSOR_M / metres) ** 2)
        far = good & (square > (FAR_M / metres) ** 2)
        if far.any():
            usual = float(np.quantile(square[good], 0.98, method="lower"))
            good &= ~(far & (square > _TIMES_FURTHER**2 * usual))
    return good
