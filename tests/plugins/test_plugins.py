"""Plug-ins of the kinds that CONTRIBUTING.md teaches, from their entry points to an export."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core import steps
from core.answers.effort import Effort
from core.base.errors import DataError
from core.base.jobs import Job
from core.data.formats import broken_formats, format_named, formats
from core.data.opening import open_dataset
from core.data.recognise import recognise
from core.exchange.export import export
from core.project.project import Project
from core.query.budget import units_budget
from core.query.pool import Draw, Pool
from core.query.strategies import broken_strategies, strategies, strategy_named
from tests.core.query.pools import make_units
from tests.places import MAIN, ROOT
from tests.streets import CAR, QUICK, small_scan

ASKED = 6


def write_text_scan(root: Path, scan: str, points: np.ndarray, **beside: object) -> None:
    file = root / f"{scan}.csv"
    file.parent.mkdir(parents=True, exist_ok=True)
    np.savetxt(file, points, "%.9g")
    if beside:
        file.with_suffix(".json").write_text(json.dumps(beside))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two labelled scans with poses, 2 m apart, and one with neither."""
    root = tmp_path / "scans"
    for seed, scan in enumerate(("day/0", "day/1")):
        points, raw = small_scan(seed)
        pose = np.eye(4)
        pose[0, 3] = 2 * seed
        write_text_scan(root, scan, points, pose=pose.tolist(), labels=raw.tolist())
    write_text_scan(root, "night/0", small_scan(2)[0])
    return root


def run(site: Path, *words: object) -> str:
    """Run Python in a process of its own that has the toys installed; return what it printed."""
    environment = {**os.environ, "PYTHONPATH": str(site)}
    command = [sys.executable, *(str(word) for word in words)]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}{done.stderr}"
    return done.stdout


# -- the strategy ----------------------------------------------------------------------------------


def test_the_furthest_by_hand(installed):
    units = make_units(np.full(4, 30), np.zeros(4, int), scans=1)
    low = np.array([[2, 3, 0], [-9, -9, 0], [5, 11, 0], [0, 0, 90]], np.float32)
    units = replace(units, box_min=low, box_max=low + np.array([2, 2, 1], np.float32))
    pool = Pool(units, np.ones(4, bool), np.zeros(4, bool))
    chosen = strategy_named("furthest")(pool, units_budget(units, 3), Draw(0, 1))
    assert chosen.units.tolist() == [2, 1, 0]  # the middles lie at (6, 12), (-8, -8), (3, 4)
    np.testing.assert_allclose(chosen.columns["distance"], [180**0.5, 128**0.5, 5])
    assert chosen.reason[2] == "5.0 m from the sensor"


def test_the_contract_of_strategies_is_tried_on_an_installed_one(installed):
    file = "tests/core/query/test_contract.py"
    said = run(installed, "-m", "pytest", file, "-k", "furthest")
    assert "11 passed" in said


# -- the format ------------------------------------------------------------------------------------


def test_what_was_written_as_text_comes_back(installed, root: Path):
    dataset = open_dataset("text", root, ["day"], ["night"])
    assert (dataset.train, dataset.validation) == (("day/0", "day/1"), ("night/0",))
    points, raw = small_scan(1)
    scan = dataset.scan("day/1")
    assert scan.points.dtype == np.float32
    np.testing.assert_array_equal(scan.points, points)
    assert dataset.count("day/1") == len(points)
    assert scan.pose is not None
    np.testing.assert_array_equal(scan.pose @ [1, 0, 0, 1], [3, 0, 0, 1])
    labels = dataset.format.labels(root, "day/1")
    assert labels is not None
    assert labels.dtype == np.uint32
    np.testing.assert_array_equal(labels, raw)
    assert dataset.scan("night/0").pose is None
    assert not dataset.has_labels("night/0")


def test_the_folder_of_texts_is_told_from_others(installed, root: Path):
    knows = [name for name, one in formats().items() if one.recognises(root)]
    assert knows == ["folder", "text"]  # a plain folder takes what no other format knows
    for place in (root, root / "day"):
        found = recognise(place)
        assert found is not None
        assert (found.format, found.root, found.scans, found.labelled) == (
            "text",
            root,
            3,
            2,
        )  # none below night


