"""A small training run on the small street."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from core.base.settings import load_preset
from core.data.classes import load_classes
from core.data.opening import open_dataset
from models.boxes import pillar_center
from models.sparse import release_buffers
from tests.kitti_made import kitti_at
from tests.models.bench import Bench, full_training
from tests.models.box_world import FRAMES
from tests.models.boxes.made import SMALL


@pytest.fixture(autouse=True)
def nothing_kept() -> Iterator[None]:
    """A network that a test calls by itself has nobody who ends its helpers."""
    yield
    release_buffers()


@pytest.fixture
def bench(small_street: Path) -> Bench:
    dataset = open_dataset("semantickitti", small_street, ["00"], ["08"])
    classes = load_classes("semantickitti")
    settings = replace(
        load_preset("laptop").train,
        width=0.125,
        voxel_m=0.5,
        batch=2,
        first_epochs=3,
        epochs=2,
        threads=1,
    )
    return Bench(dataset, classes, settings, full_training(dataset, classes))


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a few frames of KITTI's, made."""
    return kitti_at(tmp_path_factory.mktemp("kitti"), FRAMES)


@pytest.fixture
def small_detector(monkeypatch: pytest.MonkeyPatch) -> None:
    """Detectors are trained in a moment."""
    monkeypatch.setitem(pillar_center.SIZES, "pillar-s", SMALL)
