"""The verb `quality`: figures without ground truth, from points that chance chose."""

from __future__ import annotations

import argparse
import json
from typing import Any

from core.base.jobs import Job
from core.project.project import Project
from core.quality import told
from core.quality.answered import Quality, answer_by_truth, quality
from core.quality.draw import POINTS, draw
from core.quality.estimated import ENOUGH, Interval
from core.quality.frame import LABELS, NETWORK
from core.quality.hunted import hunted, words
from core.quality.sample import newest


def add_arguments(made: argparse.ArgumentParser) -> None:
    made.add_argument(
        "--of",
        choices=(NETWORK, LABELS),
        default=NETWORK,
        help="judge the newest network on validation points, or imported labels on training "
        "points; default: network",
    )
    made.add_argument(
        "--points",
        type=int,
        metavar="N",
        help=f"size of the sample, or to what it grows; default: as drawn, at first {POINTS}",
    )
    made.add_argument("--seed", type=int, metavar="S", help="of chance; default: the project's")
    made.add_argument(
        "--oracle", action="store_true", help="answer it from ground truth (research projects)"
    )
    made.add_argument("--workers", type=int, metavar="N", help="processes; default: all cores")
    made.add_argument("--json", action="store_true", help="one JSON object")


def changes(arguments: argparse.Namespace) -> bool:
    """Whether a sample is to be drawn or answered; else its figures are read, also of a project
    that somebody works on. Raises ProjectError."""
    if arguments.oracle or arguments.seed is not None or arguments.points is not None:
        return True
    with Project(arguments.project, read_only=True) as project:
        return newest(project, arguments.of) is None


def run(project: Project, arguments: argparse.Namespace, job: Job) -> str:
    """Draw the sample, or go on with it; its figures so far. Raises ProjectError."""
    if not project.writable:
        kept = newest(project, arguments.of)
        assert kept is not None
        return _told(project, quality(project, kept), arguments)
    sample = draw(
        project,
        arguments.of,
        job,
        count=arguments.points,
        seed=arguments.seed,
        workers=arguments.workers,
    )
    if arguments.oracle:
        answer_by_truth(project, sample, job)
    return _told(project, quality(project, sample), arguments)


def _told(project: Project, found: Quality, arguments: argparse.Namespace) -> str:
    told_of = hunted(project)
    if arguments.json:
        return json.dumps({**as_json(found), "hunted": vars(told_of)})
    return "\n".join(filter(None, (*lines(found), words(told_of))))


def lines(found: Quality) -> list[str]:
    """The figures for a terminal."""
    said = [f"{told.subject(found)}: {told.drawn(found)}", *told.headline(found)]
    for name, interval, bears in told.of_classes(found):
        text = f"too few answers, {bears} of {ENOUGH}" if interval is None else told.share(interval)
        said.append(f"  {name:<20} {text}")
    said.append(told.advice(found))
    if found.waiting:
        said.append(
            f"{len(found.waiting):,} points wait: answer them blind in the window (Label, Quality "
            "sample)."
        )
    return [line for line in said if line]


def as_json(found: Quality) -> dict[str, Any]:
    """The figures as one object; None where there is none."""
    figures, sample = found.figures, found.sample
    return {
        "of": sample.of,
        "source": sample.source,
        "seed": sample.seed,
        "points": len(sample.items),
        "strata": len(sample.strata),
        "answered": len(sample.items) - len(found.waiting),
        "counted": found.counted,
        "unsure": found.unsure,
        "accuracy": _interval(figures.accuracy),
        "miou": _interval(figures.miou),
        "miou_classes": figures.classes,
        "iou": {
            name: _interval(interval)
            for name, interval in zip(sample.classes, figures.iou, strict=True)
        },
        "more_to_halve": found.more,
    }


def _interval(found: Interval | None) -> dict[str, float] | None:
    if found is None:
        return None
    return {"value": found.value, "low": found.low, "high": found.high, "answers": found.answers}