@pytest.mark.parametrize(
    ("suffix", "content"),
    [
        ("csv", "1 2 3 0.5\n4 5 6"),
        ("csv", "1 2\n3 4\n"),
        ("csv", "1 2 3 half\n"),
        ("csv", None),
        ("json", '{"pose": [[1, 0], [0, 1]], "labels": ["car"]}'),
        ("json", '{"pose": ['),
        ("json", "[]"),
    ],
)
def test_a_text_that_is_wrong_is_said(installed, root: Path, suffix: str, content: str | None):
    file = root / f"day/1.{suffix}"
    if content is None:
        file.unlink()
    else:
        file.write_text(content)
    layout = format_named("text")
    reads = (layout.points,) if suffix == "csv" else (layout.pose, layout.labels)
    for read in reads:
        with pytest.raises(DataError, match=r"^Scan day/1 cannot be read"):
            read(root, "day/1")


def test_an_empty_text_holds_no_points(installed, root: Path):
    (root / "day/1.csv").write_text("")
    with pytest.raises(DataError, match=r"^Scan day/1 holds no points"):
        open_dataset("text", root, ["day"], []).scan("day/1")


# -- both, through the steps -----------------------------------------------------------------------


def distances(project: Project) -> dict[str, float]:
    """Metres from the sensor to the middle of each unit's box, from the points themselves."""
    units, found = project.need_units(), {}
    for scan in project.dataset.train:
        points, of_row = project.dataset.scan(scan).points, project.rows(scan)
        for number, unit in enumerate(units.range_of(scan)):
            xy = points[of_row == number, :2].astype(float)
            found[units.name(unit)] = float(np.hypot(*(xy.min(axis=0) + xy.max(axis=0)) / 2))
    return found


@pytest.mark.parametrize("workers", [1, 2])
def test_from_text_to_answers_by_both_plug_ins(installed, root: Path, tmp_path: Path, workers: int):
    with Project.create(
        tmp_path / "project", format="text", root=root, train=["day"], preset="laptop",
        overrides=QUICK,
    ) as project:  # fmt: skip
        steps.prepare(project, Job(), workers=workers)
        asked = steps.ask(project, Job(), strategy="furthest", units=ASKED)
        query, metres = asked.query, distances(project)
        assert asked.id == "001-furthest"
        wanted = sorted(metres.values(), reverse=True)[:ASKED]
        np.testing.assert_allclose([metres[unit] for unit in query.items], wanted)
        np.testing.assert_allclose(query.columns["distance"], wanted, rtol=1e-5)
        assert query.reason[0] == f"{wanted[0]:.1f} m from the sensor"
        answered = answer_all(project, query.items, asked.id)
        assert export(project, tmp_path / "out", Job()) == len(answered)
        for scan, rows in answered.items():
            labels = np.fromfile(tmp_path / f"out/{scan}.label", "<u4")
            np.testing.assert_array_equal(labels, np.where(rows, CAR, 0))
    with Project(tmp_path / "project", read_only=True) as again:  # the plug-in is found anew
        assert again.dataset.format.name == "text"
        assert again.answers.spent().units == ASKED


def answer_all(project: Project, items: tuple[str, ...], round: str) -> dict[str, np.ndarray]:
    """Call every unit a car; return for each scan (N,) bool, which rows were answered."""
    units, answered = project.need_units(), {}
    for unit in items:
        number = units.find(unit)
        assert number is not None
        scan = units.scans[units.scan[number]]
        mine = project.rows(scan) == number - units.range_of(scan).start
        rows = np.flatnonzero(mine)
        project.answers.answer(
            project.scan_ref(scan), rows,
            np.full(len(rows), project.classes.names.index("car"), np.uint8),
            round=round, unit=unit, effort=Effort(tool="script"),
        )  # fmt: skip
        answered[scan] = answered.get(scan, np.zeros(len(mine), bool)) | mine
    return answered


@pytest.mark.slow
def test_the_command_line_takes_both(installed, root: Path, tmp_path: Path):
    project = tmp_path / "project"
    what = ["--format", "text", "--root", root, "--train", "day", "--preset", "laptop"]
    run(installed, MAIN, "new", project, *what)
    run(installed, MAIN, "prepare", project)
    run(installed, MAIN, "query", project, "--strategy", "furthest", "--units", ASKED)
    with Project(project, read_only=True) as opened:
        assert opened.dataset.format.name == "text"
        assert [found.query.strategy for found in opened.rounds] == ["furthest"]
    assert "BAD" not in run(installed, MAIN, "doctor", project)


def test_nothing_of_them_is_broken_or_left_behind(installed):
    assert broken_formats() == broken_strategies() == {}
    assert "text" in formats()
    assert "furthest" in strategies()
