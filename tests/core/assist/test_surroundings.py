"""Neighbouring scans by their poses, and labels that are carried over."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core import steps
from core.answers.effort import Effort
from core.answers.labels import CARRIED
from core.assist.by_neighbours import carried
from core.assist.surroundings import around, surroundings, thinned
from core.base.errors import DataError
from core.base.jobs import Job
from core.data.classes import UNLABELLED
from core.data.opening import open_dataset
from core.project.project import Project
from tests.drives import write_drive
from tests.streets import CAR, ROAD, small_project, small_scan, write_scan


def drive(tmp_path: Path, *, moved: bool = False) -> Project:
    root = tmp_path / "drive"
    write_drive(root, moved=moved)
    write_scan(root, "sequences/08/velodyne/000000", *small_scan(5))
    project = small_project(tmp_path / "p", root)
    steps.prepare(project, Job(), workers=1)
    return project


def answer(project: Project, scan: str, rows: np.ndarray, found: int, tool: str = "key") -> None:
    project.answers.answer(
        project.scan_ref(scan),
        rows,
        np.full(len(rows), found, np.uint8),
        round="",
        unit="",
        effort=Effort(tool=tool),
    )


def test_scans_beside_one_are_of_its_sequence_and_its_side(tmp_path: Path):
    for name in (*(f"00/{k}" for k in range(6)), "01/0"):
        write_scan(tmp_path, name, small_scan(1)[0], None)
    dataset = open_dataset("folder", tmp_path, ["00:0-4", "01"], ["00:5"])
    assert around(dataset, "00/3", 2) == [f"00/{k}" for k in (1, 2, 4)]
    assert around(dataset, "01/0", 2) == around(dataset, "00/5", 2) == []


def test_a_still_street_lies_on_itself(tmp_path: Path):
    with drive(tmp_path) as project:
        first, second, third = project.dataset.train
        answer(project, second, np.arange(100), 3)
        found = surroundings(project, first, 2)
        here = project.dataset.scan(first).points[:, :3]
        count = len(here)
        np.testing.assert_allclose(found.points[:count, :3], here, atol=1e-4)
        np.testing.assert_allclose(found.points[count:, :3], here, atol=1e-4)
        assert (found.labels[:100] == 3).all()
        assert (found.labels[100:] == UNLABELLED).all()
        assert [len(level) for level in found.levels] == sorted(map(len, found.levels))[::-1]
        assert third in around(project.dataset, first, 2)


def test_a_level_keeps_one_point_of_each_voxel_and_labelled_ones_first():
    rng = np.random.default_rng(0)
    points = rng.uniform(-5, 5, (4000, 3)).astype(np.float32)
    labels = np.where(rng.random(4000) < 0.1, 2, UNLABELLED).astype(np.uint8)
    kept = thinned(points, labels, 1.0)
    cells = [tuple(cell) for cell in np.floor(points).astype(int).tolist()]
    assert sorted(cells[n] for n in kept) == sorted(set(cells))
    assert (np.diff(kept) > 0).all()
    with_label = {cell for cell, label in zip(cells, labels, strict=True) if label == 2}
    assert {cells[n] for n in kept if labels[n] == 2} == with_label


@pytest.mark.parametrize("moved", [False, True])
def test_what_stands_still_is_carried_over_and_what_moved_is_not(tmp_path: Path, moved: bool):
    with drive(tmp_path, moved=moved) as project:
        first, second, _ = project.dataset.train
        raw = np.fromfile(
            project.dataset.root / f"{first}.label".replace("velodyne", "labels"), "<u4"
        )
        answer(project, first, np.flatnonzero(raw == CAR), 0)
        answer(project, first, np.flatnonzero(raw == ROAD), 8)
        found = carried(project, second)
        units = project.need_units()
        mine = units.range_of(second)
        unit = project.rows(second)
        truth = project.dataset.ground_truth(second, project.classes)
        cars = roads = 0
        for number in range(len(mine)):
            name = units.name(mine.start + number)
            inside = np.bincount(truth[unit == number], minlength=20)
            if inside.argmax() == 0:
                cars += 1
                assert (name in found) == (not moved)
            elif inside.argmax() == 8 and inside[8] == inside.sum():
                roads += 1
                assert found[name][0] == 8
                assert found[name][1] > 0.9
        assert cars >= 3
        assert roads >= 3
        assert carried(project, project.dataset.train[0]) == {}  # its neighbours have no label


def test_what_was_carried_over_is_no_persons_answer(tmp_path: Path):
    with drive(tmp_path) as project:
        units = project.need_units()
        for number, tool in ((0, "key"), (1, CARRIED)):
            scan = units.scans[0]
            rows = np.flatnonzero(project.rows(scan) == number)
            project.answers.answer(
                project.scan_ref(scan),
                rows,
                np.zeros(len(rows), np.uint8),
                round="",
                unit=units.name(number),
                effort=Effort(tool=tool),
            )
        spent = project.answers.spent()
        assert (spent.units, spent.points) == (1, int(units.points[0]))
        assert [head.unit for head in project.answers.mine()] == [units.name(0)]
        assert (project.labels(units.scans[0]) == 0).sum() == units.points[:2].sum()


def test_without_poses_it_is_said(tmp_path: Path, small_street: Path):
    with (
        small_project(tmp_path / "p", small_street) as project,
        pytest.raises(DataError, match=r"has no pose.") as caught,
    ):
        surroundings(project, project.dataset.train[0], 2)
    assert "poses.txt" in caught.value.do


def test_poses_of_another_length_are_said(tmp_path: Path):
    with drive(tmp_path) as project:
        scan = project.dataset.train[0]
    poses = tmp_path / "drive/sequences/00/poses.txt"
    poses.write_text(poses.read_text().splitlines()[0] + "\n")
    from core.data.formats import semantickitti

    semantickitti._poses.cache_clear()
    with (
        Project(tmp_path / "p") as project,
        pytest.raises(DataError, match="with its neighbours: they have no pose"),
    ):
        surroundings(project, scan, 2)
