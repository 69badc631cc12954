"""One scan's units: reference counts of real scans, and the states of rows."""

from __future__ import annotations

import csv
from dataclasses import replace

import numpy as np
import pytest

from core.base.settings import load_preset
from core.data.formats.raw import read_columns
from core.prepare.ground import cell_keys, ground_mask
from core.prepare.scan import prepare_scan
from core.prepare.units import CELL, CLUSTER, INVALID, NOISE, OVERSIZE, TINY
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
