"""How a project's files are read beyond their format: said once, kept in project.toml's [data]."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.base.errors import SettingsError
from core.data.columns import said_columns

METRES: Mapping[str, float] = {
    "m": 1.0,
    "cm": 0.01,
    "mm": 0.001,
    "km": 1000.0,
    "ft": 0.3048,
    "us-ft": 1200 / 3937,
}
KEYS = ("columns", "unit", "origin")


@dataclass(frozen=True)
class Reading:
    """What a person or `new` said about the files.

    Attributes
    ----------
    columns : names of a row's numbers, NAME:TYPE where not float32; () as the format has them
    unit : the files' unit of length, a key of METRES; "" where nothing was said: metres
    origin : metres taken off x, y, z in double precision before they become float32
    """

    columns: tuple[str, ...] = ()
    unit: str = ""
    origin: tuple[float, float, float] = (0.0, 0.0, 0.0)

    def __post_init__(self) -> None:
        if self.columns:
            said_columns(self.columns)
        if self.unit and self.unit not in METRES:
            raise SettingsError(
                f"The unit of length {self.unit} is not known.",
                f"Choose one of {', '.join(METRES)}.",
            )

    @property
    def metres(self) -> float:
        """Metres in the files' unit."""
        return METRES[self.unit or "m"]

    def content(self) -> dict[str, Any]:
        """What was said, by its key under [data]; empty where nothing was."""
        said: dict[str, Any] = {}
        if self.columns:
            said["columns"] = list(self.columns)
        if self.unit:
            said["unit"] = self.unit
        if any(self.origin):
            said["origin"] = list(self.origin)
        return said

    def changes(self) -> dict[str, Any]:
        """What of it moves points: a preparation's fingerprint holds it, where it is any."""
        return {key: value for key, value in self.content().items() if value != "m"}

    def local(self, points: np.ndarray) -> np.ndarray:
        """Points (N, 4) as a file has them, in metres from the origin, as float64; those that
        are not changed are the same array."""
        if self.metres == 1.0 and not any(self.origin):
            return points
        moved = points.astype(np.float64)
        moved[:, :3] = moved[:, :3] * self.metres - self.origin
        return moved


AS_THEY_ARE = Reading()


def reading_from(data: Mapping[str, Any]) -> Reading:
    """Read what `Reading.content` gave. Raises SettingsError naming the key that is wrong."""
    columns, unit, origin = (data.get(key) for key in KEYS)
    if columns is not None and not (
        isinstance(columns, list) and all(isinstance(name, str) for name in columns)
    ):
        raise SettingsError(f"columns is {columns!r}.", 'Give it names, ["x", "y", "z"].')
    if unit is not None and not isinstance(unit, str):
        raise SettingsError(f"unit is {unit!r}.", f"Choose one of {', '.join(METRES)}.")
    numbers = isinstance(origin, list) and all(
        isinstance(value, int | float) and not isinstance(value, bool) and np.isfinite(value)
        for value in origin
    )
    if origin is not None and not (numbers and len(origin) == 3):
        raise SettingsError(f"origin is {origin!r}.", "Give it three numbers, metres.")
    x, y, z = origin or (0.0, 0.0, 0.0)
    return Reading(tuple(columns or ()), unit or "", (float(x), float(y), float(z)))
