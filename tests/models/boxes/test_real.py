"""PillarCenter on real KITTI frames: what it must be able to learn, and what little data gives."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.boxes.scene import CAMERA, Scenes
from core.quality.box_metrics import told
from models.boxes.detector import Detector
from tests.models.boxes.made import trained
from tests.models.boxes.real import (
    CORNER,
    HALF,
    NEAR,
    SMALL,
    TwoFrames,
    drive,
    frames_of,
    judge,
    labelled,
    object_frames,
)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1])
def test_a_corner_of_two_frames_is_learnt_by_a_half_network(seed: int, tmp_path: Path):
    samples = TwoFrames(CORNER)
    out = trained(
        tmp_path / "c.safetensors",
        steps=300,
        samples=samples,
        size=HALF,
        grid=CORNER,
        view=CAMERA,
        augment=False,
        seed=seed,
    )
    found = judge(Detector.load(out, fit=True, threads=1), samples.frames)
    print("\n".join(told(found)))
    for name in ("car", "pedestrian", "cyclist"):
        assert found["classes"][name]["strict"] >= 0.9


def test_thirty_steps_halve_the_loss_of_a_corner_of_two_frames(tmp_path: Path):
    import json

    from models.boxes.fit import log_of

    out = trained(
        tmp_path / "c.safetensors",
        steps=24,
        samples=TwoFrames(CORNER),
        size=HALF,
        grid=CORNER,
        view=CAMERA,
        augment=False,
    )
    losses = [row["loss"] for row in json.loads(log_of(out).read_text())["steps"]]
    assert sum(losses[-4:]) < sum(losses[:4]) / 2


@pytest.mark.slow
def test_two_whole_frames_are_learnt_in_300_steps(tmp_path: Path):
    grid = SMALL.grid(ring=False, height_m=1.73)
    samples = TwoFrames(grid)
    out = trained(
        tmp_path / "c.safetensors",
        steps=300,
        samples=samples,
        size=SMALL,
        grid=grid,
        view=CAMERA,
        augment=False,
    )
    found = judge(Detector.load(out, fit=True, threads=1), samples.frames)
    print("\n".join(told(found)))
    for name in ("car", "pedestrian", "cyclist"):
        assert found["classes"][name]["strict"] >= 0.85


@pytest.mark.slow
def test_twenty_frames_tell_cars_in_a_drive(tmp_path: Path):
    """Boxes within 46 m in every tenth frame of a drive that none of the twenty is of. Pedestrians
    (2 objects) and cyclists (one, seen 15 times) are told, not asserted."""
    out = trained(
        tmp_path / "c.safetensors",
        steps=1500,
        samples=labelled(object_frames(), NEAR, 0),
        size=SMALL,
        grid=NEAR,
        view=CAMERA,
        seed=0,
    )
    dataset = drive()
    read = Scenes(dataset, CAMERA).read
    frames = [(f, read(f.scan)) for f in frames_of(dataset, dataset.train[4::10], NEAR)]
    found = judge(Detector.load(out, fit=True, threads=1), frames, dataset)
    print("\n".join(told(found)))
    car = found["classes"]["car"]
    assert car["loose"] >= 0.55
    assert car["bev_strict"] >= 0.35
