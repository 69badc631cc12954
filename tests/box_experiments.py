"""A small experiment of boxes, and detectors that learn nothing: what they find depends on what was
drawn."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from core.base.files import write_atomic, write_json
from core.base.jobs import Job
from core.boxes.kinds import kinds
from core.boxes.predictions import FramePrediction, Predictions, write_predictions
from core.boxes.table import Boxes
from core.exchange.box_files import Truth
from core.experiment.learning import Learning
from core.project.box_training import BoxTraining, freeze, models_folder, read_training
from core.project.project import Project
from core.quality.box_metrics import Judged, box_metrics
from core.rounds.box_models import CPSP, FINAL, NORMAL, metrics_file, predictions_file, weights_file
from core.rounds.round import TRAINING
from tests.kitti_made import kitti_at

FRAMES = 22
BOX_TINY = """
title = "A tiny experiment of boxes"
task = "boxes"
format = "kitti"
train = ["training:000000-000015"]
validation = ["training:000016-000021"]
preset = "laptop"
rounds = 2
first = "2 frames"
budget = "5 boxes"
steps = 3
classes = ["car", "pedestrian"]
[settings]
ssal.cpsp = false
ssal.refreshes = 2
[arms]
random = "random"
entropy = "entropy"
[arms.cal]
strategy = "cal"
settings = {"ssal.cpsp" = true}
"""


def box_spec(folder: Path, text: str = BOX_TINY) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "tiny-boxes.toml"
    path.write_text(text, encoding="utf-8")
    return path


def scans_at(root: Path) -> Path:
    """The scans that the spec is about."""
    return kitti_at(root, FRAMES)


def learn(project: Project, job: Job, *, scored: bool) -> None:
    """Leave what training leaves; the more frames are finished, the nearer boxes come."""
    folder = models_folder(project)
    training = freeze(project, folder)
    for model in (NORMAL, CPSP) if project.settings.ssal.cpsp else (NORMAL,):
        _train(project, folder, model, training)
    evaluate(project, job)
    if not scored:
        return
    for model in (NORMAL, CPSP):
        missing = not predictions_file(folder, model).exists()
        if weights_file(folder, model).exists() and missing:
            pool = [s for s in project.dataset.train if s not in project.boxes.settled]
            found = {scan: _found(project, folder, model, scan) for scan in pool}
            now = project.dataset.from_files
            write_predictions(predictions_file(folder, model), Predictions(found, "ab", now))


def deliver(project: Project, job: Job) -> None:
    """Leave a final detector."""
    folder = models_folder(project)
    _train(project, folder, FINAL, read_training(folder / TRAINING))


def _train(project: Project, folder: Path, model: str, training: BoxTraining) -> None:
    path, known = weights_file(folder, model), len(training.frames)
    if not path.exists():
        row = {"step": project.settings.detect.steps, "loss": 1 / known}
        write_json(path.with_name(f"{path.stem}-log.json"), {"steps": [row]})
        write_atomic(path, f"{project.seed}|{known}|{sorted(training.frames)}".encode())


def evaluate(project: Project, job: Job) -> Any:
    """Boxes beside the true ones, by chance of a checkpoint's content, and their metrics."""
    job.check()
    folder, classes = models_folder(project), project.classes
    for model in (NORMAL, CPSP, FINAL):
        if not weights_file(folder, model).exists():
            continue
        judged = []
        for scan in project.dataset.validation:
            labels = Truth(project.dataset, classes.names).of(scan)
            assert labels is not None
            found = _found(project, folder, model, scan).table()
            judged.append(Judged(labels, found, project.dataset.scan(scan).points[:, :3]))
        about = kinds(classes.names, classes.name)
        write_json(metrics_file(folder, model), box_metrics(judged, classes.names, about))


def _found(project: Project, folder: Path, model: str, scan: str) -> FramePrediction:
    text = weights_file(folder, model).read_text()
    known, place = int(text.split("|")[1]), project.dataset.scans.index(scan)
    rng = np.random.default_rng([*text.encode(), *model.encode(), place])
    there = Truth(project.dataset, project.classes.names).of(scan) or Boxes.of(np.zeros((0, 7)), [])
    box = np.repeat(there.box, 2, axis=0)
    label = np.repeat(there.label, 2)
    box[:, :2] += rng.normal(0, 1.5 / known, (len(box), 2))
    score = rng.uniform(0.1, 1.0, len(box))
    feature = rng.normal(size=(len(box), 3)).astype(np.float32)
    return FramePrediction(box, score, label.astype(np.uint8), feature)


def backend() -> str:
    return "none"


BOX_LEARNING = Learning(learn, evaluate, backend, deliver)
