"""Units that are seen differently, blind or not, and putting them back in the queue."""

from __future__ import annotations

from dataclasses import dataclass

from core.answers.entry import Head
from core.data.items import scan_of
from core.project.project import Project


@dataclass(frozen=True)
class Disagreement:
    """A unit that was given different classes: who -> class of most of its points. A blind answer
    is a vote of its own, of "name, blind"."""

    unit: str
    classes: dict[str, int]


def reopen(project: Project) -> int:
    """Put every unit that is seen differently back in the queue; return how many. What was said of
    it so far, blind answers too, is settled by the next answer."""
    found = disagreements(project)
    for one in found:
        project.answers.reopen(scan_of(one.unit), one.unit)
    return len(found)


def disagreements(project: Project) -> list[Disagreement]:
    """Units whose newest answers by two annotators, or an annotator's first and blind one, differ
    in the class of most points. Only what somebody's answer counts for can be in dispute."""
    fold = project.answers.fold
    newest: dict[str, dict[str, Head]] = {}
    for head in fold.standing():
        if head.unit and head.verb == "answer":
            newest.setdefault(head.unit, {})[head.annotator] = head
    for head in fold.compared():
        if head.unit in newest and head.verb == "answer":
            newest[head.unit][f"{head.annotator}, blind"] = head
    found = []
    for unit, by_annotator in newest.items():
        classes = {name: head.main_class() for name, head in by_annotator.items()}
        if len(set(classes.values())) > 1:
            found.append(Disagreement(unit, classes))
    return sorted(found, key=lambda one: one.unit)
