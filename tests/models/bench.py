"""A small training run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.base.jobs import Job
from core.base.settings import TrainSettings
from core.data.classes import ClassList
from core.data.scans import Dataset
from core.rounds.training_set import TrainingSet
from models.training.train import train


@dataclass(frozen=True)
class Bench:
    """What one training run needs; `go` runs it."""

    dataset: Dataset
    classes: ClassList
    settings: TrainSettings
    training: TrainingSet

    def go(self, out: Path, job: Job | None = None, *, start: Path | None = None, seed: int = 7):
        train(
            self.training,
            self.dataset,
            self.classes,
            self.settings,
            out=out,
            start=start,
            seed=seed,
            job=job or Job(),
        )


def full_training(dataset: Dataset, classes: ClassList) -> TrainingSet:
    """All points of all training scans, from ground truth."""

    def labels(scan: str) -> np.ndarray:
        truth = dataset.ground_truth(scan, classes)
        assert truth is not None
        return truth

    return TrainingSet(dataset.train, (), {"tester": 1}, ("001-size",), labels)
