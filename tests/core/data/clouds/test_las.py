"""LAS and LAZ that laspy wrote come back as they are, with colours and labels."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("laspy", reason="laspy is not installed")

from core.base.errors import DataError
from core.base.jobs import Job
from core.data.clouds import count, pick, read
from core.data.clouds.las import labels
from core.data.formats.folder import Folder
from core.exchange.export import export
from core.exchange.import_labels import import_labels
from core.project.project import Project
from tests.commands import CommandLine
from tests.core.data.clouds.las_files import FAR, las, some
from tests.exchanged import answer
from tests.streets import small_scan

XYZ = some()
STRENGTH = np.arange(len(XYZ), dtype=np.uint16) * 1000
COLOUR = {"red": STRENGTH, "green": STRENGTH[::-1], "blue": np.full(len(XYZ), 257, np.uint16)}
KINDS = [(0, ".las"), (3, ".LAS"), (6, ".las"), (7, ".las"), (1, ".laz"), (6, ".laz"), (8, ".LAZ")]


@pytest.mark.parametrize(("format", "suffix"), KINDS)
def test_points_colours_and_labels(tmp_path: Path, format: int, suffix: str):
    compress = suffix.lower() == ".laz"
    if compress:
        pytest.importorskip("lazrs", reason="lazrs is not installed")
    colour = COLOUR if format in (3, 7, 8) else {}
    ids = np.arange(len(XYZ)).astype(np.uint8) % 30
    file = tmp_path / f"a{suffix}"
    file.write_bytes(
        las(XYZ, format=format, compress=compress, intensity=STRENGTH, classification=ids, **colour)
    )
    found = pick(read(file))
    assert (found.points.dtype, count(file)) == (np.float64, len(XYZ))
    np.testing.assert_allclose(found.points[:, :3], XYZ, rtol=0, atol=1e-8)
    np.testing.assert_array_equal(found.points[:, 3], STRENGTH)
    assert found.used == ("x", "y", "z", "intensity")
    folder = Folder()
    assert folder.scans(tmp_path, ".") == ("a",)
    np.testing.assert_array_equal(folder.labels(tmp_path, "a"), ids)
    assert folder.instances(tmp_path, "a") is None
    colours = folder.colours(tmp_path, "a")
    if not colour:
        assert colours is None
    else:
        assert colours is not None
        np.testing.assert_array_equal(colours[:, 0], np.round(STRENGTH / 257))
        np.testing.assert_array_equal(colours[:, 2], 1)


def test_wide_ids_and_instances_are_extra_dimensions(tmp_path: Path):
    ids, things = np.arange(len(XYZ)).astype("u2") + 240, np.arange(len(XYZ)).astype("u2") // 9
    file = tmp_path / "a.las"
    file.write_bytes(las(XYZ, class_id=ids, instance=things, classification=ids.astype("u1")))
    np.testing.assert_array_equal(Folder().labels(tmp_path, "a"), ids)
    np.testing.assert_array_equal(Folder().instances(tmp_path, "a"), things)
    assert {"class_id", "instance"} <= set(read(file).names)


def test_what_was_never_classified_has_no_labels(tmp_path: Path):
    (tmp_path / "a.las").write_bytes(las(XYZ))
    assert Folder().labels(tmp_path, "a") is None
    assert Folder().notes(tmp_path, ".") == ()


def test_ids_that_are_no_ids_are_a_sentence(tmp_path: Path):
    (tmp_path / "a.las").write_bytes(las(XYZ, class_id=np.linspace(0, 1, len(XYZ))))
    with pytest.raises(DataError, match="ids that are no whole numbers"):
        labels(tmp_path / "a.las")


def test_withheld_points_are_no_returns(tmp_path: Path):
    (tmp_path / "a.las").write_bytes(las(XYZ, withheld=np.arange(len(XYZ)) == 3))
    points = Folder().points(tmp_path, "a")
    assert np.flatnonzero(np.isnan(points[:, :3]).all(axis=1)).tolist() == [3]


def test_without_the_extra_one_sentence_says_what_to_install(tmp_path: Path, monkeypatch, capsys):
    (tmp_path / "data").mkdir()
    (tmp_path / "data/a.las").write_bytes(las(XYZ))
    monkeypatch.setitem(sys.modules, "laspy", None)
    said = CommandLine(capsys).new(tmp_path / "p", tmp_path / "data", ".", "--classes", "kitti")
    assert said.code == 2
    assert said.told.count("\n") == 1
    assert "the package laspy, which is not installed" in said.told
    assert 'pip install "lidarloop[las]"' in said.told


def test_laz_without_lazrs_says_what_to_install(tmp_path: Path, monkeypatch):
    pytest.importorskip("lazrs", reason="lazrs is not installed")
    (tmp_path / "a.laz").write_bytes(las(XYZ, compress=True))
    monkeypatch.setitem(sys.modules, "lazrs", None)
    with pytest.raises(DataError, match="the package lazrs, which is not installed"):
        read(tmp_path / "a.laz")


@pytest.mark.parametrize("compress", [False, True])
def test_from_a_tile_to_a_query_by_the_command_line(tmp_path: Path, capsys, compress: bool):
    suffix = ".laz" if compress else ".las"
    if compress:
        pytest.importorskip("lazrs", reason="lazrs is not installed")
    points, raw = small_scan(0)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / f"a{suffix}").write_bytes(
        las(
            points[:, :3] + np.array(FAR),
            compress=compress,
            intensity=(points[:, 3] * 65535).astype("u2"),
            classification=raw.astype("u1"),
        )
    )
    lidarloop, project = CommandLine(capsys), tmp_path / "p"
    said = lidarloop.new(project, tmp_path / "data", ".", "--classes", "semantickitti")
    assert said.code == 0, said.told
    assert "its classification (10, 40, 80) is taken for the raw ids" in said.told
    assert lidarloop("prepare", project).code == 0
    assert lidarloop("query", project, "--units", 5).code == 0
    assert lidarloop("import", project, tmp_path / "data").code == 0
    with Project(project) as opened:
        np.testing.assert_array_equal(opened.classes.decode(opened.labels("a")), raw)


def test_an_export_is_imported_again(tmp_path: Path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data/a.las").write_bytes(las(some(3000)))

    def made(name: str) -> Project:
        return Project.create(
            tmp_path / name,
            format="folder",
            root=tmp_path / "data",
            train=["."],
            preset="laptop",
            classes="semantickitti",
        )

    with made("p") as first, made("q") as second:
        answer(first, "a", np.arange(0, 500), 0)
        answer(first, "a", np.arange(500, 900), 7)
        assert export(first, tmp_path / "out", Job(), layout="las") == 1
        import_labels(second, tmp_path / "out", Job())
        np.testing.assert_array_equal(second.labels("a"), first.labels("a"))
    # The export is a folder of scans itself: the same places, to its steps, and the same classes.
    np.testing.assert_allclose(
        Folder().points(tmp_path / "out", "a")[:, :3],
        Folder().points(tmp_path / "data", "a")[:, :3],
        atol=1e-4,
    )
    assert np.count_nonzero(Folder().labels(tmp_path / "out", "a")) == 900


@pytest.mark.parametrize("bytes_left", [0, 100, 300, 380, 600])
@pytest.mark.parametrize("compress", [False, True])
def test_a_file_that_is_cut_short(tmp_path: Path, compress: bool, bytes_left: int):
    if compress:
        pytest.importorskip("lazrs", reason="lazrs is not installed")
    file = tmp_path / ("a.laz" if compress else "a.las")
    file.write_bytes(las(XYZ, compress=compress)[:bytes_left])
    with pytest.raises(DataError, match=str(file)):
        read(file)


@pytest.mark.parametrize("format", [3, 7])
def test_compressed_in_several_chunks(tmp_path: Path, format: int):
    pytest.importorskip("lazrs", reason="lazrs is not installed")
    xyz = some(120_000)
    (tmp_path / "a.laz").write_bytes(las(xyz, format=format, compress=True))
    np.testing.assert_allclose(Folder().points(tmp_path, "a")[:, :3], xyz, rtol=0, atol=1e-8)
