"""How far a round's network knows what it does not know: entropy of right and wrong points,
reliability (Guo et al. 2017), error by distance; of the validation scans."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.base.jobs import Job
from core.data.classes import FIRST_CODE
from core.desk.measured import Measured, Place, find_points, measured_scans, some_of
from core.project.project import Project
from core.rounds.round import Round

ENTROPIES = 40  # bins from 0 to the largest entropy
CONFIDENCES = 10  # bins from 0 to 1
STEP_M, DISTANCES = 5.0, 17  # bins; the last one holds everything beyond


@dataclass(frozen=True)
class Certainty:
    """Counts over validation points whose truth is a class and that have a prediction.

    Attributes
    ----------
    round : its id
    names : of the C classes
    entropy : (C, 2, E) int64 points by true class, wrong (0) or right (1), and entropy
    top : the largest entropy, ln C of the classes that the network knows
    said : (C, K) int64 points by predicted class and confidence, of scans that have confidences
    right : (C, K) int64 those of them that are right
    sure : (C, K) float64 sums of their confidences
    points, wrong : (C, D) int64 by true class and distance
    scans, of : how many scans were read, of how many with truth
    """

    round: str
    names: tuple[str, ...]
    entropy: np.ndarray
    top: float
    said: np.ndarray
    right: np.ndarray
    sure: np.ndarray
    points: np.ndarray
    wrong: np.ndarray
    scans: int
    of: int

    def ece(self, classes: Sequence[int] | None = None) -> float | None:
        """Expected calibration error over points that are called one of `classes`, all by default:
        the mean distance between confidence and share of right ones, over bins of equal width;
        None where there are none."""
        chosen = slice(None) if classes is None else list(classes)
        said, right, sure = (a[chosen].sum(axis=0) for a in (self.said, self.right, self.sure))
        total = int(said.sum())
        return float(np.abs(right - sure).sum() / total) if total else None

    def reliability(self, classes: Sequence[int] | None = None) -> np.ndarray:
        """(K, 3) float64: points, mean confidence and share of right ones in each bin; NaN where
        there are none."""
        chosen = slice(None) if classes is None else list(classes)
        said, right, sure = (a[chosen].sum(axis=0) for a in (self.said, self.right, self.sure))
        nothing = np.full(len(said), np.nan)
        return np.column_stack(
            [
                said,
                np.divide(sure, said, out=nothing.copy(), where=said > 0),
                np.divide(right, said, out=nothing.copy(), where=said > 0),
            ]
        )


def certainty_of(project: Project, found: Round, job: Job) -> Certainty | None:
    """Count a round's validation points; None where no validation scan has ground truth. Raises
    ProjectError where the round's predictions are gone."""
    labelled = [s for s in project.dataset.validation if project.dataset.has_labels(s)]
    if not labelled:
        return None
    count = len(project.classes)
    top = float(np.log(max(_known(project, found), 2)))
    entropy = np.zeros((count, 2, ENTROPIES), np.int64)
    said, right = (np.zeros((count, CONFIDENCES), np.int64) for _ in range(2))
    sure = np.zeros((count, CONFIDENCES))
    points, wrong = (np.zeros((count, DISTANCES), np.int64) for _ in range(2))
    scans = 0
    for one in measured_scans(
        project, found, job, "entropy", optional=("confidence",), scans=some_of(labelled)
    ):
        scans += 1
        good = (one.truth < count) & (one.said < FIRST_CODE)
        truth, predicted = one.truth[good].astype(np.int64), one.said[good].astype(np.int64)
        hit = truth == predicted
        place = bin_of(one.more["entropy"][good], top, ENTROPIES)
        entropy += _counts((count, 2, ENTROPIES), truth, hit.astype(np.int64), place)
        xyz = project.dataset.scan(one.scan).points[good, :3]
        band = np.minimum(np.linalg.norm(xyz, axis=1) / STEP_M, DISTANCES - 1).astype(np.int64)
        points += _counts((count, DISTANCES), truth, band)
        wrong += _counts((count, DISTANCES), truth[~hit], band[~hit])
        confidence = one.more.get("confidence")
        if confidence is None:
            continue
        mine = confidence[good].astype(np.float64)
        place = bin_of(mine, 1.0, CONFIDENCES)
        said += _counts((count, CONFIDENCES), predicted, place)
        right += _counts((count, CONFIDENCES), predicted[hit], place[hit])
        flat = np.ravel_multi_index((predicted, place), (count, CONFIDENCES))
        sure += np.bincount(flat, mine, sure.size).reshape(sure.shape)
    return Certainty(found.id, project.classes.names, entropy, top, said, right, sure, points,
                     wrong, scans, len(labelled))  # fmt: skip


def find_entropy(
    project: Project, found: Round, truth: int | None, place: int, hit: bool, job: Job
) -> Place | None:
    """The validation scan with most right or wrong points of an entropy's bin, of a true class or
    of all; None where there are none. Raises ProjectError where the predictions are gone."""
    top = float(np.log(max(_known(project, found), 2)))

    def holds(one: Measured) -> np.ndarray:
        mine = _counted(project, one, truth) & ((one.truth == one.said) == hit)
        found: np.ndarray = mine & (bin_of(one.more["entropy"], top, ENTROPIES) == place)
        return found

    return find_points(project, found, holds, job, "entropy")


def find_distance(
    project: Project, found: Round, truth: int | None, place: int, job: Job
) -> Place | None:
    """The same of wrong points at a distance's bin."""

    def holds(one: Measured) -> np.ndarray:
        xyz = project.dataset.scan(one.scan).points[:, :3]
        away = np.nan_to_num(np.linalg.norm(xyz, axis=1))
        band = np.minimum(away / STEP_M, DISTANCES - 1).astype(np.int64)
        wrong = _counted(project, one, truth) & (one.truth != one.said)
        found: np.ndarray = wrong & (band == place)
        return found

    return find_points(project, found, holds, job)


def find_confidence(
    project: Project, found: Round, said: int | None, place: int, job: Job
) -> Place | None:
    """The same of wrong points that are called `said` with a confidence's bin."""

    def holds(one: Measured) -> np.ndarray:
        mine = _counted(project, one, None) & (one.truth != one.said)
        if said is not None:
            mine &= one.said == said
        found: np.ndarray = mine & (bin_of(one.more["confidence"], 1.0, CONFIDENCES) == place)
        return found

    return find_points(project, found, holds, job, "confidence")


def _counted(project: Project, one: Measured, truth: int | None) -> np.ndarray:
    """(N,) bool: points that count, of a true class or of any."""
    good: np.ndarray = (one.truth < len(project.classes)) & (one.said < FIRST_CODE)
    return good if truth is None else good & (one.truth == truth)


def bin_of(values: np.ndarray, top: float, bins: int) -> np.ndarray:
    """(n,) int64 bins of equal width from 0 to `top`, which is in the last one."""
    found = (values.astype(np.float64) * (bins / top)).astype(np.int64)
    place: np.ndarray = np.clip(found, 0, bins - 1)
    return place


def _counts(shape: tuple[int, ...], *places: np.ndarray) -> np.ndarray:
    """How often each combination of places occurs, of that shape."""
    flat = np.ravel_multi_index(places, shape)
    return np.bincount(flat, minlength=int(np.prod(shape))).reshape(shape)


def _known(project: Project, found: Round) -> int:
    """How many classes the round's network tells apart: those its measurement names, which may be
    fewer than the project has now."""
    metrics = found.metrics()
    return len(metrics["iou"]) if metrics is not None else len(project.classes)
