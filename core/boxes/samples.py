"""What a detector learns from: one scene at a time, by its number (models.boxes.fit)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

import numpy as np

from core.base.jobs import Job
from core.boxes.predictions import FramePrediction


class Sample(NamedTuple):
    """One scene.

    Attributes
    ----------
    points : (n, 4) float32 x, y, z, intensity 0..1
    boxes : (m, 7) float32 (core.boxes.table)
    labels : (m,) int64 class ids
    ignore : (k, 7) float32 boxes in which nothing is learnt, found or missed
    """

    points: np.ndarray
    boxes: np.ndarray
    labels: np.ndarray
    ignore: np.ndarray


# What the network says as it is now, of scenes of points (n, 4), intensities 0..1.
Predict = Callable[[Sequence[np.ndarray]], list[FramePrediction]]


class Samples(Protocol):
    """Scenes without end. `sample(i)` depends on what `key` tells and on what the last `refresh`
    made, on nothing else, so that a training which was killed ends at the same bits."""

    @property
    def key(self) -> str:
        """A hash of all that the scenes are made of, the seed too, but for what `refresh` makes."""

    def sample(self, number: int) -> Sample:
        """The scene of a number from 0 on: step s of a training learns the s-th `batch` of them.
        May be called from several threads."""

    def due(self, step: int) -> bool:
        """Whether `refresh` is to be called before a step."""

    def ready(self, step: int) -> bool:
        """Whether what the last `refresh` made is there, so that a training can go on from a step:
        else it begins anew."""

    def refresh(self, step: int, predict: Predict, job: Job) -> None:
        """Make anew what depends on the network, and keep it with the number of the step.

        The training's state was saved before; it is called again for the same step where a run was
        killed since, with the same weights: what was kept for that step already stays.
        """
