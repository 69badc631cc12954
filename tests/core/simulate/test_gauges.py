"""Gauges against cases worked by hand, and the table on tallies whose answers are known."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from core.simulate import gauges
from core.simulate.gauges import Tally


def tally(**given: object) -> Tally:
    """Nothing counted but what is given; three classes."""
    shapes = {"ranges": 8, "elevations": 40, "sizes": 25, "cluster_points": 20, "classes": 3}
    shapes |= {"placed": (3, 26), "majority": 2, "united": 2, "intensity": (3, 100)}
    empty = {each.name: np.zeros(shapes.get(each.name, ()), np.int64) for each in fields(Tally)}
    return Tally(**{**empty, **{name: np.array(value) for name, value in given.items()}})


def test_variation_is_half_the_difference_of_shares():
    # Shares .25 .75 and .5 .5: differences .25 and .25, half of their sum.
    assert gauges.variation(np.array([1, 3]), np.array([10, 10])) == pytest.approx(0.25)
    assert gauges.variation(np.array([1, 0]), np.array([0, 7])) == 1.0
    assert gauges.variation(np.array([2, 4]), np.array([1, 2])) == 0.0
    assert gauges.variation(np.array([0, 0]), np.array([1, 2])) == 1.0
    assert gauges.variation(np.array([0, 0]), np.array([0, 0])) == 0.0


def test_a_class_lies_in_the_size_classes_that_the_cuts_make():
    placed = np.zeros((3, 26), int)
    placed[0, [0, 1, 4, 5, 8, 9, 25]] = [7, 1, 2, 4, 8, 16, 32]
    found = gauges.by_partition(tally(placed=placed), (4, 8, 25))
    assert found[0].tolist() == [1 + 2, 4 + 8, 16 + 32, 7]


def test_only_classes_with_points_on_both_sides_count():
    one, two = np.zeros((3, 26), int), np.zeros((3, 26), int)
    one[0, [0, 3]], two[0, [0, 3]] = [500, 500], [1000, 0]  # half of them moved
    one[1, 0], two[1, 0] = 600, 600
    one[2, 0], two[2, 9] = 499, 9000  # too few on one side
    apart = gauges.class_partition(tally(placed=one), tally(placed=two), (4, 8, 25))
    assert apart == pytest.approx((0.5 + 0.0) / 2)


def test_quantiles_are_the_middles_of_their_steps():
    levels = np.zeros(100, int)
    levels[[10, 40, 90]] = [20, 60, 20]
    np.testing.assert_allclose(gauges.quantiles(levels), [0.105, 0.405, 0.905])


def test_intensities_compare_three_quantiles_of_each_class():
    one, two = np.zeros((3, 100), int), np.zeros((3, 100), int)
    one[0, 20], two[0, 30] = 600, 900
    one[1, 50], two[1, 50] = 600, 900
    classes = {"classes": [600, 600, 0]}, {"classes": [900, 900, 900]}
    found = gauges.intensities(
        tally(intensity=one, **classes[0]), tally(intensity=two, **classes[1])
    )
    assert found == pytest.approx((0.1 + 0.0) / 2)


def test_a_purity_is_a_share_of_points():
    found = gauges.purity(tally(majority=[90, 40], united=[100, 80]))
    np.testing.assert_allclose(found, [0.9, 0.5])


@pytest.mark.parametrize(("count", "ways"), [(2, 1), (3, 3), (4, 3), (8, 35), (9, 126)])
def test_halves_are_all_ways_once(count: int, ways: int):
    found = gauges.halves(count)
    assert len(found) == ways
    assert len({frozenset((frozenset(a), frozenset(b))) for a, b in found}) == ways
    for one, other in found:
        assert sorted(one + other) == list(range(count))
        assert len(one) - len(other) in (0, 1)


def test_the_table_holds_a_town_against_what_real_ones_differ_by():
    spread = [np.eye(8, dtype=int)[k] * 10 + 10 for k in range(4)]
    real = [tally(ranges=r, scans=1, points=90, units=10 + k) for k, r in enumerate(spread)]
    alike = replace(gauges.total(real))
    rows = {row.name: row for row in gauges.table([alike], real, (4, 8, 25))}
    nothing = ("class x partition", "intensity by class")  # no class has points enough
    assert all(row.town == (row.name in nothing) and row.within for row in rows.values())
    # Two against two: shares 20 20 10 10 ... of 180 each, so 4 bins differ by 10 / 180 x 2.
    pair = 0.5 * 4 * 20 / 180 / 2
    assert rows["range"].most == pytest.approx(pair)
    assert rows["units a scan"].most == pytest.approx(2.0)  # 10, 11 and 12, 13
    far = tally(ranges=[0] * 7 + [5], scans=1, points=90, units=50)
    rows = {row.name: row for row in gauges.table([far], real, (4, 8, 25))}
    assert not rows["range"].within
    assert rows["units a scan"].town == pytest.approx(50 - 11.5)
