"""The last step of boxes: the final detector, from all that people finished, and what it finds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from core.base.files import hash_json
from core.base.jobs import Job
from core.base.words import counted
from core.project.box_training import BoxTraining, frame_of, models_folder, read_training
from core.project.box_training import freeze_all as freeze
from core.project.cpsp import rules_of
from core.project.project import Project
from core.rounds.box_models import FINAL, NORMAL, weights_file
from core.rounds.round import TRAINING
from models.box_score import predict_frames
from models.box_steps import forget_final, labelled_samples, number_of, tell_learnt
from models.boxes.cpsp import train_cpsp
from models.boxes.fit import fit, origin
from models.boxes.setup import scenes_of, setup_of


def deliver_boxes(project: Project, job: Job) -> str:
    """Train the final detector (docs/boxes.md): from random weights on all finished frames, those
    held out before too, then on with pseudo scenes where ssal.final says so; and predict every
    frame. What was found, in words.

    What an interrupted call has finished is kept; a final detector that has learnt all there is, by
    the settings of now, stays (one of an older version, whatever its settings were). Raises
    ProjectError where there is nothing to train on.
    """
    folder = models_folder(project)
    own, out, how = folder / FINAL, weights_file(folder, FINAL), _how(project)
    training_file = own / TRAINING
    before = read_training(training_file).how if training_file.exists() else ""
    kept = (training_file, weights_file(own, NORMAL), out)
    if before and before != how:  # an older version kept none
        job.say("Settings or classes changed since: the final detector is trained anew.")
        forget_final(folder)
    elif any(map(Path.exists, kept)) and not _stands(project, training_file):
        job.say("Boxes were drawn or changed since: the final detector is trained anew.")
        forget_final(folder)
    training = freeze(project, own, how)
    if not out.exists():
        _train(project, own, out, training, job)
    found = predict_frames(project, folder, FINAL, project.dataset.scans, job)
    boxes = counted(sum(map(len, found.frames.values())), "box")
    return (
        f"{boxes} in {len(found.frames):,} frames; Export boxes, or `lidarloop export --task boxes "
        "--found`, writes them as files"
    )


def _train(project: Project, own: Path, out: Path, training: BoxTraining, job: Job) -> None:
    steps, pseudo = project.settings.detect.steps, project.settings.ssal.final == "cpsp"
    place = f"{number_of(own.parent)}|{FINAL}"
    setup = setup_of(project, place=place)
    samples = labelled_samples(project, training, setup.seed, job)
    start = weights_file(own, NORMAL) if pseudo else out
    if not start.exists():
        tell_learnt(project, samples, training, job)
        fit(samples, steps, None, job, setup=setup, out=start)
    if not pseudo:
        return
    setup = setup_of(project, place=f"{place}|cpsp")
    samples = labelled_samples(project, training, setup.seed, job)
    scenes = scenes_of(project)
    train_cpsp(
        project, own, training, samples, scenes, job, setup=setup, start=start, out=out, final=True
    )


def _how(project: Project) -> str:
    """A hash of all the settings that a final detector is made by."""
    settings = project.settings
    pseudo = settings.ssal.final == "cpsp"
    rules = repr(rules_of(project, final=True)) if pseudo else None
    setup = setup_of(project, place=FINAL)
    if not pseudo:
        setup = replace(setup, fit=True)  # how it scores moves nothing that it learns
    return hash_json([origin(setup, None), settings.detect.steps, rules])


def _stands(project: Project, path: Path) -> bool:
    """Whether a final detector of the training set at `path` has learnt all that is finished, as it
    is; not where a call was interrupted that was deleting it."""
    if not path.exists():
        return False
    training, finished = read_training(path), project.boxes.finished
    if set(training.frames) != {scan for scan in project.dataset.train if scan in finished}:
        return False
    return all(
        frame_of(project, scan).boxes.equals(frame_of(project, scan, training).boxes)
        for scan in training.frames
    )
