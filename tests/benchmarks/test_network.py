"""Networks on a real scan at 0.1 m, one thread: against a plain convolution, and its parts."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from core.base.jobs import Job, Progress
from core.base.settings import load_preset
from core.data.classes import load_classes
from core.data.opening import open_dataset
from models.networks import make_network
from models.networks.voxels import Voxels, voxelise
from models.sparse import layers
from models.sparse.kernel_map import neighbours, submanifold_map
from models.sparse.layers import Levels
from models.sparse.points import devoxelise, mix
from models.training.train import train
from tests.benchmarks import plain
from tests.benchmarks.measures import PEAK_MB, numbers, ratio
from tests.benchmarks.steps import stepper
from tests.models.bench import full_training
from tests.models.sparse.spconv_reference import spconv_conv

VOXEL_M = 0.1


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def points(semantickitti: Path) -> np.ndarray:
    dataset = open_dataset("semantickitti", semantickitti, ["00"], [])
    return dataset.scan(dataset.train[0]).points


@pytest.fixture(scope="module")
def voxels(points: np.ndarray) -> Voxels:
    return voxelise(points, VOXEL_M)


@pytest.mark.parametrize(("width", "least"), [(0.25, 2.5), (0.5, 2.2)])
def test_a_training_step(voxels: Voxels, width: float, least: float, report):
    ours, theirs = stepper(voxels, width, None), stepper(voxels, width, plain.plain_conv)
    found = 1 / ratio(ours, theirs, runs=5)
    report(f"plain / our training step, width {width}", found, f"≥ {least}")
    assert found >= least


@pytest.mark.parametrize(("width", "most"), [(0.25, 1.75), (0.5, 1.5)])
def test_a_step_over_its_products(voxels: Voxels, width: float, most: float, report):
    ours, least = stepper(voxels, width, None), stepper(voxels, width, plain.products_only)
    found = ratio(ours, least, runs=5)
    report(f"our step / its products and elementwise parts, width {width}", found, f"≤ {most}")
    assert found <= most


def forward(voxels: Voxels, conv: Callable) -> Callable[[], None]:
    """A forward pass in evaluation mode, the maps ready, by `conv`."""
    network = make_network("minkunet", classes=19, width=0.25).eval()
    levels = Levels(voxels.keys, 4)

    def run() -> None:
        kept, layers.conv = layers.conv, conv
        try:
            with torch.inference_mode():
                network(voxels.features, levels)
        finally:
            layers.conv = kept

    run()
    return run


def test_a_forward_pass(voxels: Voxels, report):
    ours, theirs = forward(voxels, layers.conv), forward(voxels, plain.plain_conv)
    found = 1 / ratio(ours, theirs, runs=9)
    report("plain / our forward pass, width 0.25", found, "≥ 2.1")
    assert found >= 2.1


def test_a_forward_pass_beside_spconv(voxels: Voxels, report):
    """Its wheel for CPUs has no backward pass."""
    pytest.importorskip("spconv", reason="make setup installs it on x86-64 Linux")
    found = 1 / ratio(forward(voxels, layers.conv), forward(voxels, spconv_conv), runs=5)
    report("spconv's CPU wheel (pairs cached) / our forward pass, width 0.25", found, "≥ 1")
    assert found >= 1


def test_maps(voxels: Voxels, report):
    keys = voxels.keys
    found = 1 / ratio(lambda: neighbours(keys), lambda: plain.searched_map(keys), runs=9)
    report("27 unsorted searches / our pairs of stride 1", found, "≥ 8")
    whole = 1 / ratio(lambda: submanifold_map(keys), lambda: plain.searched_map(keys), runs=9)
    report("27 unsorted searches / our pairs and sum indices of stride 1", whole, "-")
    step = stepper(voxels, 0.25, None)
    share = ratio(lambda: Levels(keys, 4), step, runs=7)
    report("maps of all five levels / a training step, width 0.25", share, "≤ 0.15")
    assert found >= 8
    assert share <= 0.15


def test_voxelising(points: np.ndarray, report):
    cells = np.floor(points[:, :3] / np.float32(VOXEL_M)).astype(np.int64)

    def reference() -> None:
        np.unique(cells, axis=0, return_index=True, return_inverse=True)

    found = 1 / ratio(lambda: voxelise(points, VOXEL_M), reference, runs=9)
    report("np.unique / our voxelising", found, "≥ 10")
    assert found >= 10


def test_devoxelising(points: np.ndarray, report):
    fine = voxelise(points, 0.2)
    levels = Levels(fine.keys, 4)
    coarse = levels.keys[4]
    x = torch.randn(len(coarse), 64, requires_grad=True)
    mixture = devoxelise(fine.keys, coarse, 4)
    rows, weight = plain.gathered_devoxelise(x, fine.keys, coarse, 4)
    pull = torch.randn(len(fine.keys), 64)

    def ours() -> None:
        for _ in range(5):
            mix(x, mixture).backward(pull)

    def theirs() -> None:
        for _ in range(5):
            (x[rows] * weight[..., None]).sum(1).backward(pull)

    torch.testing.assert_close(
        mix(x, mixture), (x[rows] * weight[..., None]).sum(1), rtol=1e-4, atol=1e-5
    )
    found = 1 / ratio(ours, theirs, runs=5)
    report("gather-multiply-sum / our devoxelising, forward and backward", found, "≥ 15")
    assert found >= 15


def test_spvcnn_over_minkunet(voxels: Voxels, report):
    found = ratio(stepper(voxels, 0.25, None, "spvcnn"), stepper(voxels, 0.25, None), runs=5)
    report("SPVCNN / MinkUNet training step, width 0.25", found, "≤ 1.5")
    assert found <= 1.5


def test_peak_memory(semantickitti: Path, report):
    code = """
