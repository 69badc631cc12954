"""What a step with a mean teacher costs against one without, batch included, on real scans."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import count
from pathlib import Path

import numpy as np
import pytest
import torch

from core.base.settings import load_preset
from core.data.classes import UNLABELLED, load_classes
from core.data.opening import open_dataset
from core.rounds.training_set import TrainingSet
from models.networks import make_network
from models.sparse import release_buffers
from models.training.batches import batches
from models.training.learner import Learner
from tests.benchmarks.measures import ratio


def stepper(root: Path, **values: float) -> Callable[[], None]:
    """A step of the preset laptop on a scan, a hundredth of whose points have a class."""
    dataset = open_dataset("semantickitti", root, ["00"], [])
    classes = load_classes("semantickitti")
    settings = replace(load_preset("laptop").train, **values)

    def labels(scan: str) -> np.ndarray:
        truth = dataset.ground_truth(scan, classes)
        assert truth is not None
        return np.where(np.arange(len(truth)) % 100 == 0, truth, UNLABELLED).astype(np.uint8)

    names = dataset.train
    training = TrainingSet(names[:1], names[1:2], {}, (), labels)
    network = make_network(settings.network, classes=len(classes), width=settings.width)
    learner = Learner(network, settings, len(classes))
    epochs = count()

    def step() -> None:
        (batch,) = batches(training, dataset, settings, seed=1, epoch=next(epochs))
        assert learner.learn(batch, "a step", step=10**6) is not None

    step()
    return step


@pytest.mark.parametrize(("scans", "most"), [(0, 1.8), (1, 3.6)])
def test_a_step_with_a_mean_teacher(semantickitti: Path, report, scans: int, most: float):
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        # Surest of anything, so that the loss of pseudo-labels is there to be computed.
        on = stepper(semantickitti, teacher_weight=1.0, teacher_threshold=0.0, teacher_scans=scans)
        found = ratio(on, stepper(semantickitti), runs=5)
    finally:
        torch.set_num_threads(before)
        release_buffers()
    report(
        f"a step with a mean teacher, {scans} scans without an answer / without", found, str(most)
    )
    assert found <= most
