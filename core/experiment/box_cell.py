"""A cell of boxes: its rounds of frames, answered by their true boxes, trained and recorded.

What cell.py asks of a task, here of boxes; kills, resuming and shared first rounds are its own.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from core.base.errors import DataError, ProjectError, SettingsError
from core.base.files import hash_file, read_json
from core.base.jobs import Job
from core.base.typed import whole
from core.data.classes import load_classes
from core.data.opening import open_dataset
from core.experiment.costs import seconds_of_frames
from core.experiment.folder import Cell, Experiment
from core.experiment.learning import Learning
from core.experiment.measures import BOXES
from core.experiment.record import AGAIN, RECORD, keep_record
from core.experiment.record_checks import check_detector
from core.experiment.spec import FULL, asks_by_detector, kind_of_budget
from core.frame_steps import annotate_frames, ask_frames
from core.project.box_training import read_training
from core.project.change_settings import use
from core.project.cpsp import bank_records
from core.project.project import Project
from core.rounds.box_models import CPSP, FINAL, NORMAL, metrics_file, predictions_file, weights_file
from core.rounds.round import QUERY, TRAINING, Round
from core.steps import BOX_ORACLE

_LEAST_JUDGED = 5  # validation frames, as of core.project.box_training
_ALL = "random"  # strategy by which every frame is asked, for full labels


def check_data(experiment: Experiment) -> None:
    """Raise ProjectError where frames to ask have no true boxes, too few have to measure by, or a
    class to compare is none of the list."""
    spec = experiment.spec
    dataset = open_dataset(spec.format, experiment.root, spec.train, spec.validation)
    bare = [scan for scan in dataset.train if not dataset.has_boxes(scan)]
    if bare:
        raise DataError(
            f"Frame {bare[0]} has no boxes to answer from"
            f"{f', nor have {len(bare) - 1:,} others' if bare[1:] else ''}.",
            "Name data in a layout with boxes, such as kitti-tracking, whole.",
        )
    known = sum(dataset.has_boxes(scan) for scan in dataset.validation)
    if known < _LEAST_JUDGED:
        raise DataError(
            f"{known} validation frames have boxes to measure by.",
            f"Name sequences with {_LEAST_JUDGED} or more.",
        )
    names = load_classes(dataset.format.classes).names
    strange = [name for name in spec.classes if name not in names]
    if strange:
        raise SettingsError(
            f"The experiment {spec.name}: classes names {strange[0]}, which is no class.",
            f"Classes: {', '.join(names)}.",
        )


def go_on_from(experiment: Experiment, cell: Cell, building: Path) -> None:
    """Make a copy of the shared first round the cell's own: its settings, and no record yet."""
    with Project(building) as project:
        settings = project.settings
        for key, value in cell.overrides.items():
            settings = settings.override(key, value, source=f"experiment {experiment.spec.name}")
        use(project, settings)
        for found in project.frame_rounds:
            found.file(RECORD).unlink()


def ask(experiment: Experiment, cell: Cell, project: Project, job: Job) -> None:
    """Ask the next frames: by the arm's strategy, at first by its start; all for full labels."""
    arm, spec = cell.arm, experiment.spec
    if arm.kind == FULL:
        ask_frames(project, job, strategy=_ALL, frames=len(project.dataset.train))
        return
    begun = bool(project.frame_rounds)
    kind, amount = kind_of_budget(spec.budget if begun else spec.first)
    ask_frames(
        project,
        job,
        strategy=arm.strategy if begun else arm.start,
        frames=int(amount) if kind == "frames" else None,
        boxes=int(amount) if kind == "boxes" else None,
    )


def ranks_next(experiment: Experiment, cell: Cell, number: int) -> bool:
    """Whether frames are asked by what the detectors of a cell's round `number` find."""
    arm, spec = cell.arm, experiment.spec
    if arm.kind == "first":  # which arms with other strategies go on from
        return spec.rounds > 1 and any(
            one.kind == "strategy" and asks_by_detector(one.strategy) for one in spec.arms
        )
    last = number == experiment.rounds(arm)
    return arm.kind == "strategy" and not last and asks_by_detector(arm.strategy)


def ready_to_rank(experiment: Experiment, cell: Cell, project: Project, number: int) -> bool:
    """Whether the round before `number` is scored, where the next query ranks by it."""
    before = project.frame_rounds[number - 1].folder if number else None
    return (
        before is None
        or not ranks_next(experiment, cell, number)
        or all(predictions_file(before, model).exists() for model in _models(project))
    )


