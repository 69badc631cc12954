"""Panoptic quality: an example by hand, and a slow reference written from the paper's words."""

from __future__ import annotations

import numpy as np
import pytest

from core.data.classes import IGNORED, UNLABELLED
from core.quality.panoptic import as_things, matches, no_matches

CAR, ROAD = 0, 1


def test_an_example_by_hand():
    """Two true cars of 4 and 3 points; the first is found by 3 of its 4 and one road point, the
    second is missed; a car is seen where road is. Road: 5 true points, 3 of them seen."""
    truth = np.array([CAR] * 7 + [ROAD] * 5, np.uint8)
    thing = np.array([1] * 4 + [2] * 3 + [0] * 5)
    seen = np.array([CAR] * 3 + [ROAD] + [ROAD] * 3 + [CAR] + [CAR] + [ROAD] * 3, np.uint8)
    guess = np.array([7] * 3 + [0] + [0] * 3 + [7] + [8] + [0] * 3)
    found = matches(truth, thing, seen, guess, 2)
    assert found.true_positive.tolist() == [1, 0]  # road: 3 of 5 + 7 - 3, a third
    assert found.false_positive.tolist() == [1, 1]
    assert found.false_negative.tolist() == [1, 1]
    assert found.iou[CAR] == pytest.approx(3 / 5)
    assert found.sq.tolist() == pytest.approx([3 / 5, 0])
    assert found.rq.tolist() == pytest.approx([1 / 2, 0])
    assert found.pq.tolist() == pytest.approx([3 / 10, 0])


def slow(truth, thing, seen, guess, classes):
    """By sets of points, one class after the other."""
    points = [n for n in range(len(truth)) if truth[n] < 200]
    result = []
    for c in range(classes):
        true = [
            {n for n in points if truth[n] == c and thing[n] == t}
            for t in {thing[n] for n in points if truth[n] == c}
        ]
        said = [
            {n for n in points if seen[n] == c and guess[n] == t}
            for t in {guess[n] for n in points if seen[n] == c}
        ]
        ious = [len(a & b) / len(a | b) for a in true for b in said if 2 * len(a & b) > len(a | b)]
        weight = len(ious) + (len(said) - len(ious)) / 2 + (len(true) - len(ious)) / 2
        result.append(sum(ious) / weight if weight else np.nan)
    return result


@pytest.mark.parametrize("seed", range(20))
def test_it_equals_the_slow_reference(seed: int):
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 4, 60).astype(np.uint8)
    thing = np.where(truth < 2, rng.integers(0, 3, 60), 0)
    wrong = rng.random(60) < 0.25
    seen = np.where(wrong, rng.integers(0, 5, 60), truth).astype(np.uint8)
    guess = np.where(rng.random(60) < 0.2, rng.integers(0, 4, 60), thing + 5)
    truth[rng.random(60) < 0.1] = IGNORED
    seen[rng.random(60) < 0.1] = UNLABELLED
    found = matches(truth, thing, seen, guess, 6)
    np.testing.assert_allclose(found.pq, slow(truth, thing, seen, guess, 6))
    np.testing.assert_allclose(found.pq, found.sq * found.rq)


def test_scans_add_up_and_the_truth_itself_is_perfect():
    truth = np.array([CAR, CAR, ROAD, IGNORED], np.uint8)
    thing = np.array([1, 2, 0, 9])
    one = matches(truth, thing, truth, thing + 4, 3)
    both = no_matches(3) + one + one
    assert both.true_positive.tolist() == [4, 2, 0]
    assert both.pq.tolist()[:2] == [1.0, 1.0]
    assert np.isnan(both.pq[2])


def test_clusters_are_the_things_of_countable_classes():
    seen = np.array([CAR, CAR, ROAD, CAR], np.uint8)
    cluster = np.array([0, 3, 3, -1])
    assert as_things(seen, cluster, frozenset({CAR})).tolist() == [1, 4, 0, 0]
