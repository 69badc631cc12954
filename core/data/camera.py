"""The camera beside the scanner: where a scan's points are in its picture."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.base.errors import DataError

_NEAREST_M = 0.5
_OFF_CENTRE = 0.2  # of the width: a principal point further out belongs to another size


@dataclass(frozen=True)
class Camera:
    """A picture and the projection (3, 4) float64 from the scan's coordinates to its pixels, None
    where the calibration does not say it: then no point is in it."""

    image: Path
    projection: np.ndarray | None

    def pixels(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(n, 2) float64 column and line of points (n, >= 3), and (n,) bool: before the camera."""
        if self.projection is None:
            return np.zeros((len(points), 2)), np.zeros(len(points), bool)
        xyz = points[:, :3].astype(np.float64)
        mapped = xyz @ self.projection[:, :3].T + self.projection[:, 3]
        ahead = mapped[:, 2] > _NEAREST_M
        depth = np.where(ahead, mapped[:, 2], 1.0)
        return mapped[:, :2] / depth[:, None], ahead

    def check_size(self, width: int, height: int) -> None:
        """Raise DataError where a picture is of another size than the calibration."""
        if self.projection is None:
            return
        centre = _principal_point(self.projection)
        off = abs(centre[0] - width / 2) / width, abs(centre[1] - height / 2) / height
        if max(off) > _OFF_CENTRE:
            raise DataError(
                f"{self.image} is {width} x {height} pixels, but its calibration has the centre at "
                f"{centre[0]:.0f}, {centre[1]:.0f}.",
                "Bring pictures in the size that calib.txt was made for.",
            )


def _principal_point(projection: np.ndarray) -> tuple[float, float]:
    """Where the optical axis meets the picture (Hartley and Zisserman, 6.2.1)."""
    m = projection[:, :3]
    point = m @ m[2]
    return float(point[0] / point[2]), float(point[1] / point[2])
