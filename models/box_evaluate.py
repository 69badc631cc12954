"""What a project's detectors are worth, by frames that they did not learn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from core.answers.box import stays_upright, table_of
from core.base.files import write_json
from core.base.jobs import Job
from core.base.words import counted
from core.boxes.camera import completed
from core.boxes.evaluation.kitti_ap import Frame as Picture
from core.boxes.evaluation.outcomes import counted_points
from core.boxes.geometry import moved
from core.boxes.kinds import kinds_of
from core.boxes.labelled import Frame
from core.boxes.names import names_of
from core.boxes.scene import CAMERA, picture_size
from core.boxes.table import Boxes
from core.exchange.box_files import Truth, boxes_here
from core.project.box_training import frame_of, read_training, validation_of
from core.project.project import Project
from core.quality.box_metrics import Judged, box_metrics, told
from core.rounds.box_models import FINAL, metrics_file, weights_file
from core.rounds.round import TRAINING
from models.boxes.detector import Detector
from models.boxes.score import source_of
from models.boxes.setup import setup_of
from models.boxes.trained import MODELS, detector_of, frames_of, trained_folder


def evaluate_boxes(project: Project, job: Job) -> list[str]:
    """Compare what each detector of the newest round that has one finds with frames that it did
    not learn: validation scans that are finished or have boxes of their own, else the finished
    frames that were held out. <model>-metrics.json beside the checkpoint holds the numbers
    (core.quality.box_metrics); returned in lines."""
    folder = trained_folder(project)
    named = read_training(folder / TRAINING).held_out if (folder / TRAINING).exists() else ()
    held_out = [_finished(project, scan) for scan in named if project.boxes.is_finished(scan)]
    known = _validation(project, job)
    lines: list[str] = []
    for model in MODELS:
        path = weights_file(folder, model)
        if not path.exists():
            continue
        frames = known if model == FINAL else [*known, *held_out]  # of which it has learnt all
        if model == FINAL and not known:
            lines.append(f"{model}: no frame is known that it has not learnt.")
            continue
        detector = detector_of(project, path)
        metrics = {
            "model": model,
            "source": source_of(detector),
            "held_out": [frame.scan for frame in frames],
            **_judged(project, detector, frames, job),
        }
        write_json(metrics_file(folder, model), metrics)
        lines += [f"{model}, on {counted(len(frames), 'frame')}:", *told(metrics)]
    if not known and not held_out:
        return ["No frame was held out: finish some more, or boxes of validation scans."]
    return lines


def _validation(project: Project, job: Job) -> list[Frame]:
    """Validation scans whose boxes are known: finished here, or labelled by the dataset."""
    made: list[Frame] = []
    scans, truth = validation_of(project), Truth(project.dataset, names_of(project.classes))
    for done, scan in enumerate(scans):
        job.progress(done, len(scans), "read boxes")
        if project.boxes.is_finished(scan):
            made.append(_finished(project, scan))
        elif (own := truth.of(scan)) is not None:
            own = replace(own, label=project.classes.now[own.label])  # as those of people's boxes
            boxes = table_of(boxes_here(project.dataset, scan, own), own.regions)
            made.append(Frame(scan, boxes, project.scan_hash(scan)))
    return made


def _finished(project: Project, scan: str) -> Frame:
    """A finished frame to judge by: what is found in regions of its picture is not wrong there."""
    frame = frame_of(project, scan)
    return replace(frame, boxes=replace(frame.boxes, regions=project.boxes.regions(scan)))


def _judged(
    project: Project, detector: Detector, frames: Sequence[Frame], job: Job
) -> dict[str, Any]:
    looked, judged = frames_of(project), []
    # In a picture that leans against them boxes have no outline.
    camera = setup_of(project).view == CAMERA and stays_upright(project.dataset.from_files)
    for done, frame in enumerate(frames):
        job.progress(done, len(frames), "evaluate")
        points = counted_points(frame.boxes, looked.read(frame.scan))
        table = looked.look(detector, frame.scan).merged(project.classes.now).table()
        picture = _picture(project, frame, table) if camera else None
        judged.append(Judged(frame.boxes, table, points, picture))
    job.progress(len(frames), len(frames), "evaluate", always=True)
    names = project.classes.names
    return box_metrics(judged, names, kinds_of(project.classes))


def _picture(project: Project, frame: Frame, found: Boxes) -> Picture:
    """Labels and found boxes of a frame with their rectangles in the picture."""
    dataset = project.dataset
    calibration = dataset.format.calibration(dataset.root, frame.scan)
    size = picture_size(dataset, frame.scan)
    back = np.linalg.inv(dataset.from_files)
    labels, its = (
        completed(replace(table, box=moved(table.box, back)), calibration, size)
        for table in (frame.boxes, found)
    )
    return Picture(labels, its)
