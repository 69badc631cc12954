"""Where the camera stands to show a thing: on the scanner's ray, with what stands around it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gui.view.form import Ground

SMALLEST_M, SMALLEST_FLAT_M = 8.0, 14.0
_BELOW_M = 8.0  # what hangs higher is shown without the ground under it


@dataclass(frozen=True)
class Pose:
    """What a turntable camera looks at: a point (3,), metres in view, degrees round and up."""

    centre: np.ndarray
    metres: float
    azimuth: float
    elevation: float


def pose_of(low: np.ndarray, high: np.ndarray, ground: Ground, *, flat: bool) -> Pose:
    """The pose that shows a box (3,), (3,): as the scanner sees it, down to the ground; a `flat`
    thing from higher up."""
    low, high = np.array(low, float), np.array(high, float)
    middle = (low + high) / 2
    base = float(ground.at(middle[None])[0])
    if not flat and 0 < low[2] - base < _BELOW_M:
        low[2] = base
    diagonal = float(np.linalg.norm(high - low))
    metres = max(SMALLEST_FLAT_M if flat else SMALLEST_M, 5.5 + 1.6 * diagonal)
    near = np.hypot(middle[0], middle[1]) < 2.0  # no ray to speak of: as the car drives
    azimuth = -90.0 if near else float(np.degrees(np.arctan2(-middle[0], middle[1])))
    return Pose((low + high) / 2, metres, azimuth, 50.0 if flat else 15.0)


def turned(start: float, end: float, part: float) -> float:
    """Degrees between two azimuths, by `part` 0..1 of the shorter way round."""
    return start + ((end - start + 180.0) % 360.0 - 180.0) * part
