"""Undo of everything after restarts gives the labels of the beginning, redo those of the end."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from core import steps
from core.answers.answers import Answers
from core.answers.effort import Effort
from core.base.jobs import Job
from core.data.classes import UNLABELLED
from core.project.project import Project
from tests.streets import small_project

STEPS = 500


def labels(project: Project) -> list[np.ndarray]:
    return [project.labels(scan) for scan in project.dataset.train]


def step(project: Project, rng: random.Random) -> None:
    """An answer of one or several classes, a decline, a unit put back, an undo or a redo."""
    units = project.need_units()
    unit = rng.randrange(len(units))
    scan = units.scans[units.scan[unit]]
    rows = np.flatnonzero(project.rows(scan) == unit - units.range_of(scan).start)
    ref = project.scan_ref(scan)
    of = {"round": "", "unit": units.name(unit)}
    kind = rng.random()
    if kind < 0.75:
        classes = np.where(np.arange(len(rows)) % rng.randint(1, 3), rng.randrange(19), 3)
        effort = Effort(tool="cut")
        project.answers.answer(ref, rows, classes.astype(np.uint8), effort=effort, **of)
    elif kind < 0.82:
        project.answers.decline(ref, **of)
    elif kind < 0.85:
        project.answers.reopen(scan, units.name(unit))
    elif kind < 0.93:
        project.answers.undo()
    else:
        project.answers.redo()


def turn_all(path: Path, turn: Callable[[Answers], object]) -> tuple[int, int]:
    """Undo or redo until nothing is left, the project opened anew after every 97 steps; return how
    many steps it took, and how often it was opened."""
    done = opened = 0
    more = True
    while more:
        opened += 1
        with Project(path) as project:
            for _ in range(97):
                more = turn(project.answers) is not None
                done += more
                if not more:
                    break
    return done, opened


@pytest.mark.slow
def test_five_hundred_mixed_steps_and_three_restarts(tmp_path: Path, small_street: Path):
    path = tmp_path / "p"
    with small_project(path, small_street) as project:
        steps.prepare(project, Job(), workers=1)
        begin = labels(project)
    rng = random.Random(5)
    for _ in range(4):
        with Project(path) as project:
            for _ in range(STEPS // 4):
                step(project, rng)
            end, counts = labels(project), project.answers.fold.class_counts()
            effective = {unit: head.seq for unit, head in project.answers.effective.items()}
    assert any((found != UNLABELLED).any() for found in end)
    undone, restarts = turn_all(path, Answers.undo)
    assert restarts >= 3
    assert undone >= 300
    with Project(path) as project:
        found = labels(project)
    for a, b in zip(found, begin, strict=True):
        np.testing.assert_array_equal(a, b)
    redone, _ = turn_all(path, Answers.redo)
    with Project(path) as project:
        found = labels(project)
        again = {unit: head.seq for unit, head in project.answers.effective.items()}
        totals = project.answers.fold.class_counts()
    assert redone == undone
    for a, b in zip(found, end, strict=True):
        np.testing.assert_array_equal(a, b)
    assert again == effective
    assert totals == counts
