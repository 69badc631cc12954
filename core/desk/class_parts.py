"""How each class is shared among the partitions: BaSAL's Table I, of any project."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from core.base.jobs import Job
from core.data.classes import FIRST_CODE
from core.desk.measured import some_of
from core.project.project import Project

TRUTH, ANSWERS = "ground truth", "answers"


@dataclass(frozen=True)
class ClassParts:
    """Attributes
    ----------
    source : TRUTH or ANSWERS
    names, parts : of classes and partitions, "ground" last
    counts : (C, P) int64 points of each class in units of each partition
    outside : (C,) int64 points of each class in no unit
    pool : (P,) int64 points of all units in each partition
    scans, of : how many scans were read, of how many
    holds : (n, 2) int64 unit's number and class, for each class that a unit of these scans holds
    """

    source: str
    names: tuple[str, ...]
    parts: tuple[str, ...]
    counts: np.ndarray
    outside: np.ndarray
    pool: np.ndarray
    scans: int
    of: int
    holds: np.ndarray = field(default_factory=lambda: np.zeros((0, 2), np.int64))

    def units_with(self, label: int) -> np.ndarray:
        """(n,) int64 numbers of the units that hold points of a class, ascending."""
        found: np.ndarray = self.holds[self.holds[:, 1] == label, 0]
        return found

    def units_in(self, partition: np.ndarray, chosen: np.ndarray | None = None) -> np.ndarray:
        """(C, P) int64 how many units of each partition hold a class, by the partition (U,) of all
        units; of those `chosen` (U,) bool."""
        unit, label = self.holds.T
        if chosen is not None:
            kept = chosen[unit]
            unit, label = unit[kept], label[kept]
        flat = label * len(self.parts) + partition[unit]
        return np.bincount(flat, minlength=self.counts.size).reshape(self.counts.shape)

    def shares(self) -> np.ndarray:
        """(C, P) float64 share of each class's points with a unit in each partition, NaN for a
        class in none."""
        total = self.counts.sum(axis=1, keepdims=True)
        nothing = np.full(self.counts.shape, np.nan)
        found: np.ndarray = np.divide(self.counts, total, out=nothing, where=total > 0)
        return found

    def enrichment(self) -> np.ndarray:
        """(C, P) float64 how many times a class's share of a partition is its share of all, by
        points with a class; NaN where there are none."""
        in_part = self.counts.sum(axis=0, keepdims=True)
        of_class = self.counts.sum(axis=1, keepdims=True)
        expected = in_part * (of_class / max(int(self.counts.sum()), 1))
        nothing = np.full(self.counts.shape, np.nan)
        found: np.ndarray = np.divide(self.counts, expected, out=nothing, where=expected > 0)
        return found


def class_parts(project: Project, source: str, job: Job) -> ClassParts:
    """Count points class by class and partition by partition, by the ground truth of training scans
    or by the answers that count. Raises ProjectError."""
    units, classes = project.need_units(), len(project.classes)
    parts = len(units.partition_names)
    counts = np.zeros((classes, parts + 1), np.int64)
    if source == ANSWERS:
        heads = list(project.answers.fold.all())
        answered = {head.scan for head in heads if head.verb == "answer"}
        scans = [scan for scan in units.scans if scan in answered]
    else:
        scans = list(units.scans)
    of = len(scans)
    scans = some_of(scans)
    read = 0
    holds = []
    for done, scan in enumerate(scans):
        job.progress(done, len(scans), "classes")
        labels = (
            project.labels(scan)
            if source == ANSWERS
            else project.dataset.ground_truth(scan, project.classes)
        )
        if labels is None:
            continue
        read += 1
        rows, mine = project.rows(scan), units.range_of(scan)
        of_unit = units.partition[mine.start : mine.stop]
        part = np.full(len(rows), parts, np.int64)
        inside = rows >= 0
        part[inside] = of_unit[rows[inside]]
        good = labels < min(classes, FIRST_CODE)
        pairs = labels[good].astype(np.int64) * (parts + 1) + part[good]
        counts += np.bincount(pairs, minlength=counts.size).reshape(counts.shape)
        there = np.zeros((len(mine), classes), bool)
        there[rows[good & inside], labels[good & inside]] = True
        unit, label = there.nonzero()
        holds.append(np.column_stack([unit + mine.start, label]))
    pool = np.bincount(units.partition, weights=units.points, minlength=parts).astype(np.int64)
    return ClassParts(
        source,
        project.classes.names,
        units.partition_names,
        counts[:, :parts],
        counts[:, parts],
        pool,
        read,
        of,
        np.concatenate(holds) if holds else np.zeros((0, 2), np.int64),
    )