def finish(
    experiment: Experiment,
    cell: Cell,
    project: Project,
    found: Round,
    learning: Learning,
    job: Job,
    about: Mapping[str, Any],
) -> None:
    """Bring a round that is asked to its record, which begins with `about`."""
    began = time.monotonic()
    if not found.file(TRAINING).exists() and project.open_frames(found):
        annotate_frames(project, job, oracle=BOX_ORACLE)
    models = _models(project)
    scored = ranks_next(experiment, cell, found.number)
    missing = [metrics_file(found.folder, model) for model in models]
    missing += [predictions_file(found.folder, model) for model in models if scored]
    if not all(path.exists() for path in missing):
        learning.train(project, job, scored=scored)
    last = found.number == experiment.rounds(cell.arm)
    if experiment.spec.deliver and last and cell.arm.kind != "first":
        models = (*models, FINAL)
        if not metrics_file(found.folder, FINAL).exists():
            assert learning.deliver is not None
            learning.deliver(project, job)
            learning.evaluate(project, job)
    figures = {model: _figures(found.folder, model) for model in models}
    keep_record(
        found,
        {
            **about,
            "task": BOXES,
            "round": found.number,
            "strategy": found.query.strategy,
            "query": hash_file(found.file(QUERY)),
            "settings": project.settings.to_toml(),
            "costs": costs_of(project, project.frame_rounds[: found.number]),
            "training": {
                "frames": len(read_training(found.file(TRAINING)).frames),
                "looks": [],
                **{model: _trained(found.folder, model) for model in models},
            },
            "figures": {"models": figures},
            "truth": {name: one["objects"] for name, one in figures[NORMAL]["classes"].items()},
            "bank": bank_records(project, found.folder)[-1:],
        },
        wall_s=time.monotonic() - began,
        backend=learning.backend(),
    )


def _models(project: Project) -> tuple[str, ...]:
    """The detectors that a round trains."""
    return (NORMAL, CPSP) if project.settings.ssal.cpsp else (NORMAL,)


def _figures(folder: Path, model: str) -> dict[str, Any]:
    """What a detector is worth on the validation frames: numbers of core.quality.box_metrics.
    Raises ProjectError where they are damaged."""
    path = metrics_file(folder, model)
    found = read_json(path, do=AGAIN)
    try:
        check_detector(found)
    except ValueError as error:
        raise ProjectError(f"{path} is damaged: {error}.", AGAIN) from error
    return {name: found[name] for name in ("frames", "classes")}


def _trained(folder: Path, model: str) -> dict[str, Any]:
    """Steps of a detector's training, and its loss at the end."""
    path = weights_file(folder, model)
    rows = read_json(path.with_name(f"{path.stem}-log.json"), do=AGAIN, steps=list[dict[str, Any]])
    last = rows["steps"][-1] if rows["steps"] else {}
    return {"steps": last.get("step"), "loss": last.get("loss")}


def costs_of(project: Project, line: Sequence[Round]) -> dict[str, Any]:
    """What the answers to a line of rounds cost so far: true boxes, frames finished, estimated
    seconds, and boxes of each class."""
    asked = {scan for found in line for scan in found.query.items}
    frames = [scan for scan in project.boxes.finished_in_order() if scan in asked]
    names = project.classes.names
    classes = dict.fromkeys(names, 0)
    for of in project.boxes.counts_of(frames).values():
        for label, count in of.items():
            classes[names[label]] += count
    boxes = sum(classes.values())
    return {
        "boxes": boxes,
        "frames": len(frames),
        "seconds": round(seconds_of_frames(len(frames), boxes), 2),
        "classes": classes,
    }


def part_trained(folder: Path, steps: int, cpsp: bool) -> float:
    """0 to 1 of a round's training that is done, by its logs."""
    models = (NORMAL, CPSP) if cpsp else (NORMAL,)
    done = 0
    for model in models:
        path = weights_file(folder, model)
        try:
            rows = read_json(path.with_name(f"{path.stem}-log.json"), steps=list[dict[str, Any]])
            done += whole(rows["steps"][-1].get("step"), "step")
        except (ProjectError, LookupError, ValueError):  # none yet, or the run will complain of it
            continue
    return min(done / (steps * len(models)), 1.0)
