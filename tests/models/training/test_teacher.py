"""The mean teacher's parts: its average, threshold and ramp by hand, its views, its loss."""

from __future__ import annotations

import copy
import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from core.base.errors import ProjectError
from core.data.classes import FIRST_CODE, IGNORED, UNLABELLED, UNSURE
from models.networks import make_network
from models.networks.voxels import Voxels, voxelise
from models.sparse.layers import Levels
from models.training.batches import Weak, batches
from models.training.learner import Learner
from models.training.teacher import Teacher
from models.training.views import asked, strengthen
from tests.models.bench import Bench
from tests.models.training.taught import taught


def settings_of(bench: Bench, **values: float):
    return taught(bench, **values).settings


def test_its_average_is_the_one_worked_by_hand(bench: Bench):
    """One weight w and a running mean, after students 1, 3, 10 with decay 0.6:
    keeps 1 - 1/2, then 0.6, 0.6: 0.5·8 + 0.5·1 = 4.5; 2.7 + 1.2 = 3.9; 2.34 + 4 = 6.34."""
    student = nn.Sequential(nn.Linear(1, 1, bias=False), nn.BatchNorm1d(1))

    def give(value: float, count: int) -> None:
        with torch.no_grad():
            student[0].weight.fill_(value)
            student[1].running_mean.fill_(-value)
            student[1].num_batches_tracked.fill_(count)

    give(8, 0)
    teacher = Teacher(student, settings_of(bench, teacher_decay=0.6))
    wanted = [4.5, 3.9, 6.34]
    for number, (value, mean) in enumerate(zip([1, 3, 10], wanted, strict=True), start=1):
        give(value, number)
        teacher.follow(student, number)
        assert teacher.network[0].weight.item() == pytest.approx(mean)
        assert teacher.network[1].running_mean.item() == pytest.approx(-mean)
        assert teacher.network[1].num_batches_tracked.item() == number
    assert student[0].weight.item() == 10
    assert not teacher.network.training
    assert not any(weight.requires_grad for weight in teacher.network.parameters())


class Says(nn.Module):
    """A network that says the same logits of whatever it sees."""

    def __init__(self, logits: list[list[float]]) -> None:
        super().__init__()
        self.logits = nn.Parameter(torch.tensor(logits))

    def forward(self, features, levels):
        return self.logits, features


def says(bench: Bench, logits: list[list[float]], asks: list[int], threshold: float) -> list[int]:
    weak = Weak(torch.zeros(len(logits), 4), torch.arange(len(logits)), torch.tensor(asks))
    teacher = Teacher(Says(logits), settings_of(bench, teacher_threshold=threshold))
    return teacher.says(weak, torch.device("cpu"), mixed=False, place="step 1").tolist()


def test_only_what_is_above_the_threshold_is_learnt(bench: Bench):
    """Probabilities 0.5/0.5, 0.8/0.2, 0.1/0.9; the student's five voxels ask in their own order."""
    logits = [[0.0, 0.0], [math.log(0.8), math.log(0.2)], [math.log(0.1), math.log(0.9)]]
    asks = [2, 0, -1, 1, 2]
    none = IGNORED
    assert says(bench, logits, asks, 0.85) == [1, none, none, none, 1]
    assert says(bench, logits, asks, 0.6) == [1, none, none, 0, 1]
    assert says(bench, logits, asks, 0.5) == [1, none, none, 0, 1]  # 0.5 is not above 0.5
    assert says(bench, logits, asks, 0.4) == [1, 0, none, 0, 1]
    assert says(bench, [[100.0, 0.0]], [0, 0], 1.0) == [none, none]  # nothing is above 1


def test_words_that_are_no_number_are_told(bench: Bench):
    with pytest.raises(ProjectError, match="mean teacher says became no number in step 1"):
        says(bench, [[0.0, math.nan]], [0], 0.5)


def test_its_weight_grows_as_published(bench: Bench):
    teacher = Teacher(nn.Linear(1, 1), settings_of(bench, teacher_weight=2.0, teacher_ramp=10))
    assert teacher.weight(0) == pytest.approx(2 * 0.006738, rel=1e-4)
    assert teacher.weight(5) == pytest.approx(2 * 0.286505, rel=1e-4)
    assert teacher.weight(10) == teacher.weight(1000) == 2
    at_once = Teacher(nn.Linear(1, 1), settings_of(bench, teacher_weight=2.0, teacher_ramp=0))
    assert at_once.weight(0) == 2


def voxels(of_point: list[int], rows: list[int], count: int) -> Voxels:
    keys = torch.arange(count)
    return Voxels(torch.zeros(count, 4), keys, torch.tensor(of_point), np.array(rows))


def test_a_voxel_asks_what_its_first_point_lies_in_and_only_where_nobody_spoke():
    """Rows 0 to 6; row 3 was left out of the strong view, row 5 is no return in either."""
    labels = np.array([UNLABELLED, UNLABELLED, 4, UNLABELLED, UNSURE, UNLABELLED, UNLABELLED])
    weak = voxels([2, 2, 1, 0, 1, 3], [0, 1, 2, 3, 4, 6], 4)
    rows = np.array([0, 1, 2, 4, 5, 6])  # of the strong view's points; its place 4 is not finite
    strong = voxels([1, 0, 0, 2, 1], [0, 1, 2, 3, 5], 3)
    # Voxel 0 holds rows 1 and 2, which has a class; 1 holds rows 0 and 6; 2 row 4: unsure.
    assert asked(strong, rows, labels.astype(np.uint8), weak).tolist() == [-1, 2, -1]


