"""What was labelled so far, in words: the same numbers wherever they stand.

A unit is labelled when an answer holds for it, whoever gave it and carried over or not; what was
declined is not. Items of a round are done when they are answered or declined.
"""

from __future__ import annotations

from core.answers.fold import Spent
from core.project.project import Project


def units_words(spent: Spent) -> str:
    """Units that are labelled, and how many of them were carried over."""
    units, carried = spent.units + spent.carried_units, spent.carried_units
    aside = f" ({carried:,} carried over)" if carried else ""
    return f"{units:,} unit{'' if units == 1 else 's'} labelled{aside}"


def project_words(project: Project) -> str:
    """What of a project is labelled and drawn, and the minutes of both: for the start page."""
    spent, boxes = project.answers.spent(), sum(project.boxes.class_counts().values())
    parts = [units_words(spent)] if spent.units + spent.carried_units or not boxes else []
    if boxes:
        parts.append(f"{boxes:,} box{'' if boxes == 1 else 'es'} drawn")
    return ", ".join([*parts, f"{spent.minutes + project.boxes.minutes():.0f} min"])


def points(spent: Spent) -> int:
    """Points of the units that are labelled."""
    return spent.points + spent.carried_points
