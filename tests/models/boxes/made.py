"""Small scenes with boxes and a small detector, for tests that train in a moment."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from core.base.jobs import Job
from core.boxes.samples import Sample
from core.data.classes import ClassList, load_classes
from models.boxes.fit import Setup, fit
from models.boxes.pillar_center import Size
from models.boxes.pillars import Grid

SMALL = Size(0.5, 8, (8, 8, 16), 8, 8, (16.0, 8.0), 8.0)
GRID = Grid((0.0, -8.0, -3.0), (16.0, 8.0, 1.0), 0.5)
KITTI = load_classes("kitti")
CAR, VAN, PEDESTRIAN = (KITTI.names.index(name) for name in ("car", "van", "pedestrian"))
NONE = np.zeros((0, 7), np.float32)


def scene(seed: int) -> Sample:
    """A flat road with a car and a pedestrian on it."""
    rng = np.random.default_rng(seed)
    boxes = np.array(
        [
            [rng.uniform(3, 13), rng.uniform(-6, -1), -0.95, 3.9, 1.6, 1.56, rng.uniform(-3, 3)],
            [rng.uniform(3, 13), rng.uniform(1, 6), -0.87, 0.8, 0.6, 1.73, rng.uniform(-3, 3)],
        ]
    )
    ground = rng.uniform((0, -8, -1.75, 0), (16, 8, -1.71, 1), (600, 4))
    parts = [ground]
    for box in boxes:
        inside = rng.uniform(-0.5, 0.5, (80, 4)) * [*box[3:6], 1] + [0, 0, 0, 0.5]
        c, s = np.cos(box[6]), np.sin(box[6])
        inside[:, :2] = inside[:, :2] @ np.array([[c, s], [-s, c]])
        inside[:, :3] += box[:3]
        parts.append(inside)
    points = np.concatenate(parts).astype(np.float32)
    return Sample(points, boxes.astype(np.float32), np.array([CAR, PEDESTRIAN]), NONE)


class Scenes:
    """Samples: a few scenes, over and over."""

    def __init__(self, count: int = 3) -> None:
        self.scenes = [scene(seed) for seed in range(count)]
        self.key = f"{count} scenes"

    def sample(self, number: int) -> Sample:
        return self.scenes[number % len(self.scenes)]

    def ready(self, step: int) -> bool:
        return True

    def due(self, step: int) -> bool:
        return False

    def refresh(self, step, predict, job) -> None:
        raise AssertionError


def setup(**more) -> Setup:
    given = {
        "detector": "small",
        "size": SMALL,
        "grid": GRID,
        "view": "ring",
        "classes": KITTI,
        "batch": 2,
        "learning_rate": 3e-3,
        "seed": 7,
        "threads": 1,
    }
    return Setup(**{**given, **more})


def trained(
    out: Path, job: Job | None = None, *, steps: int = 6, samples=None, start=None, **more
) -> Path:
    """Train the small detector; its checkpoint."""
    samples = samples or Scenes()
    fit(samples, steps, start, job or Job(), setup=setup(**more), out=out)
    return out


def other_classes(*names: str) -> ClassList:
    """KITTI's list with other names in front, of the same length."""
    return replace(KITTI, names=(*names, *KITTI.names[len(names) :]))
