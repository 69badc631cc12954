"""Panoptic export: a repair goes out with all other instances as they came in."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core import steps
from core.answers.effort import NO_EFFORT
from core.answers.instances import Things
from core.base.errors import ProjectError
from core.base.jobs import Job
from core.data.classes import Merge
from core.exchange.export import export
from core.exchange.import_labels import import_labels
from core.project.project import Project
from tests.exchanged import answer
from tests.streets import small_project, small_scan, write_scan

SCANS = ("sequences/00/velodyne/000000", "sequences/00/velodyne/000001")


def street(root: Path) -> dict[str, np.ndarray]:
    """Two scans whose cars and poles are numbered, the same number for one of each class."""
    files = {}
    for seed, scan in enumerate(SCANS):
        points, raw = small_scan(seed)
        label = raw.astype(np.uint32)
        for first in range(4000, len(points), 120):
            label[first : first + 120] |= np.uint32((first - 4000) // 240 + 1) << 16
        write_scan(root, scan, points, label)
        files[scan] = label
    write_scan(root, "sequences/08/velodyne/000000", *small_scan(5))
    return files


def exported(out: Path, scan: str) -> np.ndarray:
    return np.fromfile(out / f"{scan.replace('velodyne', 'labels')}.label", "<u4")


@pytest.fixture
def imported(tmp_path: Path):
    files = street(tmp_path / "street")
    with small_project(tmp_path / "p", tmp_path / "street") as project:
        steps.prepare(project, Job(), workers=1)
        import_labels(project, tmp_path / "street", Job())
        yield project, files


def test_what_came_in_goes_out_unchanged(imported, tmp_path: Path):
    project, files = imported
    assert export(project, tmp_path / "out", Job(), what="panoptic") == 2
    for scan, label in files.items():
        assert np.array_equal(exported(tmp_path / "out", scan), label)


def test_a_repair_changes_its_own_points_alone(imported, tmp_path: Path):
    project, files = imported
    rows = np.arange(4000, 4060)  # half of the first pole is a car
    for scan in SCANS:
        project.answers.answer(
            project.scan_ref(scan),
            rows,
            np.zeros(len(rows), np.uint8),
            round="",
            unit="",
            effort=NO_EFFORT,
            things=Things(("ann/1",), np.ones(len(rows), np.int32)),
        )
    export(project, tmp_path / "out", Job(), what="panoptic")
    taken = {int(n) for label in files.values() for n in np.unique(label >> 16)}
    numbers = set()
    for scan, label in files.items():
        out = exported(tmp_path / "out", scan)
        assert np.array_equal(np.delete(out, rows), np.delete(label, rows))
        assert set((out[rows] & 0xFFFF).tolist()) == {10}
        numbers |= set((out[rows] >> 16).tolist())
    assert len(numbers) == 1  # the same thing in both scans
    assert not numbers & taken


def test_a_merge_counts_in_what_came_in(imported, tmp_path: Path):
    project, files = imported
    names = project.classes.names
    pole, car = names.index("pole"), names.index("car")
    project.use_classes(replace(project.classes, merges=(Merge(pole, car),)))
    export(project, tmp_path / "out", Job(), what="panoptic")
    for scan, label in files.items():
        poles = label & 0xFFFF == 80
        assert poles.any()
        wanted = np.where(poles, label & 0xFFFF0000 | 10, label)
        np.testing.assert_array_equal(exported(tmp_path / "out", scan), wanted)


def test_what_is_confirmed_keeps_its_instance(imported, tmp_path: Path):
    """An answer tells no things where label.instances is off."""
    project, files = imported
    label = files[SCANS[0]]
    cars = np.flatnonzero(label & 0xFFFF == 10)
    other, mine = cars[:30], cars[30:60]
    answer(project, SCANS[0], cars, project.classes.names.index("car"))
    export(project, tmp_path / "out", Job(), what="panoptic")
    np.testing.assert_array_equal(exported(tmp_path / "out", SCANS[0]), label)
    answer(project, SCANS[0], other, project.classes.names.index("truck"))
    project.answers.answer(
        project.scan_ref(SCANS[0]),
        mine,
        np.zeros(len(mine), np.uint8),
        round="",
        unit="",
        effort=NO_EFFORT,
        things=Things(("ann/1",), np.ones(len(mine), np.int32)),
    )
    export(project, tmp_path / "more", Job(), what="panoptic")
    found = exported(tmp_path / "more", SCANS[0])
    changed = np.concatenate([other, mine])
    np.testing.assert_array_equal(np.delete(found, changed), np.delete(label, changed))
    assert set(found[other].tolist()) == {18}
    (number,) = set((found[mine] >> 16).tolist())
    assert number not in set(np.concatenate([*files.values()]) >> 16)


def test_a_sequence_between_the_scans_of_another_does_not_count_anew(tmp_path: Path):
    """By their names a, m/1 and z follow each other; a and z are one sequence."""
    points = small_scan(0)[0]
    (tmp_path / "data/m").mkdir(parents=True)
    for scan in ("a", "m/1", "z"):
        points.tofile(tmp_path / f"data/{scan}.bin")
    things = {"a": ("ann/1", "ann/2"), "m/1": ("ann/3",), "z": ("ann/2", "ann/4")}
    found: dict[str, list[int]] = {}
    with Project.create(
        tmp_path / "p",
        format="folder",
        root=tmp_path / "data",
        train=[".", "m"],
        classes="semantickitti",
    ) as project:
        assert project.dataset.train == ("a", "m/1", "z")
        for scan, names in things.items():
            project.answers.answer(
                project.scan_ref(scan),
                np.arange(len(names)),
                np.zeros(len(names), np.uint8),
                round="",
                unit="",
                effort=NO_EFFORT,
                things=Things(names, np.arange(1, len(names) + 1, dtype=np.int32)),
            )
        export(project, tmp_path / "out", Job(), what="panoptic")
    for scan, names in things.items():
        label = np.fromfile(tmp_path / f"out/{scan}.label", "<u4")
        found[scan] = (label[: len(names)] >> 16).tolist()
    assert found == {"a": [1, 2], "m/1": [1], "z": [2, 3]}


def test_codes_have_neither_class_nor_instance(imported, tmp_path: Path):
    project, _ = imported
    rows = np.arange(4000, 4120)
    project.answers.answer(
        project.scan_ref(SCANS[0]),
        rows,
        np.full(len(rows), 255, np.uint8),
        round="",
        unit="",
        effort=NO_EFFORT,
        things=Things(("ann/1",), np.ones(len(rows), np.int32)),
    )
    export(project, tmp_path / "out", Job(), what="panoptic")
    assert not exported(tmp_path / "out", SCANS[0])[rows].any()


def test_labels_nobody_touched_keep_their_instances(imported, tmp_path: Path):
    project, files = imported
    export(project, tmp_path / "out", Job())
    for scan, label in files.items():
        assert np.array_equal(exported(tmp_path / "out", scan), label)


def test_a_format_of_one_byte_is_refused_in_words(imported, tmp_path: Path, monkeypatch):
    project, _ = imported
    small = staticmethod(lambda root, scan: (f"{scan}.u1", np.dtype("u1")))
    monkeypatch.setattr(type(project.dataset.format), "label_file", small)
    with pytest.raises(ProjectError, match="one byte for each point"):
        export(project, tmp_path / "out", Job(), what="panoptic")
