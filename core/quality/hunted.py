"""What the hunt for label errors has found: units asked for it, and how many were wrong."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.answers.entry import Head
from core.data.classes import FIRST_CODE
from core.data.items import scan_of
from core.project.doubt import known_labels
from core.project.project import Project

STRATEGY = "label-errors"


@dataclass(frozen=True)
class Hunted:
    """Of the units that were asked as likely wrong: how many were answered with a class, how many
    of these got another class than the imported one at half of their points or more, and how many
    points changed their class."""

    answered: int
    wrong: int
    points: int


def hunted(project: Project) -> Hunted:
    """Count over all rounds that asked by the hunt. Raises ProjectError."""
    asked = {
        item for one in project.rounds if STRATEGY in one.query.strategy for item in one.query.items
    }
    effective = project.answers.effective
    by_scan: dict[str, list[Head]] = {}
    for item in asked:
        head = effective.get(item)
        if head is not None and head.verb == "answer":
            by_scan.setdefault(scan_of(item), []).append(head)
    answered = wrong = points = 0
    for scan, heads in sorted(by_scan.items()):
        before = known_labels(project, scan)
        for head in heads:
            entry = project.answers.entry(head)
            if entry is None:
                continue
            both = (entry.classes < FIRST_CODE) & (before[entry.rows] < FIRST_CODE)
            if not both.any():
                continue
            other = entry.classes[both] != before[entry.rows][both]
            answered += 1
            wrong += bool(2 * np.count_nonzero(other) >= len(other))
            points += int(np.count_nonzero(other))
    return Hunted(answered, wrong, points)


def words(found: Hunted) -> str:
    """The same in a sentence, "" before anything was answered."""
    if not found.answered:
        return ""
    return (
        f"Of {found.answered:,} units asked as likely label errors {found.wrong:,} were wrong; "
        f"{found.points:,} points have another class now."
    )
