"""Things followed to the neighbouring scan by poses."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core import steps
from core.answers.effort import NO_EFFORT
from core.answers.instances import Things
from core.assist.same_thing import same_things
from core.base.jobs import Job
from tests.drives import write_drive
from tests.streets import CAR, small_project, small_scan, write_scan


@pytest.mark.parametrize("moved", [False, True])
def test_what_stands_still_is_the_same_thing_and_what_moved_is_not(tmp_path: Path, moved: bool):
    root = tmp_path / "drive"
    write_drive(root, moved=moved)
    write_scan(root, "sequences/08/velodyne/000000", *small_scan(5))
    with small_project(tmp_path / "p", root) as project:
        steps.prepare(project, Job(), workers=1)
        first, second, _ = project.dataset.train
        assert same_things(project, second) == {}  # nothing was told apart yet
        file = project.dataset.root / f"{first}.label".replace("velodyne", "labels")
        rows = np.flatnonzero(np.fromfile(file, "<u4") == CAR)
        cars = (np.arange(len(rows)) // 120).astype(np.int32)  # as the street was made
        names = tuple(f"ann/{n}" for n in range(cars.max() + 1))
        project.answers.answer(
            project.scan_ref(first),
            rows,
            np.zeros(len(rows), np.uint8),
            round="",
            unit="",
            effort=NO_EFFORT,
            things=Things(names, cars + 1),
        )
        found = same_things(project, second)
        if moved:
            assert not found
            return
        unit, units = project.rows(second), project.need_units()
        start = units.range_of(second).start
        of_car = {}
        for n, name in enumerate(names):
            mine = unit[rows[cars == n]]
            of_car[units.name(start + int(np.bincount(mine[mine >= 0]).argmax()))] = name
        assert len(of_car) == len(names) >= 3
        assert found == of_car
