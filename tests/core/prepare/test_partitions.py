"""Cuts against a search of all of them."""

from __future__ import annotations

from itertools import combinations, pairwise

import numpy as np
import pytest

from core.prepare.partitions import api_by_size, cuts, partition_of


def all_cuts(sizes, api, groups):
    """Every way to cut, the best first: least cost, then the smallest list of cuts."""
    share = api.sum() / groups
    best = None
    for inner in combinations(range(1, len(sizes)), groups - 1):
        bounds = (0, *inner, len(sizes))
        cost = sum((api[a:b].sum() - share) ** 2 for a, b in pairwise(bounds))
        found = tuple(int(sizes[b - 1]) for b in bounds[1:])
        if (
            best is None
            or cost < best[0] - 1e-12
            or (abs(cost - best[0]) <= 1e-12 and found < best[1])
        ):
            best = (cost, found)
    return best[1]


@pytest.mark.parametrize("seed", range(20))
def test_cuts_are_the_best_of_all(seed: int):
    rng = np.random.default_rng(seed)
    sizes = np.sort(rng.choice(np.arange(1, 26), int(rng.integers(1, 11)), replace=False))
    api = rng.uniform(0, 5, len(sizes))
    for partitions in (1, 2, 3, 6):
        groups = min(partitions, len(sizes))
        assert cuts(sizes, api, partitions) == all_cuts(sizes, api, groups)


def test_api_is_clusters_over_the_log_of_points():
    sizes, api = api_by_size(np.array([2, 5, 2]), np.array([30, 100, 70]))
    assert sizes.tolist() == [2, 5]
    assert api == pytest.approx([2 / np.log(100), 1 / np.log(100)])


def test_sizes_between_groups_go_to_the_upper_one():
    assert partition_of(np.array([1, 4, 5, 6, 8, 9, 30]), (4, 8, 25)).tolist() == [
        0,
        0,
        1,
        1,
        1,
        2,
        2,
    ]


def test_nothing_to_cut():
    assert cuts(np.zeros(0, int), np.zeros(0), 3) == ()
