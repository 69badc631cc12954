"""What a query is said to ask before it is asked is what it then asks."""

from __future__ import annotations

from pathlib import Path

import pytest

from core import steps
from core.answers.effort import Effort
from core.base.errors import ProjectError
from core.base.jobs import Job
from core.project.pool import seconds_of
from core.project.project import Project
from tests.streets import scored, small_project

# Each way of choosing once; the contract of all is held elsewhere.
NAMES = [None, "basal", "random", "rand-scans", "redal", "few-scans x size x coreset"]
BUDGETS = [{}, {"percent": "7%"}, {"units": 11}, {"minutes": 1.5}]


@pytest.fixture
def project(tmp_path: Path, small_street: Path):
    with small_project(tmp_path / "p", small_street) as made:
        steps.prepare(made, Job(), workers=1)
        yield made


def answer_all(project: Project, seconds: float) -> None:
    """Answer the open query as a person would who takes `seconds` a unit."""
    units = project.need_units()
    for item in project.open_items(project.open_round):
        number = units.find(item)
        scan = units.scans[units.scan[number]]
        rows = (project.rows(scan) == number - units.range_of(scan).start).nonzero()[0]
        truth = project.dataset.ground_truth(scan, project.classes)
        project.answers.answer(
            project.scan_ref(scan), rows, truth[rows], round=project.open_round.id, unit=item,
            effort=Effort(active_s=seconds, tool="key"),
        )  # fmt: skip


def same(project: Project, options: dict, *, timed: bool) -> None:
    """Estimate, ask, compare."""
    before = sorted(project.path.rglob("*"))
    found = steps.estimate(project, **options)
    assert sorted(project.path.rglob("*")) == before
    seconds = seconds_of(project, project.need_units())
    query = steps.ask(project, Job(), **options).query
    assert (found.units, found.points) == (len(query.items), int(query.cost.sum()))
    numbers = project.need_units().find_all(query.items)
    assert found.seconds == pytest.approx(seconds[numbers].sum())
    if "minutes" in options:
        assert found.seconds <= options["minutes"] * 60 + 0.01 * len(query.items)
    assert found.timed is timed


@pytest.mark.parametrize("options", BUDGETS, ids=str)
@pytest.mark.parametrize("strategy", NAMES)
def test_a_first_query_asks_what_was_said(project: Project, strategy: str | None, options: dict):
    same(project, {"strategy": strategy, **options}, timed=False)


@pytest.mark.parametrize("options", BUDGETS, ids=str)
@pytest.mark.parametrize("strategy", NAMES)
def test_a_later_query_asks_what_was_said(project: Project, strategy: str | None, options: dict):
    """After a round answered in 2 s a unit, with a unit that waits to be asked again."""
    first = steps.ask(project, Job(), percent="10%").query.items
    steps.prepare(project, Job(), workers=1, curvature=strategy == "redal")
    answer_all(project, 2.0)
    scored(project)
    project.answers.reopen(first[0].partition("#")[0], first[0])
    same(project, {"strategy": strategy, **options}, timed=True)


def test_an_estimate_fails_as_the_query_would(project: Project):
    steps.ask(project, Job(), units=3)
    for step in (steps.estimate, lambda made: steps.ask(made, Job())):
        with pytest.raises(ProjectError, match="unanswered items"):
            step(project)
