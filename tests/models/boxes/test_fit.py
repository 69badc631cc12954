"""Training of a detector: the same bits after any interruption, and sentences for what cannot be
trained."""

from __future__ import annotations

import itertools
import json
import signal
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from core.base.errors import Cancelled, ProjectError
from core.base.jobs import Job, Progress
from core.data.classes import Merge
from models import machine
from models.boxes import checkpoint as own
from models.boxes import fit as fitting
from models.boxes import learner
from models.boxes.detector import Detector
from models.boxes.fit import log_of, state_of
from models.boxes.learner import one_cycle
from models.networks import checkpoint
from tests.models.boxes.made import CAR, KITTI, PEDESTRIAN, Scenes, other_classes, scene, trained
from tests.models.training.stops import Stops, StopsIn
from tests.places import ROOT

STEPS = 6


@pytest.fixture(scope="module")
def one_step(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint of one step, to be read only."""
    return trained(tmp_path_factory.mktemp("one") / "a.safetensors", steps=1)


class Refreshed(Scenes):
    """Scenes of which one is replaced by what the network finds, every two steps."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.file = folder / "bank.json"
        self.called: list[int] = []
        self._use()

    def _use(self) -> None:
        if self.file.exists():
            stored = json.loads(self.file.read_text())
            points = self.scenes[0].points.copy()
            points[:, 3] = np.float32(stored["sum"] % 1)
            self.scenes[0] = self.scenes[0]._replace(points=points)

    def due(self, step: int) -> bool:
        return step % 2 == 0

    def refresh(self, step, predict, job) -> None:
        self.called.append(step)
        if self.file.exists() and json.loads(self.file.read_text())["step"] == step:
            return
        (found,) = predict([scene(5).points])
        value = {"step": step, "sum": float(np.abs(found.box).sum()) + step / 7}
        self.file.write_text(json.dumps(value))
        self._use()


@pytest.mark.parametrize(
    "stops", [(3,), pytest.param(range(STEPS), marks=pytest.mark.slow)], ids=("one", "all")
)
def test_interrupted_anywhere_it_ends_at_the_same_bits(stops: Iterable[int], tmp_path: Path):
    whole = trained(tmp_path / "whole.safetensors", steps=STEPS)
    for stop in stops:
        out = tmp_path / f"{stop}.safetensors"
        with pytest.raises(Cancelled):
            trained(out, StopsIn("train", stop), steps=STEPS)
        assert not out.exists()
        if stop:
            assert own.read(state_of(out))[1].step == stop  # nothing of what was done is lost
        else:
            assert not state_of(out).exists()
        trained(out, steps=STEPS)
        assert out.read_bytes() == whole.read_bytes()
        assert log_of(out).read_bytes() == log_of(whole).read_bytes()
        assert not state_of(out).exists()


def test_killed_without_a_word_it_goes_on_from_the_last_state(tmp_path: Path, monkeypatch):
    whole = trained(tmp_path / "whole.safetensors", steps=STEPS)
    monkeypatch.setattr(fitting, "_SAVE_EVERY_S", 0.0)
    out = tmp_path / "killed.safetensors"

    class Killed(Job):
        def progress(self, done: int, total: int, text: str, **_: object) -> None:
            if text == "train" and done == 4:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        trained(out, Killed(), steps=STEPS)
    assert own.read(state_of(out))[1].step == 4
    trained(out, steps=STEPS)
    assert out.read_bytes() == whole.read_bytes()


@pytest.mark.parametrize("stop", [2, pytest.param(3, marks=pytest.mark.slow)])
def test_what_depends_on_the_network_is_made_once_and_again_after_a_kill(stop: int, tmp_path: Path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    samples = Refreshed(tmp_path / "a")
    whole = trained(tmp_path / "a/c.safetensors", steps=STEPS, samples=samples)
    assert samples.called == [0, 2, 4]
    out = tmp_path / "b/c.safetensors"
    with pytest.raises(Cancelled):
        trained(out, StopsIn("train", stop), steps=STEPS, samples=Refreshed(tmp_path / "b"))
    again = Refreshed(tmp_path / "b")
    trained(out, steps=STEPS, samples=again)
    assert again.called == ([2, 4] if stop == 2 else [4])
    assert out.read_bytes() == whole.read_bytes()
    assert (tmp_path / "a/bank.json").read_bytes() == (tmp_path / "b/bank.json").read_bytes()


@pytest.fixture
def bfloat16(monkeypatch) -> torch.dtype:
    """Half precision as on a CPU that is made for it; any other can do it too, slowly."""
    monkeypatch.setattr(learner, "half_of", lambda where: torch.bfloat16)
    return torch.bfloat16


def test_in_half_precision_it_learns_the_same_but_for_rounding(bfloat16, tmp_path: Path):
    single = trained(tmp_path / "single.safetensors", steps=20, augment=False)
    half = trained(tmp_path / "half.safetensors", steps=20, augment=False, mixed=True)
    both = [
        [row["loss"] for row in json.loads(log_of(out).read_text())["steps"]]
        for out in (single, half)
    ]
    assert both[0] != both[1]
    np.testing.assert_allclose(both[1][0], both[0][0], rtol=0.02)  # before anything is learnt
    for losses in both:
        assert sum(losses[-5:]) < 0.75 * sum(losses[:5])
    for _, tensor in sorted(own.read(half)[0].items()):
        assert tensor.dtype not in (torch.bfloat16, torch.float16)


def test_in_half_precision_too_it_ends_at_the_same_bits(bfloat16, tmp_path: Path):
    whole = trained(tmp_path / "whole.safetensors", steps=STEPS, mixed=True)
    out = tmp_path / "stopped.safetensors"
    with pytest.raises(Cancelled):
        trained(out, StopsIn("train", 3), steps=STEPS, mixed=True)
    trained(out, steps=STEPS, mixed=True)
    assert out.read_bytes() == whole.read_bytes()


def test_a_training_that_goes_on_in_another_precision_says_so(monkeypatch, tmp_path: Path):
    out, said = tmp_path / "c.safetensors", []
    monkeypatch.setattr(machine, "half_of", lambda where: torch.bfloat16)
    with pytest.raises(Cancelled):
        trained(out, StopsIn("train", 3), steps=STEPS, mixed=True)
    monkeypatch.setattr(machine, "half_of", lambda where: None)
    trained(out, Job(lambda report: said.append(report.said)), steps=STEPS, mixed=True)
    assert any("was in bfloat16, here it goes on in float32" in words for words in said)
    assert own.read(out)[1].precision == "float32"


def test_another_seed_trains_another_detector(tmp_path: Path):
    first, _ = own.read(trained(tmp_path / "a.safetensors", steps=2))
    second, _ = own.read(trained(tmp_path / "b.safetensors", steps=2, seed=8))
    assert any(not torch.equal(first[name], second[name]) for name in first)


def test_nobody_elses_chance_is_touched(tmp_path: Path):
    torch.manual_seed(1)
    wanted = torch.rand(3)
    torch.manual_seed(1)
    trained(tmp_path / "a.safetensors", steps=1)
    assert torch.equal(torch.rand(3), wanted)


def test_a_cancel_ends_the_training_within_a_step(tmp_path: Path):
    out, seen = tmp_path / "c.safetensors", []

    def listen(report: Progress) -> None:
        if report.text == "train" and not report.said:
            seen.append(report.done)
            if report.done == 2:
                job.cancel()

    job = Job(listen, interval_s=0.0)
    with pytest.raises(Cancelled):
        trained(out, job, steps=STEPS)
    assert seen[-1] == 2
    assert own.read(state_of(out))[1].step == 3  # the step it was in is kept


def test_how_long_it_takes_is_said_before_and_the_loss_on_the_way(tmp_path: Path):
    told: list[Progress] = []
    trained(tmp_path / "c.safetensors", Job(told.append, interval_s=0.0), steps=STEPS)
    estimate = next(place for place, one in enumerate(told) if "Training takes about" in one.said)
    first = next(place for place, one in enumerate(told) if one.text == "train" and one.total)
    assert estimate < first
    last = told[-1]
    assert (last.done, last.total, last.text) == (STEPS, STEPS, "train")
    assert last.values["loss"] > 0
    assert any(one.seconds_left for one in told if one.text == "train")
    rows = json.loads(log_of(tmp_path / "c.safetensors").read_text())["steps"]
    assert [row["step"] for row in rows] == list(range(1, STEPS + 1))


def test_looks_at_all_frames_are_part_of_how_long_it_takes(tmp_path: Path, monkeypatch):
    """By a clock that goes on a minute whenever it is read: once within each look."""
    clock = itertools.count(0, 60)
    monkeypatch.setattr(fitting, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    said: list[str] = []
    job = Job(lambda report: said.append(report.said), interval_s=0.0)
    trained(tmp_path / "c.safetensors", job, steps=STEPS, samples=Refreshed(tmp_path))
    (text,) = [one for one in said if "Training takes" in one]
    assert "about 10 min: 6 steps of 60 s, 2 looks at all frames of 2 min (" in text


def test_looks_that_were_not_taken_yet_are_not_said_to_cost_nothing(tmp_path: Path):
    """It goes on between two of them."""
    out, said = tmp_path / "c.safetensors", list[str]()
    with pytest.raises(Cancelled):
        trained(out, StopsIn("train", 3), steps=STEPS, samples=Refreshed(tmp_path))
    job = Job(lambda report: said.append(report.said), interval_s=0.0)
    trained(out, job, steps=STEPS, samples=Refreshed(tmp_path))
    (text,) = [one for one in said if "Training takes" in one]
    assert text.startswith("Training takes at least")
    assert "s, 1 look at all frames (" in text


def test_a_state_of_another_training_begins_anew_and_says_so(tmp_path: Path):
    whole = trained(tmp_path / "whole.safetensors", steps=STEPS)
    out = tmp_path / "c.safetensors"
    with pytest.raises(Cancelled):
        trained(out, StopsIn("train", 3), steps=STEPS, samples=Scenes(2))
    said: list[str] = []
    trained(out, Job(lambda report: said.append(report.said)), steps=STEPS)
    assert any("it begins anew" in sentence for sentence in said)
    assert out.read_bytes() == whole.read_bytes()


@pytest.mark.parametrize(
    "harm",
    ["losses", *(pytest.param(harm, marks=pytest.mark.slow) for harm in ("cut", "moment", "step"))],
)
def test_a_damaged_state_is_told_of(harm: str, tmp_path: Path):
    out = tmp_path / "c.safetensors"
    with pytest.raises(Cancelled):
        trained(out, StopsIn("train", 3), steps=STEPS)
    state = state_of(out)
    tensors, about = own.read(state)
    if harm == "cut":
        state.write_bytes(state.read_bytes()[:-20])
    else:
        if harm == "losses":
            tensors["run.losses"] = tensors["run.losses"][:2]
        if harm == "moment":
            tensors["adam.0.exp_avg"] = tensors["adam.0.exp_avg"][:1]
        network = about.network()
        checkpoint.load_network(network, tensors)
        extra = {n: t for n, t in tensors.items() if not n.startswith("model.")}
        step = 99 if harm == "step" else about.step
        checkpoint.save(state, network, replace(about, step=step), None, extra)
    with pytest.raises(ProjectError) as caught:
        trained(out, steps=STEPS)
    assert "again" in caught.value.do


def test_a_loss_that_is_no_number_is_one_sentence(one_step: Path, tmp_path: Path):
    tensors, about = own.read(one_step)
    tensors["model.beside.weight"].fill_(3e38)  # finite, but no sum of it is
    network = about.network()
    checkpoint.load_network(network, tensors)
    broken = tmp_path / "broken.safetensors"
    checkpoint.save(broken, network, about)
    with pytest.raises(ProjectError, match=r"The loss became (nan|inf) in step 1") as caught:
        trained(tmp_path / "b.safetensors", start=broken)
    assert "detect.learning_rate" in caught.value.do
    assert not (tmp_path / "b.safetensors").exists()


def test_a_rate_that_is_too_high_never_writes_a_broken_checkpoint(tmp_path: Path):
    out = tmp_path / "c.safetensors"
    with pytest.raises(ProjectError, match=r"loss became|gradient became"):
        trained(out, steps=40, learning_rate=1e12)
    assert not out.exists()


def test_memory_that_ends_in_a_step_leaves_no_mark_of_it(tmp_path: Path, monkeypatch):
    """Running means have moved by then, and its classes are known; all else begins anew."""
    cancelled, out = tmp_path / "a.safetensors", tmp_path / "b.safetensors"
    with pytest.raises(Cancelled):
        trained(cancelled, StopsIn("train", 1), steps=STEPS)
    whole, calls = learner.loss_of, itertools.count()

    def broken(*of: Any) -> Any:
        if next(calls):
            raise torch.OutOfMemoryError("CUDA out of memory")
        return whole(*of)

    monkeypatch.setattr(fitting._Run, "estimate", lambda *_: "")
    monkeypatch.setattr(learner, "loss_of", broken)
    with pytest.raises(ProjectError, match="Memory ran out in a training step on 2") as told:
        trained(out, steps=STEPS)
    assert "detect.batch" in told.value.do
    assert told.value.do.endswith("train again: it begins anew.")
    a, b = (own.read(state_of(path))[0] for path in (cancelled, out))
    assert a.keys() == b.keys()
    for name, tensor in a.items():
        torch.testing.assert_close(tensor, b[name], rtol=0, atol=0, equal_nan=True)


def test_scenes_without_points_or_boxes_are_passed_over(tmp_path: Path):
    class Empty(Scenes):
        def __init__(self) -> None:
            super().__init__(2)
            self.key = "empty"
            empty = self.scenes[0]
            none = empty._replace(
                points=empty.points[:0], boxes=empty.boxes[:0], labels=empty.labels[:0]
            )
            self.scenes = [none, none, scene(1)._replace(boxes=none.boxes, labels=none.labels)]

    out = trained(tmp_path / "c.safetensors", samples=Empty(), batch=1)
    losses = [row["loss"] for row in json.loads(log_of(out).read_text())["steps"]]
    assert [loss is None for loss in losses] == [True, True, False] * 2
    detector = Detector.load(out, fit=True, threads=1)
    (found,) = detector.predict([scene(0).points])
    assert len(found) == 0  # of no class was an object ever seen


# -- going on from a checkpoint --------------------------------------------------------------


def test_a_training_goes_on_from_a_checkpoint(one_step: Path, tmp_path: Path):
    first = one_step
    second = trained(tmp_path / "b.safetensors", steps=1, learning_rate=1e-8, start=first)
    before, after = (own.read(path)[0] for path in (first, second))
    torch.testing.assert_close(
        after["model.shared.0.weight"], before["model.shared.0.weight"], rtol=0, atol=1e-6
    )


def refused(path: Path, start: Path, **more) -> ProjectError:
    with pytest.raises(ProjectError) as caught:
        trained(path / "b.safetensors", start=start, **more)
    assert not (path / "b.safetensors").exists()
    assert "train --task boxes" in caught.value.do
    return caught.value


def test_a_checkpoint_of_another_list_range_or_size_is_refused(one_step: Path, tmp_path: Path):
    start = one_step
    said = refused(tmp_path, start, classes=other_classes("lorry", "tram"))
    assert "another class list: its class 1 is car, the project's lorry" in said.what
    fewer = replace(KITTI, names=KITTI.names[:3])
    assert "knows 10 classes, and the project has 3" in refused(tmp_path, start, classes=fewer).what
    other = fitting.Grid((0.0, -8.0, -3.0), (16.0, 8.0, 2.0), 0.5)
    said = refused(tmp_path, start, grid=other)
    assert "another range: ring, x 0 to 16, y -8 to 8, z -3 to 1 m by 0.5 m" in said.what
    assert "another range: ring" in refused(tmp_path, start, view="camera").what
    assert "the detector small" in refused(tmp_path, start, detector="large").what


def test_a_network_for_points_and_a_detector_are_told_apart(one_step: Path, tmp_path: Path):
    with pytest.raises(ProjectError, match="it is of no network for points"):
        checkpoint.read(one_step)
    about = checkpoint.About("minkunet", 1.0, 0.1, ("car",), 1, 1, 1, 1, "2", 1, "abc")
    other = tmp_path / "points.safetensors"
    checkpoint.save(other, torch.nn.Linear(2, 2), about)
    with pytest.raises(ProjectError, match="it is of no detector of boxes"):
        trained(tmp_path / "b.safetensors", start=other)


def test_classes_that_were_added_keep_what_was_learnt(tmp_path: Path):
    fewer = replace(KITTI, names=KITTI.names[:4])
    start = trained(tmp_path / "a.safetensors", steps=3, classes=fewer)
    before, about = own.read(start)
    assert about.classes == KITTI.names[:4]
    out = trained(tmp_path / "b.safetensors", steps=1, learning_rate=1e-8, start=start)
    after, about = own.read(out)
    assert about.classes == KITTI.names
    name = "model.classifier.conv.weight"
    torch.testing.assert_close(after[name][:4], before[name], rtol=0, atol=1e-6)
    known = after["model.classifier.known"].tolist()
    assert known == [label in (CAR, PEDESTRIAN) for label in range(len(KITTI.names))]


@pytest.mark.parametrize(
    "change",
    [
        {"channels": [8, 8, 8, 16, 8]},
        {"channels": [8, 8, 8, 16, 8, 10**6]},
        {"low": [0.0, -8.0, float("nan")]},
        {"high": [0.0, 8.0, 1.0]},
        {"cell_m": 1e-4},
        {"cell_m": 0.0},
        {"batch": 0},
        {"step": -1},
        {"classes": ()},
        {"view": 3},
    ],
)
def test_a_checkpoint_that_says_what_no_detector_is_is_told_of(
    change, one_step: Path, tmp_path: Path
):
    tensors, about = own.read(one_step)
    network = about.network()
    checkpoint.load_network(network, tensors)
    checkpoint.save(tmp_path / "b.safetensors", network, replace(about, **change))
    with pytest.raises(ProjectError, match="damaged or no checkpoint"):
        Detector.load(tmp_path / "b.safetensors", fit=True)


def test_the_cycle_rises_and_falls():
    shares, betas = zip(*(one_cycle(step, 1000) for step in range(1000)), strict=True)
    top = int(np.argmax(shares))
    assert top == 400
    assert (shares[0], shares[top]) == pytest.approx((0.1, 1.0))
    assert shares[-1] < 1e-4
    assert (betas[0], betas[top]) == pytest.approx((0.95, 0.85))
    assert (np.diff(shares[: top + 1]) > 0).all()
    assert (np.diff(shares[top:]) < 0).all()
    # torch's own, with the same numbers.
    parameter = torch.nn.Parameter(torch.zeros(1))
    optimiser = torch.optim.AdamW([parameter], lr=1.0)
    cycle = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, 1.0, 1001, pct_start=0.4, div_factor=10.0, final_div_factor=1e4
    )
    for step in range(1000):
        assert optimiser.param_groups[0]["lr"] == pytest.approx(shares[step], abs=2e-3)
        optimiser.step()
        cycle.step()


def test_it_stops_where_the_estimate_would_be_said(tmp_path: Path):
    with pytest.raises(Cancelled):
        trained(tmp_path / "c.safetensors", Stops(0))
    assert not (tmp_path / "c.safetensors").exists()


_KILLED = """
import os, signal, sys
from pathlib import Path
from core.base.jobs import Job
from models.boxes import fit as fitting
from models.boxes import learner
from tests.models.boxes.made import trained
fitting._SAVE_EVERY_S = 0.0
class Killed(Job):
    def progress(self, done, total, text, **_):
        if text == "train" and done == 4:
            os.kill(os.getpid(), signal.SIGKILL)
trained(Path(sys.argv[1]), Killed(), steps=6)
"""


@pytest.mark.slow
def test_a_killed_process_leaves_a_state_to_go_on_from(tmp_path: Path):
    whole = trained(tmp_path / "whole.safetensors", steps=STEPS)
    out = tmp_path / "killed.safetensors"
    done = subprocess.run([sys.executable, "-c", _KILLED, str(out)], cwd=ROOT, check=False)
    assert done.returncode == -signal.SIGKILL
    assert own.read(state_of(out))[1].step == 4
    trained(out, steps=STEPS)
    assert out.read_bytes() == whole.read_bytes()


def test_a_detector_that_was_learnt_before_a_merge_finds_the_class_that_counts_now(tmp_path: Path):
    """What it looks at while it goes on; and it is another training than one before the merge."""
    start = trained(tmp_path / "start.safetensors", steps=6)
    labels: list[np.ndarray] = []

    class Looks(Scenes):
        def due(self, step: int) -> bool:
            return step == 0

        def refresh(self, step, predict, job) -> None:
            (found,) = predict([scene(5).points])
            labels.append(found.label)

    merged = replace(KITTI, merges=(Merge(PEDESTRIAN, CAR, "", ""),))
    for name, classes in (("before", KITTI), ("after", merged)):
        out = tmp_path / f"{name}.safetensors"
        trained(out, steps=1, samples=Looks(), start=start, classes=classes)
    assert PEDESTRIAN in labels[0]
    assert set(labels[1].tolist()) == {CAR}
    made = [own.read(tmp_path / f"{name}.safetensors")[1].training for name in ("before", "after")]
    assert made[0] != made[1]
