"""Pillars of points, against a slow walk over the points."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from models.boxes.pillar_center import SIZES, PillarCenter
from models.boxes.pillars import Grid, pillars
from tests.models.boxes.made import GRID, SMALL, scene


def slow(points: np.ndarray, grid: Grid) -> dict[int, list[np.ndarray]]:
    """cell -> features (9,) of its points, in their order."""
    columns = grid.shape[1]
    cells: dict[int, list[np.ndarray]] = {}
    for p in points.astype(float):
        if all(low <= v < high for low, v, high in zip(grid.low, p[:3], grid.high, strict=True)):
            row = int((p[0] - grid.low[0]) / grid.cell_m)
            column = int((p[1] - grid.low[1]) / grid.cell_m)
            cells.setdefault(row * columns + column, []).append(p)
    made = {}
    for cell, inside in cells.items():
        mean = np.mean(inside, axis=0)[:3]
        middle = np.array(divmod(cell, columns)) * grid.cell_m + grid.low[:2] + grid.cell_m / 2
        made[cell] = [
            np.array([p[0], p[1], p[2] + 1.0, p[3], *(p[:3] - mean), *(p[:2] - middle)])
            for p in inside
        ]
    return made


def test_features_are_those_of_a_slow_walk_over_the_points():
    scenes = [scene(0).points, scene(1).points * np.float32([2, 1, 1, 1])]
    found = pillars(scenes, GRID)
    for number, points in enumerate(scenes):
        wanted = slow(points, GRID)
        first = number * np.prod(GRID.shape)
        mine = (found.cell >= first) & (found.cell < first + np.prod(GRID.shape))
        assert found.cell[mine].tolist() == sorted(cell + first for cell in wanted)
        for place in torch.nonzero(mine).ravel().tolist():
            features = found.feature[found.pillar == place].numpy()
            expected = np.array(wanted[int(found.cell[place]) - first])
            np.testing.assert_allclose(features, expected, atol=2e-5)


def test_what_is_no_number_or_outside_is_not_seen():
    inside, nan = [1.0, 1, -1, 0.5], [np.nan, 1, -1, 0.5]
    outside = [[16.0, 0, 0, 1], [-0.1, 0, 0, 1], [1, 8, 0, 1], [1, 0, 1, 1], [1, 0, -3.1, 1]]
    found = pillars([np.array([inside, nan, *outside], np.float32)], GRID)
    assert len(found.feature) == 1
    assert pillars([np.zeros((0, 4), np.float32)], GRID).cell.shape == (0,)


def test_the_height_of_the_sensor_moves_the_range():
    grid = SIZES["pillar-s"].grid(ring=False, height_m=1.73)
    assert (grid.low, grid.high) == ((0.0, -39.68, -3.0), (69.12, 39.68, 1.0))
    higher = SIZES["pillar-s"].grid(ring=True, height_m=2.73)
    assert (higher.low, higher.high) == ((-48.0, -48.0, -4.0), (48.0, 48.0, 0.0))


@pytest.mark.parametrize(
    ("size", "ring", "shape"),
    [
        ("pillar-s", False, (216, 248)),
        ("pillar-s", True, (300, 300)),
        ("pillar-m", False, (288, 336)),
        ("pillar-m", True, (400, 400)),
    ],
)
def test_maps_have_half_the_grid_whatever_its_size(size: str, ring: bool, shape):
    grid = SIZES[size].grid(ring=ring, height_m=1.73)
    assert grid.shape == shape
    narrow = SMALL._replace(blocks=(4, 4, 4), point=4, up=4, shared=4)
    network = PillarCenter(3, narrow, grid).eval()
    with torch.inference_mode():
        maps = network(pillars([scene(0).points], grid))
    assert maps.heat.shape == (1, 3, shape[0] // 2, shape[1] // 2)
    assert maps.beside.shape[1:] == (9, *maps.heat.shape[2:])


def test_the_small_network_has_the_weights_that_were_counted():
    network = PillarCenter(3, SIZES["pillar-s"], SIZES["pillar-s"].grid(ring=False, height_m=1.73))
    assert round(sum(w.numel() for w in network.parameters()) / 1e6, 2) == 0.81


def test_a_scene_changes_no_other_in_evaluation():
    network = PillarCenter(3, SMALL, GRID).eval()
    scenes = [scene(0).points, np.zeros((0, 4), np.float32), scene(1).points]
    with torch.inference_mode():
        together = network(pillars(scenes, GRID)).heat
        alone = torch.cat([network(pillars([one], GRID)).heat for one in scenes])
    torch.testing.assert_close(together, alone, rtol=0, atol=1e-5)
