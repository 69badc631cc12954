"""What fits a machine without a GPU, and what is said of one that does not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.base import machine
from core.base.settings import PRESETS, load_preset


def test_cuda_that_hides_every_gpu_hides_it_here_too(monkeypatch):
    monkeypatch.setattr(machine.sys, "platform", "win32")
    monkeypatch.setattr(machine.shutil, "which", lambda name: f"C:\\{name}")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert machine.has_gpu()
    for hidden in ("", "-1"):
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", hidden)
        assert not machine.has_gpu()
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    monkeypatch.setattr(machine.shutil, "which", lambda name: None)
    assert not machine.has_gpu()


@pytest.mark.parametrize("gpu", [True, False])
def test_the_usual_preset_always_fits(gpu: bool, monkeypatch):
    monkeypatch.setattr(machine, "has_gpu", lambda: gpu)
    for format in ("semantickitti", "nuscenes", "folder"):
        name = machine.usual_preset(format)
        assert machine.too_much(load_preset(name).train) is None
        fine = load_preset(name).prepare
        # Own values of nuScenes hold on any machine: its intensities are 0 to 255.
        assert fine.intensity_scale == (255 if format == "nuscenes" else 1)


def test_without_a_gpu_the_large_presets_are_said_to_need_one(monkeypatch):
    monkeypatch.setattr(machine, "has_gpu", lambda: False)
    said = {name: machine.too_much(load_preset(name).train) for name in PRESETS}
    assert [name for name, why in said.items() if why is None] == ["laptop", "nuscenes-laptop"]
    assert "26 GB of memory" in said["paper"]
    assert "4 min" in said["paper"]
    small = replace(load_preset("laptop").train, batch=10_000)
    assert machine.too_much(small) is not None


def test_the_estimate_of_memory_is_that_by_which_training_refuses():
    """18 scans of SemanticKITTI hold 92,000 voxels of 5 cm on average (docs/benchmarks.md)."""
    paper = load_preset("paper").train
    assert 0.155 * paper.voxel_m**-0.5 * 123_871 == pytest.approx(92_317, rel=0.1)
    assert 0.155 * 0.1**-0.5 * 123_871 == pytest.approx(61_811, rel=0.1)
