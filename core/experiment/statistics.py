"""Which difference may be claimed: paired intervals, Holm, bootstrap, curves (docs/experiments.md).

Arms are compared by seed: the same seed has the same first weights, augmentation and first query.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.base.loading import loading

ALPHA = 0.05
REACHED = 0.95  # share of the full labels' mIoU


def level_at(look: int) -> float:
    """The level of the look-th look at the results: seeds that are added later ask for more."""
    return ALPHA / look


def false_orders(looks: int) -> float:
    """In what share of experiments, at most, any of so many looks claims an order that is none."""
    return sum(level_at(look) for look in range(1, looks + 1))


@dataclass(frozen=True)
class Paired:
    """Mean and standard error of n paired differences, and the two-sided p of the paired t."""

    mean: float
    error: float
    n: int
    p: float

    def interval(self, alpha: float = ALPHA) -> tuple[float, float]:
        """mean ± t(1 - alpha / 2, n - 1) x error."""
        half = self.half(alpha)
        return self.mean - half, self.mean + half

    def half(self, alpha: float = ALPHA) -> float:
        with loading:
            from scipy.stats import t

        return float(t.ppf(1 - alpha / 2, self.n - 1)) * self.error if self.error else 0.0


def paired(differences: Sequence[float] | np.ndarray) -> Paired | None:
    """Of paired differences (n,), None for fewer than two."""
    with loading:
        from scipy.stats import t

    values = np.asarray(differences, np.float64)
    if len(values) < 2:
        return None
    mean = float(values.mean())
    error = float(values.std(ddof=1) / np.sqrt(len(values)))
    if error == 0:
        return Paired(mean, 0.0, len(values), 1.0 if mean == 0 else 0.0)
    p = float(2 * t.sf(abs(mean) / error, len(values) - 1))
    return Paired(mean, error, len(values), p)


def holm(p: Sequence[float], alpha: float) -> tuple[list[bool], list[float]]:
    """Whether each of m hypotheses is rejected by Holm's step-down at `alpha`, and the level its
    own interval is drawn at: alpha / (m - rank), after the first that stands that one's.

    So an interval excludes 0 exactly where its hypothesis is rejected.
    """
    m = len(p)
    rejected, level = [False] * m, [alpha] * m
    stands: float | None = None
    for rank, place in enumerate(sorted(range(m), key=lambda i: (p[i], i))):
        level[place] = alpha / (m - rank) if stands is None else stands
        if stands is None and p[place] < level[place]:
            rejected[place] = True
        elif stands is None:
            stands = level[place]
    return rejected, level


@dataclass(frozen=True)
class Verdict:
    """A comparison of A with B after Holm: its mean difference, interval at its own level, and
    whether it may be claimed. `open`: cells that it is of are not finished yet, so neither an order
    nor its absence may be claimed: else each seed that ends would be a look that nobody counts.
    """

    mean: float
    low: float
    high: float
    n: int
    p: float
    claimed: bool
    open: bool = False

    @property
    def bound(self) -> float:
        """The largest difference, either way, that the interval holds: of shares, 1 at most."""
        return min(max(abs(self.low), abs(self.high)), 1.0)

    @property
    def numbers(self) -> tuple[float | int | None, ...]:
        """As in tables: mean, low, high, p, pairs, claimed; p and claim are None while open."""
        p, claimed = (None, None) if self.open else (self.p, int(self.claimed))
        return self.mean, self.low, self.high, p, self.n, claimed


def verdicts(
    found: Sequence[Paired | None], alpha: float, waits: Sequence[bool] = ()
) -> list[Verdict | None]:
    """One for each comparison that is shown; None where there are fewer than two pairs. `waits`:
    which are open, none by default. These count among all as p = 1, so what is claimed beside them
    stands whatever they come to; their intervals are at alpha over all.
    """
    waits = waits or [False] * len(found)
    shown = [n for n, one in enumerate(found) if one is not None or waits[n]]
    p = [1.0 if (one := found[n]) is None or waits[n] else one.p for n in shown]
    told: list[Verdict | None] = [None] * len(found)
    for n, claimed, level in zip(shown, *holm(p, alpha), strict=True):
        one = found[n]
        if one is not None:
            level = alpha / len(shown) if waits[n] else level
            told[n] = Verdict(one.mean, *one.interval(level), one.n, one.p, claimed, waits[n])
    return told


def area(cost: np.ndarray, value: np.ndarray, low: float, high: float) -> float:
    """Mean of the curve through (cost, value) (r,) over low to high, by trapezia; costs ascend.

    Outside its own costs a curve stays at its end.
    """
    if high <= low:
        return float(np.interp(low, cost, value))
    inside = cost[(cost > low) & (cost < high)]
    at = np.concatenate([[low], inside, [high]])
    return float(np.trapezoid(np.interp(at, cost, value), at) / (high - low))


def cost_to_reach(cost: np.ndarray, value: np.ndarray, goal: float) -> float | None:
    """Where the curve first reaches `goal`, linear between its points; None where it never does."""
    for place in range(len(cost)):
        if value[place] >= goal:
            if place == 0:
                return float(cost[0])
            rise = value[place] - value[place - 1]
            part = (goal - value[place - 1]) / rise
            return float(cost[place - 1] + part * (cost[place] - cost[place - 1]))
    return None


def block_bootstrap(
    a: np.ndarray, b: np.ndarray, block: int, *, draws: int = 2000, alpha: float = ALPHA
) -> tuple[float, float] | None:
    """Interval of mIoU(A) - mIoU(B), mean over seeds, for other streets: blocks of `block`
    neighbouring validation scans are drawn with replacement, the same ones for both arms.

    a, b (seeds, scans, C, C) int64 confusions of the same scans. None for fewer than 5 blocks. A
    class counts in a draw where its truth occurs.
    """
    scans = a.shape[1]
    blocks = -(-scans // block)
    if blocks < 5:
        return None
    starts = np.arange(0, scans, block)
    both = np.stack([np.add.reduceat(one, starts, axis=1) for one in (a, b)])
    rng = np.random.default_rng([blocks, scans])
    drawn = rng.integers(0, blocks, (draws, blocks))
    differences = np.empty(draws)
    for number, some in enumerate(drawn):
        weight = np.bincount(some, minlength=blocks)
        sums = np.tensordot(weight, both, axes=(0, 2))  # (2, seeds, C, C)
        means = _mious(sums).mean(axis=1)
        differences[number] = means[0] - means[1]
    low, high = np.quantile(differences, [alpha / 2, 1 - alpha / 2])
    return float(low), float(high)


def _mious(matrices: np.ndarray) -> np.ndarray:
    """(…,) mIoU of confusions (…, C, C), each over the classes of its truth; 0 for none."""
    hit = np.diagonal(matrices, axis1=-2, axis2=-1).astype(np.float64)
    truth = matrices.sum(axis=-1)
    union = matrices.sum(axis=-2) + truth - hit
    there = truth > 0
    iou = np.divide(hit, union, out=np.zeros_like(hit), where=there)
    found: np.ndarray = iou.sum(axis=-1) / np.maximum(there.sum(axis=-1), 1)
    return found
