"""Form against hand-made scenes and numpy's own solver."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from gui.view.form import (
    _near,
    form_of,
    least_axes,
    lowest,
    ranks,
    sketch_of,
    with_surfaces,
)


def scene() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A slope of 5 %, a wall on it 8 m ahead, a gap in the ground behind; which rows are what."""
    x, y = np.meshgrid(np.arange(-20, 20, 0.25), np.arange(-20, 20, 0.25))
    keep = ~((x > 4) & (x < 8) & (np.abs(y) < 2))
    ground = np.column_stack([x[keep], y[keep], 0.05 * x[keep] - 1.7])
    y, z = np.meshgrid(np.arange(-2, 2, 0.1), np.arange(0, 2, 0.1))
    wall = np.column_stack([np.full(y.size, 8.0), y.ravel(), 0.4 - 1.7 + z.ravel()])
    xyz = np.vstack([ground, wall])
    points = np.column_stack([xyz, np.arange(len(xyz)) % 7]).astype(np.float32)
    return points, np.arange(len(xyz)) < len(ground), np.arange(len(xyz)) >= len(ground)


@pytest.mark.parametrize("told", [True, False])
def test_heights_are_over_the_slope_and_surfaces_face_the_scanner(told: bool):
    points, ground, wall = scene()
    form = form_of(points, ground if told else None)
    # Near the border a cell's neighbours lie on one side only.
    inner = ground & (np.abs(points[:, :2]) < 15).all(axis=1)
    assert np.abs(form.height[inner]).max() < 0.05
    top = wall & (points[:, 2] > 0.4 - 1.7 + 1.85)
    np.testing.assert_allclose(form.height[top], 1.9, atol=0.12)
    inside = wall & (np.abs(points[:, 1]) < 1.5) & (form.height > 0.5) & (form.height < 1.5)
    np.testing.assert_allclose(form.normal[inside], [[-1, 0, 0]] * inside.sum(), atol=1e-3)
    slope = np.array([-0.05, 0, 1]) / np.hypot(0.05, 1)
    flat = inner & (np.abs(points[:, 0]) < 3)
    np.testing.assert_allclose(form.normal[flat], [slope] * flat.sum(), atol=1e-3)


@pytest.mark.parametrize("told", [True, False])
def test_a_sketch_has_the_ground_of_the_form_and_nearly_its_pitch(told: bool):
    """So that the camera and the heights stay as they are when the form takes its place."""
    points, ground, wall = scene()
    points[[3, 700]] = np.nan
    sketch = sketch_of(points, ground if told else None)
    form = with_surfaces(points, sketch)
    assert (sketch.whole, form.whole) == (False, True)
    for name in ("ground", "height", "low", "highest"):
        assert getattr(sketch, name) is getattr(form, name)
    assert sketch.pitch == pytest.approx(form.pitch, rel=0.05)
    assert not sketch.normal.any()
    assert not sketch.leafy.any()  # green is what is known to be rough
    high, flat = np.flatnonzero(wall & (form.height > 1)), np.flatnonzero(ground)[10:400]
    flat = flat[np.isfinite(points[flat, 0])]
    assert sketch.tells_flat(high)
    assert not sketch.tells_flat(flat)
    assert form.tells_flat(flat)


def test_the_ground_is_smoothed_as_scipy_does():
    from scipy.ndimage import gaussian_filter

    field = np.random.default_rng(4).normal(size=(60, 60))
    for sigma in (0.7, 3, 24, 48):
        near = _near(60, sigma)
        right = gaussian_filter(field, sigma, mode="constant")
        np.testing.assert_allclose(near @ field @ near, right, atol=1e-12)


def test_splats_reach_the_neighbours():
    points, ground, wall = scene()
    form = form_of(points, ground)
    away = np.linalg.norm(points[wall, :3], axis=1)
    # Inside, the fourth neighbour is 0.1 m away; a few at the border are farther.
    assert form.pitch == pytest.approx(np.median(0.1 / away), rel=0.02)
    np.testing.assert_allclose(form.splat[wall], 1.09 * form.pitch * away, rtol=1e-5)


def test_rows_that_are_not_finite_change_nothing():
    points = scene()[0]
    broken = np.insert(points, [5, 900], np.nan, axis=0)
    broken[5, :3] = (1.0, np.inf, 0.0)
    at = np.delete(np.arange(len(broken)), [5, 901])
    form, right = form_of(broken, None), form_of(points, lowest(points))
    for name in ("height", "normal", "splat"):
        np.testing.assert_allclose(getattr(form, name)[at], getattr(right, name), atol=1e-5)
    assert not form.low[[5, 901]].any()
    assert (form.height[[5, 901]] == 0).all()


