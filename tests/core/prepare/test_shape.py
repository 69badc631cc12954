"""Shapes of units: each number against a slow look at one unit, and none depends on others."""

from __future__ import annotations

import numpy as np
import pytest

from core.base.settings import load_preset
from core.prepare.ground import ground_mask
from core.prepare.scan import prepare_scan
from core.prepare.shape import NAMES, _ground_height, shapes
from core.prepare.shape_around import around
from tests.streets import small_scan

PAPER = load_preset("paper").prepare


@pytest.fixture(scope="module")
def prepared():
    points, _ = small_scan(0)
    return points, prepare_scan(points.copy(), PAPER)


def column(found, name: str) -> np.ndarray:
    return found.shape[:, NAMES.index(name)]


def test_each_unit_has_its_measures(prepared):
    points, found = prepared
    assert found.shape.shape == (len(found.kind), len(NAMES))
    assert np.isfinite(found.shape).all()
    # The ground of this scan is flat: every cell's median is within a centimetre of the sensor's.
    for unit in range(len(found.kind)):
        mine = points[found.unit == unit].astype(float)
        sides = np.sort(np.ptp(mine[:, :2], axis=0))
        values, vectors = np.linalg.eigh(np.cov(mine[:, :3].T, bias=True))
        wanted = {
            "is a ground cell": found.kind[unit],
            "longer side m": sides[1],
            "shorter side m": sides[0],
            "footprint m²": sides[0] * sides[1],
            "top above ground m": mine[:, 2].max() + 1.73,
            "bottom above ground m": mine[:, 2].min() + 1.73,
            "log points": np.log(len(mine)),
            "range m": np.hypot(*mine[:, :2].mean(axis=0)),
            "intensity mean": mine[:, 3].mean(),
            "intensity deviation": mine[:, 3].std(),
            "linearity": (values[2] - values[1]) / (values[2] + 0.05**2),
            "verticality": abs(vectors[2, 2]),
            "height deviation m": mine[:, 2].std(),
            "roughness m": np.sqrt(max(values[0], 0)),
            "upright normal": abs(vectors[2, 0]),
            "intensity quantile 10 %": np.sort(mine[:, 3])[int((len(mine) - 1) * 0.1)],
            "intensity quantile 90 %": np.sort(mine[:, 3])[int((len(mine) - 1) * 0.9)],
        }
        for name, value in wanted.items():
            assert column(found, name)[unit] == pytest.approx(value, abs=0.05), (unit, name)
        quantiles = [column(found, f"height quantile {q} % m")[unit] for q in (25, 50, 75)]
        heights = np.sort(mine[:, 2] + 1.73)
        right = heights[((len(mine) - 1) * np.array([0.25, 0.5, 0.75])).astype(int)]
        np.testing.assert_allclose(quantiles, right, atol=0.05)


def test_the_order_of_the_rows_changes_nothing(prepared):
    points, found = prepared
    ground = ground_mask(points, sensor_height_m=PAPER.sensor_height_m)
    order = np.random.default_rng(1).permutation(len(points))
    straight = shapes(points, found.unit, found.kind, ground, 1.73)
    mixed = shapes(points[order], found.unit[order], found.kind, ground[order], 1.73)
    np.testing.assert_allclose(mixed, straight, rtol=1e-4, atol=1e-4)


def test_a_slope_is_taken_from_heights():
    """A pole on a hill stands on the ground under it, not on the sensor's."""
    rng = np.random.default_rng(0)
    hill = np.c_[rng.uniform(0, 40, (4000, 2)), np.zeros((4000, 2))]
    hill[:, 2] = 0.1 * hill[:, 0]
    pole = np.c_[np.full(50, 30.0), np.full(50, 20.0), 3.0 + np.linspace(0, 2, 50), np.zeros(50)]
    points = np.r_[hill, pole].astype(np.float32)
    unit = np.r_[np.full(4000, -2), np.zeros(50)].astype(np.int32)
    ground = np.arange(4050) < 4000
    (found,) = shapes(points, unit, np.zeros(1, np.uint8), ground, 1.73)
    assert found[NAMES.index("bottom above ground m")] == pytest.approx(0, abs=0.2)
    assert found[NAMES.index("top above ground m")] == pytest.approx(2, abs=0.2)


def test_without_ground_or_units():
    points = np.ones((30, 4), np.float32)
    none = np.zeros(30, bool)
    (found,) = shapes(points, np.zeros(30, np.int32), np.zeros(1, np.uint8), none, 1.73)
    assert found[NAMES.index("bottom above ground m")] == pytest.approx(2.73)
    assert shapes(points, np.full(30, -1), np.zeros(0, np.uint8), none, 1.73).shape == (
        0,
        len(NAMES),
    )


@pytest.mark.parametrize("seed", range(4))
def test_what_lies_around_equals_a_slow_look(seed: int):
    """Random points and units, some far beyond the reach, looked at one unit at a time."""
    rng = np.random.default_rng(seed)
    points = rng.normal(0, 6, (3000, 4)).astype(np.float32)
    points[:40, :2] *= 60
    points[:, 3] = rng.random(3000)
    height = points[:, 2].astype(np.float64)
    ground = rng.random(3000) < 0.5
    unit = rng.integers(-2, 30, 3000)
    centre = rng.normal(0, 8, (30, 2))
    centre[0] = (500, -500)  # nothing is there
    found = around(points, height, ground, unit, centre)
    for number in range(30):
        wanted: list[float] = []
        for size in (1.0, 3.0):
            middle = np.floor(np.clip(centre[number], -128, 127.999) / size)
            away = np.floor(np.clip(points[:, :2], -128, 127.999) / size) - middle
            near = (np.abs(away) <= 1).all(axis=1)
            above, below = near & ~ground, near & ground
            others = above & (unit != number)
            wanted += [
                height[near].max() if near.any() else 0.0,
                np.log1p(others.sum()),
                above.sum() / near.sum() if near.any() else 0.0,
                points[below, 3].mean() if below.any() else 0.0,
            ]
        np.testing.assert_allclose(found[number], wanted, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("reach", [60.0, 1e5])
def test_the_ground_below_equals_a_slow_look(reach: float):
    """Also where cells lie so far apart that there is no table of them."""
    rng = np.random.default_rng(int(reach))
    points = rng.uniform(-reach, reach, (400, 4)).astype(np.float32)
    points = np.concatenate([points, points + np.float32(0.3)])
    ground = rng.random(len(points)) < 0.5
    found = _ground_height(points, ground, 1.73)
    cell = np.floor(points[:, :2] / 4).astype(int)
    for row in range(len(points)):
        below = np.sort(points[ground & (cell == cell[row]).all(axis=1), 2])
        right = below[len(below) // 2] if len(below) else np.median(points[ground, 2])
        assert found[row] == np.float32(right)
