"""The steps of a round of boxes that need a detector: train, score, evaluate."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from core.answers.box import stays_upright, table_of
from core.base.errors import ProjectError
from core.base.files import read_json, write_json
from core.base.jobs import Job
from core.boxes.camera import completed
from core.boxes.evaluation.kitti_ap import Frame as Picture
from core.boxes.evaluation.outcomes import counted_points
from core.boxes.formats.source import counted
from core.boxes.geometry import moved, rotated_iou
from core.boxes.kinds import kinds
from core.boxes.labelled import Frame, LabelledFrames, most_objects
from core.boxes.predictions import Predictions
from core.boxes.scene import CAMERA, Scenes, picture_size
from core.boxes.table import Boxes
from core.exchange.box_files import Read, Truth, boxes_here
from core.exchange.boxes_found import FoundBoxes, take_found
from core.project.box_training import (
    BoxTraining,
    frame_of,
    freeze,
    models_folder,
    read_training,
    validation_of,
)
from core.project.cpsp import bank_told
from core.project.project import Project
from core.quality.box_metrics import Judged, box_metrics
from core.rounds.box_models import (
    CPSP,
    FINAL,
    FIRST,
    NORMAL,
    metrics_file,
    predictions_file,
    weights_file,
)
from core.rounds.round import TRAINING
from models.boxes import checkpoint
from models.boxes.cpsp import train_cpsp
from models.boxes.detector import Detector
from models.boxes.fit import fit
from models.boxes.score import Frames, predict_to_file
from models.boxes.setup import setup_of
from models.machine import device

MODELS = (NORMAL, CPSP, FINAL)
_TRAIN = "Train one: `lidarloop train --task boxes`."
_NEXT = "Ask the next frames: `lidarloop query --task boxes`."
_LAST = "No frame is left to ask for: `lidarloop deliver` learns all that is finished."
_EVALUATE = "Run `lidarloop evaluate --task boxes` on the project."
_ON_ONE_ANOTHER = 0.1  # overlap from above beyond which a box says what a drawn one says already


def backend() -> str:
    """What detectors are trained with, in words."""
    return f"torch on {device().type}"


def train_boxes(
    project: Project, job: Job, *, start: Path | None = None, scored: bool = True
) -> list[str]:
    """Train the detectors of a round on all finished frames; then evaluate, and score unless not
    `scored`: for a round after which nothing is asked by them. What was measured, in lines.

    Where frames were finished and none was ever asked for, what was finished since is learnt anew.
    What an interrupted call has finished is kept. Raises ProjectError where there is nothing to
    train on, or nothing that was not learnt already.
    """
    folder = models_folder(project)
    if weights_file(folder, NORMAL).exists():
        _learnt_already(project, folder)
    training = freeze(project, folder)
    out = weights_file(folder, NORMAL)
    if not out.exists():
        setup = setup_of(project, place=f"{folder.name}|{NORMAL}")
        samples = labelled_samples(project, training, setup.seed, job)
        _tell(project, samples, training, job)
        fit(samples, project.settings.detect.steps, start, job, setup=setup, out=out)
    if project.settings.ssal.cpsp and not weights_file(folder, CPSP).exists():
        _go_on_with_pseudo_scenes(project, folder, training, job)
    measured = evaluate_boxes(project, job)
    if scored:
        job.say(score_boxes(project, job))  # shows those of the one that was measured to be better
    return measured


def _go_on_with_pseudo_scenes(
    project: Project, folder: Path, training: BoxTraining, job: Job
) -> None:
    """Train the round's second detector from the normal one, by CPSP; say what became of its
    bank."""
    setup = setup_of(project, place=f"{folder.name}|{CPSP}")
    samples = labelled_samples(project, training, setup.seed, job)
    train_cpsp(
        project,
        folder,
        training,
        samples,
        scenes_of(project).read,
        job,
        setup=setup,
        start=weights_file(folder, NORMAL),
        out=weights_file(folder, CPSP),
    )
    for line in bank_told(project, folder, last=True):
        job.say(line)


def labelled_samples(
    project: Project, training: BoxTraining, seed: int, job: Job
) -> LabelledFrames:
    """The frames of a training set as a detector learns them. Raises DataError for a frame that
    cannot be read, or whose part in the picture is not known."""
    scenes = scenes_of(project)
    frames = [
        replace(frame, digest=scenes.digest(frame.scan, frame.digest))
        for frame in (frame_of(project, scan, training) for scan in training.frames)
    ]
    names = project.classes.names
    most = most_objects(names, kinds(names, project.classes.name))
    return LabelledFrames(frames, scenes.read, most, seed, job)


def scenes_of(project: Project) -> Scenes:
    """The project's scenes as its detectors see them."""
    return Scenes(project.dataset, setup_of(project).view)