def test_views_are_of_the_same_points(bench: Bench):
    """Each strong voxel's question against a slow look for its first point; noise is bounded."""
    points = bench.dataset.scan(bench.dataset.train[0]).points.copy()
    points[::50] = np.nan
    rng = np.random.default_rng(3)
    labels = np.where(rng.random(len(points)) < 0.3, 2, UNLABELLED).astype(np.uint8)
    strong = strengthen(points, rng)
    assert 0.7 * len(points) * 0.95 < len(strong.rows) < len(points)
    moved, was = strong.points, points[strong.rows]
    finite = np.isfinite(was[:, 0])
    side = np.sign(np.nansum(moved[:, 1] * was[:, 1]))
    assert np.abs(moved[finite, :3] - was[finite, :3] * [1, side, 1]).max() < 0.0601
    ratio = moved[finite, 3] / was[finite, 3]
    assert np.allclose(ratio, ratio[0])
    seen, other = voxelise(moved, 0.5), voxelise(points, 0.5)
    found = asked(seen, strong.rows, labels, other)
    home = dict(zip(other.rows.tolist(), other.voxel_of_point.tolist(), strict=True))
    members: dict[int, list[int]] = {}
    for place, voxel in zip(seen.rows.tolist(), seen.voxel_of_point.tolist(), strict=True):
        members.setdefault(voxel, []).append(int(strong.rows[place]))
    for voxel, mine in members.items():
        free = all(labels[row] == UNLABELLED for row in mine)
        assert found[voxel] == (home[mine[0]] if free else -1)
    assert (found >= 0).any()
    assert (found < 0).any()


def test_a_step_is_that_of_the_slow_loss(bench: Bench):
    """Voxel by voxel, loss and its gradient by hand, on copies of both networks."""
    made = taught(bench, teacher_weight=0.7, teacher_ramp=4, voxel_m=1.0)
    batch = next(batches(made.training, made.dataset, made.settings, seed=1, epoch=0))
    assert batch.weak is not None
    torch.manual_seed(4)
    network = make_network("minkunet", classes=len(made.classes), width=0.125)
    teacher = copy.deepcopy(network).eval()
    with torch.no_grad():
        for weight in teacher.parameters():  # another one than the student
            weight.mul_(1.1)
        said, _ = teacher(batch.weak.features, Levels(batch.weak.keys, 4))
    surest = torch.softmax(said, 1).amax(1)[batch.weak.asked[batch.weak.asked >= 0]]
    threshold = float(surest.median())
    settings = replace(made.settings, teacher_threshold=threshold)
    learner = Learner(copy.deepcopy(network), settings, len(made.classes))
    learner.teacher.network.load_state_dict(teacher.state_dict())
    found = learner.learn(batch, "here", step=2)

    logits, _ = network.train()(batch.features, Levels(batch.keys, 4))
    known, guessed, free = [], [], 0
    for voxel, (target, ask) in enumerate(zip(batch.target, batch.weak.asked, strict=True)):
        if target < FIRST_CODE:
            known.append((voxel, int(target)))
            assert ask == -1
        elif ask >= 0:
            free += 1
            p = torch.softmax(said[ask], 0)
            if p.max() > threshold:
                guessed.append((voxel, int(p.argmax())))
    assert 0.4 * free < len(guessed) < 0.6 * free
    weight = 0.7 * math.exp(-5 * (1 - 2 / 4) ** 2)
    values = logits.detach().numpy().astype(float)
    gradient, loss = np.zeros_like(values), 0.0
    for pairs, each in ((known, 1 / len(known)), (guessed, weight / free)):
        for voxel, target in pairs:
            p = np.exp(values[voxel] - values[voxel].max())
            p /= p.sum()
            loss += -np.log(p[target]) / len(known) if pairs is known else 0
            p[target] -= 1
            gradient[voxel] += each * p
    logits.backward(torch.from_numpy(gradient.astype(np.float32)))
    assert found is not None
    assert (found.free, found.sure) == (free, len(guessed))
    assert found.loss == pytest.approx(loss, rel=1e-5)
    pairs = zip(learner.network.named_parameters(), network.parameters(), strict=True)
    for (name, ours), theirs in pairs:
        error = (ours.grad - theirs.grad).norm() / (theirs.grad.norm() + 1e-6)
        assert error < 1e-3, name
    for name, mean in learner.teacher.network.named_parameters():
        now, before = learner.network.get_parameter(name), teacher.get_parameter(name)
        torch.testing.assert_close(mean, 0.75 * before + 0.25 * now)  # 1 - 1/4, below 0.99


def test_views_of_scans_without_an_answer_come_in_passes(bench: Bench):
    """Five scans, two a step: each is seen once in a pass, in another order, whatever is entered
    late; and nobody's labels of them are asked for but through the training set."""
    names = bench.dataset.train
    five = tuple(names[n % len(names)] for n in range(5))
    made = taught(bench, teacher_scans=2)
    training = replace(made.training, scans=names[:1], unlabelled=five)
    settings = replace(made.settings, batch=1)
    seen = []
    for epoch in range(5):
        (batch,) = batches(training, made.dataset, settings, seed=1, epoch=epoch)
        (again,) = batches(training, made.dataset, settings, seed=1, epoch=epoch)
        assert torch.equal(batch.features, again.features)
        assert batch.scans[0] == names[0]
        seen += batch.scans[1:]
    assert sorted(seen[:5]) == sorted(seen[5:]) == sorted(five)
