"""Uncertainty by hand and by the golden table; groups against a plain search and by hand."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from core.boxes.ssal.confident import Rule, centres, confident, uncertainty
from tests.core.boxes.given import golden


def test_uncertainty_is_that_of_the_golden_table():
    table = np.array(golden("cal")["entropy"])
    np.testing.assert_allclose(uncertainty(table[:, 0]), table[:, 1], atol=1e-9)
    assert uncertainty(np.array([0.0, 1.0])).tolist() == [0, 0]


def spread(values, cuts) -> float:
    parts = np.split(np.sort(values), cuts)
    return sum(float(((part - part.mean()) ** 2).sum()) for part in parts if len(part))


def test_centres_are_a_fixed_point_of_lloyd_and_near_the_best():
    """The groups are those of the nearest centre, the centres their means; and of well parted
    values they are the best of all ways to cut, found one by one."""
    rng = np.random.default_rng(0)
    for _ in range(30):
        values, k = rng.uniform(0, 1, 40), int(rng.integers(1, 7))
        found = centres(values, k)
        of = np.abs(values[:, None] - found).argmin(1)
        for group in np.unique(of):
            assert found[group] == pytest.approx(values[of == group].mean())
    values = np.concatenate([c + rng.normal(0, 0.01, 5) for c in (0.1, 0.5, 0.9)])
    found = centres(values, 3)
    best = min(itertools.combinations(range(1, 15), 2), key=lambda cuts: spread(values, cuts))
    wanted = [part.mean() for part in np.split(np.sort(values), best)]
    np.testing.assert_allclose(found, wanted)


def test_equal_values_stay_on_their_side_of_a_centre():
    assert centres(np.full(12, 0.1 + 0.2), 2).tolist() == [0.1 + 0.2] * 2
    chosen = confident(np.full(12, 0.7), np.zeros(12, int), Rule()).chosen
    assert chosen.all()


def test_confident_boxes_by_hand():
    """Ten boxes make two groups: .2 .2 .3 .3 .3 | .8 .8 .9 .9 .9, the centre .86."""
    score = np.array([0.2, 0.9, 0.3, 0.8, 0.9, 0.3, 0.2, 0.8, 0.3, 0.9])
    label = np.zeros(10, int)
    found = confident(score, label, Rule())
    assert score[found.chosen].tolist() == [0.9, 0.9, 0.9]
    assert found.threshold == {0: 0.9}
    group = confident(score, label, Rule(keep="group"))
    assert sorted(score[group.chosen].tolist()) == [0.8, 0.8, 0.9, 0.9, 0.9]
    # By u there are only five boxes from .5 on: too few.
    assert not confident(score, label, Rule(cluster="u")).chosen.any()
    twice = confident(np.tile(score, 2), np.zeros(20, int), Rule(cluster="u"))
    assert set(np.tile(score, 2)[twice.chosen]) == {0.9}


def test_few_boxes_give_none_and_classes_do_not_mix():
    score = np.linspace(0.1, 0.9, 9)
    assert confident(score, np.zeros(9, int), Rule()).threshold == {}
    both = confident(np.tile(np.linspace(0.1, 0.9, 20), 2) * np.repeat([1, 0.5], 20),
                     np.repeat([0, 2], 20), Rule())  # fmt: skip
    assert set(both.threshold) == {0, 2}
    assert both.threshold[2] < 0.46 < both.threshold[0]
    none = confident(np.zeros(0), np.zeros(0, int), Rule())
    assert (len(none.chosen), none.threshold) == (0, {})


@pytest.mark.parametrize("cluster", ["score", "u"])
@pytest.mark.parametrize("keep", ["centre", "group"])
def test_what_is_kept_is_the_top_of_its_class(cluster: str, keep: str):
    rng = np.random.default_rng(1)
    score, label = rng.uniform(0.05, 1, 400), rng.integers(0, 3, 400)
    found = confident(score, label, Rule(7, cluster, keep))
    for one, limit in found.threshold.items():
        mine = label == one
        np.testing.assert_array_equal(found.chosen[mine], score[mine] >= limit)
    wide = confident(score, label, Rule(7, cluster, "group")).chosen
    assert (found.chosen <= wide).all()
