"""What counts is read on one thread while somebody answers on another."""

from __future__ import annotations

from pathlib import Path

import pytest

from core import steps
from core.base.jobs import Job
from core.project.pool import seconds_of
from core.project.project import Project
from core.project.status import round_status
from core.quality.agreement import others_answered
from tests.meanwhile import answer_meanwhile
from tests.streets import give, small_project


@pytest.fixture
def project(tmp_path: Path, small_street: Path):
    with small_project(tmp_path / "p", small_street) as made:
        steps.prepare(made, Job(), workers=1)
        yield made


def test_seconds_are_of_the_answers_so_far(project: Project):
    units = project.need_units()
    give(project, 0, 1)
    answer_meanwhile(project, 0, 1)
    assert len(seconds_of(project, units)) == len(units)
    assert units.name(1) in project.answers.effective


def test_a_second_opinion_is_asked_for_while_somebody_answers(project: Project):
    give(project, 0, 1)
    answer_meanwhile(project, 0, 1)
    assert others_answered(project) == []
    assert project.need_units().name(1) in project.answers.effective


def test_a_round_is_told_of_while_an_answer_takes_the_place_of_another(project: Project):
    """For a moment nothing counts for the unit: whoever found it there finds nothing."""

    class Moving(dict):
        def __contains__(self, unit: object) -> bool:
            return super().pop(unit, None) is not None

    found = steps.ask(project, Job(), units=3)
    give(project, project.need_units().find(found.query.items[0]), 1, round=found.id)
    fold = project.answers.fold
    fold.effective = Moving(fold.effective)
    assert round_status(project, found)["asked"]["items"] == 3
