"""What the newest network sees units as."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from core.answers.entry import Head
from core.project.frozen import training_set
from core.project.project import Project
from core.rounds.scores import read_scores


def predicted(project: Project, names: Sequence[str]) -> dict[str, tuple[int, float]]:
    """unit_id -> the class that the newest scored network gives most of its points, and their
    share; {} before there is one for these units."""
    scored, units = project.last_scored(), project.units
    if scored is None or units is None:
        return {}
    scores = read_scores(scored.folder, units)
    if scores is None:
        return {}
    numbers = units.find_all(names)
    classes = project.classes.now[scores["predicted"][numbers]].tolist()
    shares = scores["share"][numbers].tolist()
    return {
        name: (found, share)
        for name, number, found, share in zip(names, numbers, classes, shares, strict=True)
        if number >= 0
    }


def not_learnt(project: Project, heads: Iterable[Head]) -> list[Head]:
    """The answers that the newest scored network was not trained on."""
    scored = project.last_scored()
    if scored is None:
        return []
    until = training_set(project, scored).positions
    return [head for head in heads if head.seq > until.get(head.annotator, 0)]
