"""The verbs with --task boxes: the boxes of frames instead of the classes of points."""

from __future__ import annotations

import argparse

from core.base.jobs import Job
from core.project.project import Project

TASKS = ("points", "boxes")


def add_task(made: argparse.ArgumentParser) -> None:
    """The option that says which kind of answers a verb is about."""
    made.add_argument("--task", choices=TASKS, default="points", help="default: points")


def import_boxes(project: Project, arguments: argparse.Namespace, job: Job) -> str:
    """Take over box files; how many boxes."""
    from core.exchange.boxes_in import plan_boxes, take_over_boxes

    plan = plan_boxes(project, arguments.root, job, kind=arguments.kind)
    for sentence in plan.sentences:
        print(sentence)
    return f"{take_over_boxes(project, plan, job):,} boxes taken over"


def export_boxes(project: Project, arguments: argparse.Namespace, job: Job) -> int:
    """Write box files; their number."""
    from core.exchange.boxes_out import export_boxes as export

    return export(project, arguments.out, job, kind=arguments.kind, force=arguments.force)
