"""LiDAL's walk by hand, and against its rule read aloud."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from core.query.budget import Budget, units_budget
from core.query.pool import Draw, Pool
from core.query.strategies import strategy_named
from core.query.strategies.lidal import sure
from tests.core.query.pools import make_units, pool_for

DRAW = Draw(3, 2)


def pool_at(x: list[float], kl: list[float], joint: list[float]) -> Pool:
    """Units on a line, 30 points each, in one sequence."""
    count = len(x)
    units = make_units(np.full(count, 30), np.zeros(count, int), scans=1)
    columns = {
        "divergence": np.array(kl, np.float32),
        "joint": np.array(joint, np.float32),
        "centre": np.column_stack([x, np.zeros((count, 2))]),
        "predicted": np.arange(count, dtype=np.uint8),
    }
    return Pool(units, np.ones(count, bool), np.zeros(count, bool), columns)


def asked(pool: Pool, many: int) -> list[int]:
    return strategy_named("lidal")(pool, units_budget(pool.units, many), DRAW).units.tolist()


def test_what_lies_within_five_metres_is_one_place():
    """Unit 1 stands 3 m from unit 0 and knows less: passed over. Unit 2 stands 5 m away: taken."""
    pool = pool_at([0, 3, 5, 30], [0.9, 0.8, 0.7, 0.6], [1.0, 0.5, 0.1, 0.2])
    assert asked(pool, 3) == [0, 2, 3]


def test_of_one_place_the_larger_entropy_takes_it():
    """Unit 1, 3 m from unit 0, has the larger entropy of all views: it is asked in its place."""
    pool = pool_at([0, 3, 30], [0.9, 0.8, 0.7], [1.0, 1.5, 0.1])
    assert asked(pool, 2) == [1, 2]
    assert asked(pool, 1) == [1]  # also where the budget was spent on unit 0


def test_the_nearest_of_two_is_replaced():
    """Unit 2 at 6 m is near unit 0 at 2 m and unit 1 at 9 m: unit 1 is nearer."""
    pool = pool_at([2, 9, 6, 50], [0.9, 0.8, 0.7, 0.6], [0.1, 0.1, 2.0, 0.1])
    assert asked(pool, 3) == [0, 2, 3]


def test_it_ends_where_a_new_place_no_longer_fits():
    """Unit 3 would win the place of unit 0; but unit 2, before it, did not fit any more."""
    pool = pool_at([0, 20, 40, 1], [0.9, 0.8, 0.7, 0.6], [0.1, 0.1, 0.1, 3.0])
    assert asked(pool, 2) == [0, 1]
    assert asked(pool, 3) == [3, 1, 2]


def test_a_place_of_another_sequence_is_another_place():
    pool = pool_at([0, 0], [0.9, 0.8], [0.1, 2.0])
    units = replace(
        pool.units, scans=("a/000000", "b/000000"), scan=np.array([0, 1], np.int32),
        offsets=np.array([0, 1, 2]),
    )  # fmt: skip
    assert asked(replace(pool, units=units), 2) == [0, 1]


def test_a_place_of_another_piece_of_the_sequence_is_another_place():
    """Computed poses begin anew where a scan did not fit: what is 0 m away there says nothing."""
    pool = pool_at([0, 0, 0], [0.9, 0.8, 0.7], [0.1, 2.0, 3.0])
    scans = ("a/000000", "a/000001", "a/000002")
    units = replace(
        pool.units, scans=scans, scan=np.arange(3, dtype=np.int32), offsets=np.arange(4)
    )
    pool = replace(pool, units=units)
    assert asked(pool, 1) == [2]
    pool = replace(pool, pieces=dict(zip(scans, (0, 1, 1), strict=True)))
    assert asked(pool, 2) == [0, 2]
    assert sure(pool, np.arange(3), 90).tolist() == [0, 1]


def slow(pool: Pool, amount: int) -> list[int]:
    """The rule read aloud, over lists; then whatever still fits, by divergence."""
    units, centre = pool.units, pool.columns["centre"]
    kl, joint = (pool.columns[name].astype(float) for name in ("divergence", "joint"))
    cost, left = units.costs.tolist(), amount
    sequence = [units.scans[scan].rpartition("/")[0] for scan in units.scan]
    free = sorted(np.flatnonzero(pool.free).tolist(), key=lambda u: (-kl[u], u))
    taken: list[int] = []
    for unit in free:
        near = [
            (math.dist(centre[unit], centre[other]), other)
            for other in taken
            if sequence[other] == sequence[unit] and math.dist(centre[unit], centre[other]) < 5
        ]
        if not near:
            if cost[unit] > left:
                break
            taken.append(unit)
            left -= cost[unit]
            continue
        other = min(near)[1]
        if joint[unit] > joint[other] and cost[unit] - cost[other] <= left:
            taken[taken.index(other)] = unit
            left -= cost[unit] - cost[other]
    for unit in free:
        if unit not in taken and cost[unit] <= left:
            taken.append(unit)
            left -= cost[unit]
    return taken


@pytest.mark.parametrize("seed", range(30))
def test_it_is_its_rule(seed: int):
    pool, rng = pool_for("lidal", seed)
    if not pool.free.any():
        return
    total = int(pool.units.costs.sum())
    for amount in (total, int(rng.integers(4000, total + 4000)), total // 3 + 4000):
        budget = Budget("points", amount, pool.units.costs, "")
        assert strategy_named("lidal")(pool, budget, DRAW).units.tolist() == slow(pool, amount)


def test_what_it_is_sure_of_by_hand():
    """Upwards over divergence; none at 0, where no neighbour met it; of one place the smaller
    entropy; 90 points are three units."""
    pool = pool_at(
        [0, 20, 22, 40, 60, 80], [0.0, 0.1, 0.2, 0.3, 0.4, 0.5], [0.1, 0.9, 0.3, 0.5, 0.5, 0.5]
    )
    everything = np.arange(6)
    assert sure(pool, everything, 90).tolist() == [2, 3, 4]
    assert sure(pool, everything, 29).tolist() == []
    assert sure(pool, np.array([3, 5]), 90).tolist() == [3, 5]
