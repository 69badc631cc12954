"""`new` and `settings`: the preset fits the machine, splits by name, what is too large is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.base import machine
from core.project.project import Project
from tests.core.cli.faces import lidarloop
from tests.streets import small_scan, write_scan


@pytest.fixture
def street(tmp_path: Path) -> Path:
    for number, name in enumerate(("00", "04", "08", "11")):
        write_scan(tmp_path / "scans", f"sequences/{name}/velodyne/000000", *small_scan(number))
    return tmp_path / "scans"


def new(path: Path, root: Path, *more: str) -> int:
    return lidarloop("new", path, "--format", "semantickitti", "--root", root, *more)


@pytest.mark.parametrize(("gpu", "preset"), [(True, "paper"), (False, "laptop")])
def test_the_preset_fits_the_machine(
    tmp_path: Path, street: Path, gpu, preset, monkeypatch, capsys
):
    monkeypatch.setattr(machine, "has_gpu", lambda: gpu)
    assert new(tmp_path / "p", street, "--train", "train", "--val", "val") == 0
    out = capsys.readouterr()
    assert out.err.splitlines() == [
        "lidarloop: train: 2 of the 10 sequences of the official split are there",
        "lidarloop: val: 1 of the 1 sequences of the official split are there",
    ]
    with Project(tmp_path / "p") as project:
        assert project.file.preset == preset
        assert project.file.train == ("00", "04")
        assert project.file.validation == ("08",)


def test_what_needs_a_gpu_is_said_at_once_and_mended_later(
    tmp_path: Path, street: Path, monkeypatch, capsys
):
    monkeypatch.setattr(machine, "has_gpu", lambda: False)
    monkeypatch.setattr("psutil.virtual_memory", lambda: type("M", (), {"total": 1e9})())
    assert new(tmp_path / "p", street, "--train", "00", "--preset", "paper") == 0
    said = capsys.readouterr().err
    assert "takes an NVIDIA GPU" in said
    way = f"lidarloop settings {tmp_path / 'p'} --preset laptop"
    assert f"`{way}`" in said
    assert lidarloop(*way.split()[1:]) == 0
    shown = capsys.readouterr().out
    assert "train.width                0.25         ours: 0.6 s a step on one core" in shown
    assert "NVIDIA" not in shown
    with Project(tmp_path / "p") as project:
        assert project.settings.train.batch == 1
        assert project.settings.train.epochs == 10


def test_settings_change_all_or_nothing(tmp_path: Path, street: Path, capsys):
    assert new(tmp_path / "p", street, "--train", "00", "--preset", "laptop") == 0
    for words, says in (
        (["train.batch=2", "train.width=99"], "train.width is 99"),
        (["train.batch=2", "prepare.cell_m=3"], "prepare.cell_m stays as it is"),
        (["train.batch"], "has no value"),
        (["query.strategy=best"], "query.strategy is 'best'"),
        (["query.strategy=Size"], "query.strategy is 'Size'"),
        (["train.batch=2", "ssal.class_weights=auto 2"], "no class and weight"),
        (["ssal.class_weights=car nan"], "The weight of car is nan"),
    ):
        flags = [part for word in words for part in ("--set", word)]
        assert lidarloop("settings", tmp_path / "p", *flags) == 2
        assert says in capsys.readouterr().err
        with Project(tmp_path / "p") as project:
            assert project.settings.train.batch == 1


@pytest.mark.parametrize("word", ["query.strategy=best", "ssal.class_weights=auto 2"])
def test_a_new_project_takes_no_name_that_there_is_not(tmp_path: Path, street: Path, word, capsys):
    assert new(tmp_path / "p", street, "--train", "00", "--set", word) == 2
    assert word.partition("=")[0] in capsys.readouterr().err
    assert not (tmp_path / "p").exists()
