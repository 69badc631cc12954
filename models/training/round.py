"""The training of one round, in this process or as one of a group."""

from __future__ import annotations

import hashlib
from pathlib import Path

from core.base.jobs import Job
from core.project.frozen import training_set
from core.project.project import Project
from core.project.pseudo import with_pseudo
from core.rounds.round import Round
from models.training.train import train as run


def train_round(project: Project, found: Round, start: Path | None, job: Job) -> None:
    """Train a round to its checkpoint, in this process or as one of a group.

    It begins from `start`, else from its nearest trained ancestor; by `from_scratch` from nothing.
    """
    line = [] if project.settings.train.from_scratch else project.branch(found)[:-1]
    parent = next((r.checkpoint for r in reversed(line) if r.checkpoint.exists()), None)
    run(
        with_pseudo(project, training_set(project, found)),
        project.dataset,
        project.classes,
        project.settings.train,
        out=found.checkpoint,
        start=start or parent,
        seed=_seed(project.seed, found),
        job=job,
    )


def _seed(seed: int, found: Round) -> int:
    """The round's own seed, of the project's seed and the round's number."""
    digest = hashlib.blake2b(f"{seed}|{found.number}".encode(), digest_size=6).digest()
    return int.from_bytes(digest, "big")
