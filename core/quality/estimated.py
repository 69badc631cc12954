"""Accuracy and IoU of all points from a stratified sample of them, with 95 % intervals.

Design-based (Cochran 1977, Sampling Techniques, 5.A and 6): ratios of stratified totals, variance
by linearisation with the strata's own spread, t by Satterthwaite's degrees of freedom, on the logit
scale. Nothing is assumed of the network. Coverage in simulated projects: tests/coverage.py.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.base.loading import loading
from core.quality.strata import LEAST, allocate

ENOUGH = 30  # answers where a class is claimed or found, below which its IoU is not told
LEVEL = 0.95
_MOST = 10_000_000  # answers that are ever advised


@dataclass(frozen=True)
class Interval:
    """A share with its 95 % interval, from `answers` that bear on it."""

    value: float
    low: float
    high: float
    answers: int

    @property
    def half(self) -> float:
        """Half of its width."""
        return (self.high - self.low) / 2


@dataclass(frozen=True)
class Estimated:
    """Attributes
    ----------
    accuracy : of all points whose truth is a class; None before every stratum has two answers
    iou : by class, None for one with too few answers; `bears` (C,) int64 answers that bear on each
    miou : mean over the classes that have an IoU, of those found in truth; None for none
    classes : how many these are
    answers : that count, outside : of them, of no class
    """

    accuracy: Interval | None
    iou: tuple[Interval | None, ...]
    bears: np.ndarray
    miou: Interval | None
    classes: int
    answers: int
    outside: int


def estimated(
    sizes: np.ndarray, claimed: np.ndarray, stratum: np.ndarray, truth: np.ndarray, classes: int
) -> Estimated:
    """From n answers to points of H strata.

    sizes (H,) int64 points of each stratum; claimed (H,) the class that all its points are said to
    be; stratum (n,) of each answer; truth (n,) its class, `classes` for none of them.
    """
    counts = _counts(len(sizes), stratum, truth, classes)
    bears = _bears(counts, claimed, classes)
    nothing = Estimated(
        None, (None,) * classes, bears, None, 0, len(truth), int(counts[:, classes].sum())
    )
    if not len(sizes) or (counts.sum(axis=1) < np.minimum(sizes, LEAST)).any():
        return nothing
    table = _Table(sizes, claimed, counts)
    if table.all <= 0:
        return nothing
    z, value = table.accuracy()
    accuracy = table.around(value, z, len(truth))
    iou: list[Interval | None] = []
    told = []
    for one in range(classes):
        if bears[one] < ENOUGH or table.union(one) <= 0:
            iou.append(None)
            continue
        z, value = table.of_class(one)
        iou.append(table.around(value, z, int(bears[one])))
        if table.found(one) > 0:
            told.append(one)
    miou = None
    if told:
        every = [table.of_class(one) for one in told]
        z = np.mean([one for one, _ in every], axis=0)
        miou = table.around(float(np.mean([value for _, value in every])), z, len(truth))
    return Estimated(
        accuracy, tuple(iou), bears, miou, len(told), len(truth), int(counts[:, classes].sum())
    )


def more_answers(
    sizes: np.ndarray, claimed: np.ndarray, stratum: np.ndarray, truth: np.ndarray, classes: int
) -> int | None:
    """How many more answers would halve the interval of the accuracy, as the strata's spread is
    so far; None where there is no interval, or nothing to halve."""
    counts = _counts(len(sizes), stratum, truth, classes)
    n = counts.sum(axis=1)
    if not len(sizes) or (n < np.minimum(sizes, LEAST)).any():
        return None
    table = _Table(sizes, claimed, counts)
    if table.all <= 0:
        return None
    z, _ = table.accuracy()
    spread = table.spread(z)
    before = table.variance(spread, n).sum()
    if not before > 0:
        return None
    low, high = len(truth), min(int(sizes.sum()), _MOST)
    while low < high:
        middle = (low + high) // 2
        then = table.variance(spread, np.maximum(allocate(sizes, middle), n)).sum()
        low, high = (low, middle) if then <= before / 4 else (middle + 1, high)
    return low - len(truth)


class _Table:
    """Estimated points of each true class by stratum: `share` (H, C + 1), `correct` (C,)."""

    def __init__(self, sizes: np.ndarray, claimed: np.ndarray, counts: np.ndarray) -> None:
        self.sizes, self.claimed = sizes.astype(np.float64), claimed
        self.n = counts.sum(axis=1)
        self.classes = counts.shape[1] - 1
        self.share = counts / np.maximum(self.n, 1)[:, None]
        points = self.share * self.sizes[:, None]
        self.inside = np.append(np.ones(self.classes), 0.0)  # truth that is a class
        self.all = float(points[:, : self.classes].sum())
        self.truth = points.sum(axis=0)[: self.classes]
        self.hit = np.zeros(counts.shape)
        self.hit[np.arange(len(sizes)), claimed] = 1
        own = points[np.arange(len(sizes)), claimed]
        self.correct = np.bincount(claimed, own, self.classes)
        self.said = np.bincount(claimed, points[:, : self.classes].sum(axis=1), self.classes)

    def found(self, one: int) -> float:
        """Points that are of a class in truth."""
        return float(self.truth[one])

    def union(self, one: int) -> float:
        """Points that are said to be of a class, or are."""
        return float(self.truth[one] + self.said[one] - self.correct[one])

    def accuracy(self) -> tuple[np.ndarray, float]:
        """(H, C + 1) linearised values of an answer, and the estimate."""
        value = float(self.correct.sum()) / self.all
        return (self.hit - value) * self.inside / self.all, value

    def of_class(self, one: int) -> tuple[np.ndarray, float]:
        """The same of a class's IoU."""
        union = self.union(one)
        value = float(self.correct[one]) / union
        said = (self.claimed == one)[:, None]
        either = said * self.inside[None]
        either[:, one] = 1
        return (self.hit * said - value * either) / union, value

    def spread(self, z: np.ndarray) -> np.ndarray:
        """(H,) variance of the values within each stratum."""
        mean = (self.share * z).sum(axis=1)
        found = np.maximum((self.share * z**2).sum(axis=1) - mean**2, 0)
        spread: np.ndarray = found * self.n / np.maximum(self.n - 1, 1)
        return spread

    def variance(self, spread: np.ndarray, n: np.ndarray) -> np.ndarray:
        """(H,) parts of the total's variance with n (H,) answers."""
        left = np.maximum(1 - n / self.sizes, 0)
        found: np.ndarray = self.sizes**2 * left * spread / np.maximum(n, 1)
        return found

    def around(self, value: float, z: np.ndarray, answers: int) -> Interval:
        """The interval of an estimate with linearised values z (H, C + 1)."""
        parts = self.variance(self.spread(z), self.n)
        total = float(parts.sum())
        if total <= 0 or not 0 < value < 1:
            return self._unanimous(value, answers)
        with loading:
            from scipy.stats import t

        freedom = total**2 / float((parts**2 / np.maximum(self.n - 1, 1)).sum())
        reach = float(t.ppf((1 + LEVEL) / 2, max(freedom, 1))) * np.sqrt(total)
        logit = np.log(value / (1 - value))
        step = reach / (value * (1 - value))
        low, high = (1 / (1 + np.exp(-(logit + sign * step))) for sign in (-1, 1))
        return Interval(value, float(low), float(high), answers)

    def _unanimous(self, value: float, answers: int) -> Interval:
        """All answers agree: as far as so many in a row tell (Clopper and Pearson)."""
        reach = 1 - ((1 - LEVEL) / 2) ** (1 / max(answers, 1))
        if (self.n >= self.sizes).all():  # all was asked
            reach = 0.0
        return Interval(value, max(value - reach, 0.0), min(value + reach, 1.0), answers)


def _counts(strata: int, stratum: np.ndarray, truth: np.ndarray, classes: int) -> np.ndarray:
    """(H, C + 1) int64 answers of each class in each stratum."""
    counts = np.zeros((strata, classes + 1), np.int64)
    np.add.at(counts, (stratum, truth), 1)
    return counts


def _bears(counts: np.ndarray, claimed: np.ndarray, classes: int) -> np.ndarray:
    """(C,) int64 answers where a class is claimed or found."""
    inside = counts[:, :classes]
    found = np.zeros(classes, np.int64)
    for one in range(classes):
        mine = claimed == one
        found[one] = inside[mine].sum() + inside[~mine, one].sum()
    return found