import sys, torch
from pathlib import Path
from core.data.classes import load_classes
from core.base.jobs import Job, Progress
from core.data.opening import open_dataset
from core.base.settings import load_preset
from models.sparse import layers
from models.networks.voxels import voxelise
from tests.benchmarks import plain
from tests.benchmarks.steps import stepper
torch.set_num_threads(1)
dataset = open_dataset("semantickitti", Path(sys.argv[1]), ["00"], [])
voxels = voxelise(dataset.scan(dataset.train[0]).points, 0.1)
text = open("/proc/self/status").read()
print(int(text.partition("VmHWM:")[2].split()[0]) / 1024)
step = stepper(voxels, 0.25, plain.plain_conv if sys.argv[2] == "plain" else None)
step()
"""
    above = {}
    for kind in ("ours", "plain"):
        base, peak = numbers(f"{code}{PEAK_MB}", semantickitti, kind)
        above[kind] = peak - base
    found = above["ours"] / above["plain"]
    report("our peak memory above base / plain, width 0.25", found, "≤ 0.4")
    assert found <= 0.4


def test_time_left(semantickitti: Path, tmp_path: Path, report):
    """Of eight scans, five epochs: the error of the time left, from the tenth step on."""
    told: list[tuple[float, Progress]] = []
    dataset = open_dataset("semantickitti", semantickitti, ["00", "01"], [])
    classes = load_classes("semantickitti")
    settings = replace(load_preset("laptop").train, voxel_m=0.3, first_epochs=5, threads=1)
    train(
        full_training(dataset, classes),
        dataset,
        classes,
        settings,
        out=tmp_path / "c.safetensors",
        start=None,
        seed=1,
        job=Job(lambda report: told.append((time.monotonic(), report)), interval_s=0.0),
    )
    steps = [(when, r) for when, r in told if r.text == "train" and not r.said]
    end, total = steps[-1][0], steps[-1][1].total
    assert total == 40
    shown = [(when, r) for when, r in steps if 10 <= r.done <= 0.9 * total]
    worst = max(abs(r.seconds_left - (end - when)) / (end - when) for when, r in shown)
    report("error of the time left, steps 10 to 36 of 40, worst", worst, "≤ 0.2")
    said = next(r.said for _, r in told if r.said)
    seconds = float(said.split("of ")[1].split(" s")[0]) * total
    estimated = seconds / (end - steps[0][0])
    report("estimated / real time of training", estimated, "0.8 to 1.25")
    assert worst <= 0.2
    assert 0.8 <= estimated <= 1.25
