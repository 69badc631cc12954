"""What an experiment asks of the networks, handed in by whoever may load them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from core.base.jobs import Job
from core.project.project import Project


class Train(Protocol):
    """models.steps.train, or that of boxes: train the newest round, score its units or frames if
    `scored`, and evaluate."""

    def __call__(self, project: Project, job: Job, *, scored: bool) -> object: ...


@dataclass(frozen=True)
class Learning:
    """Functions of models, which other processes find by their names. `deliver` trains the final
    detector of boxes; of points nothing is delivered, and it is None."""

    train: Train
    evaluate: Callable[[Project, Job], Any]
    backend: Callable[[], str]
    deliver: Callable[[Project, Job], Any] | None = None
