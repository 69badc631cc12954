"""Training by steps: as many for any labels, the same bits after any interruption, and looks at the
validation scans that change nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from core.base.errors import Cancelled
from core.base.jobs import Job
from core.data.classes import FIRST_CODE
from core.quality.iou import confusion
from core.rounds.figures import figures
from models.networks import make_network
from models.score import Scorer
from models.training import train as training
from models.training.group import Group
from models.training.looks import look
from tests.models.bench import Bench
from tests.models.training.stops import Stops


def by_steps(bench: Bench, steps: int, every: int = 0) -> Bench:
    return replace(bench, settings=replace(bench.settings, steps=steps, look_every=every))


def log_of(out: Path) -> dict:
    return json.loads((out.parent / training.LOG).read_text())


@pytest.mark.parametrize("scans", [pytest.param(1, marks=pytest.mark.slow), 3])
def test_it_takes_the_steps_that_were_asked_for(bench: Bench, tmp_path: Path, scans: int):
    """Of three scans two a step, 5 steps are two passes and a half; of one scan five passes."""
    some = replace(bench.training, scans=bench.training.scans[:scans])
    out = tmp_path / "c.safetensors"
    by_steps(replace(bench, training=some), 5).go(out)
    last = log_of(out)["epochs"][-1]
    assert last["steps"] == 5
    assert last["epoch"] == (5 if scans == 1 else 3)
    assert last["views"] == (5 if scans == 1 else 8)  # 2 + 1, 2 + 1, 2
    assert last["voxels"] > 0


def test_voxels_are_those_with_a_class_in_every_view(bench: Bench, tmp_path: Path, monkeypatch):
    seen = []
    real = training.batches

    def noted(*arguments, **options):
        for batch in real(*arguments, **options):
            seen.append(int((batch.target.numpy() < FIRST_CODE).sum()))
            yield batch

    monkeypatch.setattr(training, "batches", noted)
    monkeypatch.setattr(training._Run, "estimate", lambda _: "")
    out = tmp_path / "c.safetensors"
    by_steps(bench, 3).go(out)
    assert log_of(out)["epochs"][-1]["voxels"] == sum(seen[:3])


def test_steps_that_are_whole_epochs_give_the_bits_of_epochs(bench: Bench, tmp_path: Path):
    a, b = (tmp_path / name / "c.safetensors" for name in "ab")
    bench.go(a)  # 3 epochs of 2 steps
    by_steps(bench, 6).go(b)
    (one, about), (other, also) = (training.checkpoint.read(path) for path in (a, b))
    assert all(np.array_equal(one[name].numpy(), other[name].numpy()) for name in one)
    assert (about.epoch, about.step) == (also.epoch, also.step) == (3, 0)
    assert log_of(a) == log_of(b)


@pytest.mark.parametrize("steps", [0, 5])
def test_a_process_that_does_not_lead_ends_too_and_writes_nothing(
    bench: Bench, tmp_path: Path, monkeypatch, steps: int
):
    monkeypatch.setattr(Group, "current", lambda: Group(rank=1))
    epochs, one_epoch = [], training._Run._one_epoch

    def counted(run, job):
        epochs.append(run.epoch)
        assert len(epochs) <= 3
        one_epoch(run, job)

    monkeypatch.setattr(training._Run, "_one_epoch", counted)
    by_steps(bench, steps).go(tmp_path / "c.safetensors")
    assert epochs == [0, 1, 2]
    assert list(tmp_path.glob("*.safetensors")) == list(tmp_path.glob("*.json")) == []


@pytest.mark.parametrize(
    "stop", [8, *(pytest.param(n, marks=pytest.mark.slow) for n in range(1, 8))]
)
def test_interrupted_anywhere_it_ends_at_the_same_bits_and_looks(
    bench: Bench, tmp_path: Path, monkeypatch, stop: int
):
    """At one of: the estimate, five steps, the ends of three epochs."""
    monkeypatch.setattr(training, "_SAVE_EVERY_S", 0.0)  # keep every step
    bench = by_steps(bench, 5, every=2)
    whole = tmp_path / "whole" / "c.safetensors"
    bench.go(whole)
    assert [row["step"] for row in log_of(whole)["looks"]] == [2, 4]
    out = tmp_path / "cut" / "c.safetensors"
    with pytest.raises(Cancelled):
        bench.go(out, Stops(stop))
    bench.go(out)
    assert out.read_bytes() == whole.read_bytes()
    assert log_of(out) == log_of(whole)


def test_a_kill_between_the_last_step_and_the_checkpoint(bench: Bench, tmp_path: Path, monkeypatch):
    monkeypatch.setattr(training, "_SAVE_EVERY_S", 0.0)
    bench = by_steps(bench, 5, every=5)
    whole, out = (tmp_path / name / "c.safetensors" for name in ("whole", "cut"))
    bench.go(whole)
    with monkeypatch.context() as patch:
        patch.setattr(
            training._Run,
            "_note",
            lambda run: (_ for _ in ()).throw(KeyboardInterrupt) if run.taken == 5 else None,
        )
        with pytest.raises(KeyboardInterrupt):
            bench.go(out)
    bench.go(out)
    assert out.read_bytes() == whole.read_bytes()
    assert log_of(out)["epochs"][-1] == log_of(whole)["epochs"][-1]
    assert log_of(out)["looks"] == log_of(whole)["looks"]


def test_a_look_is_what_scoring_sees_and_changes_no_weight(bench: Bench, tmp_path: Path):
    a, b = (tmp_path / name / "c.safetensors" for name in "ab")
    by_steps(bench, 4).go(a)
    looking = by_steps(bench, 4, every=2)
    looking.go(b)
    assert a.read_bytes() == b.read_bytes()
    scorer = Scorer.load(training_of(b, bench))
    count = len(bench.classes)
    matrix = np.zeros((count, count), np.int64)
    for scan in bench.dataset.validation:
        points = bench.dataset.normalised(bench.dataset.scan(scan).points)
        truth = bench.dataset.ground_truth(scan, bench.classes)
        matrix += confusion(truth, scorer.look(points).rows()[0], count)
    last = log_of(b)["looks"][-1]
    assert last == {"step": 4, **figures(matrix, bench.classes.names)}


def test_processes_share_a_look(bench: Bench):
    """Three scans on two: each looks at its own, and they are summed up."""
    three = replace(bench.dataset, validation=bench.dataset.train)
    torch.manual_seed(0)
    network = make_network("minkunet", classes=len(bench.classes), width=0.125)
    told: list[torch.Tensor] = []

    class Part(Group):
        def total(self, values: torch.Tensor) -> torch.Tensor:
            told.append(values)
            return values if self.leads else told[0] + values

    def seen_by(group: Group | None) -> dict:
        return look(network, three, bench.classes, 0.5, Job(), group)

    seen_by(Part(0, 2))
    assert seen_by(Part(1, 2)) == seen_by(None)
    assert 0 < int(told[1].sum()) < int(told[0].sum())


def training_of(path: Path, bench: Bench):
    from models.score import Trained

    return Trained.check(path, bench.classes, bench.settings)
