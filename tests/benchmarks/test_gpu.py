"""On a GPU: seconds and memory of a step of each backend, width 1, 0.05 m, batch 10; two rounds."""

from __future__ import annotations

import importlib
import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from core.base.settings import load_preset
from core.data.classes import load_classes
from core.data.opening import open_dataset
from models.networks import make_network
from models.sparse import backends, layers
from models.sparse.layers import Levels
from models.training.batches import batches
from models.training.learner import Learner
from tests.models.bench import full_training

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")


@pytest.fixture(scope="module")
def case(semantickitti: Path):
    """Settings, classes and one batch of ten scans."""
    dataset = open_dataset("semantickitti", semantickitti, ["00", "01", "02"], [])
    classes = load_classes("semantickitti")
    settings = replace(load_preset("paper").train, batch=10)
    training = full_training(dataset, classes)
    batch = next(batches(training, dataset, settings, seed=1, epoch=0))
    return settings, classes, batch


def convolution(name: str):
    if name == "torch":
        return backends.torch_backend.conv
    try:
        return importlib.import_module(f"models.sparse.{name}_backend").conv
    except Exception as error:
        pytest.skip(f"{name} cannot be used here: {error}")


def timed(name: str, mixed: bool, case, monkeypatch) -> tuple[float, float]:
    """Seconds of a training step, and its peak memory in GB."""
    settings, classes, batch = case
    found = convolution(name)
    monkeypatch.setattr(backends, "choose", lambda _: backends.Backend(name, found))
    torch.manual_seed(0)
    network = make_network("minkunet", classes=len(classes), width=settings.width)
    learner = Learner(network, replace(settings, mixed=mixed), len(classes))
    for _ in range(3):
        learner.learn(batch, "warm-up")
    torch.cuda.synchronize()
    torch.cuda.reset_peak_memory_stats()
    began = time.perf_counter()
    for _ in range(10):
        learner.learn(batch, "timed")
    torch.cuda.synchronize()
    seconds = (time.perf_counter() - began) / 10
    return seconds, torch.cuda.max_memory_allocated() / 1e9


@pytest.mark.parametrize("mixed", [False, True])
@pytest.mark.parametrize("name", ["torch", *backends.FASTER])
def test_a_training_step(name: str, mixed: bool, case, report, monkeypatch):
    seconds, peak = timed(name, mixed, case, monkeypatch)
    plain, _ = timed("torch", mixed, case, monkeypatch)
    kind = "half" if mixed else "single"
    report(f"seconds of a step, {name}, {kind} precision", seconds, "-")
    report(f"its peak memory, GB, {name}, {kind} precision", peak, "-")
    report(f"a step of {name} / of plain torch, {kind} precision", seconds / plain, "≤ 1.1")
    assert seconds <= 1.1 * plain


@torch.inference_mode()
@pytest.mark.parametrize("name", backends.FASTER)
def test_whole_networks_agree(name: str, case, report, monkeypatch):
    settings, classes, batch = case
    found = convolution(name)
    torch.manual_seed(0)
    network = make_network("minkunet", classes=len(classes), width=settings.width).cuda().eval()
    levels = Levels(batch.keys.cuda(), 4)
    monkeypatch.setattr(layers, "conv", backends.torch_backend.conv)
    wanted, _ = network(batch.features.cuda(), levels)
    monkeypatch.setattr(layers, "conv", found)
    other, _ = network(batch.features.cuda(), levels)
    error = float((other - wanted).norm() / wanted.norm())
    report(f"‖{name} - torch‖ / ‖torch‖, whole network", error, "≤ 1e-5")
    assert error <= 1e-5
