"""A run with a mean teacher: the same bits after any interruption, named where it is said what was
learnt, and a sentence where it cannot be."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from core.base.errors import Cancelled, ProjectError
from core.data.classes import UNLABELLED
from core.rounds.training_set import read_training, write_training
from models.networks import checkpoint
from models.training import train as training
from models.training.learner import Learner
from tests.models.bench import Bench
from tests.models.training.stops import Stops
from tests.models.training.taught import taught

REPORTS = 7  # of three epochs of one step: an estimate, then of each its step and its end


def log_of(out: Path) -> dict:
    return json.loads((out.parent / training.LOG).read_text())


@pytest.mark.parametrize(
    ("network", "stops"),
    [
        ("minkunet", (4,)),
        pytest.param("minkunet", range(1, REPORTS), marks=pytest.mark.slow),
        pytest.param("spvcnn", range(1, REPORTS), marks=pytest.mark.slow),
    ],
)
def test_interrupted_anywhere_it_ends_at_the_same_bits(
    network: str, stops: Iterable[int], bench: Bench, tmp_path: Path, monkeypatch
):
    bench = taught(bench, network=network)
    monkeypatch.setattr(training, "_SAVE_EVERY_S", 0.0)  # keep every step
    whole = tmp_path / "whole" / "checkpoint.safetensors"
    bench.go(whole)
    assert all(row["pseudo"]["sure"] > 100 for row in log_of(whole)["epochs"])
    for stop in stops:
        out = tmp_path / str(stop) / "checkpoint.safetensors"
        with pytest.raises(Cancelled):
            bench.go(out, Stops(stop))
        bench.go(out)
        assert out.read_bytes() == whole.read_bytes()
        assert log_of(out) == log_of(whole)


def test_what_is_written_is_the_teacher_and_off_is_as_without_one(bench: Bench, tmp_path: Path):
    """By one step the teacher is the mean of the beginning and the student."""
    one = taught(bench, first_epochs=1)
    kept: list[Learner] = []

    class Kept(Learner):
        def __init__(self, *given):
            super().__init__(*given)
            kept.append(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "Learner", Kept)
        one.go(tmp_path / "on" / "c.safetensors")
    student, teacher = kept[0].network, kept[0].teacher.network
    tensors, _ = checkpoint.read(tmp_path / "on" / "c.safetensors")
    for name, value in teacher.state_dict().items():
        assert torch.equal(tensors[f"model.{name}"], value)
    name, weight = next(iter(student.named_parameters()))
    assert not torch.equal(tensors[f"model.{name}"], weight)
    off = replace(one, settings=replace(one.settings, teacher_weight=0.0))
    for folder, settings in (
        ("off", off.settings),
        ("other", replace(off.settings, teacher_decay=0.1, teacher_scans=5, teacher_threshold=0.0)),
    ):
        replace(off, settings=settings).go(tmp_path / folder / "c.safetensors")
    a, b = (tmp_path / folder / "c.safetensors" for folder in ("off", "other"))
    assert a.read_bytes() == b.read_bytes()
    assert "pseudo" not in log_of(a)["epochs"][0]


def test_a_threshold_of_1_learns_from_the_stronger_views_alone(bench: Bench, tmp_path: Path):
    out = tmp_path / "c.safetensors"
    taught(bench, teacher_threshold=1.0).go(out)
    told = [row["pseudo"] for row in log_of(out)["epochs"]]
    assert all(row["free"] > 1000 and row["sure"] == 0 for row in told)


def test_the_training_set_names_teacher_and_checkpoint(bench: Bench, tmp_path: Path):
    first, second = (tmp_path / name / "checkpoint.safetensors" for name in "ab")
    bench = taught(bench, first_epochs=1, epochs=1)
    for out in (first, second):
        out.parent.mkdir()
        write_training(out.parent / "training.json", bench.training)
    before = json.loads((first.parent / "training.json").read_text())
    bench.go(first)
    bench.go(second, start=first)
    one, other = (json.loads((out.parent / "training.json").read_text()) for out in (first, second))
    said = {"weight": 1.0, "threshold": 0.06, "decay": 0.99, "ramp": 2, "scans": 1}
    assert one == {**before, "teacher": {**said, "checkpoint": None}}
    assert other["teacher"] == {**said, "checkpoint": training.hash_input(first)}
    read = read_training(first.parent / "training.json", lambda *_: np.zeros(0))
    assert read.scans == bench.training.scans
    first.unlink()
    replace(bench, settings=replace(bench.settings, teacher_weight=0.0)).go(first)
    assert json.loads((first.parent / "training.json").read_text()) == before


@pytest.mark.slow
@pytest.mark.parametrize("had", [False, True])
def test_a_run_is_not_taken_up_with_a_teacher_more_or_less(bench: Bench, tmp_path: Path, had: bool):
    on = taught(bench)
    off = replace(on, settings=replace(on.settings, teacher_weight=0.0))
    begun, other = (on, off) if had else (off, on)
    out = tmp_path / "c.safetensors"
    with pytest.raises(Cancelled):
        begun.go(out, Stops(3))
    state = (tmp_path / training.STATE).read_bytes()
    with pytest.raises(ProjectError, match="has a mean" if had else "has no mean") as caught:
        other.go(out)
    assert "training.safetensors" in caught.value.do
    assert (tmp_path / training.STATE).read_bytes() == state
    begun.go(out)  # as it was


@pytest.mark.parametrize(
    "damage",
    [
        "nan",
        pytest.param("lost", marks=pytest.mark.slow),
        pytest.param("counts", marks=pytest.mark.slow),
    ],
)
def test_a_damaged_teacher_is_told(bench: Bench, tmp_path: Path, damage: str):
    bench = taught(bench)
    out, state = tmp_path / "c.safetensors", tmp_path / training.STATE
    with pytest.raises(Cancelled):
        bench.go(out, Stops(3))
    tensors, about = checkpoint.read(state)
    names = [name for name in tensors if name.startswith("teacher.")]
    if damage == "nan":
        tensors[names[0]].flatten()[0] = float("nan")
    elif damage == "lost":
        del tensors[names[0]]
    else:
        del tensors["epoch.pseudo"]
    checkpoint.save(state, torch.nn.Identity(), about, extra=tensors)
    with pytest.raises(ProjectError, match=r"mean teacher is no number|1 weights are missing|dam"):
        bench.go(out)


def nothing_free(bench: Bench, **values: float) -> Bench:
    made = taught(bench, **values)
    points = {name: made.dataset.scan(name).points for name in made.dataset.train}
    full = replace(made.training, labels=lambda name: np.zeros(len(points[name]), np.uint8))
    return replace(made, training=full)


def test_nothing_left_to_say_is_told_before_training(bench: Bench, tmp_path: Path):
    out = tmp_path / "c.safetensors"
    made = nothing_free(bench)
    every = replace(made.training, scans=made.dataset.train, unlabelled=())
    with pytest.raises(ProjectError, match="No unlabelled point is left") as caught:
        replace(made, training=every).go(out)
    assert caught.value.do == "Set train.teacher_weight to 0."
    with pytest.raises(ProjectError, match="those without one are left out") as caught:
        nothing_free(bench, teacher_scans=0).go(out)
    assert "train.teacher_scans to 1" in caught.value.do
    assert not out.parent.joinpath(training.STATE).exists()
    nothing_free(bench, first_epochs=1).go(out)  # the third scan has no answer


def test_points_that_are_no_returns_are_nothing_to_say(bench: Bench, tmp_path: Path, monkeypatch):
    made = nothing_free(bench, teacher_scans=0)
    holes = np.arange(5)
    real = type(made.dataset).scan

    def scan(dataset, name):
        found = real(dataset, name)
        points = found.points.copy()
        points[holes] = np.nan
        return replace(found, points=points)

    def labels(name: str) -> np.ndarray:
        found = made.training.labels(name).copy()
        found[holes] = UNLABELLED
        return found

    monkeypatch.setattr(type(made.dataset), "scan", scan)
    training_set = replace(made.training, labels=labels, unlabelled=())
    with pytest.raises(ProjectError, match="No unlabelled point is left"):
        replace(made, training=training_set).go(tmp_path / "c.safetensors")
