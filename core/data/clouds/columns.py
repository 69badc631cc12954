"""Named columns of a point file, and which of them are x, y, z and intensity."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.base.errors import DataError

# Families of names, the surest first, as `plain_name` makes them: x, y and z are of one family.
_AXES: tuple[str, ...] = (
    "{}",
    "points_m_xyz_{}",
    "points_{}",
    "point_{}",
    "pos_{}",
    "position_{}",
    "location_{}",
)
_AXES += ("coord_{}", "coords_{}", "coordinate_{}", "coordinates_{}", "xyz_{}", "p{}", "{}_m")
_AXES += ("{}_coord", "{}_coordinate", "{}_pos", "{}_position", "{}_local", "lidar_{}")
POSITIONS: tuple[tuple[str, str, str], ...] = (
    *((name.format("x"), name.format("y"), name.format("z")) for name in _AXES),
    *((name.format(0), name.format(1), name.format(2)) for name in _AXES if name[0] == "p"),
    *(("easting", "northing", up) for up in ("height", "elevation", "altitude", "z")),
)
INTENSITIES = (
    *("intensity", "i", "intensities", "intensity_value", "lidar_intensity"),
    *("reflectivity", "reflectance", "remission", "remissions", "reflection"),
    *("signal", "signal_photons", "amplitude", "rssi"),
)
_NOTHING = ("", "-", "_")
_SAY = "Say what each column is by --columns, such as --columns x,y,z,intensity,ring."


@dataclass(frozen=True)
class Columns:
    """What a point file holds.

    Attributes
    ----------
    path : the file
    names : the columns' names in the file's order; where it has none, those that its kind of file
        goes by, or their numbers from 1
    arrays : for each name (N,) or (N, k) numbers of the column's own dtype
    named : whether the names are the file's own
    """

    path: Path
    names: tuple[str, ...]
    arrays: tuple[np.ndarray, ...]
    named: bool = True

    def __len__(self) -> int:
        return len(self.arrays[0]) if self.arrays else 0


@dataclass(frozen=True)
class Picked:
    """(N, 4) points and where they come from.

    Attributes
    ----------
    points : x, y, z, intensity; float64 where a position has more than float32 keeps, else float32
    used : the columns that are x, y, z and intensity; "" for an intensity that is not there (0)
    others : the columns that were not used
    notes : a sentence each for what was chosen among several, taken by its place, or is missing
    """

    points: np.ndarray
    used: tuple[str, str, str, str]
    others: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def told(self) -> str:
        """Which columns were taken, in words."""
        *positions, intensity = self.used
        words = f"x, y, z from {', '.join(positions)}; "
        words += f"intensity from {intensity}" if intensity else "no intensity"
        return words + (f"; not used: {', '.join(self.others)}" if self.others else "")


def plain_name(name: str) -> str:
    """A column's name as the tables above have it: "scalar_Intensity [0-1]" is "intensity"."""
    name = re.sub(r"[\[(][^\])]*[\])]\s*$", "", name.strip().strip("\"'").lower())
    name = re.sub(r"[^a-z0-9]+", "_", name).strip("_")
    return name.removeprefix("scalar_").removeprefix("field_") or name


def pick(columns: Columns, wanted: Sequence[str] | None = None) -> Picked:
    """Find x, y, z and intensity among the columns of a file.

    `wanted` says what the columns are: for a file without names each column's name in order ("-"
    for one that is nothing), for one with names those to look among; three or four names that say
    nothing themselves are x, y, z and intensity. Raises DataError where no x, y, z can be told.
    """
    notes: list[str] = []
    used = _used(columns, _names(columns, wanted), notes, said=wanted is not None)
    arrays = [None if index is None else columns.arrays[index] for index in used]
    for index, array in zip(used, arrays, strict=True):
        if index is not None and array is not None and array.ndim != 1:
            raise DataError(
                f"{columns.path}: the column {columns.names[index]} has {array.shape[1]} numbers "
                "for each point.",
                "Save one number for each point.",
            )
    x, y, z, intensity = ("" if index is None else columns.names[index] for index in used)
    others = tuple(name for index, name in enumerate(columns.names) if index not in used)
    return Picked(_side_by_side(arrays), (x, y, z, intensity), others, tuple(notes))


