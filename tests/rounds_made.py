"""A project with rounds that were answered, measured and predicted, without a network."""

from __future__ import annotations

from pathlib import Path

from core import steps
from core.base.jobs import Job
from core.project.project import Project
from tests.experiments import learn
from tests.streets import asked_project, copied_project


def measured_project(path: Path, root: Path, *, rounds: int = 3, made: Path | None = None) -> Path:
    """A small project of so many rounds, each answered by the oracle and measured by predictions of
    chance (tests.experiments.learn); from `made`, a project that is asked, where there is one."""
    if made is None:
        asked_project(path, root)
    else:
        copied_project(made, path, root)
    with Project(path) as project:
        for number in range(rounds):
            if number:
                steps.ask(project, Job(), strategy="random")
            steps.annotate(project, Job(), oracle="per-point")
            learn(project, Job(), scored=True)
    return path
