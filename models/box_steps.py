"""The steps of a round of boxes that need a detector: train, and by it score and evaluate."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from core.base.errors import ProjectError
from core.base.jobs import Job
from core.base.words import counted
from core.boxes.kinds import kinds_of
from core.boxes.labelled import LabelledFrames, most_objects
from core.boxes.ssal.cpsp import BANK, TOLD
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
from models.box_evaluate import evaluate_boxes
from models.box_score import score_boxes, unsettled
from models.boxes import checkpoint
from models.boxes.cpsp import train_cpsp
from models.boxes.fit import fit, state_of
from models.boxes.setup import scenes_of, setup_of
from models.machine import device, precision

__all__ = ["backend", "evaluate_boxes", "score_boxes", "train_boxes"]

_NEXT = "Ask the next frames: `lidarloop query --task boxes`."
_LAST = "No frame is left to ask for: `lidarloop deliver` learns all that is finished."


def backend() -> str:
    """What detectors are trained with, in words."""
    half = precision(device(), mixed=True)
    return f"torch on {device().type}, {half} where train.mixed"


def train_boxes(
    project: Project, job: Job, *, start: Path | None = None, scored: bool = True
) -> list[str]:
    """Train the detectors of a round on all finished frames; then evaluate, and score unless not
    `scored`: for a round after which nothing is asked by them. What was measured, in lines.

    The normal detector begins from `start`, else anew, or without detect.from_scratch from the last
    round's. Where frames were finished and none was ever asked for, what was finished since is
    learnt anew. What an interrupted call has finished is kept. Raises ProjectError where there is
    nothing to train on, or nothing that was not learnt already.
    """
    folder = models_folder(project)
    out = weights_file(folder, NORMAL)
    if out.exists() and not _fits(project, out, job):
        (folder / TRAINING).unlink(missing_ok=True)
        _forget(folder)
    elif out.exists():
        _learnt_already(project, folder, job)
    learnt = _has_learnt(folder)
    if not learnt:
        (folder / TRAINING).unlink(missing_ok=True)
    training = _frozen(project, folder, job)
    since = _since(project, training) if learnt else 0
    if since:
        job.say(
            "The frames of this training were chosen when it began: "
            f"{counted(since, 'frame')} finished or changed since come with the next one."
        )
    if not out.exists():
        setup = setup_of(project, place=f"{number_of(folder)}|{NORMAL}")
        samples = labelled_samples(project, training, setup.seed, job)
        tell_learnt(project, samples, training, job)
        if project.settings.ssal.cpsp:
            job.say("Two detectors learn, one after the other; the second with pseudo scenes.")
        start = start or _goes_on_from(project, folder, job)
        fit(samples, project.settings.detect.steps, start, job, setup=setup, out=out)
    if project.settings.ssal.cpsp and not weights_file(folder, CPSP).exists():
        _go_on_with_pseudo_scenes(project, folder, training, job)
    measured = evaluate_boxes(project, job)
    if scored:
        job.say(score_boxes(project, job))  # shows those of the one that was measured to be better
    return measured


def _has_learnt(folder: Path) -> bool:
    """Whether anything is there that was made of a folder's training set."""
    made = [folder / BANK]
    for model in (NORMAL, CPSP):
        weights = weights_file(folder, model)
        made += [weights, state_of(weights)]
        made += [metrics_file(folder, model), predictions_file(folder, model)]
    return any(path.exists() for path in made)


def number_of(folder: Path) -> str:
    """The number of a round's folder, of which seeds are made: rounds that were asked otherwise
    have the same first weights and augmentation, so that they can be compared."""
    return folder.name.partition("-")[0]


def _frozen(project: Project, folder: Path, job: Job) -> BoxTraining:
    """The training set of a folder's detectors; of now where a frame of it that is still to be
    read cannot be, and was declined, so that an interrupted training can never go on. Raises
    ProjectError where another one cannot be read either."""
    training, needed = freeze(project, folder), []
    if not weights_file(folder, NORMAL).exists():
        needed = list(training.frames)
    if project.settings.ssal.cpsp and not weights_file(folder, CPSP).exists():
        needed = [*training.frames, *training.held_out]  # those judge the bank
    boxes = project.boxes
    declined = [s for s in needed if boxes.is_settled(s) and not boxes.is_finished(s)]
    lost = [scan for scan in declined if not _can_be_read(project, training, scan)]
    if not lost:
        return training
    for scan in needed:  # all may be away, and come back together
        if scan not in lost:
            _read(project, training, scan)
    many = "1 declined frame" if len(lost) == 1 else f"{len(lost):,} declined frames"
    job.say(f"The detectors begin anew without {many} that cannot be read any more.")
    (folder / TRAINING).unlink()
    _forget_round(folder)
    return freeze(project, folder)


def _read(project: Project, training: BoxTraining, scan: str) -> None:
    frame_of(project, scan, training)
    scenes_of(project).read(scan)