def _learnt_already(project: Project, folder: Path) -> None:
    """Raise ProjectError where a folder's detector has learnt all there is, or the next one learns
    what there is since; else make way for it."""
    if folder.name == FIRST and not (folder / TRAINING).exists():  # interrupted below
        _forget(folder)
        return
    since = _since(project, read_training(folder / TRAINING))
    models = (NORMAL, CPSP) if project.settings.ssal.cpsp else (NORMAL,)
    pool = _unsettled(project)
    evaluated = all(metrics_file(folder, model).exists() for model in models)
    scored = not pool or all(predictions_file(folder, model).exists() for model in models)
    if not (evaluated and scored):  # interrupted after a training
        return
    if folder.name != FIRST:
        more = f", and {counted(since, 'frame')} finished or changed since" if since else ""
        raise ProjectError(
            f"The detector of {folder.name} is trained{more}.",
            _NEXT if pool else _LAST,
        )
    if not since:
        raise ProjectError(
            "The detector has learnt all finished frames.", "Finish more, or ask for some."
        )
    (folder / TRAINING).unlink()
    _forget(folder)


def _forget(folder: Path) -> None:
    """Delete the models of a training set that is gone, the normal one's weights last, so that an
    interrupted call goes on deleting."""
    forget_final(folder)
    for model in (CPSP, NORMAL):
        _delete(folder, model)


def forget_final(folder: Path) -> None:
    """Delete a folder's final detector and what it was made of: its training set first, since none
    stands without one, and its weights last, so that an interrupted call goes on deleting."""
    own = folder / FINAL
    (own / TRAINING).unlink(missing_ok=True)
    weights_file(own, NORMAL).unlink(missing_ok=True)
    _delete(folder, FINAL)


def _delete(folder: Path, model: str) -> None:
    for file in (predictions_file, metrics_file, weights_file):
        file(folder, model).unlink(missing_ok=True)


def _since(project: Project, training: BoxTraining) -> int:
    """Frames that were finished, reopened or redrawn since a training set was frozen."""
    known = {*training.frames, *training.held_out}
    then = project.boxes.finished_at(training.positions)
    finished = {scan for scan in project.dataset.train if scan in project.boxes.finished}
    changed = finished ^ (then & set(project.dataset.train))
    for scan in sorted(known & finished):
        if not frame_of(project, scan).boxes.equals(frame_of(project, scan, training).boxes):
            changed.add(scan)
    return len(changed)


def _tell(project: Project, samples: LabelledFrames, training: BoxTraining, job: Job) -> None:
    """Say what is learnt, and what cannot be."""
    counts, names = samples.counts(), project.classes.names
    if not counts:
        raise ProjectError(
            "No box of the finished frames holds a point that the detector sees.",
            "Look whether boxes and scans belong together, and at detect.range.",
        )
    learnt = ", ".join(f"{count:,} {names[label]}" for label, count in sorted(counts.items()))
    job.say(f"Learnt from {counted(len(training.frames), 'frame')}: {learnt}.")
    drawn = project.boxes.class_counts()
    about = kinds(names, project.classes.name)
    missing = [
        name
        for label, name in enumerate(names)
        if label not in counts
        and label in project.classes.shown  # none that is merged
        and (about[label].size is not None or drawn.get(label))
    ]
    if missing:
        job.say(f"No box of {', '.join(missing)} is among them: not learnt, so never found.")
    if not training.held_out and not validation_of(project):
        job.say("No frame is held out: what the detector is worth cannot be told.")


def score_boxes(project: Project, job: Job) -> str:
    """Predict the frames that nobody has settled with each detector of the newest round that has
    one; show one's boxes as suggestions: the final one's, else the normal one's unless the other
    was better on held-out frames. What was found, in words."""
    folder = _trained(project)
    pool = _unsettled(project)
    if not pool:
        return "Every frame is finished or declined: none is left to predict."
    found = {}
    for model in MODELS:
        path = weights_file(folder, model)
        if path.exists():
            scans = project.dataset.scans if model == FINAL else pool  # as it was delivered
            every = predict_frames(project, folder, model, scans, job)
            found[model] = replace(every, frames={scan: every.frames[scan] for scan in pool})
    best = FINAL if FINAL in found else _better(folder, found)
    return f"{_suggest(project, found[best], job)} ({best})"


