"""Undo of everything after restarts gives the labels of the beginning, redo those of the end."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np

from core import steps
from core.classes import UNLABELLED
from core.jobs import Job
from core.project import Project
from tests.conftest import small_project

STEPS = 500


def labels(project: Project) -> list[np.ndarray]:
    return [project.labels(scan) for scan in project.dataset.train]


def step(project: Project, rng: random.Random) -> None:
    """An answer of one or several classes, a decline, an undo or a redo."""
    units = project.need_units()
    unit = rng.randrange(len(units))
    scan = units.scans[units.scan[unit]]
    rows = np.flatnonzero(project.rows(scan) == unit - units.range_of(scan).start)
    of = {
        "round": "",
        "unit": units.name(unit),
        "scan_rows": project.dataset.count(scan),
        "scan_hash": project.scan_hash(scan),
    }
    kind = rng.random()
    if kind < 0.75:
        classes = np.where(np.arange(len(rows)) % rng.randint(1, 3), rng.randrange(19), 3)
        project.answers.answer(scan, rows, classes.astype(np.uint8), tool="cut", **of)
    elif kind < 0.85:
        project.answers.decline(scan, **of)
    elif kind < 0.93:
        project.answers.undo()
    else:
        project.answers.redo()


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
            end, counts = labels(project), project.answers.class_counts()
            effective = {unit: head.seq for unit, head in project.answers.effective.items()}
    assert any((found != UNLABELLED).any() for found in end)
    undone = restarts = 0
    more = True
    while more:
        with Project(path) as project:
            for _ in range(97):
                more = project.answers.undo() is not None
                undone += more
                if not more:
                    break
            restarts += 1
            found = labels(project)
    assert restarts >= 3
    assert undone >= 300
    for a, b in zip(found, begin, strict=True):
        np.testing.assert_array_equal(a, b)
    redone, more = 0, True
    while more:
        with Project(path) as project:
            for _ in range(97):
                more = project.answers.redo() is not None
                redone += more
                if not more:
                    break
            found = labels(project)
            again = {unit: head.seq for unit, head in project.answers.effective.items()}
            assert project.answers.can_redo() == more
            totals = project.answers.class_counts()
    assert redone == undone
    for a, b in zip(found, end, strict=True):
        np.testing.assert_array_equal(a, b)
    assert again == effective
    assert totals == counts
