"""A small training run on the small street."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from core.base.jobs import Job
from core.base.settings import TrainSettings, load_preset
from core.data.classes import ClassList, load_classes
from core.data.scans import Dataset, open_dataset
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
            intensity_scale=1.0,
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


@pytest.fixture
def bench(small_street: Path) -> Bench:
    dataset = open_dataset("semantickitti", small_street, ["00"], ["08"])
    classes = load_classes("semantickitti")
    settings = replace(
        load_preset("laptop").train,
        width=0.125,
        voxel_m=0.5,
        batch=2,
        first_epochs=3,
        epochs=2,
        threads=1,
    )
    return Bench(dataset, classes, settings, full_training(dataset, classes))
