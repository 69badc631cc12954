"""Files that are not what they are taken for, through the command line: never wrong in silence."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from core.project.project import Project
from tests.commands import CommandLine, case


@pytest.fixture
def lidarloop(capsys) -> CommandLine:
    return CommandLine(capsys)


@pytest.mark.parametrize(("format", "train"), [("folder", "a"), ("semantickitti", "00")])
def test_five_columns_are_named_and_then_read_right(lidarloop, tmp_path: Path, format, train):
    data = case("bin-five-columns")
    said = lidarloop.new(tmp_path / "p", data, train, format=format)
    assert said.code == 2
    assert "5 numbers of float32 (20 bytes)" in said.told
    assert "--columns x,y,z,intensity,ring" in said.told
    assert not (tmp_path / "p").exists()
    said = lidarloop.new(
        tmp_path / "p", data, train, "--columns", "x,y,z,intensity,ring", format=format
    )
    assert (said.code, said.out.count("columns: x, y, z, intensity, ring")) == (0, 1)
    with Project(tmp_path / "p") as project:
        scan = project.dataset.train[0]
        wanted = np.fromfile(project.dataset.path(scan), "<f4").reshape(-1, 5)
        np.testing.assert_array_equal(project.dataset.scan(scan).points, wanted[:, :4])
        assert project.count(scan) == len(wanted)


def test_double_precision_is_named_and_then_read_right(lidarloop, tmp_path: Path):
    data = case("bin-float64")
    said = lidarloop.new(tmp_path / "p", data, ".")
    assert said.code == 2
    assert "4 numbers of float64 (32 bytes)" in said.told
    columns = said.told.split("--columns ")[1].strip().rstrip(".")
    assert lidarloop.new(tmp_path / "p", data, ".", "--columns", columns).code == 0
    with Project(tmp_path / "p") as project:
        wanted = np.fromfile(data / "000000.bin", "<f8").reshape(-1, 4)
        points = project.dataset.scan("000000").points
        np.testing.assert_array_equal(points, wanted.astype(np.float32))


def test_millimetres_are_named_and_then_metres(lidarloop, tmp_path: Path):
    data = case("millimetres")
    said = lidarloop.new(tmp_path / "p", data, ".")
    assert said.code == 2
    assert "millimetres" in said.told
    assert "--unit mm" in said.told
    assert lidarloop.new(tmp_path / "p", data, ".", "--unit", "mm").code == 0
    with Project(tmp_path / "p") as project:
        points = project.dataset.scan("000000").points
        wanted = np.fromfile(data / "000000.bin", "<f4").reshape(-1, 4)
        np.testing.assert_allclose(points[:, :3], wanted[:, :3] / 1000, rtol=1e-6)


def test_a_map_in_utm_keeps_its_shape(lidarloop, tmp_path: Path):
    data = case("utm")
    said = lidarloop.new(tmp_path / "p", data, ".")
    assert said.code == 0
    assert "UTM" in said.told
    assert "[data] origin" in said.told
    truth = np.load(data.parent / "truth.npy")
    with Project(tmp_path / "p") as project:
        origin = project.dataset.origin
        assert (origin[:2] == [389123, 5819456]).all()
        body = (data / "tile.ply").read_bytes().partition(b"end_header\n")[2]
        row = np.dtype([("xyz", "<f8", 3), ("intensity", "<f4")])
        wanted = np.frombuffer(body, row)["xyz"]
        points = project.dataset.scan("tile").points
        assert points.dtype == np.float32
        # What an export puts back, to a hundredth of a millimetre; float32 alone is off by 0.25 m.
        np.testing.assert_allclose(points[:, :3] + origin, wanted, rtol=0, atol=1e-5)
    assert lidarloop("prepare", tmp_path / "p", "--workers", 1).code == 0
    with Project(tmp_path / "p") as project:
        rows, table = project.rows("tile"), project.need_units()
        asked = rows >= 0
        cells = np.zeros(len(rows), bool)
        cells[asked] = table.kind[rows[asked]] == 1
        assert cells[truth == 1].mean() > 0.85
    with Project(tmp_path / "p") as project:
        np.testing.assert_array_equal(project.dataset.origin, origin)


def test_rays_without_a_return_are_in_no_unit_and_in_no_total(lidarloop, tmp_path: Path):
    data = case("zeros-dropped-returns")
    said = lidarloop.new(tmp_path / "p", data, ".")
    assert "no returns" in said.told
    assert lidarloop("prepare", tmp_path / "p", "--workers", 1).code == 0
    truth = np.load(data.parent / "truth.npy")
    status = json.loads(lidarloop("status", tmp_path / "p", "--json").out)
    with Project(tmp_path / "p") as project:
        lost = 0
        for scan in project.dataset.train:
            points = project.dataset.format.points(data, scan)
            zero = ~points[:, :3].any(axis=1)
            assert (project.rows(scan)[zero] == -3).all()
            lost += int(zero.sum())
        assert lost > len(truth) * 0.3
        assert status["points"]["train"] == 2 * len(truth) - lost
        assert status["left_out"] == {"scans": 0, "points": lost}
        assert project.need_units().scan_returns.sum() == 2 * len(truth) - lost


def test_two_stray_returns_stop_nothing(lidarloop, tmp_path: Path):
    data = case("far-outlier")
    said = lidarloop.new(tmp_path / "p", data, ".")
    assert (said.code, "4 of 9,798 rows are no returns" in said.told) == (0, True)
    assert lidarloop("prepare", tmp_path / "p", "--workers", 1).code == 0
    with Project(tmp_path / "p") as project:
        for scan in project.dataset.train:
            assert project.rows(scan)[[100, 200]].tolist() == [-3, -3]
            assert np.nanmax(np.abs(project.dataset.scan(scan).points[:, :3])) < 100
        assert np.abs(project.need_units().box_max).max() < 100


def test_one_empty_file_is_left_out_by_name(lidarloop, tmp_path: Path):
    data = case("one-bad-scan")
    said = lidarloop.new(tmp_path / "p", data, ".")
    assert (said.code, "Scan 000003 is empty, of 4 scans" in said.told) == (0, True)
    said = lidarloop("prepare", tmp_path / "p", "--workers", 1)
    assert said.code == 0
    assert "1 of 4 scans is left out:" in said.told
    assert "000003" in said.told
    status = json.loads(lidarloop("status", tmp_path / "p", "--json").out)
    assert status["scans"]["train"] == 3
    assert status["left_out"]["scans"] == 1
    assert any("000003" in note for note in status["notes"])
    assert lidarloop("query", tmp_path / "p", "--units", 5).code == 0


def test_clouds_of_nothing_stop_nothing(lidarloop, tmp_path: Path):
    data = case("degenerate")
    assert lidarloop.new(tmp_path / "p", data, ".").code == 0
    said = lidarloop("prepare", tmp_path / "p", "--workers", 1)
    assert said.code == 0
    assert "1 of 6 scans is left out:" in said.told
    assert "allnan" in said.told
    assert lidarloop("status", tmp_path / "p").code == 0


def test_labels_that_do_not_fit_are_told_before_anybody_answers(lidarloop, tmp_path: Path):
    wanted = {"labels-one-short": ("4,894 points but 4,893 labels",), "labels-unknown-id": ("100",)}
    for name, words in wanted.items():
        made = lidarloop.new(tmp_path / name, case(name), "00", format="semantickitti")
        prepared = lidarloop("prepare", tmp_path / name, "--workers", 1)
        for said in (made, prepared):
            assert said.code == 0
            assert all(word in said.told for word in (*words, "000001"))


def test_labels_that_do_not_fit_leave_a_scan_out_where_they_are_needed(lidarloop, tmp_path: Path):
    data = case("labels-one-short")
    lidarloop.new(tmp_path / "p", data, "00", "--research", format="semantickitti")
    said = lidarloop("prepare", tmp_path / "p", "--workers", 1)
    assert "1 of 2 scans is left out:" in said.told
    assert lidarloop("query", tmp_path / "p", "--units", 5).code == 0
    assert lidarloop("annotate", tmp_path / "p", "--oracle", "majority").code == 0
