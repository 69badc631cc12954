"""export, import and score --from on the command line: counts, sentences, exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from core.project.project import Project
from tests.core.cli.faces import lidarloop
from tests.exchanged import answer, contents
from tests.streets import small_scan, write_scan


@pytest.fixture
def street(tmp_path: Path) -> tuple[Path, Path]:
    """A project on two labelled scans, and their folder."""
    root, path = tmp_path / "scans", tmp_path / "p"
    for number in range(2):
        write_scan(root, f"sequences/00/velodyne/{number:06d}", *small_scan(number))
    options = ("--format", "semantickitti", "--root", root, "--train", "00", "--preset", "laptop")
    assert lidarloop("new", path, *options) == 0
    return path, root


def test_in_and_out_again(street, tmp_path: Path, capsys):
    path, root = street
    (root / "sequences/00/labels/000001.label").unlink()
    capsys.readouterr()
    assert lidarloop("import", path, root) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "1 of 2 training scans have labels there."
    assert said[1] == "None: sequences/00/velodyne/000001."
    assert said[2].startswith("4,960 points of 1 scans get a class, the numbers taken as ids")
    assert said[3] == "labels of 1 scans taken over"
    assert lidarloop("export", path, tmp_path / "out") == 0
    assert contents(tmp_path / "out") == {
        name: data for name, data in contents(root).items() if name.endswith(".label")
    }
    assert lidarloop("export", path, tmp_path / "out") == 0  # nothing would change
    for layout in ("label", "npy", "ply"):
        assert lidarloop("export", path, tmp_path / layout, "--as", layout) == 0
        assert [name.rpartition(".")[2] for name in contents(tmp_path / layout)] == [layout]


def test_refusals_are_one_sentence(street, tmp_path: Path, capsys):
    path, root = street
    assert lidarloop("import", path, root) == 0
    (tmp_path / "out").mkdir()
    (tmp_path / "out/sequences").symlink_to(root / "sequences")
    before = contents(root)
    for out, force in ((root, ()), (root / "new", ("--force",)), (tmp_path / "out", ("--force",))):
        capsys.readouterr()
        assert lidarloop("export", path, out, *force) == 2
        said = capsys.readouterr().err
        assert said.startswith("lidarloop: ")
        assert len(said.splitlines()) == 1
    assert contents(root) == before


def test_force_replaces_an_export_alone(street, tmp_path: Path, capsys):
    path, root = street
    assert lidarloop("import", path, root) == 0
    out = tmp_path / "out"
    assert lidarloop("export", path, out) == 0
    with Project(path) as project:
        scan = project.dataset.train[0]
        answer(project, scan, np.arange(10), 9)
    assert lidarloop("export", path, out) == 2
    assert "--force" in capsys.readouterr().err
    assert lidarloop("export", path, out, "--force") == 0
    (out / "sequences/00/labels/000000.label").write_bytes(b"mine")
    assert lidarloop("export", path, out, "--force") == 2
    assert (out / "sequences/00/labels/000000.label").read_bytes() == b"mine"


def test_another_networks_probabilities(street, tmp_path: Path, capsys):
    path, _ = street
    assert lidarloop("score", path, "--from", tmp_path) == 2  # not prepared
    assert lidarloop("prepare", path, "--workers", "1") == 0
    folder = tmp_path / "probabilities"
    folder.mkdir()
    assert lidarloop("score", path, "--from", folder) == 2
    assert "2 of 2 prepared scans have no probabilities" in capsys.readouterr().err
    with Project(path, read_only=True) as project:
        for scan in project.dataset.train:
            values = np.random.default_rng(1).random((project.count(scan), 19), np.float32)
            values /= values.sum(axis=1, keepdims=True)
            np.savez(folder / f"{scan.rpartition('/')[2]}.npz", values)
    assert lidarloop("score", path, "--from", folder) == 0
    assert capsys.readouterr().out.splitlines() == ["2 of 2 scans have probabilities."]
    assert lidarloop("status", path, "--json") == 0
    assert json.loads(capsys.readouterr().out)["given"]["scans"] == 2
    assert lidarloop("status", path) == 0
    assert f"ranked by the probabilities of 2 scans in {folder}" in capsys.readouterr().out
    assert lidarloop("query", path, "--strategy", "basal", "--units", "5") == 0
    assert lidarloop("export", path, tmp_path / "out", "--what", "predictions") == 0
    names = list(contents(tmp_path / "out"))
    assert names == [f"sequences/00/predictions/{n:06d}.label" for n in range(2)]


@pytest.mark.parametrize("options", [["--what", "predictions"], ["--as", "npy"]])
def test_what_is_of_points_is_refused_for_boxes(street, tmp_path: Path, capsys, options):
    assert lidarloop("export", street[0], tmp_path / "out", "--task", "boxes", *options) == 2
    assert f"{options[0]} is of points" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("option", [["--found"], ["--unconfirmed"], ["--to", "csv"]])
def test_what_is_of_boxes_alone_is_no_export_of_points(street, tmp_path: Path, capsys, option):
    path, _ = street
    assert lidarloop("export", path, tmp_path / "out", *option) == 2
    assert "Add --task boxes" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
