"""How the sensor stands: axes, height of the origin, the own vehicle (docs/rigs.md).

Behind `Dataset.scan` every scan has x ahead, y left and z up, whatever the files have.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np

from core.base.errors import SettingsError
from core.base.settings import RigSettings

AS_IT_IS = "x,y,z"
# Short name -> the file's axis that becomes x (ahead), y (left) and z (up); what is meant.
AXES: Mapping[str, tuple[str, str]] = {
    "as it is": (AS_IT_IS, "x ahead, y left, z up"),
    "y ahead": ("y,-x,z", "x right, y ahead, z up"),
    "upside down": ("x,-y,-z", "x ahead, y right, z down"),
    "camera": ("z,-x,-y", "x right, y down, z ahead"),
    "opengl": ("-z,-x,y", "x right, y up, z back"),
    "unity": ("z,-x,y", "x right, y up, z ahead"),
    "carla": ("x,-y,z", "x ahead, y right, z up"),
}
_NOT_QUITE = 0.02  # how far the product of a matrix and its transpose may be from the identity
_HOW = (
    f"Write one of {', '.join(AXES)}, the file's axes that become x, y and z such as "
    f'"z,-x,-y", or the nine numbers of a rotation matrix.'
)


@dataclass(frozen=True)
class Rig:
    """What [rig] in project.toml says, checked. Without arguments: the scans as the files have
    them.

    Attributes
    ----------
    axes : "z,-x,-y" or nine numbers, row by row: the new x, y, z in the file's axes
    z_offset_m : added to z once the axes are turned
    ground_from_m : nearest range that counts as ground
    ego_box : "" or six numbers, smallest x y z and largest x y z of the own vehicle, metres
    drop_reflections : whether low points of little intensity are taken for reflections
    """

    axes: str = AS_IT_IS
    z_offset_m: float = 0.0
    ground_from_m: float = 2.7
    ego_box: str = ""
    drop_reflections: bool = True

    @classmethod
    def of(cls, settings: RigSettings) -> Rig:
        """Check the settings. Raises SettingsError that says how to write them."""
        made = cls(**{**asdict(settings), "axes": canonical(settings.axes)})
        _ = made.rotation, made.box
        return made

    @property
    def turns(self) -> bool:
        """Whether coordinates change at all."""
        return self.axes != AS_IT_IS or self.z_offset_m != 0

    @cached_property
    def facts(self) -> dict[str, Any]:
        """What differs from the scans as the files have them: part of a preparation's name."""
        return {
            field.name: getattr(self, field.name)
            for field in fields(self)
            if getattr(self, field.name) != field.default
        }

    @cached_property
    def rotation(self) -> np.ndarray:
        """(3, 3) float64: new x, y, z = rotation @ the file's."""
        return _rotation(self.axes)

    @cached_property
    def matrix(self) -> np.ndarray:
        """(4, 4) float64 from the file's coordinates to those behind `Dataset.scan`."""
        made = np.eye(4)
        made[:3, :3] = self.rotation
        made[2, 3] = self.z_offset_m
        return made

    @cached_property
    def back(self) -> np.ndarray:
        """(4, 4) float64 from the coordinates behind `Dataset.scan` to the file's."""
        return np.linalg.inv(self.matrix)

    @cached_property
    def box(self) -> np.ndarray | None:
        """(2, 3) float64 smallest and largest corner of the own vehicle, None without one."""
        if not self.ego_box.strip():
            return None
        numbers = _numbers(self.ego_box)
        if numbers is None or len(numbers) != 6 or (numbers[:3] >= numbers[3:]).any():
            raise SettingsError(
                f"rig.ego_box is {self.ego_box!r}.",
                'Give it smallest x, y, z and largest x, y, z, such as "-1,-1,-2,3.5,1,0".',
            )
        return numbers.reshape(2, 3)

    def turned(self, points: np.ndarray) -> np.ndarray:
        """(N, C) float32 of points (N, C >= 3) in the file's axes; rows that are not finite stay
        so."""
        if not self.turns:
            return points.astype(np.float32, copy=False)
        made = points.astype(np.float32)
        xyz = points[:, :3]
        picks = _picks(self.axes)
        for axis in range(3):
            if picks is not None:
                found = xyz[:, picks[axis][0]] * picks[axis][1]
            else:
                with np.errstate(invalid="ignore"):  # inf - inf in a row that is not finite
                    found = xyz.astype(np.float64) @ self.rotation[axis]
            made[:, axis] = found + self.z_offset_m if axis == 2 else found
        return made

    def inside(self, points: np.ndarray) -> np.ndarray:
        """(N,) bool: which of turned points (N, >= 3) lie in the own vehicle's box."""
        box = self.box
        if box is None:
            return np.zeros(len(points), bool)
        xyz = points[:, :3]
        within: np.ndarray = ((xyz >= box[0]) & (xyz <= box[1])).all(axis=1)
        return within


THE_FILES = Rig()  # the scans as the files have them


def canonical(text: str) -> str:
    """Axes as project.toml keeps them: of a name, of axes or of nine numbers.

    Raises SettingsError where they are none of these, or no rotation.
    """
    name = text.strip().lower()
    if name in AXES:
        return AXES[name][0]
    picks = _picks(name)
    if picks is not None:
        return ",".join(("-" if sign < 0 else "") + "xyz"[axis] for axis, sign in picks)
    found = _rotation(name)
    return " ".join(f"{value + 0.0:.6g}" for value in found.reshape(-1))


def words_of(axes: str) -> str:
    """What canonical axes mean, in words."""
    return next((words for text, words in AXES.values() if text == axes), axes)


def _picks(axes: str) -> list[tuple[int, int]] | None:
    """(axis, sign) that becomes x, y and z, None where `axes` is no list of three axes."""
    parts = [part.strip() for part in axes.lower().split(",")]
    if len(parts) != 3 or not all(re.fullmatch(r"[+-]?[xyz]", part) for part in parts):
        return None
    picks = [("xyz".index(part[-1]), -1 if part[0] == "-" else 1) for part in parts]
    if len({axis for axis, _ in picks}) < 3:
        raise SettingsError(f"rig.axes is {axes!r}: an axis is named twice.", _HOW)
    return picks


def _numbers(text: str) -> np.ndarray | None:
    try:
        found = np.array([float(part) for part in re.split(r"[\s,;\[\]]+", text) if part])
    except ValueError:
        return None
    return found if np.isfinite(found).all() else None


def _rotation(axes: str) -> np.ndarray:
    picks = _picks(axes)
    if picks is not None:
        made = np.zeros((3, 3))
        for row, (axis, sign) in enumerate(picks):
            made[row, axis] = sign
        return made
    numbers = _numbers(axes)
    if numbers is None or len(numbers) != 9:
        raise SettingsError(f"rig.axes is {axes!r}.", _HOW)
    found = numbers.reshape(3, 3)
    if np.abs(found @ found.T - np.eye(3)).max() > _NOT_QUITE:
        raise SettingsError(
            f"rig.axes is no rotation: {axes!r} stretches or shears a scan.",
            "Give it a rotation matrix, row by row; its rows have length 1 and stand upright on "
            "each other.",
        )
    left, _, right = np.linalg.svd(found)  # the nearest rotation to rounded numbers
    nearest: np.ndarray = left @ right
    return nearest
