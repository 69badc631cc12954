"""Rotations in box files: quaternions, and what an upright box keeps of one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.base.errors import DataError
from core.base.loading import loading
from core.base.words import counted
from core.boxes.formats.source import MEND

_UPRIGHT = 1e-4  # radians: what rounding in a file may tilt a box


def from_quaternion(xyzw: Sequence[float], where: str) -> np.ndarray:
    """(3, 3) float64 rotation. Raises DataError for a quaternion of no length."""
    with loading:
        from scipy.spatial.transform import Rotation

    if not np.any(xyzw):
        raise DataError(f"{where}: its rotation is a quaternion of four zeros.", MEND)
    rotation: np.ndarray = Rotation.from_quat(xyzw).as_matrix()
    return rotation


def from_angles(xyz: Sequence[float]) -> np.ndarray:
    """(3, 3) float64 rotation about the fixed axes x, y, z in this order, radians."""
    with loading:
        from scipy.spatial.transform import Rotation

    rotation: np.ndarray = Rotation.from_euler("xyz", xyz).as_matrix()
    return rotation


def to_quaternion(rotation: np.ndarray) -> list[float]:
    """x, y, z, w of a rotation (3, 3), w >= 0."""
    with loading:
        from scipy.spatial.transform import Rotation

    return [float(v) for v in Rotation.from_matrix(rotation).as_quat(canonical=True)]


def about_z(yaw: float) -> np.ndarray:
    """(3, 3) float64 rotation by an angle about z."""
    cos, sin = np.cos(yaw), np.sin(yaw)
    return np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1.0]])


def yaw_of(rotation: np.ndarray) -> float:
    """The direction in which a rotation (3, 3) turns x, seen from above."""
    return float(np.arctan2(rotation[1, 0], rotation[0, 0]))


class Tilts:
    """How far the boxes of a file lean, to be said once."""

    def __init__(self) -> None:
        self._found: list[float] = []

    def add(self, rotation: np.ndarray) -> None:
        """Note how far a box's z (3, 3) is from upright."""
        lean = float(np.hypot(rotation[0, 2], rotation[1, 2]))
        angle = float(np.arctan2(lean, rotation[2, 2]))
        if angle > _UPRIGHT:
            self._found.append(angle)

    @property
    def notes(self) -> tuple[str, ...]:
        """A sentence where any box leans."""
        if not self._found:
            return ()
        most = np.degrees(max(self._found))
        verb = "leans" if len(self._found) == 1 else "lean"
        said = counted(len(self._found), "box")
        return (f"{said} {verb} by up to {most:.2f} degrees: kept upright, with its heading.",)
