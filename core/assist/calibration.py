"""How sure a suggestion may sound: as sure as earlier ones of its kind turned out to be right.

Platt scaling (Platt 1999): a logistic curve from what a guess says of itself to how often such a
guess is right, fitted to answers that the guesser had not learnt from. A Gaussian prior holds the
curve at "as it says" until there are answers against it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from core.base.loading import loading

ENOUGH = 30  # answers held back, before any percentage: the mean of fewer errs by over a tenth
_LEAST = 1e-3  # no guess is more sure than that, or less
_SLOPE_SPREAD, _SHIFT_SPREAD = 2.0, 0.5  # of the prior around a slope of 1 and a shift of 0


@dataclass(frozen=True)
class Calibration:
    """From the share of a first guess to the probability that it is right, by `answers` held back.

    probability = 1 / (1 + exp(-(slope * log(share / (1 - share)) + shift)))
    """

    slope: float
    shift: float
    answers: int

    @property
    def enough(self) -> bool:
        return self.answers >= ENOUGH

    def chance(self, share: float) -> float:
        """How often a first guess with that share is right."""
        return float(1 / (1 + np.exp(-(self.slope * _logit(np.array(share)) + self.shift))))

    def shares(self, shares: Sequence[float]) -> tuple[float, ...]:
        """Shares by falling size, the first one brought to its chance, the others in proportion.

        The order stays: none is larger than the one before it.
        """
        if not shares:
            return ()
        first = self.chance(shares[0])
        rest = (1 - first) / max(1 - shares[0], _LEAST)
        return (first, *(min(first, share * rest) for share in shares[1:]))


def calibrate(shares: np.ndarray, right: np.ndarray) -> Calibration:
    """The curve for the shares (n,) of first guesses, 0..1, and whether each was right (n,) bool.

    The log loss with the prior is convex, so there is one best curve.
    """
    with loading:
        from scipy.optimize import minimize

    features = np.column_stack([_logit(np.asarray(shares, float)), np.ones(len(shares))])
    sign = np.where(right, 1.0, -1.0)
    prior, weight = np.array([1.0, 0.0]), np.array([_SLOPE_SPREAD, _SHIFT_SPREAD]) ** -2.0

    def loss(curve: np.ndarray) -> tuple[float, np.ndarray]:
        odds, off = sign * (features @ curve), curve - prior
        wrong = np.exp(-np.logaddexp(0, odds))  # the probability of what was not answered
        slope = weight * off - features.T @ (sign * wrong)
        return float(np.logaddexp(0, -odds).sum() + weight @ off**2 / 2), slope

    curve = minimize(loss, prior, jac=True, method="L-BFGS-B").x
    # A curve that falls would say that surer guesses are worse: then all are alike.
    return Calibration(max(float(curve[0]), 0.0), float(curve[1]), len(features))


def calibrate_rate(right: Iterable[bool]) -> Calibration:
    """The same for guesses that do not say how sure they are: all as sure as their hit rate, by
    Laplace's rule."""
    hits = list(right)
    rate = (sum(hits) + 1) / (len(hits) + 2)
    return Calibration(0.0, float(_logit(np.array(rate))), len(hits))


@dataclass(frozen=True)
class Calibrations:
    """One for each kind of suggestion: by shape alone, with a network, carried over."""

    shape: Calibration
    network: Calibration
    carried: Calibration


UNKNOWN = Calibration(1.0, 0.0, 0)
NOTHING_KNOWN = Calibrations(UNKNOWN, UNKNOWN, UNKNOWN)


def error(shares: np.ndarray, right: np.ndarray, bins: int = 10) -> float:
    """Expected calibration error (Naeini et al. 2015) of shares (n,) and hits (n,) bool: the mean
    distance between what is said and what is right, over bins of equal width."""
    place = np.minimum((shares * bins).astype(np.int64), bins - 1)
    total = 0.0
    for one in np.unique(place):
        mine = place == one
        total += abs(float(shares[mine].mean()) - float(right[mine].mean())) * float(mine.mean())
    return total


def _logit(share: np.ndarray) -> np.ndarray:
    inside = np.clip(share, _LEAST, 1 - _LEAST)
    odds: np.ndarray = np.log(inside / (1 - inside))
    return odds
