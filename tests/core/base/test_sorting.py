"""Packed sorts against numpy's own stable ones, ties and both zeros included."""

from __future__ import annotations

import numpy as np
import pytest

from core.base import sorting

FEW = np.array([-np.inf, -3.5, -1e-40, -0.0, 0.0, 1e-40, 2.0, 7.25, np.inf], np.float32)


def arrays(seed: int) -> tuple[np.ndarray, np.ndarray, int]:
    rng = np.random.default_rng(seed)
    n, groups = int(rng.integers(0, 3000)), int(rng.integers(1, 400))
    values = rng.choice(FEW, n) if seed % 2 else rng.normal(0, 100, n).astype(np.float32)
    return rng.integers(0, groups, n), values, groups


# The last kind of array does not fit in 64 bits, and numpy's own sort is taken.
@pytest.mark.parametrize("groups", [0, 1 << 28, 1 << 61])
@pytest.mark.parametrize("seed", range(20))
def test_orders(seed: int, groups: int):
    group, value, own = arrays(seed)
    groups = max(own, groups)
    expected = np.argsort(group, kind="stable")
    assert np.array_equal(sorting.order_by_group(group, groups), expected)
    expected = np.lexsort((value, group))
    assert np.array_equal(sorting.order_by_group_and_value(group, value, groups), expected)


@pytest.mark.parametrize("seed", range(20))
def test_values_in_groups(seed: int):
    group, value, groups = arrays(seed)
    found = sorting.sorted_in_groups(group, value, groups)
    assert found.dtype == np.float32
    assert np.array_equal(found, value[np.lexsort((value, group))])


@pytest.mark.parametrize("seed", range(20))
def test_unique_numbers(seed: int):
    rng = np.random.default_rng(seed)
    ends = np.iinfo(np.int32)
    values = rng.integers(-40, 40, int(rng.integers(0, 2000))).astype(np.int32)
    values = np.concatenate([values, np.array([ends.min, ends.max], np.int32)[: seed % 3]])
    for found, expected in zip(
        sorting.unique_int32(values), np.unique(values, return_inverse=True), strict=True
    ):
        assert found.dtype == expected.dtype
        assert np.array_equal(found, expected)
