"""Intervals against scipy, coverage by simulation, Holm and curves by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from core.experiment.statistics import (
    area,
    block_bootstrap,
    cost_to_reach,
    holm,
    paired,
    verdicts,
)
from core.rounds.figures import figures


def interval(a: np.ndarray, b: np.ndarray, block: int, *, draws: int) -> tuple[float, float]:
    found = block_bootstrap(a, b, block, draws=draws)
    assert found is not None
    return found


@pytest.mark.parametrize("n", [2, 3, 5, 10])
def test_the_paired_interval_is_scipys(n: int):
    rng = np.random.default_rng(n)
    a, b = rng.normal(0.3, 0.02, n), rng.normal(0.28, 0.02, n)
    found = paired(a - b)
    assert found is not None
    theirs = stats.ttest_rel(a, b)
    assert found.p == pytest.approx(theirs.pvalue)
    interval = theirs.confidence_interval(0.95)
    assert found.interval(0.05) == pytest.approx((interval.low, interval.high))
    assert found.interval(0.01) == pytest.approx(tuple(theirs.confidence_interval(0.99)))


def test_one_pair_says_nothing_and_equal_ones_no_more_than_they_do():
    assert paired([0.1]) is None
    assert paired([]) is None
    nothing = paired([0.0, 0.0, 0.0])
    assert nothing is not None
    assert (nothing.p, nothing.interval()) == (1.0, (0.0, 0.0))


@pytest.mark.parametrize("n", [3, 5])
def test_the_interval_covers_what_it_says(n: int):
    """20,000 trials of n normal differences, sd 1: 95 %; the bootstrap over seeds would not."""
    rng = np.random.default_rng(7)
    trials = rng.normal(0.4, 1, (20_000, n))
    half = stats.t.ppf(0.975, n - 1) * trials.std(axis=1, ddof=1) / np.sqrt(n)
    covered = np.abs(trials.mean(axis=1) - 0.4) <= half
    assert covered.mean() == pytest.approx(0.95, abs=0.006)
    for trial, wide in zip(trials[:50], half, strict=False):  # and it is that interval
        found = paired(trial)
        assert found is not None
        assert found.half() == pytest.approx(wide)


def test_claims_where_nothing_differs_stay_below_alpha():
    """Six comparisons of alike arms with one: 5 % of the experiments claim any order, at most."""
    rng = np.random.default_rng(3)
    claims = 0
    for _ in range(600):
        values = rng.normal(0, 1, (7, 5))
        found = verdicts([paired(values[arm] - values[0]) for arm in range(1, 7)], 0.05)
        claims += any(one is not None and one.claimed for one in found)
    assert claims / 600 <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 600)


def adjusted(p: list[float]) -> list[float]:
    """Holm's adjusted p by the definition, in a slow loop."""
    order = sorted(range(len(p)), key=lambda i: p[i])
    out = [0.0] * len(p)
    for rank, place in enumerate(order):
        out[place] = max(min(1.0, (len(p) - i) * p[order[i]]) for i in range(rank + 1))
    return out


@pytest.mark.parametrize("seed", range(20))
def test_holm_is_its_definition_and_intervals_agree_with_it(seed: int):
    rng = np.random.default_rng(seed)
    found = [paired(rng.normal(rng.uniform(-2, 2), 1, 5)) for _ in range(6)]
    p = [one.p for one in found if one is not None]
    rejected, levels = holm(p, 0.05)
    assert rejected == [value < 0.05 for value in adjusted(p)]
    assert min(levels) >= 0.05 / 6
    for one in verdicts(found, 0.05):
        assert one is not None
        assert one.claimed == (one.low > 0 or one.high < 0)


@pytest.mark.parametrize("seed", range(20))
def test_what_is_claimed_stands_whatever_open_comparisons_come_to(seed: int):
    """Half of six wait; one of these has no two pairs yet."""
    rng = np.random.default_rng(seed)
    ends = [rng.normal(rng.uniform(-3, 3), 1, 5) for _ in range(6)]
    waits = [False, True, False, True, True, False]
    parts = [one[:3] if wait else one for one, wait in zip(ends, waits, strict=True)]
    parts[4] = parts[4][:1]
    now = verdicts([paired(one) for one in parts], 0.05, waits)
    then = verdicts([paired(one) for one in ends], 0.05)
    for one, later, wait in zip(now, then, waits, strict=True):
        if one is not None and one.claimed:
            assert not wait
            assert later is not None
            assert later.claimed


