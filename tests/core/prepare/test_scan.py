"""One scan's units: reference counts of real scans, and the states of rows."""

from __future__ import annotations

import csv
import math
from dataclasses import replace

import numpy as np
import pytest

from core.base.settings import Settings, load_preset
from core.data.formats.raw import read_columns
from core.prepare.ground import cell_keys, ground_mask
from core.prepare.scan import prepare_scan
from core.prepare.units import CELL, CLUSTER, INVALID, NOISE, OVERSIZE, TINY, Units
from tests.streets import small_scan

PAPER = load_preset("paper").prepare


def test_all_24_scans_have_the_reference_counts(semantickitti, prepare_counts):
    with prepare_counts.open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 24
    for row in rows:
        sequence, frame = row["scan"].split("/")
        file = semantickitti / "sequences" / sequence / "velodyne" / f"{frame}.bin"
        points = read_columns(file, 4)
        found = prepare_scan(points, PAPER)
        ground = ground_mask(points, sensor_height_m=PAPER.sensor_height_m)
        counted = {
            "points": len(points),
            "ground": int(ground.sum()),
            "non_ground": int((~ground).sum()),
            "clusters": int((found.kind == CLUSTER).sum()) + found.oversize,
            "noise_points": found.noise_points,
            "oversize_clusters": found.oversize,
            "kept_clusters": int((found.kind == CLUSTER).sum()),
            "cells": len(np.unique(cell_keys(points[ground, :3], cell_m=PAPER.cell_m))),
            "cells_20plus": int((found.kind == CELL).sum()),
        }
        assert counted == {name: int(row[name]) for name in counted}, row["scan"]


@pytest.fixture(scope="module")
def prepared():
    points, _ = small_scan(0)
    return points, prepare_scan(points, PAPER)


def test_every_row_has_a_unit_or_a_state(prepared):
    points, found = prepared
    assert len(found.unit) == len(points)
    states = set(found.unit[found.unit < 0].tolist())
    assert states <= {NOISE, TINY, INVALID} | set(range(OVERSIZE, OVERSIZE - 100, -1))
    assert set(found.unit[found.unit >= 0].tolist()) == set(range(len(found.kind)))


def test_the_table_says_what_the_rows_say(prepared):
    points, found = prepared
    for unit in range(len(found.kind)):
        rows = np.flatnonzero(found.unit == unit)
        xyz = points[rows, :3].astype(np.float64)
        assert found.points[unit] == len(rows)
        assert np.array_equal(found.box_min[unit], points[rows, :3].min(axis=0))
        assert np.array_equal(found.box_max[unit], points[rows, :3].max(axis=0))
        assert found.size[unit] == int((xyz.max(axis=0) - xyz.min(axis=0)).sum() + 0.5)
        if found.kind[unit] == CLUSTER:
            assert found.key[unit] == rows[0]
        else:
            cells = {(int(np.floor(x / 10)), int(np.floor(y / 10))) for x, y, _ in xyz}
            ((i, j),) = cells
            assert found.key[unit] == i * 65536 + j + 32768


def test_rows_that_are_no_place_are_invalid_and_change_nothing_else():
    points, _ = small_scan(1)
    whole = prepare_scan(points, PAPER)
    bad = np.array([[np.nan, 0, 0, 0.5], [np.inf, 0, 0, 0.5]], np.float32)
    found = prepare_scan(np.vstack([points, bad]), PAPER)
    assert found.unit[-2:].tolist() == [INVALID, INVALID]
    assert np.array_equal(found.unit[:-2], whole.unit)


def test_an_intensity_that_is_no_number_counts_as_zero():
    points, _ = small_scan(1)
    zero, broken = points.copy(), points.copy()
    zero[5, 3], broken[5, 3] = 0, np.nan
    assert np.array_equal(prepare_scan(zero, PAPER).unit, prepare_scan(broken, PAPER).unit)


def test_the_own_car_is_left_out():
    points, _ = small_scan(2)
    found = prepare_scan(points, replace(PAPER, ego_radius_m=4.0))
    near = np.hypot(points[:, 0], points[:, 1]) < 4
    assert near.any()
    assert (found.unit[near] == INVALID).all()


@pytest.mark.parametrize("count", [0, 1, 5])
def test_scans_with_hardly_a_point_have_no_units(count: int):
    points = np.random.default_rng(0).uniform(3, 9, (count, 4)).astype(np.float32)
    found = prepare_scan(points, PAPER)
    assert len(found.kind) == 0
    assert len(found.unit) == count


def test_a_cluster_too_large_is_no_unit_but_keeps_its_rows_together():
    rng = np.random.default_rng(0)
    wall = np.column_stack([np.linspace(5, 60, 3000), np.full(3000, 8.0), rng.uniform(-1, 3, 3000)])
    post = rng.uniform([-9, -9, -1], [-8.5, -8.5, 2], (200, 3))
    ground = rng.uniform([-30, -30, -1.73], [30, 30, -1.70], (6000, 3))
    xyz = np.vstack([wall, post, ground])
    points = np.column_stack([xyz, np.full(len(xyz), 0.5)]).astype(np.float32)
    found = prepare_scan(points, PAPER)
    assert found.oversize >= 1
    assert np.count_nonzero(found.unit[:3000] <= OVERSIZE) > 2000


