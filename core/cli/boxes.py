"""The verbs with --task boxes: the boxes of frames instead of the classes of points."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

from core.base.errors import SettingsError
from core.base.jobs import Job
from core.project.project import Project
from core.rounds.frame_order import CLOSES

if TYPE_CHECKING:
    from core.cli.faces import Detector

TASKS = ("points", "boxes")


def add_task(made: argparse.ArgumentParser, only: str = "") -> None:
    """The option that says which kind of answers a verb is about, or `only` may be about."""
    known = (only,) if only else TASKS
    made.add_argument("--task", choices=known, default=known[0], help=f"default: {known[0]}")


def import_boxes(project: Project, arguments: argparse.Namespace, job: Job) -> str:
    """Take over box files; how many boxes."""
    from core.exchange.boxes_found import read_found, take_found
    from core.exchange.boxes_in import plan_boxes, take_over_boxes

    if arguments.found:
        found = read_found(project, arguments.root, kind=arguments.kind)
        for sentence in found.notes:
            print(sentence)
        return take_found(project, found, job)
    plan = plan_boxes(project, arguments.root, job, kind=arguments.kind)
    for sentence in plan.sentences:
        print(sentence)
    return f"{take_over_boxes(project, plan, job):,} boxes taken over"


def export_boxes(project: Project, arguments: argparse.Namespace, job: Job) -> int:
    """Write box files; their number. Raises SettingsError for options of points."""
    wrong = {"--what": arguments.what is not None, "--as": arguments.layout is not None}
    for option in (name for name, given in wrong.items() if given):
        raise SettingsError(
            f"{option} is of points.",
            f"Leave out {option}; --found is what a detector found, --to the kind of files.",
        )
    if arguments.found and arguments.unconfirmed:
        raise SettingsError(
            "--unconfirmed is of what people drew; nobody confirmed what a detector found.",
            "Leave out one of --found and --unconfirmed.",
        )
    if arguments.found:
        from core.exchange.predictions_out import export_predictions

        return export_predictions(
            project, arguments.out, job, kind=arguments.kind, force=arguments.force
        )
    from core.exchange.boxes_out import export_boxes as export

    return export(
        project,
        arguments.out,
        job,
        kind=arguments.kind,
        force=arguments.force,
        unconfirmed=arguments.unconfirmed,
    )


def query(project: Project, arguments: argparse.Namespace, job: Job) -> str:
    """Ask for frames; what was asked."""
    if arguments.points is not None or arguments.units is not None:
        raise SettingsError(
            "Boxes are not asked by points or units.", "Give --frames, --boxes or --minutes."
        )
    from core.frame_steps import ask_frames

    found = ask_frames(
        project,
        job,
        strategy=arguments.strategy,
        frames=arguments.frames,
        boxes=arguments.boxes,
        minutes=arguments.minutes,
    )
    cost = int(found.query.cost.sum())
    told = f"{found.id}: {len(found.query.items):,} frames, {cost:,} boxes expected"
    closes = found.query.budget.get(CLOSES)
    return told if closes is None else f"{told}; it asks no more when {closes:,} are drawn"


def no_branch(arguments: argparse.Namespace) -> None:
    """Raise SettingsError where a query of frames was given what only one of points has."""
    told = {"--dry-run": arguments.dry_run, "--from": arguments.after is not None}
    told["--seed"] = arguments.seed is not None
    wrong = [option for option, given in told.items() if given]
    if wrong:
        raise SettingsError(
            f"{wrong[0]} is of queries of points.",
            f"Leave out {wrong[0]}, or --task boxes.",
        )


def only_points(arguments: argparse.Namespace) -> None:
    """Raise SettingsError where a query of points was given what only boxes have."""
    if arguments.frames is not None or arguments.boxes is not None:
        raise SettingsError(
            "Frames and boxes are what --task boxes asks.",
            "Add --task boxes, or give --points, --units or --minutes.",
        )


def label_points(project: Project, job: Job) -> str:
    """Give points in the boxes of finished frames their class; in words."""
    from core.project.one_answer import give_labels

    frames = project.boxes.finished_in_order()
    scans, points = give_labels(project, frames, job)
    many = "1 frame" if scans == 1 else f"{scans:,} frames"
    done = "1 that is" if len(frames) == 1 else f"{len(frames):,} that are"
    return f"{points:,} points of {many} labelled, of {done} finished"


def annotate(project: Project, arguments: argparse.Namespace, job: Job) -> str:
    """Answer the open frames from ground truth, how many boxes; or decline one."""
    from core.frame_steps import annotate_frames, decline_frame

    if arguments.decline is not None:
        decline_frame(project, arguments.decline)
        return f"{arguments.decline} is asked no more"
    return f"{annotate_frames(project, job, oracle=arguments.oracle):,} boxes drawn"


def train(project: Project, arguments: argparse.Namespace, detector: Detector, job: Job) -> int:
    """Train a detector on the finished frames; print what it is worth."""
    if arguments.round is not None:
        raise SettingsError("A detector is of the newest frames.", "Name the project, no round.")
    if arguments.gpus != 1:
        raise SettingsError("A detector of boxes trains on one GPU.", "Leave out --gpus.")
    print("\n".join(detector.train_boxes(project, job, start=arguments.start)))
    return 0


def score(project: Project, arguments: argparse.Namespace, detector: Detector, job: Job) -> int:
    """Predict the open frames; print how many boxes were found."""
    others = (arguments.round, arguments.given, arguments.cluster)
    if any(value is not None for value in others) or arguments.workers != 1:
        raise SettingsError(
            "Boxes are found by the newest detector, in one process.",
            "Leave out --round, --from, --workers and --cluster; others' boxes come in by "
            "`lidarloop import --task boxes --found`.",
        )
    print(detector.score_boxes(project, job))
    return 0


def evaluate(project: Project, detector: Detector, job: Job) -> int:
    """Compare what the detectors find with frames that they did not learn; print the numbers."""
    print("\n".join(detector.evaluate_boxes(project, job)))
    return 0


def status(project: Project, *, as_json: bool) -> int:
    """Print the rounds of frames, their detectors, banks and what each is worth."""
    from core.project.box_status import box_status, told

    value = box_status(project, every=as_json)
    print(json.dumps(value) if as_json else "\n".join(told(project, value)))
    return 0


def agreement(project: Project) -> list[str]:
    """How well frames that were drawn twice agree, in lines."""
    from core.quality.box_agreement import box_agreements, by_class, in_words

    lines = []
    for pair, found in sorted(box_agreements(project).items()):
        lines.append(in_words(pair, found))
        lines += [f"  {line}" for line in by_class(found, project.classes.names)]
    return lines or ["No frame was drawn twice yet."]
