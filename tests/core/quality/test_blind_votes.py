"""Blind answers that differ: they are in dispute like others, and can be settled."""

from __future__ import annotations

from pathlib import Path

import pytest

from core import steps
from core.base.jobs import Job
from core.project.project import Project
from core.quality.agreement import agreements
from core.quality.disagreements import disagreements, reopen
from core.quality.review import reviewed
from tests.streets import give, small_project


@pytest.fixture
def path(tmp_path: Path, small_street: Path, monkeypatch) -> Path:
    """Ann answered four units; Bob blindly the first three, one of them otherwise; Ann saw the
    fourth again and said something else."""
    monkeypatch.setenv("LIDARLOOP_ANNOTATOR", "ann")
    with small_project(tmp_path / "p", small_street) as project:
        steps.prepare(project, Job(), workers=1)
        for unit, found in enumerate((1, 2, 3, 4)):
            give(project, unit, found)
        give(project, 3, 5, blind=True)
    monkeypatch.setenv("LIDARLOOP_ANNOTATOR", "bob")
    with Project(tmp_path / "p") as project:
        for unit, found in enumerate((1, 7, 3)):
            give(project, unit, found, blind=True)
    return tmp_path / "p"


def test_blind_answers_that_differ_are_disagreements(path: Path):
    """They lowered kappa, and "annotators differ on 0 units"."""
    with Project(path) as project:
        names = project.need_units().names(range(4))
        assert {one.unit: one.classes for one in disagreements(project)} == {
            names[1]: {"ann": 2, "bob, blind": 7},
            names[3]: {"ann": 4, "ann, blind": 5},
        }
        assert agreements(project)["bob", "ann"].kappa < 1
        votes = {row.unit: row.others for row in reviewed(project) if row.others}
        assert votes == {names[1]: {"bob, blind": 7}, names[3]: {"ann, blind": 5}}


def test_they_go_back_in_the_queue_and_the_next_answer_settles_them(path: Path):
    with Project(path) as project:
        units = project.need_units()
        names = units.names(range(4))
        assert reopen(project) == 2
        assert disagreements(project) == []
        assert {names[1], names[3]}.isdisjoint(project.answers.effective)
        found = steps.ask(project, Job(), units=4)
        assert found.query.items[:2] == (names[1], names[3])
        give(project, 1, 7)
        give(project, 3, 4)
        assert disagreements(project) == []
        assert {row.unit: row.others for row in reviewed(project)} == {name: {} for name in names}


def test_a_blind_answer_that_was_taken_back_is_no_vote(path: Path):
    with Project(path) as project:
        before = len(disagreements(project))
        project.answers.undo()  # of the third unit, on which they agree
        assert len(disagreements(project)) == before
        project.answers.undo()
        assert len(disagreements(project)) == before - 1
        project.answers.redo()
        assert len(disagreements(project)) == before


def test_a_blind_answer_to_what_nobody_answers_for_is_in_no_dispute(path: Path, monkeypatch):
    monkeypatch.setenv("LIDARLOOP_ANNOTATOR", "ann")
    with Project(path) as project:
        for _ in range(5):
            project.answers.undo()
        assert project.answers.effective == {}
        assert disagreements(project) == []
