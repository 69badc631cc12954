"""Training: the same bits after any interruption, and sentences for what cannot be trained."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from core.base.errors import Cancelled, ProjectError
from core.base.jobs import Job, Progress
from core.data.classes import UNLABELLED
from core.data.scans import Dataset
from models.networks import NETWORKS, checkpoint
from models.training import learner
from models.training import train as training
from models.training.batches import augment, batches
from tests.models.bench import Bench
from tests.models.training.stops import Stops

REPORTS = 10  # of three epochs: an estimate, then of each two steps and its end


@pytest.mark.parametrize(
    ("network", "stops"),
    [
        ("minkunet", (3, REPORTS - 1)),
        pytest.param("minkunet", range(1, REPORTS), marks=pytest.mark.slow),
        pytest.param("spvcnn", range(1, REPORTS), marks=pytest.mark.slow),
    ],
)
def test_interrupted_anywhere_it_ends_at_the_same_bits(
    network: str, stops: Iterable[int], bench: Bench, tmp_path: Path, monkeypatch
):
    bench = replace(bench, settings=replace(bench.settings, network=network))
    monkeypatch.setattr(training, "_SAVE_EVERY_S", 0.0)  # keep every step
    whole = tmp_path / "whole" / "checkpoint.safetensors"
    bench.go(whole)
    assert 1 + 3 * bench.settings.first_epochs == REPORTS
    for stop in stops:
        out = tmp_path / str(stop) / "checkpoint.safetensors"
        with pytest.raises(Cancelled):
            bench.go(out, Stops(stop))
        assert not out.exists()
        bench.go(out)
        assert out.read_bytes() == whole.read_bytes()
        log = out.parent / training.LOG
        assert log.read_bytes() == (whole.parent / training.LOG).read_bytes()
        assert not (out.parent / training.STATE).exists()


def test_another_seed_trains_another_network(bench: Bench, tmp_path: Path):
    bench.go(tmp_path / "a.safetensors", seed=1)
    bench.go(tmp_path / "b.safetensors", seed=2)
    first, _ = checkpoint.read(tmp_path / "a.safetensors")
    second, _ = checkpoint.read(tmp_path / "b.safetensors")
    assert any(not torch.equal(first[name], second[name]) for name in first)


def test_a_later_round_goes_on_from_its_parent(bench: Bench, tmp_path: Path):
    bench.go(tmp_path / "1" / "c.safetensors")
    still = replace(bench, settings=replace(bench.settings, learning_rate=1e-8, epochs=1))
    still.go(tmp_path / "2" / "c.safetensors", start=tmp_path / "1" / "c.safetensors")
    before, _ = checkpoint.read(tmp_path / "1" / "c.safetensors")
    after, about = checkpoint.read(tmp_path / "2" / "c.safetensors")
    assert about.epoch == 1
    name = "model.stage1.1.net.0.kernel"
    torch.testing.assert_close(after[name], before[name], rtol=0, atol=1e-6)


def test_the_log_holds_one_row_per_epoch(bench: Bench, tmp_path: Path):
    bench.go(tmp_path / "c.safetensors")
    rows = json.loads((tmp_path / training.LOG).read_text())["epochs"]
    assert [row["epoch"] for row in rows] == [1, 2, 3]
    assert rows[-1]["loss"] < rows[0]["loss"]


def test_a_parent_that_does_not_fit_is_refused_before_training(bench: Bench, tmp_path: Path):
    narrow = replace(bench, settings=replace(bench.settings, width=0.0625))
    narrow.go(tmp_path / "1" / "c.safetensors")
    with pytest.raises(ProjectError, match="another width"):
        bench.go(tmp_path / "2" / "c.safetensors", start=tmp_path / "1" / "c.safetensors")
    assert not (tmp_path / "2").exists()


def test_a_loss_that_is_no_number_stops_with_step_and_scan(bench: Bench, tmp_path: Path):
    tensors, about = checkpoint.read(_trained(bench, tmp_path))
    tensors["model.classifier.0.weight"].fill_(3e38)  # finite, but no sum of it is
    network = training.make_network("minkunet", classes=len(bench.classes), width=about.width)
    checkpoint.load_network(network, tensors)
    broken = tmp_path / "broken.safetensors"
    checkpoint.save(broken, network, about)
    with pytest.raises(ProjectError, match=r"nan in epoch 1, step 1 \(scan sequences/00/") as told:
        bench.go(tmp_path / "2" / "c.safetensors", start=broken)
    assert told.value.do == "Lower train.learning_rate and train again: it begins anew."


def _trained(bench: Bench, folder: Path) -> Path:
    bench.go(folder / "1" / "c.safetensors")
    return folder / "1" / "c.safetensors"


def test_too_little_memory_is_said_before_the_step(bench: Bench, tmp_path: Path, monkeypatch):
    class Memory:
        available = 1_000_000

    monkeypatch.setattr(learner.psutil, "virtual_memory", lambda: Memory)
    with pytest.raises(ProjectError, match="needs about") as caught:
        bench.go(tmp_path / "c.safetensors")
    assert "train.batch" in caught.value.do


def test_a_cancel_keeps_every_step(bench: Bench, tmp_path: Path):
    with pytest.raises(Cancelled):
        bench.go(tmp_path / "c.safetensors", Stops(5))
    _, about = checkpoint.read(tmp_path / training.STATE)
    assert (about.epoch, about.step) == (1, 1)


def test_short_epochs_do_not_write_the_state_each(bench: Bench, tmp_path: Path, monkeypatch):
    """It is a quarter of a gigabyte for a whole network, and two minutes are soon done again."""
    saved = []
    monkeypatch.setattr(training._Run, "save", lambda run: saved.append(run.epoch))
    bench.go(tmp_path / "c.safetensors")
    assert saved == []
    assert len(json.loads((tmp_path / training.LOG).read_text())["epochs"]) == 3


def test_a_state_of_a_whole_epoch_goes_on_with_the_next_by_another_batch(
    bench: Bench, tmp_path: Path, monkeypatch
):
    """Two steps of two are more than the three scans, of which there are three steps of one."""
    monkeypatch.setattr(training, "_SAVE_EVERY_S", 0.0)
    out = tmp_path / "c.safetensors"
    with monkeypatch.context() as patch:
        patch.setattr(training._Run, "_note", lambda _: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            bench.go(out)
    assert checkpoint.read(tmp_path / training.STATE)[1].step == 2
    seen: list[tuple[str, ...]] = []
    monkeypatch.setattr(training, "batches", recording(seen))
    monkeypatch.setattr(training._Run, "estimate", lambda _: "")
    note, noted = training._Run._note, []

    def counted(run):
        noted.append(run.epoch)
        assert len(noted) <= 3
        note(run)

    monkeypatch.setattr(training._Run, "_note", counted)
    replace(bench, settings=replace(bench.settings, batch=1)).go(out)
    assert noted == [0, 1, 2]
    assert len(seen) == 3 + 3


def fails(monkeypatch, at: int, error: Exception) -> None:
    """Let the forward pass of the `at`-th step fail, the estimate's included."""
    calls = iter(range(10**6))
    forward = NETWORKS["minkunet"].forward

    def broken(self, x, levels):
        if next(calls) == at:
            raise error
        return forward(self, x, levels)

    monkeypatch.setattr(NETWORKS["minkunet"], "forward", broken)


