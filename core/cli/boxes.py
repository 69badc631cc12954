"""The verbs with --task boxes: the boxes of frames instead of the classes of points."""

from __future__ import annotations

import argparse

from core.base.errors import SettingsError
from core.base.jobs import Job
from core.project.project import Project

TASKS = ("points", "boxes")


def add_task(made: argparse.ArgumentParser) -> None:
    """The option that says which kind of answers a verb is about."""
    made.add_argument("--task", choices=TASKS, default="points", help="default: points")


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
    """Write box files; their number."""
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
    return f"{found.id}: {len(found.query.items):,} frames, {cost:,} boxes expected"


def no_branch(arguments: argparse.Namespace) -> None:
    """Raise SettingsError where a query of frames was given what only one of points has."""
    told = {"--dry-run": arguments.dry_run, "--from": arguments.after is not None}
    told["--seed"] = arguments.seed is not None
    wrong = [option for option, given in told.items() if given]
    if wrong:
        raise SettingsError(
            f"{wrong[0]} is of queries of points; frames have one line of rounds.",
            f"Leave out {wrong[0]}, or --task boxes.",
        )


def only_points(arguments: argparse.Namespace) -> None:
    """Raise SettingsError where a query of points was given what only boxes have."""
    if arguments.frames is not None or arguments.boxes is not None:
        raise SettingsError(
            "Frames and boxes are what --task boxes asks.",
            "Add --task boxes, or give --points, --units or --minutes.",
        )


def annotate(project: Project, arguments: argparse.Namespace, job: Job) -> str:
    """Answer the open frames from ground truth; how many boxes."""
    from core.frame_steps import annotate_frames

    return f"{annotate_frames(project, job, oracle=arguments.oracle):,} boxes drawn"


def agreement(project: Project) -> list[str]:
    """How well frames that were drawn twice agree, in lines."""
    from core.quality.box_agreement import box_agreements, by_class, in_words

    lines = []
    for pair, found in sorted(box_agreements(project).items()):
        lines.append(in_words(pair, found))
        lines += [f"  {line}" for line in by_class(found, project.classes.names)]
    return lines or ["No frame was drawn twice yet."]
