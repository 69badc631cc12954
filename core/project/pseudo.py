"""Pseudo-labels: units that a training learns as an earlier network predicts them (LiDAL, III).

They are chosen where the training set is frozen and named in training.json with that network. They
are no answers: no journal, export or budget knows them, and each round chooses anew.
"""

from __future__ import annotations

import math
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np

from core.base.errors import ProjectError
from core.base.files import hash_input
from core.data.classes import UNLABELLED
from core.project.branches import counted
from core.project.frozen import training_set
from core.project.pool import pool_of
from core.query.strategies import strategies
from core.query.strategies.names import TIMES
from core.rounds.round import Round
from core.rounds.scores import read_scores
from core.rounds.training_set import Pseudo, TrainingSet

if TYPE_CHECKING:
    from core.project.project import Project


def freeze(project: Project, found: Round) -> None:
    """Freeze a round's training set, with pseudo-labels where its query's strategy has some."""
    if not found.frozen:
        training_set(project, found, _chosen(project, found))


def _chosen(project: Project, found: Round) -> Pseudo | None:
    """What the strategy is sure of, in scans that hold an answer; what the last round learnt so is
    left out. As many points as a round may ask."""
    sure = getattr(strategies().get(found.query.strategy.split(TIMES)[-1]), "sure", None)
    scored = project.last_scored(found)
    if sure is None or scored is None or found.parent is None:
        return None
    heads = counted(project, found).heads
    pool, units = pool_of(project, scored, heads), project.need_units()
    if not {"divergence", "joint", "centre", "predicted"} <= pool.columns.keys():
        return None
    candidates = pool.free & np.isin(units.scan, units.scan[pool.labelled])
    parent = project.round(found.parent)
    before = training_set(project, parent).pseudo if parent.frozen else None
    if before is not None:
        last = units.find_all(before.units)
        candidates[last[last >= 0]] = False
    share = Decimal(project.settings.query.fraction) * int(units.scan_returns.sum())
    chosen = sure(pool, np.flatnonzero(candidates), math.floor(share))
    own = read_scores(scored.folder, units)  # a merge may be undone: each class by itself
    assert own is not None  # the pool has read them
    classes = own["predicted"][chosen].tolist()
    return Pseudo(
        hash_input(scored.checkpoint),
        units.fingerprint,
        dict(zip(units.names(chosen), classes, strict=True)),
    )


def with_pseudo(project: Project, training: TrainingSet) -> TrainingSet:
    """A training set whose labels hold its pseudo-labels too, on rows that nobody gave a class.

    Raises ProjectError where they are of another preparation.
    """
    pseudo = training.pseudo
    if pseudo is None or not pseudo.units:
        return training
    table = project.need_units()
    if table.fingerprint != pseudo.fingerprint:
        raise ProjectError(
            "What this round learns as it was predicted is of another preparation.",
            "Prepare as before, or ask the next query.",
        )
    number = table.find_all(pseudo.units)
    given = np.array(list(pseudo.units.values()), np.uint8)
    answered = training.labels

    def labels(scan: str) -> np.ndarray:
        mine = table.range_of(scan)
        inside = (number >= mine.start) & (number < mine.stop)
        found = answered(scan)
        if not inside.any():
            return found
        said = np.full(len(mine), UNLABELLED, np.uint8)
        said[number[inside] - mine.start] = given[inside]
        rows = project.rows(scan)
        free = (rows >= 0) & (found == UNLABELLED)
        found = found.copy()
        found[free] = project.classes.now[said[rows[free]]]
        return found

    return replace(training, labels=labels)
