"""Whole scans, blocks and super-voxels as units: their rules, names, and a round of each."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core import steps
from core.base.errors import ProjectError
from core.base.jobs import Job
from core.base.settings import load_preset
from core.experiment.record import costs_of
from core.prepare.other_units import BLOCKS, blocks
from core.prepare.scan import prepare_scan
from core.prepare.units import INVALID, is_cell
from core.prepare.vccs import LEAST_POINTS, SEED_M, SWEEPS, VOXEL_M, supervoxels
from core.project.project import Project
from tests.streets import QUICK, small_project, small_scan

PAPER = load_preset("paper").prepare


def test_a_scan_is_one_unit_with_all_its_rows():
    points, _ = small_scan(0)
    bad = np.vstack([points, [[np.nan, 0, 0, 0]]]).astype(np.float32)
    found = prepare_scan(bad, replace(PAPER, units="scans"))
    assert found.points.tolist() == [len(points)]
    assert (found.unit[:-1] == 0).all()
    assert found.unit[-1] == INVALID
    assert prepare_scan(bad[-1:], replace(PAPER, units="scans")).points.tolist() == []


def test_blocks_are_halves_of_halves():
    """Of equal size within a point a halving, each a box beside the others."""
    points, _ = small_scan(1)
    number = blocks(points[:, :3])
    sizes = np.bincount(number)
    assert len(sizes) == BLOCKS
    assert sizes.min() >= 0.95 * len(points) / BLOCKS
    assert sizes.max() <= 1.05 * len(points) / BLOCKS
    longer = int(np.ptp(points[:, 1]) > np.ptp(points[:, 0]))
    low, high = (points[number < 10, longer], points[number >= 10, longer])
    assert low.max() <= high.min()
    assert blocks(points[:0, :3]).tolist() == []
    assert len(set(blocks(points[:3, :3]).tolist())) == 3


def test_blocks_by_hand():
    """A line of 40 along y: two each, from one end to the other."""
    line = np.zeros((40, 3))
    line[:, 1] = np.random.default_rng(0).permutation(40)
    assert blocks(line).tolist() == (line[:, 1] // 2).astype(int).tolist()


def slow_supervoxels(xyz: np.ndarray) -> list[set[int]]:
    """VCCS read aloud over dictionaries: the sets of points of super-voxels, in seed order."""
    cells: dict[tuple[int, ...], list[int]] = {}
    for row, point in enumerate(xyz):
        cells.setdefault(tuple(math.floor(x / VOXEL_M) for x in point), []).append(row)
    names = sorted(cells)
    centre = {name: xyz[cells[name]].mean(axis=0) for name in names}
    around = (-1, 0, 1)
    beside = {
        name: [
            (name[0] + a, name[1] + b, name[2] + c)
            for a in around for b in around for c in around
            if (a, b, c) != (0, 0, 0) and (name[0] + a, name[1] + b, name[2] + c) in cells
        ]
        for name in names
    }  # fmt: skip
    normal = {}
    for name in names:
        near = [w for u in (name, *beside[name]) for w in (u, *beside[u])]
        places = np.array([centre[w] for w in near])
        spread = np.cov(places.T, bias=True)
        direction = np.linalg.eigh(spread)[1][:, 0]
        normal[name] = -direction if direction @ centre[name] > 0 else direction
    seeds: dict[tuple[int, ...], tuple[float, tuple[int, ...]]] = {}
    for name in names:
        cell = tuple(np.floor(centre[name] / SEED_M).astype(int).tolist())
        away = float(np.linalg.norm(centre[name] - (np.array(cell) + 0.5) * SEED_M))
        seeds[cell] = min(seeds.get(cell, (math.inf, name)), (away, name))
    chosen = sorted(name for _, name in seeds.values())
    least = 0.05 * math.pi * (SEED_M / 2) ** 2 / VOXEL_M**2
    chosen = [
        name for name in chosen
        if sum(math.dist(centre[name], centre[o]) <= SEED_M / 2 for o in names) > least
    ]  # fmt: skip
    owner = {name: place for place, name in enumerate(chosen)}
    stored = dict.fromkeys(names, math.inf)
    middle = [(centre[name], normal[name]) for name in chosen]
    for _ in range(SWEEPS):
        own = [[name for name in names if owner.get(name) == k] for k in range(len(chosen))]
        for k, mine in enumerate(own):
            for name in mine:
                if owner[name] != k:
                    continue
                for other in beside[name]:
                    if owner.get(other) == k:
                        continue
                    d = 1 - abs(middle[k][1] @ normal[other])
                    d += 0.4 * float(np.linalg.norm(middle[k][0] - centre[other])) / SEED_M
                    if d < stored[other]:
                        stored[other], owner[other] = d, k
        for k in range(len(chosen)):
            mine = [name for name in names if owner.get(name) == k]
            if mine:
                up = np.sum([normal[name] for name in mine], axis=0)
                place = np.mean([centre[name] for name in mine], axis=0)
                middle[k] = (place, up / np.linalg.norm(up))
    sets = [
        {row for name in names if owner.get(name) == k for row in cells[name]}
        for k in range(len(chosen))
    ]
    return [one for one in sets if len(one) >= LEAST_POINTS]


@pytest.mark.parametrize("seed", [0, 1])
def test_super_voxels_are_those_of_a_slow_reading(seed: int):
    rng = np.random.default_rng(seed)
    ground = rng.uniform((-9, -9, -1.8), (9, 9, -1.7), (1500, 3))
    wall = rng.uniform((6, -6, -1.7), (6.3, 6, 2), (700, 3))
    xyz = np.concatenate([ground, wall])
    number = supervoxels(xyz)
    found = [set(np.flatnonzero(number == k).tolist()) for k in range(number.max() + 1)]
    assert found == slow_supervoxels(xyz)
    assert len(found) > 2


def test_super_voxels_of_nothing_and_of_little():
    assert supervoxels(np.zeros((0, 3))).tolist() == []
    assert supervoxels(np.ones((5, 3))).tolist() == [-1] * 5


@pytest.mark.parametrize("units", ["scans", "blocks", "vccs"])
def test_a_round_of_each(tmp_path: Path, small_street: Path, units: str):
    """Prepared, asked by size and whole, answered, and found again by their names; what was
    answered as one kind of unit is labelled when another is prepared."""
    more = {"prepare.units": units, **QUICK, "query.fraction": "0.1" if units == "vccs" else "0.4"}
    with small_project(tmp_path / "p", small_street, **more) as project:
        steps.prepare(project, Job(), workers=1)
        table = project.need_units()
        letter = {"scans": "s", "blocks": "b", "vccs": "v"}[units]
        names = table.names(range(len(table)))
        assert all(name.rpartition("#")[2].startswith(letter) for name in names)
        assert table.find_all(names).tolist() == list(range(len(table)))
        assert not is_cell(table.kind).any()
        report = project.report()
        assert report is not None
        assert set(report.odd) == {""}
        assert report.warnings == ()
        for unit, name in enumerate(names):
            scan = name.rpartition("#")[0]
            rows = np.flatnonzero(project.rows(scan) == unit - table.range_of(scan).start)
            assert len(rows) == table.points[unit]
            if units == "vccs":
                assert name == f"{scan}#v{rows[0]}"
        found = steps.ask(project, Job(), strategy="size")
        assert found.query.items
        steps.annotate(project, Job(), oracle="per-point")
        answered = int(table.points[table.find_all(found.query.items)].sum())
        labelled = sum(int((project.labels(s) < 200).sum()) for s in project.dataset.train)
        assert labelled == answered
        for more in ({"minutes": 5.0}, {"strategy": "per-second", "units": 2}):
            with pytest.raises(ProjectError, match="seconds, which are estimated for clusters"):
                steps.ask(project, Job(), **more)
        assert math.isnan(steps.estimate(project, units=1).seconds)
        costs = costs_of(project, project.rounds)
        assert (costs["points"], costs["seconds"]) == (answered, None)
    file = tmp_path / "p/project.toml"
    file.write_text(
        file.read_text().replace(f'units = {{value = "{units}"', 'units = {value = "basal"')
    )
    with Project(tmp_path / "p") as project:
        assert project.settings.prepare.units == "basal"
        steps.prepare(project, Job(), workers=1)
        again = sum(int((project.labels(s) < 200).sum()) for s in project.dataset.train)
        assert again == labelled


@pytest.mark.parametrize("count", [0, 1, 2, 7, 19, 20, 21, 45])
def test_a_scan_of_few_points_has_as_many_blocks(count: int):
    points = np.random.default_rng(count).uniform(5, 20, (count, 4)).astype(np.float32)
    found = prepare_scan(points, replace(PAPER, units="blocks"))
    assert len(found.points) == min(BLOCKS, count)
    assert np.bincount(found.unit, minlength=len(found.points)).tolist() == found.points.tolist()
    assert count < BLOCKS or np.ptp(found.points) <= 2
