"""Batches for training: the labelled scans, augmented, as voxels with targets."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

from core.base.settings import TrainSettings
from core.data.scans import Dataset
from core.rounds.training_set import TrainingSet
from models.networks.voxels import Voxels, batched, voxel_labels, voxelise
from models.training.group import Group
from models.training.views import asked, strengthen

Made = TypeVar("Made")
Place = tuple[int, ...]  # what chance depends on
Look = tuple[Voxels, np.ndarray, tuple[Voxels, np.ndarray] | None]


@dataclass(frozen=True)
class Weak:
    """What a mean teacher looks at: features (W, 4) float32 and keys (W,) int64 of other views of
    the same scans; asked (V,) int64, for each of the student's voxels one of these or -1."""

    features: Tensor
    keys: Tensor
    asked: Tensor


@dataclass(frozen=True)
class Batch:
    """features (V, 4) float32, keys (V,) int64, target (V,) int64 with 255 for no class; `weak`
    with a mean teacher, where `scans` also hold those without an answer, behind the others."""

    scans: tuple[str, ...]
    features: Tensor
    keys: Tensor
    target: Tensor
    weak: Weak | None = None


def batch_count(training: TrainingSet, settings: TrainSettings, group: Group) -> int:
    """Steps of one epoch: each process takes `settings.batch` scans a step."""
    return -(-len(training.scans) // (settings.batch * group.size))


def batches(
    training: TrainingSet,
    dataset: Dataset,
    settings: TrainSettings,
    *,
    seed: int,
    epoch: int,
    first: int = 0,
    group: Group | None = None,
    readers: int = 0,
) -> Generator[Batch, None, None]:
    """Yield one epoch's batches from the number `first` on, this process's share of each.

    The order and every augmentation depend on seed, epoch and place only, so that an epoch can
    be entered anywhere after an interruption. `readers` threads make batches ahead of their use.
    """
    group = group or Group()
    order = np.random.default_rng([seed, epoch]).permutation(len(training.scans))
    steps = batch_count(training, settings, group)

    def make(number: int) -> Batch:
        start = (number * group.size + group.rank) * settings.batch
        places = order[start : start + settings.batch].tolist()
        looks: list[tuple[str, Place]]
        looks = [(training.scans[place], (seed, epoch, place)) for place in places]
        if settings.teacher_weight:
            looks += _without_answer(training, settings, seed, epoch * steps + number, group)
        made = [_look(training, dataset, settings, name, place) for name, place in looks]
        return _joined(tuple(name for name, _ in looks), made)

    return ahead(make, range(first, steps), readers)


def _without_answer(
    training: TrainingSet, settings: TrainSettings, seed: int, step: int, group: Group
) -> list[tuple[str, Place]]:
    """Scans without an answer for a step, this process's share, and the place of their chance:
    passes over them, each in an order of its own."""
    scans, answered = training.unlabelled, len(training.scans)
    found: list[tuple[str, Place]] = []
    for k in range(settings.teacher_scans if scans else 0):
        at = (step * group.size + group.rank) * settings.teacher_scans + k
        turn, place = divmod(at, len(scans))
        number = int(np.random.default_rng([seed, turn, 0, 0, 1]).permutation(len(scans))[place])
        found.append((scans[number], (seed, turn, answered + number)))
    return found


def _look(
    training: TrainingSet, dataset: Dataset, settings: TrainSettings, name: str, place: Place
) -> Look:
    """A scan's voxels in the student's view, their targets (V,) int64, and with a mean teacher the
    voxels of its own view and which of them the student's ask about, (V,) int64."""
    points = dataset.normalised(dataset.scan(name).points)
    rng = np.random.default_rng(place)
    view, labels = augment(points, settings, rng), training.labels(name)
    if not settings.teacher_weight:
        voxels = voxelise(view, settings.voxel_m)
        return voxels, _targets(voxels, labels[voxels.rows]), None
    strong = strengthen(view, rng)
    voxels = voxelise(strong.points, settings.voxel_m)
    other = augment(points, settings, np.random.default_rng([*place, 1]))
    weak = voxelise(other, settings.voxel_m)
    targets = _targets(voxels, labels[strong.rows[voxels.rows]])
    return voxels, targets, (weak, asked(voxels, strong.rows, labels, weak))


def _targets(voxels: Voxels, labels: np.ndarray) -> np.ndarray:
    return voxel_labels(voxels.voxel_of_point.numpy(), labels, len(voxels.keys))


def _joined(names: tuple[str, ...], looks: list[Look]) -> Batch:
    """Several scans as one batch."""
    if not looks:  # more processes than scans are left
        empty = torch.zeros(0, dtype=torch.int64)
        return Batch(names, torch.zeros(0, 4), empty, empty)
    features, keys = batched([voxels for voxels, _, _ in looks])
    target = torch.from_numpy(np.concatenate([targets for _, targets, _ in looks]))
    views = [view for _, _, view in looks if view is not None]
    if not views:
        return Batch(names, features, keys, target)
    before = np.cumsum([0, *(len(weak.keys) for weak, _ in views)])
    asks = [np.where(at < 0, -1, at + b) for (_, at), b in zip(views, before[:-1], strict=True)]
    weak = Weak(*batched([weak for weak, _ in views]), torch.from_numpy(np.concatenate(asks)))
    return Batch(names, features, keys, target, weak)


def ahead(
    make: Callable[[int], Made], numbers: Sequence[int], readers: int
) -> Generator[Made, None, None]:
    """Yield make(n) for each number in order; with `readers`, threads work ahead of the caller."""
    if not readers:
        yield from map(make, numbers)
        return
    pool = ThreadPoolExecutor(readers, thread_name_prefix="read")
    try:
        left = iter(numbers)
        waiting = deque(pool.submit(make, number) for number in islice(left, readers + 1))
        while waiting:
            batch = waiting.popleft().result()
            waiting.extend(pool.submit(make, number) for number in islice(left, 1))
            yield batch
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def augment(points: np.ndarray, settings: TrainSettings, rng: np.random.Generator) -> np.ndarray:
    """Turn points (N, 4) about the vertical axis and scale them, as spvnas does."""
    turned = points.copy()
    if settings.rotate:
        angle = rng.uniform(0, 2 * np.pi)
        c, s = np.cos(angle), np.sin(angle)
        turned[:, :2] = points[:, :2] @ np.array([[c, s], [-s, c]], np.float32)
    turned[:, :3] *= np.float32(rng.uniform(settings.scale_low, settings.scale_high))
    return turned
