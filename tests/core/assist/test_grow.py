"""Growing over superpoints: made scenes, and neighbours against a slow search."""

from __future__ import annotations

import itertools
import tracemalloc

import numpy as np
import pytest

from core.assist import grow
from core.assist.grow import STEPS, grown, piece_at, superpoints
from core.prepare.units import CELL, CLUSTER, INVALID, NOISE, OVERSIZE


def box(low, high, count: int, seed: int = 0) -> np.ndarray:
    xyz = np.random.default_rng(seed).uniform(low, high, (count, 3))
    return np.hstack([xyz, np.full((count, 1), 0.4)])


class Scene:
    """Things on a flat road, each a unit; rows of each by its place."""

    def __init__(self, *parts: tuple[np.ndarray, int]) -> None:
        """Parts: points (n, 4), and CLUSTER, CELL or a negative state."""
        units, kinds, number = [], [], 0
        for points, what in parts:
            if what >= 0:
                units.append(np.full(len(points), number))
                kinds.append(what)
                number += 1
            else:
                units.append(np.full(len(points), what))
        self.points = np.concatenate([points for points, _ in parts]).astype(np.float32)
        self.unit = np.concatenate(units).astype(np.int32)
        self.kind = np.array(kinds, np.uint8)
        ends = np.cumsum([len(points) for points, _ in parts])
        self.rows = [np.arange(a, b) for a, b in zip([0, *ends[:-1]], ends, strict=True)]

    def superpoints(self, prediction: np.ndarray | None = None):
        return superpoints(self.points, self.unit, self.kind, prediction)


ROAD = (box((0, -6, -1.73), (25, 6, -1.72), 6000, 1), CELL)
FRONT = (box((10, -0.8, -1.5), (11.4, 0.8, -0.4), 150, 2), CLUSTER)
BACK = (box((11.8, -0.8, -1.5), (13.2, 0.8, -0.4), 150, 3), CLUSTER)
BUMPER = (box((9.6, -0.7, -1.4), (9.7, 0.7, -1.0), 6, 4), NOISE)
WALL = (box((5, 1.3, -1.7), (20, 1.5, 1.5), 1200, 5), CLUSTER)
TREE = (box((10, -0.8, 0.3), (13, 0.8, 3.0), 500, 6), CLUSTER)


def test_a_car_in_two_clusters_is_one_thing_with_what_lies_between():
    scene = Scene(ROAD, FRONT, BACK, BUMPER, WALL, TREE)
    whole = np.concatenate(scene.rows[1:4])
    for part in scene.rows[1:3]:
        assert np.array_equal(grown(scene.superpoints(), part, 1), whole)


def test_the_wall_beside_and_the_tree_above_are_not_of_it():
    scene = Scene(ROAD, FRONT, WALL, TREE)
    for step in range(1, STEPS + 1):
        assert not np.isin(scene.rows[2], grown(scene.superpoints(), scene.rows[1], step)).any()
    assert np.array_equal(grown(scene.superpoints(), scene.rows[1], 1), scene.rows[1])


def test_sills_that_the_preparation_took_for_ground_are_of_the_car_and_the_road_is_not():
    sill = (box((10.1, -0.7, -1.35), (11.3, 0.7, -1.2), 40, 7), CELL)
    scene = Scene(ROAD, FRONT, sill)
    found = grown(scene.superpoints(), scene.rows[1], 1)
    assert np.array_equal(found, np.concatenate(scene.rows[1:3]))


def test_a_road_grows_along_itself_and_stops_at_the_kerb():
    cells = [(box((x, -4, -1.73), (x + 5, 2, -1.72), 3000, x), CELL) for x in (0, 5, 10)]
    pavement = (box((0, 2, -1.58), (15, 6, -1.57), 4500, 9), CELL)
    scene = Scene(*cells, pavement)
    found = grown(scene.superpoints(), scene.rows[0], 1)
    reached = scene.points[np.setdiff1d(found, scene.rows[0])]
    assert len(reached) > 1000
    assert reached[:, 0].max() <= 8.0 + 0.01  # three metres further
    assert not np.isin(found, scene.rows[3]).any()
    further = grown(scene.superpoints(), scene.rows[0], 2)
    assert set(found) < set(further)


def test_closed_rows_stay_out_and_a_closed_thing_is_not_passed():
    third = (box((13.6, -0.8, -1.5), (14.4, 0.8, -0.4), 80, 8), CLUSTER)
    scene = Scene(ROAD, FRONT, BACK, third)
    closed = np.zeros(len(scene.points), bool)
    closed[scene.rows[2][:10]] = True
    found = grown(scene.superpoints(), scene.rows[1], 1, closed=closed)
    assert np.array_equal(found, np.concatenate([scene.rows[1], scene.rows[2][10:], scene.rows[3]]))
    closed[scene.rows[2]] = True
    assert np.array_equal(
        grown(scene.superpoints(), scene.rows[1], 1, closed=closed), scene.rows[1]
    )
    closed[scene.rows[1]] = True  # the asked rows are asked, whatever they have
    assert np.array_equal(
        grown(scene.superpoints(), scene.rows[1], 1, closed=closed), scene.rows[1]
    )