def _can_be_read(project: Project, training: BoxTraining, scan: str) -> bool:
    try:
        _read(project, training, scan)
    except ProjectError:
        return False
    return True


def _fits(project: Project, path: Path, job: Job) -> bool:
    """Whether a detector is of the network, range and classes of now; says so where it is not."""
    wanted = setup_of(project).about(0, 0, "")
    _, found = checkpoint.read(path)  # what cannot be read may be whole elsewhere: it stays
    try:
        checkpoint.check_fits(path, found, wanted, project.classes)
    except ProjectError as error:
        job.say(f"The detector begins anew: {error.what}")
        return False
    return True


def _goes_on_from(project: Project, folder: Path, job: Job) -> Path | None:
    """The last normal detector before a folder's, where the settings have it that one goes on and
    it is of the same network, range and classes."""
    if project.settings.detect.from_scratch:
        return None
    before = [found.folder for found in project.frame_rounds if found.folder.name < folder.name]
    weights = [weights_file(one, NORMAL) for one in (folder.with_name(FIRST), *before)]
    last = next((path for path in reversed(weights) if path.exists()), None)
    return last if last is not None and _fits(project, last, job) else None


def _go_on_with_pseudo_scenes(
    project: Project, folder: Path, training: BoxTraining, job: Job
) -> None:
    """Train the round's second detector from the normal one, by CPSP; say what became of its
    bank."""
    setup = setup_of(project, place=f"{number_of(folder)}|{CPSP}")
    samples = labelled_samples(project, training, setup.seed, job)
    train_cpsp(
        project,
        folder,
        training,
        samples,
        scenes_of(project),
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
    most = most_objects(kinds_of(project.classes))
    return LabelledFrames(frames, scenes.read, most, seed, job)


def _learnt_already(project: Project, folder: Path, job: Job) -> None:
    """Raise ProjectError where a folder's detector has learnt all there is, or the next one learns
    what there is since; else make way for it."""
    if not (folder / TRAINING).exists():  # interrupted while it made way
        job.say("What the detectors learnt is not known any more: they begin anew.")
        _forget(folder)
        return
    since = _since(project, read_training(folder / TRAINING))
    models = (NORMAL, CPSP) if project.settings.ssal.cpsp else (NORMAL,)
    pool = unsettled(project)
    trained = all(weights_file(folder, model).exists() for model in models)
    evaluated = all(metrics_file(folder, model).exists() for model in models)
    scored = not pool or all(predictions_file(folder, model).exists() for model in models)
    if not (trained and evaluated and scored):  # interrupted, or one was deleted
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
    _forget_round(folder)


def _forget_round(folder: Path) -> None:
    """The same but for the final detector, which has a training set of its own."""
    _forget_bank(folder)
    for model in (CPSP, NORMAL):
        _delete(folder, model)


def forget_final(folder: Path) -> None:
    """Delete a folder's final detector and what it was made of: its training set first, since none
    stands without one, and its weights last, so that an interrupted call goes on deleting."""
    own = folder / FINAL
    (own / TRAINING).unlink(missing_ok=True)
    weights_file(own, NORMAL).unlink(missing_ok=True)
    _forget_bank(own)
    _delete(folder, FINAL)


def _forget_bank(folder: Path) -> None:
    for name in (TOLD, BANK):
        (folder / name).unlink(missing_ok=True)


def _delete(folder: Path, model: str) -> None:
    for file in (predictions_file, metrics_file, weights_file):
        file(folder, model).unlink(missing_ok=True)


def _since(project: Project, training: BoxTraining) -> int:
    """Frames that were finished, reopened or redrawn since a training set was frozen."""
    known = {*training.frames, *training.held_out}
    then = project.boxes.finished_at(training.positions)
    finished = project.boxes.finished.intersection(project.dataset.train)
    changed = finished ^ (then & set(project.dataset.train))
    for scan in sorted(known & finished):
        if not frame_of(project, scan).boxes.equals(frame_of(project, scan, training).boxes):
            changed.add(scan)
    return len(changed)


def tell_learnt(project: Project, samples: LabelledFrames, training: BoxTraining, job: Job) -> None:
    """Say what is learnt, and what cannot be."""
    counts, names = samples.counts(), project.classes.names
    if not counts:
        raise ProjectError(
            "No box of the finished frames holds a point that the detector sees.",
            "Look whether boxes and scans belong together, and at detect.range.",
        )
    learnt = ", ".join(f"{count:,} {names[label]}" for label, count in sorted(counts.items()))
    job.say(f"Learnt from {counted(len(training.frames), 'frame')}: {learnt}.")
    if samples.unseen:
        hold = "1 box holds" if samples.unseen == 1 else f"{samples.unseen:,} boxes hold"
        where = project.settings.detect.range
        job.say(f"{hold} no point that the detector sees (detect.range is {where}): not learnt.")
    drawn = project.boxes.class_counts()
    about = kinds_of(project.classes)
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