@pytest.mark.parametrize("count", [1, 3, 6])
def test_a_few_points_have_a_form(count: int):
    points = np.column_stack([np.eye(6)[:count, :3], np.ones(count)]).astype(np.float32)
    form = form_of(points, np.zeros(count, bool))
    assert np.isfinite(form.height).all()
    assert form.normal.shape == (count, 3)


def test_least_axes_are_those_of_a_general_solver():
    clouds = np.random.default_rng(1).normal(size=(500, 9, 3)) * (3, 1, 0.2)
    turned = clouds @ np.linalg.qr(np.random.default_rng(2).normal(size=(3, 3)))[0]
    turned -= turned.mean(axis=1, keepdims=True)
    covariance = np.einsum("nki,nkj->nij", turned, turned)
    values, vectors = np.linalg.eigh(covariance)
    axes, rough = least_axes(covariance)
    cosine = np.abs((axes * vectors[:, :, 0]).sum(axis=1))
    np.testing.assert_allclose(cosine, 1, atol=1e-5)
    np.testing.assert_allclose(rough, np.sqrt(values[:, 0] / values[:, 2]), atol=1e-4)
    assert (least_axes(np.zeros((1, 3, 3)))[0] == 0).all()


def bush_and_board(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Leaves in a ball 2 m across and an upright board beside it, 12 m away; which rows are leaves.
    The board is as dull as tin, but for noise of the beams; the leaves are of all kinds."""
    chance = np.random.default_rng(seed)
    leaves = np.array([12, 0, 0]) + chance.uniform(-1, 1, (1500, 3))
    y, z = np.meshgrid(np.arange(3, 5, 0.06), np.arange(-1, 1, 0.06))
    board = np.column_stack([12 + chance.normal(0, 0.008, y.size), y.ravel(), z.ravel()])
    intensity = np.append(chance.uniform(0, 1, 1500), 0.5 + chance.normal(0, 0.1, y.size))
    points = np.column_stack([np.vstack([leaves, board]), intensity]).astype(np.float32)
    return points, np.arange(len(points)) < 1500


def test_leaves_are_rough_and_a_board_is_even():
    points, leaves = bush_and_board(5)
    form = form_of(points, np.zeros(len(points), bool))
    assert np.median(form.leafy[leaves]) == 1
    assert np.median(form.leafy[~leaves]) == 0


def test_even_surfaces_are_smoothed_and_leaves_are_not():
    points, leaves = bush_and_board(6)
    form = form_of(points, np.zeros(len(points), bool))
    raw = ranks(points[:, 3])
    rough = leaves & (form.rough > 0.27)
    np.testing.assert_array_equal(form.reflection[rough], raw[rough])
    assert form.reflection[~leaves].std() < 0.6 * raw[~leaves].std()
    straight = np.abs(form.normal[:, 0])
    assert np.quantile(straight[~leaves], 0.1) > 0.95
    np.testing.assert_allclose(np.linalg.norm(form.normal, axis=1), 1, atol=1e-5)


def test_a_lawn_is_flat_and_a_bush_a_wall_and_a_roof_are_not():
    chance = np.random.default_rng(7)
    xy = np.array([12, 0]) + chance.uniform(-4, 4, (3000, 2))
    lawn = np.column_stack([xy, chance.normal(-1.7, 0.01, 3000)])
    roof = np.array([0, 20, 3]) + lawn[:800]
    bush = np.column_stack([np.array([0, 40]) + xy[:800], chance.uniform(-1.7, -1, 800)])
    wall = np.column_stack([np.full(800, 12.0), xy[:800] - (12, 30)])
    parts = [lawn, roof, bush, wall]
    xyz = np.vstack(parts)
    points = np.column_stack([xyz, np.zeros(len(xyz))]).astype(np.float32)
    form = form_of(points, np.arange(len(xyz)) < len(lawn))
    ends = np.cumsum([0, *map(len, parts)])
    rows = [np.arange(a, b) for a, b in pairwise(ends)]
    assert [form.is_flat(each) for each in rows] == [True, False, False, False]


def test_ranks_are_even_and_equal_values_alike():
    values = np.random.default_rng(3).exponential(size=5000).astype(np.float32)
    order = np.argsort(values)
    np.testing.assert_allclose(ranks(values)[order], np.linspace(0, 1, 5000), atol=0.01)
    assert (ranks(np.full(7, 3.0, np.float32)) == 0.5).all()


def test_rows_that_are_no_returns_change_no_reflection():
    """They took a place among the ranks: half of a scan's rows made all others bright."""
    points, ground, _ = scene()
    whole = sketch_of(points, ground)
    more = np.vstack([points, np.full_like(points, np.nan)])
    sketch = sketch_of(more, np.concatenate([ground, np.zeros(len(points), bool)]))
    np.testing.assert_array_equal(sketch.reflection[: len(points)], whole.reflection)
    assert not sketch.reflection[len(points) :].any()
