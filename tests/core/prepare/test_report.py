"""What became of the points, by hand; that wrong rigs get the right warning and good scans none."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core import steps
from core.base.files import hash_file, hash_json, read_arrays, write_arrays
from core.base.jobs import Job
from core.base.settings import load_preset
from core.cli.verbs import run
from core.data.opening import open_dataset
from core.data.rig import Rig
from core.data.scans import Dataset
from core.prepare.report import (
    COUNTS,
    Report,
    counts_of,
    kind_of,
    read_report,
    states_of,
    write_report,
)
from core.prepare.run import prepare
from core.prepare.scan import STORED, prepare_scan
from core.prepare.units import INVALID, NOISE, OVERSIZE, TINY, read_rows, rows_file
from core.prepare.verdict import judge, sentence, table
from core.project.project import Project
from tests.places import ROOT
from tests.rigs import cases
from tests.samples import Scans

PAPER = load_preset("paper").prepare


def row(**named: int) -> np.ndarray:
    return np.array([named.get(name, 0) for name in COUNTS], np.int64)


def test_a_scan_by_hand():
    """Units: a cluster of 3 rows and one of 2, a cell of 4; 2 noise, 1 tiny, 3 + 2 too large, 1
    left out."""
    large = [OVERSIZE] * 3 + [OVERSIZE - 1] * 2
    unit = np.array([0, 0, 0, 1, 1, 2, 2, 2, 2, NOISE, NOISE, TINY, *large, INVALID], np.int32)
    scan = {
        "kind": np.array([0, 0, 1], np.uint8),
        "points": np.array([3, 2, 4], np.int32),
        "noise_points": np.int64(2),
        "oversize": np.int64(2),
    }
    counts = counts_of(scan, len(unit), states_of(unit))
    assert dict(zip(COUNTS, counts.tolist(), strict=True)) == {
        "points": 18,
        "ground": 5,
        "clusters": 5,
        "too_large": 5,
        "noise": 2,
        "left_out": 1,
        "tiny": 1,
        "cells_n": 1,
        "clusters_n": 2,
        "too_large_n": 2,
    }
    report = Report(("a",), counts[None])
    assert report.asked.tolist() == [9 / 17]
    assert report.typical == {"best": 0}


def test_best_median_and_worst_by_hand():
    good, middle, bad, bad_too = (row(points=100, ground=g) for g in (90, 70, 30, 30))
    report = Report(("a", "b", "c", "d"), np.array([bad, good, middle, bad_too]))
    assert report.order.tolist() == [1, 2, 0, 3]
    assert report.typical == {"best": 1, "median": 2, "worst": 3}
    assert Report((), np.zeros((0, 10), np.int64)).typical == {}


@pytest.mark.parametrize(
    ("counts", "kind", "says"),
    [
        (row(points=100, ground=60, clusters=30, noise=10, cells_n=5, clusters_n=4), "", ""),
        (row(points=100, ground=2, clusters=90, clusters_n=9, cells_n=1), "ground", "2% ground"),
        (row(points=100, ground=2, clusters=90, clusters_n=9, cells_n=1), "ground", "1.7 m above"),
        (
            row(points=100, ground=30, too_large=60, clusters=10, cells_n=3),
            "too large",
            "60% in clusters over 25 m",
        ),
        (row(points=100, ground=60, noise=30, cells_n=3), "noise", "30% noise"),
        (row(points=100, ground=30, left_out=70, cells_n=3), "left out", "70% of the points"),
        (row(points=200, ground=60, left_out=100, tiny=40, cells_n=3), "asked", "only 20%"),
        (row(points=100, noise=100), "empty", "metres"),
        (row(points=100, left_out=100), "left out", "100% of the points"),
    ],
)
def test_what_is_odd_by_hand(counts, kind, says):
    assert kind_of(counts) == kind
    assert says in sentence(counts, PAPER)
    assert bool(sentence(counts, PAPER)) == bool(kind)


def test_every_row_is_counted_once(street: Scans, tmp_path):
    dataset = open_dataset("semantickitti", street.root, ["00"], [])
    units = prepare(dataset, PAPER, tmp_path, workers=1, job=Job())
    folder = tmp_path / units.fingerprint
    report = read_report(folder, units)
    assert report is not None
    assert report.scans == units.scans
    assert report.total[COUNTS.index("noise")] == units.noise_points
    for scan, counts in zip(units.scans, report.counts, strict=True):
        mine = units.range_of(scan)
        rows = read_rows(
            rows_file(folder, scan, dataset), rows=dataset.count(scan), units=len(mine)
        )
        cell = np.append(units.kind[mine.start : mine.stop] == 1, False)  # a state is no cell
        wanted = {
            "points": len(rows),
            "ground": int(((rows >= 0) & cell[rows.clip(-1)]).sum() + (rows == TINY).sum()),
            "clusters": int(((rows >= 0) & ~cell[rows.clip(-1)]).sum()),
            "too_large": int((rows <= OVERSIZE).sum()),
            "noise": int((rows == NOISE).sum()),
            "left_out": int((rows == INVALID).sum()),
        }
        assert dict(zip(COUNTS, counts.tolist(), strict=True)).items() >= wanted.items()
        assert sum(wanted.values()) == 2 * wanted["points"]
    assert report.warnings == ()


def test_good_scans_are_not_odd(semantickitti):
    train = ["00", "01", "02", "03", "05", "06", "07", "08", "10"]
    dataset = open_dataset("semantickitti", semantickitti, train, [])
    for scan in dataset.train:
        assert kind_of(_counts(dataset, scan)) == "", scan


def _counts(dataset: Dataset, scan: str) -> np.ndarray:
    points = dataset.scan(scan).points
    found = prepare_scan(points.copy(), PAPER, dataset.rig)
    return counts_of(found.__dict__, len(points), states_of(found.unit))


@pytest.mark.parametrize(
    ("case", "says"),
    [
        ("upside-down", "set rig.axes to 'x,-y,-z'"),
        ("camera-axes", "set rig.axes to 'z,-x,-y'"),
        ("origin-on-ground", "set rig.z_offset_m to -1.7"),
        ("low-sensor", "set prepare.sensor_height_m to 0.38"),
        ("truck-no-intensity", "set prepare.sensor_height_m to 3.50"),
        ("millimetres", "metres"),
    ],
)
def test_a_wrong_rig_is_told_with_what_mends_it(case: str, says: str):
    dataset = open_dataset("folder", cases() / case / "data", ["."], [])
    report = Report(dataset.train, np.array([_counts(dataset, scan) for scan in dataset.train]))
    warnings = judge(report, dataset, PAPER)
    assert len(warnings) == 1
    assert warnings[0].startswith("2 of 2 scans: ")
    assert says in warnings[0]


def test_what_was_prepared_before_there_were_reports_gets_one(small_street, tmp_path):
    dataset = open_dataset("semantickitti", small_street, ["00"], [])
    units = prepare(dataset, PAPER, tmp_path, workers=1, job=Job())
    folder = tmp_path / units.fingerprint
    new = read_report(folder, units)
    assert new is not None
    columns = {name: column for name, column in STORED.items()}
    for scan in units.scans:
        file = rows_file(folder, scan, dataset)
        write_arrays(file, read_arrays(file, columns))
    (folder / "report.npz").unlink()
    assert read_report(folder, units) is None
    prepare(dataset, PAPER, tmp_path, workers=1, job=Job())
    again = read_report(folder, units)
    assert again is not None
    np.testing.assert_array_equal(again.counts, new.counts)


def test_only_a_rig_changes_the_name_of_a_preparation(small_street, tmp_path):
    """Projects of earlier versions keep theirs: it is made as it was."""
    from importlib import metadata

    from core.prepare.run import ALGORITHM

    dataset = open_dataset("semantickitti", small_street, ["00"], [])
    files = {scan: dataset.path(scan) for scan in dataset.train}
    before = {
        "settings": {k: v for k, v in vars(PAPER).items() if k not in ("split_points", "units")},
        "algorithm": ALGORITHM,
        "pypatchworkpp": metadata.version("pypatchworkpp"),
        "hdbscan": None,
        "scans": {s: [dataset.count(s), hash_file(file)] for s, file in sorted(files.items())},
    }
    found = prepare(dataset, PAPER, tmp_path, workers=1, job=Job())
    assert found.fingerprint == hash_json(before)[:16]
    for rig in (Rig(z_offset_m=0.1), Rig(ground_from_m=2), Rig(ego_box="-1,-1,-1,1,1,1")):
        other = prepare(replace(dataset, rig=rig), PAPER, tmp_path, workers=1, job=Job())
        assert other.fingerprint != found.fingerprint


def test_the_own_box_is_in_no_unit(small_street):
    dataset = open_dataset("semantickitti", small_street, ["00"], [])
    points = dataset.scan(dataset.train[0]).points.copy()
    rig = Rig(ego_box="-3,-2,-5,5,2,5")
    inside = ((points[:, :3] >= [-3, -2, -5]) & (points[:, :3] <= [5, 2, 5])).all(axis=1)
    assert inside.any()
    found = prepare_scan(points, PAPER, rig).unit
    np.testing.assert_array_equal(found == INVALID, inside)


def test_a_report_is_kept(tmp_path, small_street):
    dataset = open_dataset("semantickitti", small_street, ["00"], [])
    units = prepare(dataset, PAPER, tmp_path / "u", workers=1, job=Job())
    report = Report(
        units.scans, np.arange(30).reshape(3, 10), ("Eins, zwei.", "東京"), {"axes": "z,-x,-y"}
    )
    write_report(tmp_path, report)
    found = read_report(tmp_path, units)
    assert found is not None
    assert found.warnings == report.warnings
    assert found.rig == report.rig
    np.testing.assert_array_equal(found.counts, report.counts)


def test_the_table_by_hand():
    first = row(points=1000, ground=500, clusters=400, noise=100, cells_n=20, clusters_n=30)
    second = row(points=1000, ground=20, clusters=980, cells_n=1, clusters_n=2)
    text = table(Report(("a", "b"), np.array([first, second]), ("b: 2% ground: …",)), PAPER)
    lines = [line.split() for line in text.splitlines()]
    assert lines[1] == "all 2,000 26.0% 69.0% 0.0% 5.0% 0.0% 10 16 2 scans".split()
    assert lines[2] == "best 1,000 2.0% 98.0% 0.0% 0.0% 0.0% 1 2 b".split()
    assert "  b: 2% ground: is z up?" in text


class _NoFaces:
    class network:
        @staticmethod
        def backend() -> str:
            return "none"


def _lidarloop(*words: object) -> int:
    return run([str(word) for word in words], _NoFaces)


def test_the_command_line_tells_it(tmp_path, capsys):
    case = cases() / "camera-axes"
    made = tmp_path / "p"
    options = ["--format", "folder", "--root", case / "data", "--train", "."]
    options += ["--classes", case / "yard.toml", "--preset", "laptop"]
    assert _lidarloop("new", made, *options, "--as-preset") == 0
    assert _lidarloop("prepare", made, "--workers", "1") == 0
    told = capsys.readouterr().out
    assert "too large" in told
    assert "set rig.axes to 'z,-x,-y'" in told
    assert _lidarloop("status", made, "--json") == 0
    status = json.loads(capsys.readouterr().out)
    assert status["report"]["odd_scans"] == 2
    assert status["units"]["oversize_points"] == status["report"]["too_large"] > 5000
    assert status["report"]["points"] == status["points"]["train"]

    assert _lidarloop("new", tmp_path / "q", *options) == 0
    assert "rig.axes = x right, y down, z ahead, guessed" in capsys.readouterr().out
    assert _lidarloop("new", tmp_path / "r", *options, "--axes", "camera") == 0
    assert _lidarloop("prepare", tmp_path / "r", "--workers", "1") == 0
    assert "odd" not in capsys.readouterr().out
    with Project(tmp_path / "r", read_only=True) as project:
        assert project.settings.sources["rig.axes"] == "--set"


@pytest.mark.parametrize(
    ("option", "says"),
    [
        (("--axes", "sideways"), "axes"),
        (("--ego-box=1,2"), "ego_box"),
        (("--ground-from", "x"), "number"),
    ],
)
def test_an_option_that_makes_no_sense_is_told(option, says, tmp_path, small_street, capsys):
    words = option if isinstance(option, tuple) else (option,)
    options = ["--format", "semantickitti", "--root", small_street, "--train", "00"]
    assert _lidarloop("new", tmp_path / "p", *options, *words) == 2
    assert says in capsys.readouterr().err
    assert not (tmp_path / "p").exists()


def test_docs_name_every_option():
    text = (ROOT / "docs/rigs.md").read_text(encoding="utf-8")
    from core.cli.arguments import SENSOR, option_of

    for key in SENSOR:
        assert f"`{key}`" in text
        assert f"`--{option_of(key).replace('_', '-')}`" in text
    assert Path(ROOT / "tests" / "benchmarks" / "rigs.py").exists()


def test_a_rig_that_is_changed_after_prepare_is_told(tmp_path, small_street):
    path = tmp_path / "p"
    with Project.create(path, format="semantickitti", root=small_street, train=["00"]) as project:
        steps.prepare(project, Job(), workers=1)
        first = project.need_units().fingerprint
    with Project(path) as project:
        assert project.notes == ()
    file = path / "project.toml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace('value = "x,y,z"', 'value = "y,-x,z"'), encoding="utf-8")
    with Project(path) as project:
        assert "another [rig]" in project.notes[0]
        steps.prepare(project, Job(), workers=1)
        assert project.notes == ()
        assert project.need_units().fingerprint != first
    with Project(path) as project:
        assert project.notes == ()
