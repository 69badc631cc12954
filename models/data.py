"""Batches for training: the labelled scans, augmented, as voxels with targets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from core.scans import Dataset
from core.settings import TrainSettings
from core.training import TrainingSet
from models.voxels import batched, voxel_labels, voxelise


@dataclass(frozen=True)
class Batch:
    """features (V, 4) float32, keys (V,) int64, target (V,) int64 with 255 for no class."""

    scans: tuple[str, ...]
    features: Tensor
    keys: Tensor
    target: Tensor


def batch_count(training: TrainingSet, settings: TrainSettings) -> int:
    """Batches of one epoch."""
    return -(-len(training.scans) // settings.batch)


def batches(
    training: TrainingSet,
    dataset: Dataset,
    settings: TrainSettings,
    *,
    intensity_scale: float,
    seed: int,
    epoch: int,
    first: int = 0,
) -> Iterator[Batch]:
    """Yield one epoch's batches from the number `first` on.

    The order and every augmentation depend on seed, epoch and place only, so that an epoch can
    be entered anywhere after an interruption.
    """
    order = np.random.default_rng([seed, epoch]).permutation(len(training.scans))
    for number in range(first, batch_count(training, settings)):
        chosen = order[number * settings.batch : (number + 1) * settings.batch]
        names = tuple(training.scans[i] for i in chosen)
        voxels, targets = [], []
        for place, name in zip(chosen.tolist(), names, strict=True):
            points = dataset.scan(name).points / np.array([1, 1, 1, intensity_scale], np.float32)
            rng = np.random.default_rng([seed, epoch, place])
            found = voxelise(augment(points, settings, rng), settings.voxel_m)
            labels = training.labels(name)[found.rows]
            voxels.append(found)
            targets.append(voxel_labels(found.voxel_of_point.numpy(), labels, len(found.keys)))
        features, keys = batched(voxels)
        yield Batch(names, features, keys, torch.from_numpy(np.concatenate(targets)))


def augment(points: np.ndarray, settings: TrainSettings, rng: np.random.Generator) -> np.ndarray:
    """Turn points (N, 4) about the vertical axis and scale them, as spvnas does."""
    turned = points.copy()
    if settings.rotate:
        angle = rng.uniform(0, 2 * np.pi)
        c, s = np.cos(angle), np.sin(angle)
        turned[:, :2] = points[:, :2] @ np.array([[c, s], [-s, c]], np.float32)
    turned[:, :3] *= np.float32(rng.uniform(settings.scale_low, settings.scale_high))
    return turned
