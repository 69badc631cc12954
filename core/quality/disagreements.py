"""Units that annotators see differently, and putting them back in the queue."""

from __future__ import annotations

from dataclasses import dataclass

from core.answers.entry import Head
from core.data.items import scan_of
from core.project.project import Project


@dataclass(frozen=True)
class Disagreement:
    """A unit that annotators gave different classes: annotator -> class of most of its points."""

    unit: str
    classes: dict[str, int]


def reopen(project: Project) -> int:
    """Put every unit that annotators see differently back in the queue; return how many."""
    found = disagreements(project)
    for one in found:
        project.answers.reopen(scan_of(one.unit), one.unit)
    return len(found)


def disagreements(project: Project) -> list[Disagreement]:
    """Units whose newest answers by two annotators differ in the class of most points."""
    newest: dict[str, dict[str, Head]] = {}
    for head in project.answers.fold.standing():
        if head.unit and head.verb == "answer":
            newest.setdefault(head.unit, {})[head.annotator] = head
    found = []
    for unit, by_annotator in newest.items():
        classes = {name: head.main_class() for name, head in by_annotator.items()}
        if len(set(classes.values())) > 1:
            found.append(Disagreement(unit, classes))
    return sorted(found, key=lambda one: one.unit)