def ground_of(many: int, seed: int = 0) -> np.ndarray:
    """Ground that is dense ahead and thin elsewhere: (N, 4)."""
    rng = np.random.default_rng(seed)
    near = rng.uniform((4, -3, -1.75), (9, 3, -1.71), (many, 3))
    far = rng.uniform((-30, -30, -1.75), (30, 30, -1.71), (4000, 3))
    return np.column_stack([np.concatenate([near, far]), np.full(many + 4000, 0.4)]).astype("f4")


def slow_cells(xyz: np.ndarray, most: int, least: int) -> dict[tuple[int, int, int], list[int]]:
    """Rows of each cell (halvings, i, j), by recursion over lists."""
    found: dict[tuple[int, int, int], list[int]] = {}

    def cut(rows: list[int], halvings: int) -> None:
        side = 10 / 2**halvings
        parts: dict[tuple[int, int], list[int]] = {}
        for row in rows:
            x, y = float(xyz[row, 0]), float(xyz[row, 1])
            parts.setdefault((math.floor(x / side), math.floor(y / side)), []).append(row)
        for (i, j), mine in parts.items():
            if most and len(mine) > most and halvings < 4:
                cut(mine, halvings + 1)
            elif len(mine) >= least:
                found[halvings, i, j] = mine

    cut(list(range(len(xyz))), 0)
    return found


@pytest.mark.parametrize("most", [0, 60, 500, 2000])
def test_cells_with_many_points_are_cut_in_four_again_and_again(most: int):
    points = ground_of(6000)
    settings = replace(PAPER, split_points=most)
    found = prepare_scan(points, settings)
    mask = ground_mask(points, sensor_height_m=PAPER.sensor_height_m)
    rows = np.flatnonzero(mask)
    wanted = slow_cells(points[rows, :3], most, PAPER.min_unit_points)
    cells = {}
    for unit in np.flatnonzero(found.kind != CLUSTER).tolist():
        key = int(found.key[unit])
        name = (int(found.kind[unit]) - CELL, key >> 16, (key & 0xFFFF) - 32768)
        cells[name] = np.flatnonzero(found.unit == unit).tolist()
    assert cells == {name: rows[mine].tolist() for name, mine in wanted.items()}
    assert list(cells) == sorted(cells)  # the order of units
    most_cut = max(halvings for halvings, _, _ in cells)
    assert most_cut == {0: 0, 60: 4, 500: 3, 2000: 2}[most]
    assert found.points.tolist() == np.bincount(found.unit[found.unit >= 0]).tolist()


def test_no_cell_is_cut_below_half_a_metre():
    found = prepare_scan(ground_of(6000), replace(PAPER, cell_m=1.5, split_points=20))
    assert found.kind.max() == CELL + 1  # 0.75 m


def test_names_of_cut_cells_lead_back_to_them():
    """Of each kind, at negative places too, and none is another's."""
    names = [f"a/0#{letter}{i},{j}" for letter in "ghijk" for i in (-17, 0, 3) for j in (-2, 5)]
    kind = np.repeat(np.arange(CELL, CELL + 5, dtype=np.uint8), 6)
    key = [i * 65536 + j + 32768 for i in (-17, 0, 3) for j in (-2, 5)] * 5
    count, zeros = len(names), np.zeros(len(names), np.int32)
    units = Units(
        ("a/0",), np.array([0, count]), zeros, kind, np.array(key, np.int32), zeros + 30,
        zeros.astype(np.int16), zeros.astype(np.int8), np.zeros((count, 3)), np.zeros((count, 3)),
        (), np.array([900]), ("x",), 0, 0, "f",
    )  # fmt: skip
    assert units.names(range(count)) == names
    assert units.find_all(names).tolist() == list(range(count))
    assert units.find_all(["a/0#", "a/0#l1,2", "a/0#c3", "a/0#h9,9", "a/0"]).tolist() == [-1] * 5


def test_an_older_project_stays_uncut():
    """Its file lacks the setting, and its preset cuts now: its units are as they were."""
    laptop = load_preset("laptop")
    assert laptop.prepare.split_points > 0
    stored = laptop.to_toml()
    del stored["prepare"]["split_points"]
    assert Settings.from_toml(stored, preset=laptop).prepare.split_points == 0


def test_a_cut_cell_is_a_ground_cell_to_its_shape():
    found = prepare_scan(ground_of(6000), replace(PAPER, split_points=500))
    assert found.kind.max() > CELL
    assert found.shape[:, 0].tolist() == (found.kind != CLUSTER).astype(float).tolist()