def _unsettled(project: Project) -> list[str]:
    """The training scans that nobody has finished or declined: those that are predicted."""
    settled = project.boxes.settled
    return [scan for scan in project.dataset.train if scan not in settled]


def _better(folder: Path, found: Collection[str]) -> str:
    """The model whose boxes are worth more on held-out frames, the normal one where that is not
    known."""
    worth = {}
    for model in found:
        path = metrics_file(folder, model)
        mean = read_json(path, do=_EVALUATE, mean=dict)["mean"] if path.exists() else {}
        worth[model] = mean.get("loose") or 0.0
    return max(found, key=lambda model: (worth[model], model == NORMAL))


def _trained(project: Project) -> Path:
    """The newest folder with a detector. Raises ProjectError where none is trained."""
    rounds = [found.folder for found in reversed(project.frame_rounds)]
    first = models_folder(project).with_name(FIRST)
    for folder in [*rounds, first]:
        if any(weights_file(folder, model).exists() for model in MODELS):
            return folder
    raise ProjectError("No detector of boxes is trained yet.", _TRAIN)


def _detector(project: Project, path: Path) -> Detector:
    """A checkpoint that fits the project. Raises ProjectError."""
    setup = setup_of(project)
    _, about = checkpoint.read(path)
    checkpoint.check_fits(path, about, setup.about(0, 0, ""), project.classes)
    return Detector.load(path, fit=setup.fit, mixed=setup.mixed, threads=setup.threads)


def frames_of(project: Project) -> Frames:
    """The project's frames as its detectors look at them."""
    dataset, classes = project.dataset, project.classes
    scenes = scenes_of(project)

    def digest(scan: str) -> str:
        return scenes.digest(scan, project.scan_hash(scan))

    return Frames(scenes.read, digest, dataset.from_files, classes.now, len(classes))


def _suggest(project: Project, best: Predictions, job: Job) -> str:
    """Show boxes to be accepted with one key, but for those that lie on drawn ones."""
    drawn, frames = project.boxes.counts_by_scan(), {}
    for scan, found in best.frames.items():
        table = found.table()
        if drawn.get(scan):
            there = project.box_table(scan).box
            clash = (rotated_iou(table.box, there)[0] > _ON_ONE_ANOTHER).any(axis=1)
            table = table.take(~clash)
        frames[scan] = table
    before = FoundBoxes(project)
    said = take_found(project, Read(frames, ()), job, from_files=best.from_files)
    if len(before) and before.key != FoundBoxes(project).key:
        job.say(
            f"{counted(len(before), 'box')} found before made way; what was said of them stays."
        )
    none = sum(not len(table) for table in frames.values())
    return f"{said}; none in {none:,}" if none else said


def evaluate_boxes(project: Project, job: Job) -> list[str]:
    """Compare what each detector of the newest round that has one finds with frames that it did
    not learn: validation scans that are finished or have boxes of their own, else the finished
    frames that were held out. <model>-metrics.json beside the checkpoint holds the numbers
    (core.quality.box_metrics); returned in lines."""
    from core.quality.box_metrics import told

    folder = _trained(project)
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
        detector = _detector(project, path)
        metrics = {
            "model": model,
            "source": detector.source,
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
    scans, truth = validation_of(project), Truth(project.dataset, project.classes.names)
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
        table = looked.look(detector, frame.scan).table()
        picture = _picture(project, frame, table) if camera else None
        judged.append(Judged(frame.boxes, table, points, picture))
    job.progress(len(frames), len(frames), "evaluate", always=True)
    names = project.classes.names
    return box_metrics(judged, names, kinds(names, project.classes.name))


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


def predict_frames(
    project: Project, folder: Path, model: str, scans: Sequence[str], job: Job
) -> Predictions:
    """What a folder's model finds in some scans; written beside it, what was known stays."""
    detector = _detector(project, weights_file(folder, model))
    path = predictions_file(folder, model)
    return predict_to_file(detector, frames_of(project), scans, path, job)