def test_holm_by_hand():
    rejected, levels = holm([0.04, 0.001, 0.03], 0.05)
    assert rejected == [False, True, False]  # .001 < .05/3; .03 > .05/2 ends it
    assert levels == pytest.approx([0.025, 0.05 / 3, 0.025])


def test_area_and_cost_by_hand():
    cost, value = np.array([1.0, 2.0, 4.0]), np.array([0.1, 0.3, 0.3])
    assert area(cost, value, 1, 4) == pytest.approx((0.2 + 0.6) / 3)
    assert area(cost, value, 1.5, 3) == pytest.approx((0.125 + 0.3) / 1.5)
    assert area(cost, value, 2, 2) == pytest.approx(0.3)
    assert cost_to_reach(cost, value, 0.2) == pytest.approx(1.5)
    assert cost_to_reach(cost, value, 0.05) == 1
    assert cost_to_reach(cost, value, 0.31) is None


def confusions(rng: np.random.Generator, scans: int, right: float) -> np.ndarray:
    """(scans, 2, 2): 100 points of each class a scan, `right` of them on average, by streets of 10
    scans that differ."""
    made = np.zeros((scans, 2, 2), np.int64)
    for scan in range(scans):
        if scan % 10 == 0:
            street = rng.normal(0, 0.05)
        for c in range(2):
            hit = rng.binomial(100, np.clip(right + street, 0, 1))
            made[scan, c, c], made[scan, c, 1 - c] = hit, 100 - hit
    return made


def test_the_bootstrap_finds_a_difference_and_claims_none_that_is_not():
    rng = np.random.default_rng(1)
    good, poor = (confusions(rng, 100, right)[None] for right in (0.8, 0.6))
    low, high = interval(good, poor, 10, draws=400)
    assert 0 < low < high
    low, high = interval(good, good, 10, draws=400)
    assert (low, high) == (0, 0)
    assert block_bootstrap(good, poor, 10, draws=50) == block_bootstrap(good, poor, 10, draws=50)
    assert block_bootstrap(good[:, :40], poor[:, :40], 10) is None  # four blocks


@pytest.mark.slow
def test_the_bootstrap_covers_other_streets():
    """Two arms of one truth, 40 streets: the interval holds the difference over all streets."""
    rng = np.random.default_rng(5)
    covered, trials = 0, 120
    for _ in range(trials):
        a, b = (confusions(rng, 400, 0.7)[None] for _ in range(2))
        low, high = interval(a, b, 10, draws=300)
        covered += low <= 0 <= high
    assert covered / trials > 0.87


@pytest.mark.parametrize("seed", range(3))
def test_its_mean_is_that_of_a_slow_loop(seed: int):
    """Each draw by hand: blocks one after the other, then figures.figures."""
    rng = np.random.default_rng(seed)
    a, b = rng.integers(0, 9, (2, 2, 12, 4, 4))
    a[:, :, 3] = b[:, :, 3] = 0  # a class without truth
    found = block_bootstrap(a, b, 2, draws=40)
    chance = np.random.default_rng([6, 12])
    differences = []
    for some in chance.integers(0, 6, (40, 6)):
        means = []
        for arm in (a, b):
            scans = [2 * block + k for block in some for k in (0, 1)]
            sums = [sum(arm[seed, scan] for scan in scans) for seed in range(2)]
            means.append(np.mean([figures(one, "wxyz")["miou"] for one in sums]))
        differences.append(means[0] - means[1])
    assert found == pytest.approx(tuple(np.quantile(differences, [0.025, 0.975])))


def test_a_class_counts_in_a_draw_where_its_truth_occurs():
    """A class that only one block holds: in draws without it the mean is over the other one."""
    matrices = np.zeros((1, 6, 2, 2), np.int64)
    matrices[:, :, 0, 0] = 10
    matrices[:, 0, 1, 0] = 10  # its one class, all wrong
    worse = matrices.copy()
    low, high = interval(matrices, worse, 1, draws=100)
    assert (low, high) == (0, 0)