def test_memory_that_ends_in_the_middle_costs_nothing(bench: Bench, tmp_path: Path, monkeypatch):
    """The step that failed is done again by a smaller batch, its scans and no others."""
    out = tmp_path / "c.safetensors"
    with monkeypatch.context() as patch:
        fails(patch, 5, torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"))
        with pytest.raises(ProjectError, match="Memory ran out in a training step on 1") as caught:
            bench.go(out)
    assert "train.batch" in caught.value.do
    assert "with a smaller batch training goes on where it is" in caught.value.do
    _, about = checkpoint.read(tmp_path / training.STATE)
    assert (about.epoch, about.step, about.batch) == (1, 1, 2)
    seen: list[tuple[str, ...]] = []
    monkeypatch.setattr(training, "batches", recording(seen))
    smaller = replace(bench, settings=replace(bench.settings, batch=1))
    smaller.go(out)
    whole = list(recording([])(*order(smaller, epoch=1)))
    estimate, rest = seen[:1], seen[1:]
    assert estimate == [whole[2].scans]
    assert rest[0] == whole[2].scans  # two scans were learnt in the first step of two
    assert len(rest) == 1 + 3
    assert not (tmp_path / training.STATE).exists()


def test_a_step_that_memory_ended_in_leaves_no_mark(bench: Bench, tmp_path: Path, monkeypatch):
    """Its forward pass has moved the running means already."""
    cancelled, out = (tmp_path / name / "c.safetensors" for name in "ab")
    with pytest.raises(Cancelled):
        bench.go(cancelled, Stops(5))
    forward, calls = NETWORKS["minkunet"].forward, iter(range(10**6))

    def broken(self, x, levels):
        found = forward(self, x, levels)
        if next(calls) == 5:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return found

    monkeypatch.setattr(NETWORKS["minkunet"], "forward", broken)
    with pytest.raises(ProjectError, match="Memory ran out"):
        bench.go(out)
    a, b = (checkpoint.read(path.with_name(training.STATE))[0] for path in (cancelled, out))
    assert a.keys() == b.keys()
    for name, tensor in a.items():
        assert torch.equal(tensor, b[name]), name


@pytest.mark.parametrize(
    ("change", "anew"), [({"learning_rate": 1e-4}, True), ({"threads": 2}, False)]
)
def test_what_is_no_part_of_the_input_goes_on_and_else_it_is_said(
    bench: Bench, tmp_path: Path, monkeypatch, change: dict, anew: bool
):
    out = tmp_path / "c.safetensors"
    with pytest.raises(Cancelled):
        bench.go(out, Stops(8))
    seen: list[tuple[str, ...]] = []
    monkeypatch.setattr(training, "batches", recording(seen))
    monkeypatch.setattr(training._Run, "estimate", lambda _: "")
    heard: list[Progress] = []
    replace(bench, settings=replace(bench.settings, **change)).go(out, Job(heard.append))
    said = " ".join(report.said for report in heard)
    assert ("was of other answers or settings: it begins anew" in said) == anew
    assert ("used 1 threads, here it goes on with 2" in said) == (not anew)
    assert len(seen) == (6 if anew else 1)


def test_a_gpu_that_is_gone_is_said(bench: Bench, tmp_path: Path, monkeypatch):
    fails(monkeypatch, 3, RuntimeError("CUDA error: unspecified launch failure\nCompile with"))
    with pytest.raises(ProjectError, match="The GPU stopped answering: CUDA error: unspec") as e:
        bench.go(tmp_path / "c.safetensors")
    assert "\n" not in e.value.what


def test_a_fault_of_ours_stays_one(bench: Bench, tmp_path: Path, monkeypatch):
    fails(monkeypatch, 3, RuntimeError("shape '[2]' is invalid"))
    with pytest.raises(RuntimeError, match="shape"):
        bench.go(tmp_path / "c.safetensors")


def test_the_estimate_is_told_first_and_changes_nothing(bench: Bench, tmp_path: Path, monkeypatch):
    heard: list[Progress] = []
    bench.go(tmp_path / "a" / "c.safetensors", Job(heard.append))
    said = [report.said for report in heard if report.said]
    assert len(said) == 1
    assert re.fullmatch(
        r"Training takes about \d+ s: 6 steps of [\d.e-]+ s \((compiled|torch) on the CPU\)\.",
        said[0],
    )
    monkeypatch.setattr(training._Run, "estimate", lambda _: "")
    bench.go(tmp_path / "b" / "c.safetensors")
    a, b = (tmp_path / name / "c.safetensors" for name in "ab")
    assert a.read_bytes() == b.read_bytes()


def test_the_curves_get_loss_and_miou_of_each_epoch(bench: Bench, tmp_path: Path):
    heard: list[Progress] = []
    bench.go(tmp_path / "c.safetensors", Job(heard.append, interval_s=0.0))
    values = {r.values["epoch"]: r.values for r in heard if "loss" in r.values}
    rows = json.loads((tmp_path / training.LOG).read_text())["epochs"]
    assert sorted(values) == [1, 2, 3]
    for row in rows:
        assert values[row["epoch"]]["loss"] == row["loss"]
        assert values[row["epoch"]]["labelled_miou"] == row["labelled_miou"]


def test_scans_without_a_label_in_any_voxel_leave_the_network_alone(bench: Bench, tmp_path: Path):
    def nothing(scan: str) -> np.ndarray:
        return np.full(bench.dataset.count(scan), UNLABELLED, np.uint8)

    mute = replace(bench, training=replace(bench.training, labels=nothing))
    mute.go(tmp_path / "c.safetensors")
    torch.manual_seed(7)
    fresh = training.make_network("minkunet", classes=len(bench.classes), width=0.125)
    tensors, _ = checkpoint.read(tmp_path / "c.safetensors")
    for name, value in fresh.state_dict().items():
        assert torch.equal(tensors[f"model.{name}"], value)


def order(bench: Bench, *, epoch: int, seed: int = 7, first: int = 0) -> tuple:
    """Arguments of `recording`'s batches for one epoch."""
    return (bench.training, bench.dataset, bench.settings, seed, epoch, first)


def recording(seen: list):
    """`batches` that notes the scans of each batch it hands out."""

    def run(training, dataset, settings, seed=7, epoch=0, first=0, **options):
        for batch in batches(
            training, dataset, settings, seed=seed, epoch=epoch, first=first, **options
        ):
            seen.append(batch.scans)
            yield batch

    return run


def test_readers_make_the_same_batches_ahead_of_their_use(bench: Bench, monkeypatch):
    small = replace(bench, settings=replace(bench.settings, batch=1))
    alone = list(recording([])(*order(small, epoch=2)))
    read = {scan: threading.Event() for scan in bench.dataset.train}
    real = Dataset.scan

    def scan(self, name: str):
        found = real(self, name)
        read[name].set()
        return found

    monkeypatch.setattr(Dataset, "scan", scan)
    ahead = recording([])(*order(small, epoch=2), readers=2)
    first = next(ahead)
    for batch in alone:  # all three are read while the first is learnt
        assert read[batch.scans[0]].wait(30)
    for found, wanted in zip([first, *ahead], alone, strict=True):
        assert found.scans == wanted.scans
        assert torch.equal(found.features, wanted.features)
        assert torch.equal(found.keys, wanted.keys)
        assert torch.equal(found.target, wanted.target)


def test_an_epoch_entered_late_is_the_rest_of_the_whole(bench: Bench):
    def one(first: int):
        return list(
            batches(
                bench.training,
                bench.dataset,
                bench.settings,
                seed=3,
                epoch=4,
                first=first,
            )
        )

    whole, rest = one(0), one(1)
    assert len(whole) == 2
    assert {name for batch in whole for name in batch.scans} == set(bench.dataset.train)
    for found, wanted in zip(rest, whole[1:], strict=True):
        assert found.scans == wanted.scans
        assert torch.equal(found.features, wanted.features)
        assert torch.equal(found.target, wanted.target)


def test_augmentation_turns_about_the_vertical_and_scales(bench: Bench):
    points = bench.dataset.scan(bench.dataset.train[0]).points
    turned = augment(points, bench.settings, np.random.default_rng(1))
    factor = turned[:, 2] / points[:, 2]
    assert bench.settings.scale_low <= factor.min() <= factor.max() <= bench.settings.scale_high
    distance = np.hypot(points[:, 0], points[:, 1])
    np.testing.assert_allclose(np.hypot(turned[:, 0], turned[:, 1]), distance * factor, rtol=1e-4)
    np.testing.assert_array_equal(turned[:, 3], points[:, 3])
