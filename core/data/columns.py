"""Columns by name: what the numbers of a point are, as a file says it or a person does."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from core.base.errors import DataError, SettingsError

# Other names of the intensity, the likeliest first; "scalar_" is CloudCompare's.
INTENSITY = ("intensity", "intensities", "reflectivity", "reflectance", "remission", "i")
_KINDS = ("f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", ">f4", ">f8")
_WORDS = {
    f"{word}{8 * size}": f"{word[0]}{size}"
    for word, sizes in (("float", (4, 8)), ("int", (1, 2, 4, 8)), ("uint", (1, 2, 4, 8)))
    for size in sizes
}
_USUAL = "x,y,z,intensity"


@dataclass(frozen=True)
class Columns:
    """Said columns: names in small letters, and the dtype of one row, a field each in order."""

    names: tuple[str, ...]
    row: np.dtype

    def named(self, rows: np.ndarray) -> dict[str, np.ndarray]:
        """The columns (N,) of rows, structured as `row` or (N, C) of one kind."""
        if rows.dtype.names is None:
            return {name: rows[:, at] for at, name in enumerate(self.names)}
        return {name: rows[f"f{at}"] for at, name in enumerate(self.names)}


def said_columns(words: Sequence[str]) -> Columns:
    """Columns as said: a name each, NAME:TYPE where it is not float32, "_" for one passed over.

    Raises SettingsError where x, y or z is missing, a name is there twice, or a type is unknown.
    """
    names, kinds = [], []
    for word in words:
        name, _, kind = word.strip().partition(":")
        kind = _WORDS.get(kind.strip().lower(), kind.strip() or "f4")
        if kind not in _KINDS:
            raise SettingsError(
                f"The column {word} has the type {kind}, which is none.",
                f"Types: {', '.join(_WORDS)}; without one it is float32.",
            )
        names.append(name.strip().lower())
        kinds.append(kind if kind.startswith(">") else f"<{kind}")
    known = [name for name in names if name.strip("_")]
    missing = [name for name in "xyz" if name not in known]
    twice = sorted({name for name in known if known.count(name) > 1})
    if missing or twice:
        fault = f"no {' and no '.join(missing)}" if missing else f"{twice[0]} twice"
        raise SettingsError(
            f"The columns {','.join(words)} hold {fault}.",
            f"Name all of a row in order, such as {_USUAL},ring; _ passes one over.",
        )
    row = np.dtype([(f"f{at}", kind) for at, kind in enumerate(kinds)])
    return Columns(tuple(names), row)


def intensity_of(names: Sequence[str]) -> str | None:
    """Which of a file's columns is the intensity, without regard to case; None where none is."""
    plain = {re.sub(r"^scalar_", "", name.strip().lower()): name for name in reversed(names)}
    return next((plain[name] for name in INTENSITY if name in plain), None)


def four(named: Mapping[str, np.ndarray]) -> np.ndarray:
    """(N, 4) x, y, z and intensity, 0 where there is none, of columns (N,) by name.

    float64 where a coordinate has more digits than float32 keeps, float32 else. Raises DataError
    where a coordinate is missing.
    """
    plain = {name.strip().lower(): name for name in reversed(list(named))}
    missing = [axis for axis in "xyz" if axis not in plain]
    if missing:
        raise DataError(
            f"There is no column {' and no '.join(missing)} among {', '.join(named)}.",
            "Name the coordinates x, y and z.",
        )
    axes = [named[plain[axis]] for axis in "xyz"]
    wide = any(column.dtype.kind != "f" or column.dtype.itemsize > 4 for column in axes)
    points = np.zeros((len(axes[0]), 4), np.float64 if wide else np.float32)
    for at, column in enumerate(axes):
        points[:, at] = column
    intensity = intensity_of(list(named))
    if intensity is not None:
        points[:, 3] = named[intensity]
    return points
