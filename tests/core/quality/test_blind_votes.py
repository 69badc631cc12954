"""Blind answers that differ: they are in dispute like others, and can be settled."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core import steps
from core.base.jobs import Job
from core.project.project import Project
from core.quality.agreement import agreements, blind_sample
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


def test_who_answers_blind_what_is_in_the_queue_is_compared_with_nobody(path: Path):
    """The answer of before counted no more: it was put back in the queue, and then once more."""
    with Project(path) as project:
        units = project.need_units()
        (name,) = units.names([2])
        scan = units.scans[units.scan[2]]
        for _ in range(2):
            project.answers.reopen(scan, name)
            give(project, 2, 9, blind=True)
        project.answers.reopen(scan, name)
        stood = [project.answers.fold.stood_for(head) for head in project.answers.fold.all()
                 if head.blind and head.unit == name]  # fmt: skip
        assert [(None if head is None else head.annotator, now) for head, now in stood[1:]] == [
            (None, False),
            (None, False),
        ]
        assert stood[0][0] is not None
        assert stood[0][0].annotator == "ann"


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


def test_what_was_settled_since_is_compared_with_what_counted_until_then(path: Path):
    """Whoever takes over what a colleague saw does not agree with them by that."""
    with Project(path) as project:
        before = {pair: (one.units, one.matrix) for pair, one in agreements(project).items()}
        assert before["bob", "ann"][1][2, 7] > 0
        reopen(project)
        for give_anew in (False, True):
            if give_anew:
                give(project, 1, 7)
                give(project, 3, 5)
            found = agreements(project)
            assert set(found) == set(before)
            for pair, (units, matrix) in before.items():
                assert found[pair].units == units
                np.testing.assert_array_equal(found[pair].matrix, matrix)


def test_of_several_blind_answers_to_a_unit_the_newest_is_compared(path: Path):
    with Project(path) as project:
        points = int(project.need_units().points[1])
        for found in (8, 2):
            give(project, 1, found, blind=True)
        one = agreements(project)["bob", "ann"]
        assert (one.units, one.matrix[2].sum(), one.matrix[2, 2]) == (3, points, points)
        project.answers.undo()
        assert agreements(project)["bob", "ann"].matrix[2, 8] == points


def test_the_labels_of_a_scan_are_read_once(path: Path, monkeypatch):
    read: list[str] = []
    labels = Project.labels
    with Project(path) as project:
        scans = project.need_units().scans
        for unit in range(4, 30):
            give(project, unit, 1)
            give(project, unit, 1, blind=True)
        monkeypatch.setattr(
            Project, "labels", lambda p, scan: (read.append(scan), labels(p, scan))[1]
        )
        assert agreements(project)["bob", "bob"].units == 26
        assert len(read) == len(set(read)) <= len(scans)
        assert blind_sample(project, 50) == [project.need_units().name(3)]


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
