"""Two LiDAR sensors: where their rays go, what comes back, and how bright.

The 64 beams are as measured on 24 scans of SemanticKITTI: the upper block leaves 0.21 m above the
origin of the coordinates, the lower one comes down to it, the own car is in the lowest beams' way.
The 32 beams are as measured on nuScenes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from core.base.errors import SettingsError

# Own car of SemanticKITTI: azimuths (degrees, left positive) between which beams below an
# elevation end on it.
_CAR = (
    *((0, 16, -22.0), (16, 26, -23.4), (130, 140, -19.8), (140, 160, -23.2)),
    *((160, 165, -16.8), (165, 200, -18.6), (200, 206, -16.8), (206, 212, -19.8)),
    *((212, 234, -23.4), (286, 301, -16.8), (322, 345, -23.0), (345, 360, -21.6)),
)


@dataclass(frozen=True)
class Sensor:
    """A spinning LiDAR.

    Attributes
    ----------
    elevation : (B,) degrees, from the top beam down
    lift : (B,) metres from the origin up to where a beam leaves
    columns : rays of one beam in a turn
    height : metres of the origin above the road
    shadow : parts of the turn in which the lowest beams end on the own car: from and to in
        degrees, and the elevation below which they do
    returned : share of rays that come back, where all else is well
    least : metres, nearer than which nothing comes back
    own : the own car as a box, two corners, where it comes back; None where it does not
    """

    elevation: np.ndarray
    lift: np.ndarray
    columns: int
    height: float
    shadow: tuple[tuple[float, float, float], ...]
    returned: float
    least: float
    own: tuple[tuple[float, float, float], tuple[float, float, float]] | None

    @cached_property
    def rays(self) -> tuple[np.ndarray, np.ndarray]:
        """(R, 3) float32 where rays start and (R, 3) where they go, in the sensor's frame: beam
        by beam from the top, each from straight ahead to the left and round."""
        turn = 2 * np.pi * np.arange(self.columns) / self.columns
        rise, turns = np.meshgrid(np.radians(self.elevation), turn, indexing="ij")
        flat = np.cos(rise)
        ray = np.stack([flat * np.cos(turns), flat * np.sin(turns), np.sin(rise)], -1)
        start = np.zeros_like(ray)
        start[..., 2] = self.lift[:, None]
        return start.reshape(-1, 3).astype(np.float32), ray.reshape(-1, 3).astype(np.float32)

    @cached_property
    def ring(self) -> np.ndarray:
        """(R,) uint8 beam of each ray."""
        return np.repeat(np.arange(len(self.elevation), dtype=np.uint8), self.columns)

    @cached_property
    def blocked(self) -> np.ndarray:
        """(R,) bool rays that end on the own car."""
        degrees = 360.0 * np.arange(self.columns) / self.columns
        limit = np.full(self.columns, -90.0)
        for low, high, least in self.shadow:
            limit[(degrees >= low) & (degrees < high)] = least
        found: np.ndarray = (self.elevation[:, None] < limit).reshape(-1)
        return found

    @cached_property
    def to_own(self) -> np.ndarray:
        """(R,) float32 metres to the own car, inf for rays that pass it."""
        starts, rays = self.rays
        if self.own is None:
            return np.full(len(rays), np.inf, np.float32)
        with np.errstate(divide="ignore"):
            ends = (np.array(self.own)[:, None] - starts) / rays
        enter, leave = ends.min(0).max(1), ends.max(0).min(1)
        return np.where((enter < leave) & (enter > 0), enter, np.inf).astype(np.float32)


def sensor(beams: int) -> Sensor:
    """The sensor of 64 or of 32 beams. Raises SettingsError for another number."""
    if beams == 64:
        return Sensor(
            elevation=np.concatenate([np.linspace(1.95, -8.75, 32), np.linspace(-9.06, -24.4, 32)]),
            lift=np.concatenate([np.full(32, 0.206), np.linspace(0.133, 0.06, 32)]),
            columns=2172,
            height=1.73,
            shadow=_CAR,
            returned=0.995,
            least=2.0,
            own=None,
        )
    if beams == 32:
        return Sensor(
            elevation=10.67 - 1.3333 * np.arange(32),
            lift=np.zeros(32),
            columns=1085,
            height=1.84,
            shadow=(),
            returned=0.98,
            least=0.7,
            own=((-1.1, -0.62, -1.84), (0.8, 0.62, -0.36)),
        )
    raise SettingsError(f"There is no sensor of {beams} beams.", "Take 64 or 32.")
