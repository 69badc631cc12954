"""A mean teacher (docs/method.md, Training): the average of the student's weights over its steps,
which says classes of unlabelled points, in a view of its own, for the student to learn.

After Tarvainen & Valpola, arXiv 1703.01780. What it says is learnt and nobody's answer: no journal
knows it, and it is said anew in each step.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from core.base.errors import ProjectError
from core.base.settings import TrainSettings
from core.data.classes import IGNORED, UNLABELLED
from core.data.scans import Dataset
from core.rounds.training_set import TrainingSet
from models.networks import checkpoint
from models.sparse.layers import Levels
from models.training.batches import Weak

PREFIX = "teacher."
_MODEL = "model."
_OFF = "train.teacher_weight to 0"


class Teacher:
    """The average of `student`, whose place it shares; it begins as a copy.

    Weights and running means and variances are averaged alike, counts are copied; it always looks
    in evaluation mode.
    """

    def __init__(self, student: nn.Module, settings: TrainSettings) -> None:
        self.network = copy.deepcopy(student).eval().requires_grad_(False)
        self.settings = settings

    def weight(self, step: int) -> float:
        """What its words count in the step of number `step`, from 0 on: the sigmoid-shaped ramp
        exp(-5 (1 - t)^2) of Tarvainen & Valpola."""
        ramp = self.settings.teacher_ramp
        left = 1 - min(1.0, step / ramp) if ramp else 0.0
        return self.settings.teacher_weight * math.exp(-5 * left**2)

    @torch.no_grad()
    def says(self, weak: Weak, where: torch.device, *, mixed: bool, place: str) -> Tensor:
        """(V,) int64: for each voxel of the student's view the class of the weak view's voxel that
        it asks about, IGNORED where it asks about none or the teacher is not surer than the
        threshold. Raises ProjectError where what it says is no number."""
        target = torch.full_like(weak.asked, IGNORED, device=where)
        free = torch.nonzero(weak.asked >= 0).flatten().to(where)
        if not len(free):
            return target
        with torch.autocast(where.type, torch.float16, enabled=mixed):
            logits, _ = self.network(weak.features.to(where), Levels(weak.keys.to(where), 4))
        sure, said = torch.softmax(logits.float(), 1).max(1)
        if not bool(torch.isfinite(sure).all()):
            raise ProjectError(
                f"What the mean teacher says became no number in {place}.",
                f"Lower train.learning_rate, or set {_OFF}.",
            )
        mine = weak.asked.to(where)[free]
        target[free] = torch.where(
            sure[mine] > self.settings.teacher_threshold, said[mine], IGNORED
        )
        return target

    @torch.no_grad()
    def follow(self, student: nn.Module, steps: int) -> None:
        """Take in the student after `steps` steps, the last included: of itself it keeps the decay,
        at first 1 - 1 / (steps + 1), so that its beginning does not weigh on it."""
        keep = min(1 - 1 / (steps + 1), self.settings.teacher_decay)
        now = student.state_dict()
        for name, mean in self.network.state_dict().items():
            if mean.is_floating_point():
                mean.mul_(keep).add_(now[name], alpha=1 - keep)
            else:
                mean.copy_(now[name])

    def state(self) -> dict[str, Tensor]:
        """Its weights, as a training's state keeps them."""
        return {f"{PREFIX}{name}": t.cpu() for name, t in self.network.state_dict().items()}

    def load_state(self, tensors: Mapping[str, Tensor]) -> None:
        """Take up what `state` gave. Raises ProjectError where a weight is missing or no number."""
        mine = {
            f"{_MODEL}{name.removeprefix(PREFIX)}": tensor
            for name, tensor in tensors.items()
            if name.startswith(PREFIX)
        }
        if not all(bool(torch.isfinite(tensor).all()) for tensor in mine.values()):
            raise ProjectError(
                "The training that was interrupted cannot go on: a weight of its mean teacher is "
                "no number.",
                "Delete training.safetensors in the round's folder and train again.",
            )
        checkpoint.load_network(self.network, mine)


def about(settings: TrainSettings, start: str | None) -> dict[str, Any] | None:
    """What training.json says of the teacher: its settings and the hash `start` of the
    checkpoint that it began as, None where it began from nothing; None without a teacher."""
    if not settings.teacher_weight:
        return None
    return {
        "weight": settings.teacher_weight,
        "threshold": settings.teacher_threshold,
        "decay": settings.teacher_decay,
        "ramp": settings.teacher_ramp,
        "scans": settings.teacher_scans,
        "checkpoint": start,
    }


def check_state(tensors: Mapping[str, Tensor], settings: TrainSettings, state: Path) -> None:
    """Raise ProjectError where an interrupted training had a teacher and this one has none, or the
    other way about."""
    had = any(name.startswith(PREFIX) for name in tensors)
    if had and not settings.teacher_weight:
        raise ProjectError(
            "The training that was interrupted has a mean teacher, and train.teacher_weight is 0.",
            "Set train.teacher_weight to what training.json names to go on, or delete "
            f"{state} to train without one from the beginning.",
        )
    if settings.teacher_weight and not had:
        raise ProjectError(
            "The training that was interrupted has no mean teacher, and train.teacher_weight is "
            f"{settings.teacher_weight:g}.",
            f"Set {_OFF} to go on, or delete {state} to train with one from the beginning.",
        )


def check_free(training: TrainingSet, dataset: Dataset, settings: TrainSettings) -> None:
    """Raise ProjectError where there is no unlabelled point for a teacher to say something of."""
    if not settings.teacher_weight or (settings.teacher_scans and training.unlabelled):
        return
    for scan in training.scans:
        free = training.labels(scan) == UNLABELLED
        if free.any() and np.isfinite(dataset.scan(scan).points[free, :3]).all(axis=1).any():
            return
    if training.unlabelled:
        raise ProjectError(
            "The scans with an answer have no unlabelled point left for a mean teacher, and those "
            "without one are left out.",
            f"Set train.teacher_scans to 1 or more, or {_OFF}.",
        )
    raise ProjectError(
        "No unlabelled point is left for a mean teacher to say a class of.", f"Set {_OFF}."
    )
