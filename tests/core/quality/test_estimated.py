"""Figures from a sample: against all points, by hand, and how often their intervals hold."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import t

from core.quality.estimated import estimated, more_answers
from core.quality.strata import allocate, draws, order
from tests.coverage import KINDS, points_of, simulate


def test_of_all_points_the_figures_are_those_of_the_confusion():
    points = np.minimum(points_of(np.random.default_rng(3)), 60)
    classes, parts, _ = points.shape
    strata = [(p, c) for p in range(parts) for c in range(classes) if points[:, p, c].sum()]
    sizes = np.array([points[:, p, c].sum() for p, c in strata])
    stratum = np.concatenate([np.full(n, h) for h, n in enumerate(sizes)])
    truth = np.concatenate([np.repeat(np.arange(classes), points[:, p, c]) for p, c in strata])
    found = estimated(sizes, np.array([c for _, c in strata]), stratum, truth, classes)
    matrix = points.sum(axis=1)
    hits = np.diag(matrix)
    iou = hits / (matrix.sum(axis=0) + matrix.sum(axis=1) - hits)
    pairs = [(found.accuracy, hits.sum() / matrix.sum()), *zip(found.iou, iou, strict=True)]
    for interval, value in pairs:
        if interval is not None:
            assert (interval.value, interval.low, interval.high) == pytest.approx((value,) * 3)
    assert found.classes == sum(interval is not None for interval in found.iou)


def test_accuracy_by_hand():
    """Two strata of 900 and 100 points: 8 of 10, and 3 of 5 right; Cochran 5.6 and 5.9."""
    sizes, claimed = np.array([900, 100]), np.array([0, 1])
    stratum = np.repeat([0, 1], [10, 5])
    truth = np.array([0] * 8 + [1] * 2 + [1] * 3 + [0] * 2)
    found = estimated(sizes, claimed, stratum, truth, 2).accuracy
    value = 0.9 * 0.8 + 0.1 * 0.6
    parts = np.array(
        [
            0.81 * (1 - 10 / 900) * (0.8 * 0.2 * 10 / 9) / 10,
            0.01 * (1 - 5 / 100) * (0.6 * 0.4 * 5 / 4) / 5,
        ]
    )
    freedom = parts.sum() ** 2 / (parts**2 / np.array([9, 4])).sum()
    step = t.ppf(0.975, freedom) * np.sqrt(parts.sum()) / (value * (1 - value))
    low, high = (1 / (1 + np.exp(-(np.log(value / (1 - value)) + s * step))) for s in (-1, 1))
    assert (found.value, found.low, found.high) == pytest.approx((value, low, high))
    assert found.answers == 15


def test_what_is_no_class_is_left_out_of_the_figures():
    """A point that is none of the classes is neither right nor wrong, as in the benchmark."""
    sizes, claimed = np.array([100, 100]), np.array([0, 1])
    stratum = np.repeat([0, 1], [4, 4])
    truth = np.array([0, 0, 2, 2, 1, 1, 1, 0])
    found = estimated(sizes, claimed, stratum, truth, 2)
    assert found.accuracy.value == pytest.approx((50 + 75) / (50 + 100))
    assert found.outside == 2


def test_no_figure_before_each_stratum_has_two_answers():
    found = estimated(
        np.array([90, 10]), np.array([0, 1]), np.array([0, 0, 1]), np.zeros(3, int), 2
    )
    assert found.accuracy is None
    assert found.miou is None
    nothing = estimated(np.zeros(0, int), np.zeros(0, int), *[np.zeros(0, int)] * 2, 2)
    assert nothing.accuracy is None


def test_all_right_is_no_certainty():
    args = (np.array([10_000]), np.array([0]), np.zeros(40, int), np.zeros(40, int), 2)
    found = estimated(*args).accuracy
    assert (found.value, found.high) == (1.0, 1.0)
    assert found.low == pytest.approx(0.025 ** (1 / 40))  # Clopper and Pearson


def test_so_many_more_answers_halve_the_interval():
    rng = np.random.default_rng(0)
    sizes, claimed = np.array([60_000, 30_000, 10_000]), np.array([0, 1, 2])

    def answers(count: int) -> tuple[np.ndarray, np.ndarray]:
        take = allocate(sizes, count)
        stratum = np.repeat([0, 1, 2], take)
        wrong = rng.random(len(stratum)) < np.array([0.1, 0.3, 0.5])[stratum]
        return stratum, np.where(wrong, (claimed[stratum] + 1) % 3, claimed[stratum])

    halves = []
    for count in (300, 300, 300, 300):
        args = answers(count)
        before = estimated(sizes, claimed, *args, 3).accuracy
        more = more_answers(sizes, claimed, *args, 3)
        assert 2.5 * count < more < 3.5 * count
        halves.append(estimated(sizes, claimed, *answers(count + more), 3).accuracy.half
                      / before.half)  # fmt: skip
    assert np.mean(halves) == pytest.approx(0.5, abs=0.05)


def test_intervals_hold():
    """The quick kind of what `python -m tests.coverage` prints."""
    found = simulate(60, seed=5)
    for kind in KINDS:
        assert found.share(kind) > 0.88


@pytest.mark.slow
def test_intervals_hold_in_1000_projects():
    found = simulate(1000)
    for kind in KINDS:
        assert 0.93 <= found.share(kind) <= 0.97, kind


def test_a_larger_sample_holds_the_smaller_one():
    sizes = np.array([7, 3, 1, 5000, 4096, 4097, 2_000_000])
    before = np.zeros(len(sizes), int)
    for count in (5, 14, 40, 300, 301, 5_000, 30_000):
        take = allocate(sizes, count)
        assert (take >= before).all()
        assert (take >= np.minimum(sizes, 2)).all()
        assert (take <= sizes).all()
        assert take.sum() <= max(count, np.minimum(sizes, 2).sum())
        before = take
    assert (allocate(sizes, int(sizes.sum())) == sizes).all()
    for size in (5, 4096, 4097, 10**9):
        many = draws(3, "a", size, min(size, 500))
        assert len(np.unique(many)) == len(many)
        assert many.min() >= 0
        assert many.max() < size
        assert (draws(3, "a", size, min(size, 20)) == many[:20]).all()
        assert size < 100 or not (draws(4, "a", size, 20) == many[:20]).all()


@pytest.mark.parametrize("size", [37, 5003])
def test_each_point_is_as_likely_as_any(size: int):
    counts = np.zeros(size)
    for seed in range(400):
        counts[draws(seed, "s", size, 10)] += 1
    tenths = np.array([part.sum() for part in np.array_split(counts, 10)])
    expected = np.array([len(part) for part in np.array_split(counts, 10)]) / size * 4000
    assert ((tenths - expected) ** 2 / expected).sum() < 27.9  # chi², 9 degrees, 0.1 %


def test_the_first_batch_has_what_every_stratum_needs():
    names = [f"s#p{n}" for n in range(30)]
    first = np.arange(30) % 5 == 0
    batches = order(1, names, first, 10)
    assert sorted(batches[0].tolist()) == list(range(0, 30, 5))
    assert [len(batch) for batch in batches] == [6, 10, 10, 4]
    assert sorted(np.concatenate(batches).tolist()) == list(range(30))
