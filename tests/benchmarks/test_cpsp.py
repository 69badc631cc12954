"""What pseudo scenes and their bank cost beside the steps that learn them: KITTI's real frames, 20
labelled, a drive of 154 as the pool, one thread."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import pytest

from core.base.jobs import Job
from core.boxes.ssal.cpsp import Cpsp
from core.exchange.boxes_in import plan_boxes, take_over_boxes
from core.project.project import Project
from models.box_steps import train_boxes
from models.boxes.learner import Learner
from tests.joined_kitti import joined_kitti

STEPS, REFRESHES = 24, 3
LAPTOP_STEPS, LAPTOP_REFRESHES = 1500, 8


def timed(monkeypatch: pytest.MonkeyPatch, of: type, name: str) -> list[float]:
    """CPU seconds of each call of a method from now on."""
    took: list[float] = []
    method: Callable = getattr(of, name)

    def call(*args, **kwargs):
        began = time.process_time()
        try:
            return method(*args, **kwargs)
        finally:
            took.append(time.process_time() - began)

    monkeypatch.setattr(of, name, call)
    return took


def test_scenes_and_bank_never_starve_the_step(tmp_path: Path, monkeypatch, report):
    names = joined_kitti(tmp_path / "root")
    (tmp_path / "first/label_2").mkdir(parents=True)
    for name in names:
        label = tmp_path / f"root/training/label_2/{name}.txt"
        (tmp_path / f"first/label_2/{name}.txt").symlink_to(label)
    settings = {
        "detect.steps": str(STEPS), "ssal.refreshes": str(REFRESHES), "train.threads": "1",
        "ssal.bank_min_precision": "0",  # a network of so few steps is right in nothing
    }  # fmt: skip
    with Project.create(
        tmp_path / "p", format="kitti", root=tmp_path / "root", train=["training"],
        preset="laptop", research=True, overrides=settings,
    ) as project:  # fmt: skip
        take_over_boxes(project, plan_boxes(project, tmp_path / "first", Job()), Job())
        learn = timed(monkeypatch, Learner, "learn")
        scene = timed(monkeypatch, Cpsp, "sample")
        look = timed(monkeypatch, Cpsp, "_predicted")
        refresh = timed(monkeypatch, Cpsp, "refresh")
        train_boxes(project, Job())
        batch = project.settings.detect.batch
    step, laptop = median(learn), LAPTOP_STEPS * median(learn)
    assert len(refresh) == REFRESHES
    made = (sum(refresh) - sum(look)) / REFRESHES
    looked = sum(look) / REFRESHES
    scenes = batch * median(scene) / step
    report("CPSP: the scenes of a step / the step", scenes, "≤ 0.1")
    report("CPSP: eight banks made / 1,500 steps", LAPTOP_REFRESHES * made / laptop, "≤ 0.1")
    report("CPSP: eight looks at 154 frames / 1,500 steps", LAPTOP_REFRESHES * looked / laptop, "-")
    assert scenes <= 0.1
    assert LAPTOP_REFRESHES * made / laptop <= 0.1
