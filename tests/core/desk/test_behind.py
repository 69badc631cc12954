"""Units behind a mark, and a query of those that a person chose, against literal lists."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.base.errors import ProjectError
from core.base.jobs import Job
from core.desk import behind
from core.desk.ask_these import REASON, STRATEGY, ask_these
from core.desk.class_parts import ANSWERS, TRUTH, class_parts
from core.prepare.units import CLUSTER
from core.project.project import Project
from core.rounds.round import read_rounds
from tests.rounds_made import measured_project
from tests.streets import small_street_at


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("behind")
    small_street_at(base / "scans")
    return measured_project(base / "project", base / "scans", rounds=2)


def test_units_behind_marks_are_those_of_a_list(measured: Path):
    with Project(measured, read_only=True) as project:
        units, rounds = project.need_units(), project.rounds
        every = range(len(units))
        size = int(units.size[0])
        wanted = [u for u in every if units.kind[u] == CLUSTER and units.size[u] == size]
        assert behind.of_size(project, size).tolist() == wanted
        asked = {units.find(item) for one in rounds for item in one.query.items}
        assert behind.of_rounds(project, rounds).tolist() == sorted(asked)
        scan = units.scans[1]
        wanted = [u for u in every if units.name(u).startswith(f"{scan}#")]
        assert behind.of_scan(project, scan).tolist() == wanted


@pytest.mark.parametrize("source", [TRUTH, ANSWERS])
def test_units_that_hold_a_class_are_those_of_a_loop(measured: Path, source: str):
    with Project(measured, read_only=True) as project:
        found, units = class_parts(project, source, Job()), project.need_units()
        for label in (0, 8, 17):
            wanted = []
            for scan in units.scans:
                labels = (
                    project.dataset.ground_truth(scan, project.classes)
                    if source == TRUTH
                    else project.labels(scan)
                )
                rows = project.rows(scan)
                for number, unit in enumerate(units.range_of(scan)):
                    if (labels[rows == number] == label).any():
                        wanted.append(unit)
            assert found.units_with(label).tolist() == wanted


def test_a_query_of_chosen_units_keeps_to_those_that_are_free(measured: Path):
    with Project(measured) as project:
        units, answered = project.need_units(), set(project.answers.effective)
        chosen = np.arange(0, len(units), 2)
        free = {units.name(int(u)) for u in chosen} - answered
        found = ask_these(project, Job(), chosen)
        assert set(found.query.items) <= free
        assert len(set(found.query.items)) == len(found.query.items) > 0
        left = free - set(found.query.items)
        spent = sum(int(units.points[units.find(item)]) for item in found.query.items)
        amount = found.query.budget["amount"]
        assert spent <= amount
        assert all(spent + int(units.points[units.find(item)]) > amount for item in left)
        assert found.query.strategy == STRATEGY
        assert set(found.query.reason) == {REASON}
        assert read_rounds(project.path / "rounds")[-1].query.items == found.query.items
        with pytest.raises(ProjectError, match="still has"):
            ask_these(project, Job(), chosen)


def test_nothing_free_is_said(measured: Path):
    with Project(measured, read_only=True) as project:
        project.rounds = project.rounds[:2]
        answered = behind.of_rounds(project, project.rounds)
        with pytest.raises(ProjectError, match="None of the chosen units is free"):
            ask_these(project, Job(), answered)
