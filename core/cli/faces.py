"""What the command line asks of the networks and of the window."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

from core.base.jobs import Job
from core.project.project import Project


class Network(Protocol):
    """What models.steps offers the command line."""

    def train(
        self,
        project: Project,
        job: Job,
        *,
        round: str | None = None,
        start: Path | None = None,
        gpus: int = 1,
        scored: bool = True,
    ) -> None: ...
    def score(
        self,
        project: Project,
        job: Job,
        *,
        round: str | None = None,
        workers: int = 1,
        cluster: str | None = None,
    ) -> None: ...
    def evaluate(self, project: Project, job: Job) -> dict[str, Any]: ...
    def backend(self) -> str: ...


class Detector(Protocol):
    """What models.box_steps offers the command line; each returns what it did in words."""

    def train_boxes(
        self, project: Project, job: Job, *, start: Path | None = None, scored: bool = True
    ) -> list[str]: ...
    def score_boxes(self, project: Project, job: Job) -> str: ...
    def evaluate_boxes(self, project: Project, job: Job) -> list[str]: ...
    def backend(self) -> str: ...


class Delivery(Protocol):
    """What models.box_deliver offers the command line."""

    def deliver_boxes(self, project: Project, job: Job) -> str: ...


class Window(Protocol):
    """What gui.app offers the command line."""

    def run(self, project: Path | None) -> int: ...
    def pictures(self, project: Path, out: Path) -> list[Path]: ...
    def display_problem(self) -> str | None: ...


class Faces(Protocol):
    """The parts that core must not import; main.py hands them in, loaded when first used."""

    @property
    def network(self) -> Network: ...
    @property
    def detector(self) -> Detector: ...
    @property
    def delivery(self) -> Delivery: ...
    @property
    def window(self) -> Window: ...
