"""PillarCenter on real frames, the part in the picture, one thread: steps against bare modules."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from core.boxes.scene import CAMERA, Scenes
from models.boxes.detector import look
from models.boxes.fit import _Run
from models.boxes.learner import Learner
from models.boxes.pillars import pillars
from models.machine import half_of
from tests.benchmarks.measures import cpu_seconds, ratio
from tests.models.boxes.made import setup
from tests.models.boxes.real import SMALL, labelled, object_frames

GRID = SMALL.grid(ring=False, height_m=1.73)


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> _Run:
    """A training as fit begins one: real frames, with objects set in them."""
    how = setup(size=SMALL, grid=GRID, view=CAMERA)
    about = how.about(1000, 1, "")
    torch.manual_seed(0)
    learner = Learner(about.network(), how.learning_rate, mixed=False)
    samples = labelled(object_frames(), 0)
    out: Path = tmp_path_factory.mktemp("run") / "c.safetensors"
    return _Run(learner, samples, how, about, out)


def test_a_step_of_a_detector(run: _Run, report):
    batch, network = run.batch(0), run.learner.network
    numbers = iter(range(10**6))

    def ours() -> None:
        step = next(numbers)
        run.learner.learn(run.batch(step), step, 1000)

    def bare() -> None:
        maps = network(batch.seen)
        loss = maps.heat.square().mean() + maps.beside.square().mean()
        run.learner.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        run.learner.optimiser.step()

    ours(), bare()
    found = ratio(ours, bare, runs=7)
    report(
        "a step of PillarCenter-S, samples and targets included / its bare modules", found, "≤ 1.5"
    )
    report("its CPU seconds, 2 frames", cpu_seconds(ours), "-")
    made = ratio(lambda: run.batch(next(numbers)), bare, runs=7)
    report("making its samples and targets / the bare modules", made, "≤ 0.1")
    assert found <= 1.5


def test_half_precision(run: _Run, report):
    if half_of(torch.device("cpu")) is None:
        pytest.skip("this CPU is made for no half precision")
    learners = [Learner(run.about().network(), 1e-3, mixed=mixed) for mixed in (True, False)]
    batch = run.batch(0)
    half, single = (lambda one=one: one.learn(batch, 0, 1000) for one in learners)
    half(), single()
    found = ratio(half, single, runs=7)
    report("a step of PillarCenter-S in half precision / in single", found, "≤ 0.8")
    assert found <= 0.8


@torch.inference_mode()
def test_a_prediction(run: _Run, report):
    dataset = object_frames()
    points = Scenes(dataset, CAMERA).read(dataset.train[0])
    network = run.learner.network.eval()
    seen = pillars([points], GRID)

    def ours() -> None:
        look(network, [points], fit=True)

    def bare() -> None:
        network(seen)

    ours(), bare()
    found = ratio(ours, bare, runs=9)
    network.train()
    report(
        "a frame predicted by PillarCenter-S, boxes and features / its bare modules", found, "≤ 1.5"
    )
    report("its CPU seconds", cpu_seconds(ours), "-")
    assert found <= 1.5
