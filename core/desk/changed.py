"""Where a class changed between two rounds: the validation scans with most of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.base.jobs import Job
from core.desk.measured import measured_scans, some_of
from core.project.project import Project
from core.quality.iou import confusion
from core.rounds.round import Round
from core.rounds.wrong import read_wrong, wrong_of

MOST = 10  # scans that are told


@dataclass(frozen=True)
class Changed:
    """Attributes
    ----------
    scans : where it changed most, the most first
    more : (n,) int64 points of the class that are wrong there now and were not, less those that
        were and are not any more
    of, looked : scans where it changed at all, of so many that both rounds measured
    """

    scans: tuple[str, ...]
    more: np.ndarray
    of: int
    looked: int


def changed_most(project: Project, before: Round, after: Round, label: int, job: Job) -> Changed:
    """By points of a class that are missed or wrongly called it. Raises ProjectError where neither
    counts nor predictions of a round are kept."""
    one, other = (wrong_by_scan(project, found, job) for found in (before, after))
    both = [scan for scan in other if scan in one]
    more = np.array([other[scan][label] - one[scan][label] for scan in both], np.int64)
    order = np.argsort(-np.abs(more), kind="stable")
    order = order[more[order] != 0]
    first = order[:MOST]
    return Changed(tuple(both[p] for p in first.tolist()), more[first], len(order), len(both))


def wrong_by_scan(project: Project, found: Round, job: Job) -> dict[str, np.ndarray]:
    """(C,) int64 points of each class that a round has wrong, by validation scan: as they were
    counted when it was measured, else by its predictions, of many scans some."""
    classes = len(project.classes)
    kept = read_wrong(found, project.classes.now[:classes])
    if kept is not None:
        return kept
    some = some_of([s for s in project.dataset.validation if project.dataset.has_labels(s)])
    return {
        one.scan: wrong_of(confusion(one.truth, one.said, classes))
        for one in measured_scans(project, found, job, scans=some)
    }
