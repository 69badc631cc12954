"""What a round's network learns: frozen at the first call, and the same ever after."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import cache, partial

import numpy as np

from core.base.errors import ProjectError
from core.project.project import Project
from core.rounds.round import TRAINING, Round, asked_by
from core.rounds.training_set import Pseudo, TrainingSet, read_training, write_training

_NOBODY = np.zeros(0, np.uint8)  # labels of a training set that is only written


def training_set(project: Project, found: Round, pseudo: Pseudo | None = None) -> TrainingSet:
    """A round's training set, freezing it, with `pseudo`-labels, on the first call.

    Raises ProjectError where its branch holds no point with a class.
    """
    path = found.file(TRAINING)
    if not path.exists():
        rounds = tuple(r.id for r in project.branch(found))
        asked = asked_by(project.rounds, rounds)
        counted = project.answers.fold.labelled_scans(rounds={*rounds, ""}, asked=asked)
        scans = tuple(name for name in project.dataset.train if name in counted)
        if not scans:
            raise ProjectError(
                f"Round {found.id} has no point with a class to train on.",
                "Answer some of its items with a class first.",
            )
        unlabelled = tuple(name for name in project.dataset.train if name not in counted)
        positions = project.answers.positions()
        frozen = TrainingSet(scans, unlabelled, positions, rounds, lambda _: _NOBODY, pseudo)
        write_training(path, frozen)
    asked_once = cache(partial(asked_by, tuple(project.rounds)))  # a round may be of many units
    return read_training(path, partial(_fold, project, asked_once))


def _fold(
    project: Project,
    asked: Callable[[tuple[str, ...]], Collection[str]],
    scan: str,
    positions: Mapping[str, int],
    rounds: tuple[str, ...],
) -> np.ndarray:
    """(N,) uint8 classes of a scan's rows, as they were answered up to the positions."""
    of = asked(rounds)
    return project.labels(scan, rounds={*rounds, ""}, asked=of, until=positions)
