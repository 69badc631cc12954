"""The nearest rows against a loop over all, with ties and what single precision hides."""

from __future__ import annotations

import numpy as np
import pytest

from core.query.strategies.near import k_nearest


def slow(values: np.ndarray, others: np.ndarray, k: int, same: bool) -> tuple[np.ndarray, ...]:
    square, row = np.full((len(values), k), np.inf), np.full((len(values), k), -1)
    for i, value in enumerate(values.astype(float)):
        steps = value - others.astype(float)
        away = [sum(float(s) ** 2 for s in step) for step in steps]
        order = sorted((d, j) for j, d in enumerate(away) if not (same and j == i))[:k]
        for place, (d, j) in enumerate(order):
            square[i, place], row[i, place] = d, j
    return square, row


def clouds(kind: str, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    n, m, width = (int(rng.integers(1, most)) for most in (60, 90, 30))
    values, others = rng.normal(size=(n, width)), rng.normal(size=(m, width))
    if kind == "lattice":
        values, others = np.round(values), np.round(others)
    elif kind == "twins":
        others[:] = others[rng.integers(0, 3, m)]
        values[:] = others[rng.integers(0, m, n)] + rng.choice([0, 1e-9], (n, 1))
    elif kind == "far":
        values += rng.choice([0, 1e5, 1e17], (n, 1))
        others += 1e5
    elif kind == "one place":
        values[:], others[:] = 3, 3
    elif kind == "wide":
        values, others = values * 1e-18, others * 1e18
    return values, others


@pytest.mark.parametrize("kind", ["normal", "lattice", "twins", "far", "one place", "wide"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_it_is_what_a_loop_finds(kind: str, dtype: type):
    for seed in range(12):
        rng = np.random.default_rng(seed)
        values, others = (cloud.astype(dtype) for cloud in clouds(kind, rng))
        k = int(rng.integers(1, 25))
        for same in (False, True):
            others = values if same else others
            found, wanted = k_nearest(values, others, k, same=same), slow(values, others, k, same)
            np.testing.assert_allclose(found[0], wanted[0], rtol=1e-12)
            exact = found[0] == wanted[0]  # where the last bit of a sum decides, any will do
            np.testing.assert_array_equal(found[1][exact], wanted[1][exact])
            assert exact.mean() > 0.5


def test_more_rows_than_a_block_and_more_columns_than_a_tile():
    rng = np.random.default_rng(1)
    middles = rng.normal(0, 3, (20, 24))
    values = (middles[rng.integers(0, 20, 1300)] + rng.normal(0, 0.4, (1300, 24))).astype("f4")
    square, row = k_nearest(values, values, 20, same=True)
    away = ((values[:, None].astype(float) - values[None]) ** 2).sum(axis=2)
    np.fill_diagonal(away, np.inf)
    order = np.argsort(away, axis=1, kind="stable")[:, :20]
    np.testing.assert_array_equal(row, order)
    np.testing.assert_allclose(square, np.take_along_axis(away, order, axis=1), rtol=1e-12)
    least, first = k_nearest(values, values[:700] + np.float32(0.25), 1)
    away = ((values[:, None].astype(float) - (values[:700] + np.float32(0.25))[None]) ** 2).sum(2)
    np.testing.assert_array_equal(first[:, 0], away.argmin(axis=1))
    np.testing.assert_allclose(least[:, 0], away.min(axis=1), rtol=1e-12)


def test_of_nothing_there_is_nothing():
    some = np.ones((3, 2), np.float32)
    for values, others, k in ((some[:0], some, 2), (some, some[:0], 2), (some, some, 0)):
        square, row = k_nearest(values, others, k)
        assert square.shape == row.shape == (len(values), k)
        assert not np.isfinite(square).any()
