"""What a project's detectors find in the frames that nobody has settled, shown as suggestions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from core.base.errors import DataError
from core.base.files import read_json
from core.base.jobs import Job
from core.base.words import counted
from core.boxes.formats.source import Found
from core.boxes.geometry import rotated_iou
from core.boxes.predictions import Predictions
from core.exchange.boxes_found import FoundBoxes, take_found
from core.project.project import Project
from core.rounds.box_models import FINAL, best_of, metrics_file, predictions_file, weights_file
from models.boxes.score import predict_to_file
from models.boxes.trained import MODELS, detector_of, frames_of, trained_folder

_EVALUATE = "Run `lidarloop evaluate --task boxes` on the project."
_ON_ONE_ANOTHER = 0.1  # overlap from above beyond which a box says what a drawn one says already


def score_boxes(project: Project, job: Job) -> str:
    """Predict the frames that nobody has settled with each detector of the newest round that has
    one; show one's boxes as suggestions: the final one's, else the normal one's unless the other
    was better on held-out frames. What was found, in words."""
    folder = trained_folder(project)
    pool = unsettled(project)
    if not pool:
        return "Every frame is finished or declined: none is left to predict."
    found = {}
    for model in MODELS:
        path = weights_file(folder, model)
        if path.exists():
            scans = project.dataset.scans if model == FINAL else pool  # as it was delivered
            every = predict_frames(project, folder, model, scans, job)
            found[model] = replace(
                every, frames={scan: every.frames[scan] for scan in pool if scan in every.frames}
            )
    best = best_of(folder, found)
    half = _half_right_from(metrics_file(folder, best), found[best].source)
    return f"{_suggest(project, found[best], half, job)} ({best})"


def unsettled(project: Project) -> list[str]:
    """The training scans that nobody has finished or declined: those that are predicted."""
    settled = project.boxes.settled
    return [scan for scan in project.dataset.train if scan not in settled]


def predict_frames(
    project: Project, folder: Path, model: str, scans: Sequence[str], job: Job
) -> Predictions:
    """What a folder's model finds in some scans; written beside it, what was known stays."""
    detector = detector_of(project, weights_file(folder, model))
    path = predictions_file(folder, model)
    return predict_to_file(detector, frames_of(project), scans, path, job)


def _half_right_from(path: Path, source: str) -> float | None:
    """From which score on half of a model's boxes are right, None where it is not known of such
    scores."""
    stored = read_json(path, do=_EVALUATE, source=str) if path.exists() else {}
    if stored.get("source") != source:
        return None
    value = stored.get("half_right_from")  # an older version told none
    return float(value) if isinstance(value, float) else None


def _suggest(project: Project, best: Predictions, half: float | None, job: Job) -> str:
    """Show boxes to be accepted with one key, but for those that lie on drawn ones."""
    drawn, frames = project.boxes.counts_by_scan(), {}
    for scan, found in best.frames.items():
        table = found.table()
        if drawn.get(scan):
            try:
                there = project.box_table(scan).box
            except DataError:  # the scan is away: nothing is shown of it
                continue
            clash = (rotated_iou(table.box, there)[0] > _ON_ONE_ANOTHER).any(axis=1)
            table = table.take(~clash)
        frames[scan] = table
    before = FoundBoxes(project)
    said = take_found(
        project, Found(frames, ()), job, from_files=best.from_files, half_right_from=half
    )
    if len(before) and before.key != FoundBoxes(project).key:
        job.say(
            f"{counted(len(before), 'box')} found before made way; what was said of them stays."
        )
    none = sum(not len(table) for table in frames.values())
    return f"{said}; none in {none:,}" if none else said
