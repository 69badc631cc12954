"""Of two rounds that a real network was trained in: what is deleted is made again, bit for bit."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from core import steps
from core.base.errors import ProjectError
from core.base.jobs import Job
from core.cli import verbs
from core.project.caches import caches
from core.project.project import Project
from models import steps as network
from tests.streets import small_project


class Faces:
    network = network


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.mark.slow
def test_a_round_that_is_scored_frees_what_its_parent_took(tmp_path: Path, small_street: Path):
    said: list[str] = []
    job = Job(lambda report: said.append(report.said))
    with small_project(tmp_path / "p", small_street, **{"query.fraction": "0.1"}) as project:
        steps.prepare(project, Job(), workers=1)
        before: dict[str, bytes] = {}
        for _ in range(2):
            steps.ask(project, Job())
            steps.annotate(project, Job(), oracle="per-point")
            network.train(project, job)
            before = before or contents(project.predictions(project.rounds[0]))
        first, second = project.rounds
        assert len(before) == 4
        assert not project.predictions(first).exists()
        told = [line for line in said if "makes them again" in line]
        assert len(told) == 1
        assert f"lidarloop score --round {first.folder}" in told[0]
        scores, newest = contents(first.file("scores")), contents(project.predictions(second))
    assert verbs.run(["score", "--round", str(first.folder)], Faces()) == 0
    with Project(tmp_path / "p") as project:
        first, second = project.rounds
        assert contents(project.predictions(first)) == before
        assert contents(first.file("scores")) == scores
        assert contents(project.predictions(second)) == newest
        assert project.last_scored() == second
        # Of a network that does not fit any more they could not be made again: they stay.
        file = first.checkpoint.read_bytes()
        first.checkpoint.write_bytes(file[:-100])
        network.score(project, Job())
        assert [row["round"] for row in caches(project)["kept"]] == [first.id, second.id]
        first.checkpoint.write_bytes(file)
        network.score(project, Job())
        assert [row["round"] for row in caches(project)["kept"]] == [second.id]
        shutil.rmtree(project.predictions(second))
        network.score(project, Job())
        assert contents(project.predictions(second)) == newest
        first.checkpoint.unlink()
        with pytest.raises(ProjectError, match="001-size is not trained"):
            network.score(project, Job(), round=first.id)


@pytest.mark.parametrize("words", [[], ["p", "--round", "q"], ["--round", "nowhere"]])
def test_score_needs_a_project_or_a_round(words: list[str], tmp_path: Path, capsys):
    assert verbs.run(["score", *words], Faces()) == 2
    assert "Traceback" not in capsys.readouterr().err
