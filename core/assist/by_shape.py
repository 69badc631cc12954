"""Guesses of a unit's class from its shape, learnt from the answers so far.

The mean of a forest of extremely randomised trees (Geurts et al. 2006) and a logistic regression,
which errs elsewhere: fitted in under a second, and right among their first three guesses for most
units after some fifty answers (docs/benchmarks.md).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from core.answers.entry import Head
from core.base.loading import loading
from core.data.classes import FIRST_CODE
from core.prepare.units import Units, map_shapes
from core.project.project import Project
from core.query.pool import Draw

FEWEST = 5  # answers, and of two classes at least, before anything is guessed
BARE_SHARE = 0.05
_TREES = 200
_MOST = 4000  # the newest answers are enough; a fit stays below a second
_FOLDS = 5
_FOLD_TREES = 60
_MOST_HELD_BACK = 500  # enough to know how sure to sound; the folds stay below a second together


@dataclass(frozen=True)
class Guess:
    """Classes by falling probability, with those probabilities."""

    classes: tuple[int, ...]
    shares: tuple[float, ...]


class Suggester:
    """A classifier fitted to some answers; immutable, so that another thread may ask it."""

    def __init__(
        self, shapes: np.ndarray, classes: np.ndarray, seed: int, trees: int = _TREES
    ) -> None:
        """Fit to shapes (n, 34) float32 of units and the classes (n,) they were answered with."""
        with loading:
            from sklearn.ensemble import ExtraTreesClassifier, VotingClassifier
            from sklearn.linear_model import LogisticRegression
            from sklearn.pipeline import make_pipeline
            from sklearn.preprocessing import StandardScaler

        forest = ExtraTreesClassifier(trees, random_state=seed, min_samples_leaf=2)
        linear = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=1000))
        self._model = VotingClassifier([("forest", forest), ("linear", linear)], voting="soft")
        self._model.fit(shapes, classes)
        kinds, counts = np.unique(shapes[:, 0], return_counts=True)
        self._kinds = set(kinds[counts >= FEWEST].tolist())

    def guess(self, shapes: np.ndarray) -> list[Guess]:
        """The guess for each of shapes (m, 34); none while few of its kind, cluster or ground cell,
        were answered."""
        if not len(shapes):
            return []
        shares = self._model.predict_proba(shapes)
        order = np.argsort(-shares, axis=1, kind="stable")
        found = self._model.classes_
        guesses = []
        for shape, row, some in zip(shapes, order.tolist(), shares, strict=True):
            likely = [c for c in row if some[c] > 0 and shape[0] in self._kinds]
            guesses.append(
                Guess(tuple(int(found[c]) for c in likely), tuple(float(some[c]) for c in likely))
            )
        return guesses


def guess_held_back(
    shapes: np.ndarray, classes: np.ndarray, scans: np.ndarray, seed: int
) -> list[Guess]:
    """What each of n answers would have been guessed as without those of its scan and the scans
    beside it; an empty guess where the others teach nothing.

    shapes (n, 34), classes (n,), scans (n,) int, the numbers of their scans in order. Answers are
    left out by runs of scans, some a fifth of the answers each.
    """
    guesses = [Guess((), ())] * len(classes)
    order = np.argsort(scans, kind="stable")
    # A scan is in one run: that in which its first answer falls.
    place = np.searchsorted(scans[order], scans[order]) * _FOLDS // max(len(scans), 1)
    run = np.empty(len(scans), np.int64)
    run[order] = place
    for one in np.unique(run):
        others, mine = run != one, np.flatnonzero(run == one)
        if others.sum() < FEWEST or len(np.unique(classes[others])) < 2:
            continue
        fitted = Suggester(shapes[others], classes[others], seed, _FOLD_TREES)
        for at, guess in zip(mine.tolist(), fitted.guess(shapes[mine]), strict=True):
            guesses[at] = guess
    return guesses


def answered_units(units: Units, heads: Iterable[Head]) -> tuple[np.ndarray, np.ndarray]:
    """Numbers (n,) of the units that were answered with a class for most of their points, and
    those classes (n,); the newest answers only where there are very many."""
    classes, names = [], []
    for head in sorted(heads, key=lambda head: head.time)[-_MOST:]:
        best = head.main_class()
        if head.verb == "answer" and best < FIRST_CODE:
            names.append(head.unit)
            classes.append(best)
    found = units.find_all(names)
    return found[found >= 0], np.array(classes, np.int64)[found >= 0]


def fit(project: Project) -> Suggester | None:
    """Learn from the project's answers, or None while there are too few.

    Raises ProjectError where the units' shapes are missing.
    """
    units = project.units
    if units is None:
        return None
    found, classes = answered_units(units, list(project.answers.effective.values()))
    if len(found) < FEWEST or len(np.unique(classes)) < 2:
        return None
    return Suggester(shapes_of(project, found), classes, project.seed)


def held_back(project: Project) -> dict[str, tuple[Guess, int]]:
    """unit_id -> what newest answers would have been guessed as (`guess_held_back`), and the class
    they were given."""
    units = project.need_units()
    found, classes = answered_units(units, list(project.answers.effective.values()))
    found, classes = found[-_MOST_HELD_BACK:], classes[-_MOST_HELD_BACK:]
    guesses = guess_held_back(shapes_of(project, found), classes, units.scan[found], project.seed)
    names, given = units.names(found), classes.tolist()
    return {name: (g, c) for name, g, c in zip(names, guesses, given, strict=True)}


def shapes_of(project: Project, numbers: np.ndarray) -> np.ndarray:
    """(n, 34) float32 of units by their numbers."""
    units = project.need_units()
    kept: np.ndarray = map_shapes(project.units_folder / units.fingerprint, units)[numbers]
    return kept


def is_bare(project: Project, unit: str) -> bool:
    """Whether a unit is among the 5 % that show no suggestion, so that the error of accepted
    ones can be measured."""
    (key,) = Draw(project.seed, 0).keys([f"bare|{unit}"])
    return int(key) < BARE_SHARE * 2**64
