"""Which units a blind reading shows: of the queue that a real project asks, with their truth."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from core import steps
from core.base.errors import ProjectError
from core.base.jobs import Job
from core.data.classes import FIRST_CODE
from core.data.items import scan_of
from core.project.project import Project

LEAST_SHARE = 0.7  # of a unit's points have its class: else no single name is right
SAME = 2  # units of one class of one scan in a partition, at most
ASKED = 80  # units a partition in the query; the rest is there to be passed over


@dataclass(frozen=True)
class Asked:
    """A unit of the open query: its partition, and the class of `share` of its points."""

    unit: str
    partition: str
    found: str
    share: float


def ask(project: Project) -> None:
    """Prepare a project and open its warm start: by the strategy `size`, with its own seed."""
    steps.prepare(project, Job(), workers=1)
    count = len(project.need_units().partition_names)
    steps.ask(project, Job(), strategy="size", units=ASKED * count)


def sample(project: Project, each: int) -> list[Asked]:
    """Take `each` units of every partition from the open query, the first in its order.

    That order is chance, by the project's seed, so classes are as frequent as in the queue. Passed
    over are units of which less than LEAST_SHARE has one class, and those after the first SAME of
    one class of one scan in their partition. Raises ProjectError where a partition has too few.
    """
    current = project.open_round
    assert current is not None
    query, taken, same = current.query, Counter[str](), Counter[tuple[str, str, str]]()
    truth: dict[str, np.ndarray] = {}
    found = []
    for unit, partition in zip(query.items, query.group, strict=True):
        scan = scan_of(unit)
        if taken[partition] == each:
            continue
        if scan not in truth:
            labels = project.dataset.ground_truth(scan, project.classes)
            assert labels is not None
            truth[scan] = labels
        most, share = majority(truth[scan][_rows(project, scan, unit)])
        alike = (partition, scan, str(most))
        if most >= FIRST_CODE or share < LEAST_SHARE or same[alike] == SAME:
            continue
        taken[partition] += 1
        same[alike] += 1
        found.append(Asked(unit, partition, project.classes.title(most), share))
    for partition in project.need_units().partition_names:
        if taken[partition] < each:
            raise ProjectError(
                f"Partition {partition} has only {taken[partition]} units to show, not {each}.",
                "Give --data a folder with more labelled scans.",
            )
    return found


def majority(truth: np.ndarray) -> tuple[int, float]:
    """The most frequent class or code of truth (n,), and its share of all n."""
    counts = np.bincount(truth)
    return int(counts.argmax()), float(counts.max() / len(truth))


def _rows(project: Project, scan: str, unit: str) -> np.ndarray:
    units = project.need_units()
    index = units.find(unit)
    assert index is not None
    return np.flatnonzero(project.rows(scan) == index - units.range_of(scan).start)
