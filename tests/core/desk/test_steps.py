"""What rounds cost: each answer once, in the round of the branch that it was given to."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.base.jobs import Job
from core.desk.ask_these import ask_these
from core.desk.asked import asked
from core.desk.steps import steps_of
from core.project.branches import counted, stand_at
from core.project.project import Project
from core.query.seconds import expected_seconds
from tests.experiments import learn
from tests.streets import asked_project, give


@pytest.fixture
def project(tmp_path: Path, small_street: Path):
    """Half of the first round's units were answered; the second one asks the rest again."""
    path = asked_project(tmp_path / "p", small_street)
    with Project(path) as made:
        units, first = made.need_units(), made.rounds[0]
        for item in first.query.items[::2]:
            give(made, units.find(item), 3, round=first.id)
        learn(made, Job(), scored=True)
        rest = units.find_all(first.query.items[1::2])
        second = ask_these(made, Job(), rest)
        for item in second.query.items:
            give(made, units.find(item), 4, round=second.id)
        yield made


def points_of(project: Project, items) -> int:
    units = project.need_units()
    return int(units.points[units.find_all(items)].sum())


def test_what_is_asked_again_is_counted_once_and_where_it_was_answered(project: Project):
    first, second = project.rounds
    early, late = first.query.items[::2], second.query.items
    assert set(late) < set(first.query.items)
    one, two = steps_of(project)
    units = project.need_units()
    seconds = expected_seconds(units, {})
    for step, items in ((one, early), (two, (*early, *late))):
        assert step.costs["points"] == points_of(project, items)
        assert step.costs["units"] == len(items)
        assert step.costs["expected"] == pytest.approx(
            seconds[units.find_all(items)].sum(), abs=0.01
        )
    assert two.costs["points"] == counted(project, second).points
    both = asked(project, project.rounds)
    assert both.units == len(first.query.items)
    assert both.answered == len(early) + len(late)
    assert both.waiting == len(first.query.items) - both.answered
    assert both.classes.sum() == two.costs["points"]


def test_chosen_units_have_the_budget_of_their_branch(project: Project):
    """A new branch from the start has spent nothing, whatever other branches cost."""
    stand_at(project, "start")
    units = project.need_units()
    free = np.flatnonzero([units.name(n) not in project.answers.effective for n in range(100)])
    found = ask_these(project, Job(), free)
    assert found.parent is None
    assert found.query.budget["amount"] == project.rounds[0].query.budget["amount"]
