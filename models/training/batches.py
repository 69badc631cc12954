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
from models.networks.voxels import batched, voxel_labels, voxelise
from models.training.group import Group

Made = TypeVar("Made")


@dataclass(frozen=True)
class Batch:
    """features (V, 4) float32, keys (V,) int64, target (V,) int64 with 255 for no class."""

    scans: tuple[str, ...]
    features: Tensor
    keys: Tensor
    target: Tensor


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

    def make(number: int) -> Batch:
        start = (number * group.size + group.rank) * settings.batch
        voxels, targets = [], []
        chosen = order[start : start + settings.batch].tolist()
        names = tuple(training.scans[place] for place in chosen)
        for place, name in zip(chosen, names, strict=True):
            points = dataset.normalised(dataset.scan(name).points)
            rng = np.random.default_rng([seed, epoch, place])
            found = voxelise(augment(points, settings, rng), settings.voxel_m)
            labels = training.labels(name)[found.rows]
            voxels.append(found)
            targets.append(voxel_labels(found.voxel_of_point.numpy(), labels, len(found.keys)))
        if not voxels:  # more processes than scans are left
            empty = torch.zeros(0, dtype=torch.int64)
            return Batch(names, torch.zeros(0, 4), empty, empty)
        features, keys = batched(voxels)
        return Batch(names, features, keys, torch.from_numpy(np.concatenate(targets)))

    return ahead(make, range(first, batch_count(training, settings, group)), readers)


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
