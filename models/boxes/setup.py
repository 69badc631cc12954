"""A project's detector: which network, which range, as its settings say."""

from __future__ import annotations

import hashlib

from core.boxes.scene import RING, Scenes, view_of
from core.project.project import Project
from models.boxes.fit import Setup
from models.boxes.pillar_center import SIZES


def setup_of(project: Project, *, place: str = "") -> Setup:
    """How a project trains its detectors; `place` is a training's own, of which its seed is made:
    a round's id and a model's name."""
    settings = project.settings
    detect, train = settings.detect, settings.train
    view, size = view_of(project.dataset, detect.range), SIZES[detect.network]
    grid = size.grid(ring=view == RING, height_m=settings.prepare.sensor_height_m)
    return Setup(
        detector=detect.network,
        size=size,
        grid=grid,
        view=view,
        classes=project.classes,
        batch=detect.batch,
        learning_rate=detect.learning_rate,
        seed=_seed(project.seed, place),
        mixed=train.mixed,
        threads=train.threads,
        fit=detect.score == "heat_iou",
    )


def scenes_of(project: Project) -> Scenes:
    """The project's scenes as its detectors see them."""
    return Scenes(project.dataset, setup_of(project).view)


def _seed(seed: int, place: str) -> int:
    digest = hashlib.blake2b(f"{seed}|boxes|{place}".encode(), digest_size=6).digest()
    return int.from_bytes(digest, "big")
