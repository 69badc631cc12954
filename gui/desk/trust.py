"""Whether the network's predictions are good enough to be shown where nobody asked for them."""

from __future__ import annotations

from typing import NamedTuple

from core.assist.calibration import ENOUGH
from core.assist.suggestion import hit_rates
from core.project.project import Project
from core.rounds import figures

LEAST_MIOU = 0.2  # below a fifth most classes are not found at all
LEAST_HITS = 0.5  # of answers that a network's class stood beside, where no mIoU is measured


class Trust(NamedTuple):
    """`good`: whether predictions may be shown unasked; `short` and `words`: how good they are."""

    good: bool
    short: str
    words: str


def trust(project: Project) -> Trust:
    """In the newest scored network: by its mIoU on validation scans, else by how often it said what
    was then answered."""
    found = project.last_scored()
    if found is None:
        return Trust(False, "no network yet", "There is no trained network yet.")
    metrics = found.metrics(project.classes) or {}
    miou = metrics.get("miou")
    if miou is not None:
        short = f"mIoU {miou:.0%}" if miou >= LEAST_MIOU else f"mIoU only {miou:.1%}"
        words = f"Its mIoU on the validation scans is {figures.words(metrics)}"
        return _judged(miou >= LEAST_MIOU, short, f"{words}; from {LEAST_MIOU:.0%} on it is shown.")
    heads = list(project.answers.effective.values())
    right, count = hit_rates(heads, project.classes.now).network
    if count < ENOUGH:
        rest = f"{count} of {ENOUGH} answers that would measure it are given."
        return _judged(False, "not measured yet", f"How good it is was not measured yet: {rest}")
    share = right / count
    words = f"It said the class that was then answered in {share:.0%} of {count:,} units"
    good = share >= LEAST_HITS
    return _judged(good, f"right in {share:.0%}", f"{words}; from {LEAST_HITS:.0%} on it is shown.")


def _judged(good: bool, short: str, words: str) -> Trust:
    aside = "" if good else " The colouring Prediction shows it all the same."
    return Trust(good, short, words + aside)
