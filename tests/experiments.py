"""A small experiment, and networks that learn nothing: what they say depends on the answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from core.base.files import write_arrays, write_atomic, write_json
from core.base.jobs import Job
from core.experiment.learning import Learning
from core.project.frozen import training_set
from core.project.project import Project
from core.quality.iou import confusion
from core.rounds.figures import figures, iou
from core.rounds.predictions import new_prediction_file
from core.rounds.round import LOG, METRICS
from core.rounds.scores import write_scores
from tests.streets import made_scores

TINY = """
title = "A tiny experiment"
format = "semantickitti"
train = ["00"]
validation = ["08"]
preset = "laptop"
rounds = 2
budget = "10%"
steps = 4
compare = "random"
block = 1
full = false
[settings]
train.width = 0.1
train.voxel_m = 0.5
[arms]
random = "random"
ent = "ent"
"""


def tiny_spec(folder: Path, text: str = TINY) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "tiny.toml"
    path.write_text(text, encoding="utf-8")
    return path


def learn(project: Project, job: Job, *, scored: bool) -> None:
    """Leave what training leaves; the more points are labelled, the more predictions are right."""
    tip = project.tip
    assert tip is not None
    training = training_set(project, tip)
    known = sum(int((training.labels(scan) < 200).sum()) for scan in training.scans)
    if not tip.checkpoint.exists():
        text = f"{project.seed}|{tip.number}|{known}|{sorted(training.scans)}"
        row = {"epoch": 1, "loss": 1 / known, "labelled_miou": 0.5, "steps": 4, "views": 4}
        write_json(tip.file(LOG), {"epochs": [{**row, "voxels": known}], "looks": []})
        write_atomic(tip.checkpoint, text.encode())
    units = project.need_units()
    scores = made_scores(len(units), project.seed * 10 + tip.number)
    if scored:
        write_scores(tip.folder, units, [scores], features=6, classes=4)
    evaluate(project, job)


def evaluate(project: Project, job: Job) -> Any:
    """Predictions by chance of the checkpoint's content, and their metrics."""
    job.check()
    tip = project.tip
    assert tip is not None
    known = int(tip.checkpoint.read_text().split("|")[2])
    rng = np.random.default_rng([project.seed, tip.number, known])
    count = len(project.classes)
    matrix = np.zeros((count, count), np.int64)
    for scan in project.dataset.validation:
        truth = project.dataset.ground_truth(scan, project.classes)
        assert truth is not None
        right = rng.random(len(truth)) < min(0.9, known / 20_000)
        said = np.where(right, truth, rng.integers(0, count, len(truth))).astype(np.uint8)
        arrays = {"classes": said, "entropy": np.zeros(len(truth), np.float16)}
        arrays["source"] = np.array(["x", ""])
        write_arrays(new_prediction_file(project.predictions(tip), scan), arrays)
        matrix += confusion(truth, said, count)
    found = figures(matrix, project.classes.names)
    each = [None if np.isnan(value) else float(value) for value in iou(matrix)]
    by_class = dict(zip(project.classes.names, each, strict=True))
    value = {**found, "iou": by_class, "confusion": matrix.tolist(), "ranges": [], "scans": 1}
    write_json(tip.file(METRICS), value)
    return value


def backend() -> str:
    return "none"


LEARNING = Learning(learn, evaluate, backend)


def dies_of_ent(project: Project, job: Job, *, scored: bool) -> None:
    """Learns, but a round that was asked by ent is a fault of ours."""
    tip = project.tip
    if tip is not None and tip.query.strategy == "ent":
        raise ZeroDivisionError("a fault")
    learn(project, job, scored=scored)