def _by_place(columns: Columns, notes: list[str]) -> list[int | None]:
    count = len(columns.names)
    if count < 3:
        raise DataError(f"{columns.path} has {count} columns, no x, y and z.", _SAY)
    taken = "the first three of {} columns are taken for x, y, z"
    if count in (4, 5):
        taken = "the first four of {} columns are taken for x, y, z, intensity"
    elif count == 3:
        taken = "its three columns are taken for x, y, z, and intensity is 0"
    else:
        taken += ", and intensity is 0 (--columns says what the others are)"
    notes.append(f"{columns.path.name} names no columns: {taken.format(count)}.")
    return [0, 1, 2, 3 if count in (4, 5) else None]


def _names(columns: Columns, wanted: Sequence[str] | None) -> dict[int, str]:
    """The names to look among, by the column's place."""
    if wanted is None:
        return dict(enumerate(columns.names))
    said = [name for name in wanted if name not in _NOTHING]
    if not columns.named:
        if len(wanted) != len(columns.names):
            raise DataError(
                f"{columns.path} has {len(columns.names)} columns, {len(wanted)} are named "
                f"({', '.join(wanted)}).",
                'Name each column once, in order; "-" is one that is not needed.',
            )
        return {index: name for index, name in enumerate(wanted) if name not in _NOTHING}
    there = {name: index for index, name in reversed(list(enumerate(columns.names)))}
    alike = {plain_name(name): index for name, index in there.items()}
    places = {name: there.get(name, alike.get(plain_name(name))) for name in said}
    missing = [name for name, index in places.items() if index is None]
    if missing:
        raise DataError(
            f"{columns.path} has no column {' and no '.join(missing)}.",
            f"There are {', '.join(columns.names)}.",
        )
    return {index: name for name, index in places.items() if index is not None}


def _used(
    columns: Columns, names: dict[int, str], notes: list[str], *, said: bool
) -> list[int | None]:
    found = {index: plain_name(name) for index, name in names.items()}
    there = list(found.values())
    family = next((f for f in POSITIONS if all(name in there for name in f)), None)
    if family is None:
        if said and len(found) in (3, 4):
            return [*found, None][:4]
        if not said and not columns.named:
            return _by_place(columns, notes)
        raise DataError(
            f"{columns.path} has no columns x, y and z; there are {', '.join(names.values())}.",
            _SAY,
        )
    twice = [name for name in family if there.count(name) > 1]
    if twice:
        raise DataError(f"{columns.path} has several columns called {twice[0]}.", _SAY)
    position = [next(i for i, name in found.items() if name == axis) for axis in family]
    left = {index: name for index, name in found.items() if index not in position}
    return [*position, _intensity(columns, left, notes)]


def _intensity(columns: Columns, left: dict[int, str], notes: list[str]) -> int | None:
    known = sorted((INTENSITIES.index(n), index) for index, n in left.items() if n in INTENSITIES)
    if not known:
        others = ", ".join(columns.names[index] for index in left) or "nothing"
        notes.append(
            f"{columns.path.name} has no column known as an intensity (beside x, y, z there is "
            f"{others}): it is 0; known names are {', '.join(INTENSITIES)}."
        )
        return None
    (first, chosen), *more = known
    if more and (first or more[0][0] == first):  # not one and only one is called intensity
        several = ", ".join(columns.names[index] for _, index in known)
        notes.append(
            f"{columns.path.name} has several columns that may be the intensity ({several}): "
            f"{columns.names[chosen]} is taken; --columns says which."
        )
    return chosen


def _side_by_side(arrays: Sequence[np.ndarray | None]) -> np.ndarray:
    """(N, 4) of columns, without copying where they already lie side by side."""
    x, y, z, intensity = arrays
    assert x is not None
    assert y is not None
    assert z is not None
    exact = np.result_type(x, y, z, np.float32) == np.float32
    dtype = np.dtype(np.float32 if exact else np.float64)
    block = None if intensity is None else _block([x, y, z, intensity], dtype)
    if block is not None:
        return np.ascontiguousarray(block)
    points = np.zeros((len(x), 4), dtype)
    with np.errstate(over="ignore"):  # an intensity that float32 cannot hold is infinite
        for place, array in enumerate((x, y, z, intensity)):
            if array is not None:
                points[:, place] = array
    return points


def _block(arrays: list[np.ndarray], dtype: np.dtype) -> np.ndarray | None:
    """(N, k) view of columns that are neighbours in each row, None where they are not."""
    first, step = arrays[0], dtype.itemsize
    start = first.__array_interface__["data"][0]
    for place, array in enumerate(arrays):
        here = array.__array_interface__["data"][0]
        if array.dtype != dtype or array.strides != first.strides or here != start + place * step:
            return None
    shape, strides = (len(first), len(arrays)), (*first.strides, step)
    return np.lib.stride_tricks.as_strided(first, shape, strides, writeable=False)
