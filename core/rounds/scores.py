"""The scores of a round: one column per file, over all units, mapped into memory.

rounds/<round>/scores/<column>.npy, and scores.json beside them, which names the columns and the
units they are of. It is written last: a round is scored where it stands. Version 0.1.0 wrote one
scores.npz, which is still read.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from core.base.errors import ProjectError
from core.base.files import Column, map_array, read_arrays, read_json, write_columns
from core.prepare.units import Units
from core.query.selection import plausible

# Of U units, means over their rows: entropy, feature (F numbers), largest probability, largest less
# second, probabilities (C classes); class of most rows, its share, entropy of all classes' shares.
COLUMNS: dict[str, Column] = {
    "entropy": (np.float32, "U"),
    "feature": (np.float32, "UF"),
    "predicted": (np.uint8, "U"),
    "share": (np.float32, "U"),
    "confidence": (np.float32, "U"),
    "margin": (np.float32, "U"),
    "votes": (np.float32, "U"),
    "mean_p": (np.float16, "UC"),
}
# Of a second look, where a strategy in use ranks by it (core.rounds.many_views): divergence from
# what neighbouring scans say, entropy of all that is said, what eight views know beyond each other.
MORE: dict[str, Column] = {
    "divergence": (np.float32, "U"),
    "joint": (np.float32, "U"),
    "mutual": (np.float32, "U"),
}
_ALL = COLUMNS | MORE
_FIRST = ("entropy", "feature", "predicted", "share")  # all that version 0.1.0 wrote
_VERSION = 1
_CHUNK = 1 << 16  # units that are looked at together
_ABOUT = "scores.json"
_BEFORE = "scores.npz"
_SCORE = "Run `lidarloop score` on the project."


class Scores(Mapping[str, np.ndarray]):
    """Columns by name, each read only and opened when it is first asked for.

    Raises ProjectError for a column that is damaged or not there.
    """

    def __init__(self, names: Iterable[str], read: Callable[[str], np.ndarray]) -> None:
        self._names, self._read = tuple(names), read
        self._open: dict[str, np.ndarray] = {}

    def __getitem__(self, name: str) -> np.ndarray:
        if name not in self._names:
            raise ProjectError(f"The scores have no column {name}.", _SCORE)
        if name not in self._open:
            self._open[name] = self._read(name)
            self._open[name].setflags(write=False)
        return self._open[name]

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def are_scored(folder: Path) -> bool:
    """Whether the units were scored in the round of this folder."""
    return (folder / "scores" / _ABOUT).exists() or (folder / _BEFORE).exists()


def forget_scores(folder: Path) -> None:
    """Let the units count as not scored in the round of this folder; what was scored stays."""
    for label in (folder / "scores" / _ABOUT, folder / _BEFORE):
        label.unlink(missing_ok=True)


def read_scores(folder: Path, units: Units) -> Scores | None:
    """The scores in a round's folder, or None where they are of other units.

    Raises ProjectError where they are missing or damaged.
    """
    place, before = folder / "scores", folder / _BEFORE
    lengths = {"U": len(units)}
    if not (place / _ABOUT).exists() and before.exists():
        stored = read_arrays(before, {"fingerprint": (str, "")}, do=_SCORE)
        if str(stored["fingerprint"]) != units.fingerprint:
            return None
        return Scores(
            _FIRST,
            lambda name: read_arrays(
                before, {name: COLUMNS[name]}, optional=None, do=_SCORE, **lengths
            )[name],
        )
    about = read_json(place / _ABOUT, do=_SCORE, version=int, fingerprint=str, columns=list[str])
    if about["version"] > _VERSION:
        raise ProjectError(
            f"{place / _ABOUT} was written by a newer LidarLoop.", "Update LidarLoop to read it."
        )
    if about["fingerprint"] != units.fingerprint:
        return None
    names = [name for name in about["columns"] if name in _ALL]
    if missing := [name for name in _FIRST if name not in names]:
        raise ProjectError(f"{place / _ABOUT} is damaged: it names no {missing[0]}.", _SCORE)
    return Scores(
        names,
        lambda name: map_array(place / f"{name}.npy", _ALL[name], do=_SCORE, **lengths),
    )


def check_stored(folder: Path, units: Units) -> None:
    """Raise ProjectError where a column of the scores in a round's folder cannot be read, or holds
    what no network says; scores of other units are nothing to be looked at."""
    for name, values in (read_scores(folder, units) or {}).items():
        for start in range(0, len(values), _CHUNK):
            if not plausible(values[start : start + _CHUNK]).all():
                file = folder / "scores" / f"{name}.npy"
                raise ProjectError(f"{file} holds values that are no numbers.", _SCORE)


def write_scores(
    folder: Path,
    units: Units,
    scans: Iterable[Mapping[str, np.ndarray]],
    *,
    features: int,
    classes: int,
    more: Sequence[str] = (),
) -> None:
    """Write the scores in a round's folder: per scan with units, in order, its part of COLUMNS, and
    of those of MORE that `more` names.

    `features`: numbers in a feature, `classes` that have a probability. Until all is written the
    round is not scored. Raises StorageError.
    """
    lengths = {"U": len(units), "F": features, "C": classes}
    shapes = {
        name: (dtype, tuple(lengths[axis] for axis in axes))
        for name, (dtype, axes) in (COLUMNS | {name: MORE[name] for name in more}).items()
    }
    about = {"version": _VERSION, "fingerprint": units.fingerprint, "columns": list(shapes)}
    write_columns(folder / "scores", shapes, scans, folder / "scores" / _ABOUT, about)
    with contextlib.suppress(OSError):  # what it holds is of no use now, and large
        (folder / _BEFORE).unlink(missing_ok=True)
