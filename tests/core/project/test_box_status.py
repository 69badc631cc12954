"""What detectors are worth, in words."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from core.base.errors import ProjectError
from core.base.files import write_json
from core.boxes.kinds import kinds
from core.boxes.table import Boxes
from core.data.classes import load_classes
from core.project.box_status import compared
from core.project.box_training import models_folder
from core.project.cpsp import bank_records, bank_told
from core.project.project import Project
from core.quality.box_metrics import Judged, box_metrics
from tests.kitti_made import kitti_at

KITTI = load_classes("kitti")
CAR, CYCLIST = KITTI.names.index("car"), KITTI.names.index("cyclist")


@pytest.fixture
def project(tmp_path: Path):
    root = kitti_at(tmp_path / "kitti", 2)
    with Project.create(
        tmp_path / "p", format="kitti", root=root, train=["training"], preset="laptop"
    ) as made:
        yield made


def metrics(found: int) -> dict:
    """Of a frame with two cars and a cyclist, of which so many cars are found where they are."""
    box = np.array([[10.0, y, -1.0, 4.0, 1.7, 1.5, 0.0] for y in (-6.0, 0.0, 6.0)])
    points = np.repeat(box[:, :3], 10, axis=0)
    labels = Boxes.of(box, np.array([CAR, CAR, CYCLIST]))
    there = Boxes.of(box[:found], np.full(found, CAR), score=np.full(found, 0.9))
    about = kinds(KITTI.names, KITTI.name)
    return box_metrics([Judged(labels, there, points)], KITTI.names, about)


def test_detectors_are_compared_in_a_sentence(project: Project):
    folder = models_folder(project)
    folder.mkdir(parents=True)
    assert compared(project, folder) == ""
    for model, found in (("normal", 2), ("cpsp", 0)):
        (folder / f"{model}.safetensors").write_bytes(b"weights")
        assert model not in compared(project, folder)  # it was not judged yet
        write_json(folder / f"{model}-metrics.json", metrics(found))
    assert compared(project, folder) == (
        "Loose AP in 1 frame that they did not learn: normal 50% (car 100%, cyclist 0%); "
        "cpsp 0% (car 0%, cyclist 0%)."
    )


def test_detectors_that_were_compared_on_other_frames_are_told_apart(project: Project):
    """The final one learnt those that the others were held against."""
    folder = models_folder(project)
    folder.mkdir(parents=True)
    for model, frames in (("normal", 7), ("final", 1)):
        (folder / f"{model}.safetensors").write_bytes(b"weights")
        write_json(folder / f"{model}-metrics.json", {**metrics(2), "frames": frames})
    assert compared(project, folder) == (
        "Loose AP in 7 frames that they did not learn: normal 50% (car 100%, cyclist 0%). "
        "Loose AP in 1 frame that they did not learn: final 50% (car 100%, cyclist 0%)."
    )


@pytest.mark.parametrize(
    "change", [{"new": "many"}, {"threshold": "high"}, {"judged": None}, {"new": math.inf}, None]
)
def test_a_damaged_history_of_a_bank_is_told(project: Project, change: dict | None):
    parts = ("people", "pseudo", "false", "new", "replaced", "removed", "right", "judged")
    one = {**dict.fromkeys(parts, 1), "threshold": 0.5, "barred": False}
    damaged = {name: one[name] for name in parts} if change is None else {**one, **change}
    folder = models_folder(project)
    folder.mkdir(parents=True)
    for stored in (one, damaged):
        record = {"step": 0, "classes": {str(CAR): stored}}
        write_json(folder / "bank.json", {"version": 1, "refreshes": [record]})
        if stored is one:
            assert bank_records(project, folder) == [{"step": 0, "classes": {"car": one}}]
    for tell in (bank_records, bank_told):
        with pytest.raises(ProjectError, match=r"bank\.json is damaged"):
            tell(project, folder)


def test_damaged_figures_are_told(project: Project):
    folder = models_folder(project)
    folder.mkdir(parents=True)
    (folder / "normal.safetensors").write_bytes(b"weights")
    broken = metrics(1)
    broken["classes"]["car"] = {"strict": 1.0}
    write_json(folder / "normal-metrics.json", broken)
    with pytest.raises(ProjectError, match=r"normal-metrics\.json is damaged"):
        compared(project, folder)
