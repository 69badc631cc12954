"""The training set of a round: which labels the network may see, frozen once.

It is stored as positions in the journals, not as labels: the journals only grow, so the fold up
to a position is the same for ever (docs/architecture.md, decisions 2 and 4).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.base.errors import ProjectError
from core.base.files import read_json, write_json
from core.base.paths import check_name
from core.base.typed import mapped, whole, words
from core.data.classes import FIRST_CODE

_VERSION = 1


@dataclass(frozen=True)
class Pseudo:
    """Units that are learnt as a network predicts them, answered by nobody.

    checkpoint : hash of that network's file
    fingerprint : of the units
    units : unit_id -> class
    """

    checkpoint: str
    fingerprint: str
    units: Mapping[str, int]


@dataclass(frozen=True)
class TrainingSet:
    """Frozen input of a training run.

    Attributes
    ----------
    scans : names of the scans that hold at least one point with a class
    unlabelled : names of the other training scans
    positions : per annotator, the last journal entry that counts
    rounds : ids of the branch whose answers count, beside volunteered ones
    labels : maps a scan's name to (N,) uint8 classes; codes of 200 and more are no class
    pseudo : pseudo-labels, which are not among `labels` (core.project.pseudo); None without
    """

    scans: tuple[str, ...]
    unlabelled: tuple[str, ...]
    positions: Mapping[str, int]
    rounds: tuple[str, ...]
    labels: Callable[[str], np.ndarray]
    pseudo: Pseudo | None = None


def write_training(path: Path, training: TrainingSet) -> None:
    """Freeze `training` at `path`, atomically."""
    value = {
        "version": _VERSION,
        "rounds": list(training.rounds),
        "positions": dict(training.positions),
        "scans": list(training.scans),
        "unlabelled": list(training.unlabelled),
    }
    if training.pseudo is not None:
        value["pseudo"] = vars(training.pseudo)
    write_json(path, value)


def name_teacher(path: Path, teacher: Mapping[str, Any] | None) -> None:
    """Say in a frozen training set, where there is one, by which mean teacher it is learnt (None:
    by none): its settings, and the hash of the `checkpoint` that it began as."""
    if path.exists():
        stored = read_json(path)
        if stored.get("teacher") != teacher:
            left = {key: value for key, value in stored.items() if key != "teacher"}
            write_json(path, left if teacher is None else {**left, "teacher": teacher})


def read_training(
    path: Path,
    labels: Callable[[str, Mapping[str, int], tuple[str, ...]], np.ndarray],
) -> TrainingSet:
    """Read what `write_training` froze; `labels(scan, positions, rounds)` folds the journals.

    Raises ProjectError where it is damaged.
    """
    version = read_json(path, version=int)["version"]
    if version != _VERSION:
        raise ProjectError(
            f"{path} was written by another version of LidarLoop ({version}).",
            "Open the project with the version that wrote it, or update LidarLoop.",
        )
    names = list[str]
    stored = read_json(path, rounds=names, positions=dict[str, int], scans=names, unlabelled=names)
    named = [*stored["scans"], *stored["unlabelled"]]
    if len(set(named)) != len(named) or not stored["scans"]:
        raise ProjectError(
            f"{path} is damaged: it names no scan, or one twice.",
            "Restore it from a copy of the project.",
        )
    for name in named:  # of scans that may be none of the project's any more
        check_name(name)
    pseudo = _pseudo(path)
    positions, rounds = stored["positions"], tuple(stored["rounds"])
    return TrainingSet(
        scans=tuple(stored["scans"]),
        unlabelled=tuple(stored["unlabelled"]),
        positions=positions,
        rounds=rounds,
        labels=lambda scan: labels(scan, positions, rounds),
        pseudo=pseudo,
    )


def _pseudo(path: Path) -> Pseudo | None:
    """The pseudo-labels of a training set. Raises ProjectError where they are damaged."""
    value = read_json(path).get("pseudo")
    if value is None:
        return None
    try:
        found = mapped(value, "pseudo")
        units = {
            name: whole(number, f"the class of {name}")
            for name, number in mapped(found.get("units"), "units").items()
        }
        if max(units.values(), default=0) >= FIRST_CODE:
            raise ValueError("a class there is not")
        of = [words(found.get(name), name) for name in ("checkpoint", "fingerprint")]
    except ValueError as error:
        raise ProjectError(
            f"{path} is damaged: {error}.", "Restore it from a copy of the project."
        ) from error
    return Pseudo(of[0], of[1], units)
