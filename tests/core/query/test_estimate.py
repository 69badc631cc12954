"""What a query is said to ask before it is asked is what it then asks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core import steps
from core.answers.effort import Effort
from core.base.errors import ProjectError
from core.base.jobs import Job
from core.project.frozen import training_set
from core.project.pool import seconds_of
from core.project.project import Project
from core.query.why import REOPENED
from tests.commands import CommandLine
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
    assert found.scans == len({item.partition("#")[0] for item in query.items})
    assert found.strategy == query.strategy
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


def test_what_is_reopened_and_too_large_keeps_nothing_back(project: Project):
    """The largest unit of the first scan does not fit; the two smallest of the second, behind it in
    unit order, do."""
    units = project.need_units()
    first, second = (np.flatnonzero(units.scan == scan) for scan in (0, 1))
    large = first[units.costs[first].argmax()]
    small = np.sort(second[np.argsort(units.costs[second])[:2]])
    names = units.names([large, *small])
    steps.ask(project, Job(), percent="100%")
    answer_all(project, 2.0)
    training_set(project, project.tip)
    for name in names:
        project.answers.reopen(name.partition("#")[0], name)
    share = 100 * (units.costs[small].sum() + 1) / units.scan_returns.sum()
    assert units.costs[large] > units.costs[small].sum() + 1
    query = steps.ask(project, Job(), strategy="random", percent=f"{share:.6f}").query
    assert list(query.items) == names[1:]
    assert set(query.reason) == {REOPENED}


def test_an_estimate_fails_as_the_query_would(project: Project):
    steps.ask(project, Job(), units=3)
    for step in (steps.estimate, lambda made: steps.ask(made, Job())):
        with pytest.raises(ProjectError, match="unanswered items"):
            step(project)


def test_the_mix_is_guessed_by_the_network_then_by_answers_never_by_truth(project: Project):
    assert steps.estimate(project, units=5).mix is None
    steps.ask(project, Job(), strategy="random", units=40)
    answer_all(project, 2.0)
    training_set(project, project.tip)  # what is open goes back to the pool
    found = steps.estimate(project, strategy="random", units=9, after="start")
    assert found.mix is None  # before the first round nothing was answered
    found = steps.estimate(project, strategy="random", units=9)
    assert found.mix.source.startswith("as answers")
    table, units = np.zeros((4, len(project.classes))), project.need_units()
    for unit, head in project.answers.effective.items():
        for label, points in head.class_counts().items():
            if label < 200:
                table[units.partition[units.find(unit)], label] += points
    shares = [row / row.sum() if row.sum() else table.sum(0) / table.sum() for row in table]
    query = steps.ask(project, Job(), strategy="random", units=9).query
    asked = units.find_all(query.items)
    slow = sum(units.points[u] * shares[units.partition[u]] for u in asked)
    assert found.mix.shares == pytest.approx(slow / slow.sum())
    scored(project)
    found = steps.estimate(project, strategy="random", units=4)
    assert found.mix.source.startswith("as the network")
    assert len(found.mix.shares) == len(project.classes)
    assert found.mix.shares.sum() == pytest.approx(1)
    assert not found.mix.shares[4:].any()  # of four classes that it knows


def content(path: Path) -> dict[Path, bytes]:
    """All files of a project, save what SQLite keeps beside an open journal."""
    files = (file for file in path.rglob("*") if file.is_file())
    return {file: file.read_bytes() for file in files if ".sqlite-" not in file.name}


def test_a_dry_run_says_what_the_query_then_asks(
    project: Project, capsys: pytest.CaptureFixture[str]
):
    path = project.path
    project.close()
    line = CommandLine(capsys)
    before = content(path)
    said = line("query", path, "--units", 7, "--strategy", "random", "--dry-run")
    assert content(path) == before
    lines = said.out.splitlines()
    assert lines[0].startswith("random would ask 7 units, ")
    assert lines[1].startswith("time: about ")
    assert lines[2].startswith("classes: nobody knows yet")
    assert lines[3] == "Nothing was written."
    asked = line("query", path, "--units", 7, "--strategy", "random")
    assert asked.out.split()[3] == lines[0].split()[5]  # points
    again = line("query", path, "--units", 7, "--dry-run")
    assert (again.code, "still has 7 unanswered" in again.told) == (2, True)
    frames = line("query", path, "--task", "boxes", "--frames", 1, "--dry-run")
    assert frames.told.startswith("lidarloop: --dry-run is of queries of points")


def test_a_query_says_that_it_leaves_an_interrupted_training(project: Project):
    said: list[str] = []
    job = Job(lambda report: said.append(report.said) if report.said else None)
    steps.ask(project, job)
    answer_all(project, 1.0)
    first = project.tip
    training_set(project, first)
    steps.ask(project, job, strategy="random")
    (left,) = said
    assert left.startswith(f"The training of {first.id} has no result")
