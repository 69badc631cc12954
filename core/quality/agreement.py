"""Agreement: what was answered twice, the second time without seeing the first answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.answers.entry import Head
from core.answers.fold import Fold, when
from core.answers.labels import FREE, labels_of
from core.data.classes import FIRST_CODE, UNLABELLED
from core.project.project import Project
from core.quality.iou import confusion, iou, mean_iou
from core.query.pool import Draw

REPEATS = 0.02
LATER = 20  # answers between a unit and its repeat


@dataclass(frozen=True)
class Agreement:
    """Of one annotator's blind answers with what counts.

    `matrix` (C, C): points of class i that the blind answer called j; `units` compared, with their
    `names`; `same` share of points with the same class, `kappa` Cohen's, `iou` (C,) per class,
    `miou`.
    """

    units: int
    matrix: np.ndarray
    names: tuple[str, ...] = ()

    @property
    def same(self) -> float | None:
        total = self.matrix.sum()
        return float(np.trace(self.matrix) / total) if total else None

    @property
    def kappa(self) -> float | None:
        """Cohen's kappa (1960): agreement beyond chance; None where chance alone explains all."""
        total = float(self.matrix.sum())
        if not total:
            return None
        observed = np.trace(self.matrix) / total
        chance = float(self.matrix.sum(axis=0) @ self.matrix.sum(axis=1)) / total**2
        return None if chance == 1 else float((observed - chance) / (1 - chance))

    @property
    def iou(self) -> np.ndarray:
        return iou(self.matrix)

    @property
    def miou(self) -> float | None:
        return mean_iou(self.iou)


def agreements(project: Project) -> dict[tuple[str, str], Agreement]:
    """(blind annotator, annotator of what counts) -> agreement; twice the same name is a person's
    agreement with themselves. Of several blind answers of one person to a unit the newest counts;
    a unit that was put back in the queue since is compared with what counted until then."""
    classes, answers = len(project.classes), project.answers
    matrices: dict[tuple[str, str], np.ndarray] = {}
    units: dict[tuple[str, str], list[str]] = {}
    for scan, heads in _blind_by_scan(answers.fold).items():
        now: np.ndarray | None = None  # its labels, read once
        for head in heads:
            counted, still = answers.fold.stood_for(head)
            entry = answers.entry(head)
            first = answers.entry(counted) if counted is not None else None
            if entry is None or first is None or first.verb != "answer":
                continue
            if still:
                now = labels = project.labels(scan) if now is None else now
            else:
                labels = labels_of([first], project.count(scan))
            labels = labels[entry.rows]
            both = (labels < FIRST_CODE) & (entry.classes < FIRST_CODE) & (labels != UNLABELLED)
            pair = (entry.annotator, first.annotator)
            units.setdefault(pair, []).append(entry.unit)
            matrices.setdefault(pair, np.zeros((classes, classes), np.int64))
            matrices[pair] += confusion(labels[both], entry.classes[both], classes)
    return {
        pair: Agreement(len(units[pair]), matrix, tuple(units[pair]))
        for pair, matrix in matrices.items()
    }


def _blind_by_scan(fold: Fold) -> dict[str, list[Head]]:
    """Each person's newest blind answer to each unit, by scan."""
    seen = [head for head in fold.all() if head.blind and head.verb == "answer"]
    held = sorted((head for head in seen if not fold.is_undone(head)), key=when)
    found: dict[str, list[Head]] = {}
    for head in {(head.annotator, head.unit): head for head in held}.values():
        found.setdefault(head.scan, []).append(head)
    return found


class Repeats:
    """Units that their annotator sees again later, unmarked: 2 % by seed of those whose answer
    counts, each once, and never before 20 later answers."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._answered = 0
        self._chosen: dict[str, int] = {}  # unit -> how many were answered then
        self._note([head.unit for head in project.answers.mine()])

    def note(self, unit: str) -> None:
        """A unit was answered."""
        self._note([unit])

    def _note(self, units: Sequence[str]) -> None:
        keys = Draw(self._project.seed, 0).keys([f"repeat|{unit}" for unit in units])
        for at in np.flatnonzero(keys < np.uint64(REPEATS * 2**64)).tolist():
            if units[at]:
                self._put(units[at], self._answered + at + 1)
        self._answered += len(units)

    def postpone(self, unit: str) -> None:
        """A repeat was skipped: it comes again as late as if it were answered now."""
        self._put(unit, self._answered)

    def _put(self, unit: str, answered: int) -> None:
        self._chosen.pop(unit, None)  # behind those that were chosen before
        self._chosen[unit] = answered

    def due(self) -> str | None:
        """The unit to be seen again now, or None."""
        answers = self._project.answers
        seen = answers.seen_again()
        for unit, answered in self._chosen.items():
            if self._answered - answered >= LATER and unit not in seen:
                head = answers.effective.get(unit)
                if head is not None and head.verb == "answer" and head.tool not in FREE:
                    return unit  # else nobody judged it: there is nothing to compare
        return None


def others_answered(project: Project) -> list[str]:
    """Units that another annotator answered, by name."""
    me = project.answers.annotator
    return sorted(
        unit
        for unit, head in list(project.answers.effective.items())
        if head.verb == "answer" and head.annotator != me
    )


def blind_sample(project: Project, count: int) -> list[str]:
    """Units that others answered, drawn by seed, for a second annotator, without those done."""
    me = project.answers.annotator
    seen = project.answers.fold.compared()  # of a unit that was put back none counts
    done = {head.unit for head in seen if head.annotator == me}
    names = others_answered(project)
    keys = Draw(project.seed, 0).keys([f"second|{name}" for name in names])
    order = [names[i] for i in np.argsort(keys, kind="stable")][:count]
    return [name for name in order if name not in done]
