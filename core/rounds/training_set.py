"""The training set of a round: which labels the network may see, frozen once.

It is stored as positions in the journals, not as labels: the journals only grow, so the fold up
to a position is the same for ever (docs/architecture.md, decisions 2 and 4).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.base.errors import ProjectError
from core.base.files import read_json, write_json
from core.base.paths import check_name

_VERSION = 1


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
    """

    scans: tuple[str, ...]
    unlabelled: tuple[str, ...]
    positions: Mapping[str, int]
    rounds: tuple[str, ...]
    labels: Callable[[str], np.ndarray]


def write_training(path: Path, training: TrainingSet) -> None:
    """Freeze `training` at `path`, atomically."""
    write_json(
        path,
        {
            "version": _VERSION,
            "rounds": list(training.rounds),
            "positions": dict(training.positions),
            "scans": list(training.scans),
            "unlabelled": list(training.unlabelled),
        },
    )


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
    positions, rounds = stored["positions"], tuple(stored["rounds"])
    return TrainingSet(
        scans=tuple(stored["scans"]),
        unlabelled=tuple(stored["unlabelled"]),
        positions=positions,
        rounds=rounds,
        labels=lambda scan: labels(scan, positions, rounds),
    )
