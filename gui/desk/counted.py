"""What was labelled so far, in words: the same numbers wherever they stand.

A unit is labelled when an answer holds for it, whoever gave it and carried over or not; what was
declined is not. Items of a round are done when they are answered or declined.
"""

from __future__ import annotations

from core.answers.fold import Spent


def units_words(spent: Spent) -> str:
    """Units that are labelled, and how many of them were carried over."""
    units, carried = spent.units + spent.carried_units, spent.carried_units
    aside = f" ({carried:,} carried over)" if carried else ""
    return f"{units:,} unit{'' if units == 1 else 's'} labelled{aside}"


def points(spent: Spent) -> int:
    """Points of the units that are labelled."""
    return spent.points + spent.carried_points
