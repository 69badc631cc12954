"""What was asked and answered, beside the pool it was chosen from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from core.data.classes import FIRST_CODE
from core.data.items import scan_of
from core.project.project import Project
from core.rounds.round import Round


@dataclass(frozen=True)
class Asked:
    """Of the queries of one round, or of several.

    Attributes
    ----------
    classes : (C,) int64 points answered with each class
    codes : points answered with none: name of the code -> points
    parts, pool : (P,) int64 points of the units asked, and of all, in each partition; ground last
    units, scans : asked, each once, and opened for it (again in each round)
    answered, declined : of these units
    seconds : active, measured
    holds : (n, 2) int64 number of a unit asked and a row that it counts in: its partition, or P + a
        class that it was answered with
    """

    classes: np.ndarray
    codes: dict[str, int]
    parts: np.ndarray
    pool: np.ndarray
    units: int
    scans: int
    answered: int
    declined: int
    seconds: float
    holds: np.ndarray = field(default_factory=lambda: np.zeros((0, 2), np.int64))

    @property
    def waiting(self) -> int:
        """Units without an answer."""
        return self.units - self.answered - self.declined


def asked(project: Project, rounds: Sequence[Round]) -> Asked:
    """Count what these rounds asked. Raises ProjectError."""
    units, count = project.need_units(), len(project.classes)
    parts = len(units.partition_names)
    classes, of_parts = np.zeros(count, np.int64), np.zeros(parts, np.int64)
    codes: dict[str, int] = {}
    effective = project.answers.effective
    answered = declined = hundredths = 0
    opened = sum(len({scan_of(item) for item in one.query.items}) for one in rounds)
    items = list(dict.fromkeys(item for one in rounds for item in one.query.items))
    numbers = units.find_all(items)
    known = numbers[numbers >= 0]
    holds = [*zip(known.tolist(), units.partition[known].tolist(), strict=True)]
    weights = units.points[known]
    of_parts += np.bincount(units.partition[known], weights, parts).astype(np.int64)
    for item, number in zip(items, numbers.tolist(), strict=True):
        head = effective.get(item)
        if head is None:
            continue
        hundredths += round(head.active_s * 100)
        if head.verb != "answer":
            declined += 1
            continue
        answered += 1
        for label, points in head.class_counts().items():
            if label < min(count, FIRST_CODE):
                classes[label] += points
                if number >= 0:
                    holds.append((number, parts + label))
            else:
                name = project.classes.title(label)
                codes[name] = codes.get(name, 0) + points
    pool = np.bincount(units.partition, weights=units.points, minlength=parts).astype(np.int64)
    return Asked(classes, codes, of_parts, pool, len(items), opened, answered, declined,
                 hundredths / 100, np.array(holds, np.int64).reshape(-1, 2))  # fmt: skip