def test_a_click_takes_the_thing_that_it_is_on_and_of_the_ground_what_is_near():
    long_road = (box((0, -3, -1.73), (60, 3, -1.725), 9000, 1), CELL)
    scene = Scene(long_road, FRONT, BACK)
    found = scene.superpoints()
    road, front, back = scene.rows
    assert np.array_equal(piece_at(found, front, int(back[3])), back)
    x = scene.points[road, 0]
    near = piece_at(found, front, int(road[np.abs(x - 14).argmin()]))
    assert np.isin(near, road).all()
    low, high = scene.points[front, 0].min() - 3, 14.1 + 3
    assert scene.points[near, 0].min() >= low
    assert scene.points[near, 0].max() <= high
    assert len(near) > 0.5 * ((x > low) & (x < high)).sum()
    closed = np.zeros(len(scene.points), bool)
    closed[back[:10]] = True
    assert np.array_equal(piece_at(found, front, int(back[50]), closed=closed), back[10:])
    scene = Scene(long_road, FRONT, (BUMPER[0], INVALID))
    assert not len(piece_at(scene.superpoints(), scene.rows[1], int(scene.rows[2][0])))


def test_where_a_network_sees_another_class_it_does_not_grow():
    scene = Scene(ROAD, FRONT, BACK, BUMPER)
    prediction = np.zeros(len(scene.points), np.uint8)
    prediction[scene.rows[2]] = 7
    found = grown(scene.superpoints(prediction), scene.rows[1], 1)
    assert np.array_equal(found, np.concatenate([scene.rows[1], scene.rows[3]]))


def test_rows_without_coordinates_and_empty_scans():
    scene = Scene(ROAD, FRONT, BACK)
    scene.points[scene.rows[2][:5]] = np.nan
    scene.unit[scene.rows[2][:5]] = INVALID
    found = grown(scene.superpoints(), scene.rows[1], 1)
    assert np.array_equal(found, np.concatenate([scene.rows[1], scene.rows[2][5:]]))
    nothing = superpoints(
        np.zeros((0, 4), np.float32), np.zeros(0, np.int32), np.zeros(0, np.uint8)
    )
    assert len(nothing) == 0
    stray = superpoints(
        np.ones((3, 4), np.float32), np.full(3, NOISE, np.int32), np.zeros(0, np.uint8)
    )
    assert grown(stray, np.array([1]), 1).tolist() == [0, 1, 2]


def test_the_order_of_the_rows_changes_nothing():
    scene = Scene(ROAD, FRONT, BACK, BUMPER, WALL, TREE)
    turn = np.random.default_rng(0).permutation(len(scene.points))
    turned = superpoints(scene.points[turn], scene.unit[turn], scene.kind)
    back = np.argsort(turn)
    mine = np.sort(back[scene.rows[1]])
    found = grown(turned, mine, 2)
    assert np.array_equal(np.sort(turn[found]), grown(scene.superpoints(), scene.rows[1], 2))


@pytest.mark.parametrize("seed", range(3))
def test_neighbours_are_those_of_a_slow_search(seed: int):
    """Of whole clusters: side by side wherever two voxels' centres are near enough."""
    rng = np.random.default_rng(seed)
    parts = []
    for number in range(12):
        low = np.append(rng.uniform(5, 12, 2), -1.6)
        parts.append((box(low, low + np.array([1, 1, 1.5]), 60, number), CLUSTER))
    parts.append((box((30, 0, -1.6), (60, 1, 0), 200, 99), OVERSIZE))
    scene = Scene(ROAD, *parts)
    over = scene.superpoints()
    centres = []
    for rows in scene.rows[1:]:
        cell = np.floor(scene.points[rows, :3].astype(np.float64) / grow._VOXEL_M).astype(int)
        number = np.unique(cell, axis=0, return_inverse=True)[1].ravel()
        xyz = scene.points[rows, :3].astype(np.float64)
        centres.append(np.array([xyz[number == n].mean(axis=0) for n in range(number.max() + 1)]))
    of_part = [int(over.of_row[rows[0]]) for rows in scene.rows[1:]]
    for a, one in enumerate(centres):
        near = slice(over.starts[of_part[a]], over.starts[of_part[a] + 1])
        beside = dict(zip(over.beside[near].tolist(), over.gap[near].tolist(), strict=True))
        for b, other in enumerate(centres):
            if a == b:
                continue
            apart = np.linalg.norm((one[:, None] - other[None]) * (1, 1, 0.5), axis=2)
            usual = (
                0.5
                + 0.012
                * (
                    np.hypot(one[:, 0], one[:, 1])[:, None]
                    + np.hypot(other[:, 0], other[:, 1])[None]
                )
                / 2
            )
            gap = float((apart / usual).min())
            if gap <= 1.3:
                assert beside[of_part[b]] == pytest.approx(gap)


def test_heights_where_few_squares_of_many_are_occupied():
    """A large tile and two stray returns: against a slow search, and in little memory."""
    rng = np.random.default_rng(0)
    xyz = np.column_stack([rng.uniform(-60, 60, (3000, 2)), rng.uniform(-2, 4, 3000)])
    xyz[2000:, 0] += 6000
    xyz[:2, :2] = [(-40_000, 10), (25_000, 30_000)]
    ground = rng.random(len(xyz)) < 0.02
    ground[:2] = False
    tracemalloc.start()
    found = grow._above_ground(xyz, ground)
    assert tracemalloc.get_traced_memory()[1] < 20e6
    tracemalloc.stop()
    square = np.floor(xyz[:, :2])
    lowest: dict[tuple[float, float], float] = {}
    for (x, y), z in zip(square[ground], xyz[ground, 2], strict=True):
        for beside in itertools.product((x - 1, x, x + 1), (y - 1, y, y + 1)):
            lowest[beside] = min(z, lowest.get(beside, np.inf))
    known, low = np.array(list(lowest)), np.array(list(lowest.values()))
    for place, z, height in zip(square, xyz[:, 2], found, strict=True):
        away = np.square(known - place).sum(axis=1)
        assert height in z - low[away == away.min()]
