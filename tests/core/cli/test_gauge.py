"""`gauge` and `simulate`: the table, and what is said where there is nothing to compare."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.core.cli.faces import lidarloop
from tests.streets import small_scan, write_scan


def scans(root: Path, *sequences: str, labels: bool = True) -> Path:
    for number, name in enumerate(sequences):
        points, raw = small_scan(number)
        write_scan(root, f"sequences/{name}/velodyne/000000", points, raw if labels else None)
    return root


def test_what_cannot_be_compared_is_said_before_anything_is_prepared(tmp_path: Path, capsys):
    two = scans(tmp_path / "two", "00", "01")
    one, bare = scans(tmp_path / "one", "00"), scans(tmp_path / "bare", "00", "01", labels=False)
    for town, real, said in (
        (two, one, "holds one sequence only. Real scans are compared with each other too"),
        (bare, two, "has no labels. Gauges compare labelled scans only."),
        (two, bare, "has no labels."),
        (tmp_path / "none", two, "does not exist."),
    ):
        assert lidarloop("gauge", town, real) == 2
        told = capsys.readouterr().err
        assert said in told
        assert "prepare" not in told


@pytest.mark.slow
def test_scans_are_like_themselves(tmp_path: Path, capsys):
    real = scans(tmp_path / "real", "00", "01", "02", "03")
    assert lidarloop("gauge", real, real) == 0
    out = capsys.readouterr().out
    assert len(re.findall(r" 0\.0+$", out, re.MULTILINE)) == 11  # as far from itself as nothing
    assert "range" in out
    assert "size over random" in out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--scans", "0", "--validation", "0"), "0 scans make no town."),
        (("--scans", "1", "--step", "0"), "A step of 0 m makes no town."),
        (("--scans", "1", "--tail", "-1"), "A tail of -1 makes no town."),
        (("--scans", "-1"), "-1 scans makes no town."),
    ],
)
def test_a_town_that_cannot_be_is_refused(tmp_path: Path, capsys, words, said: str):
    assert lidarloop("simulate", tmp_path / "town", "--seed", "1", *words) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "town").exists()


def test_a_town_is_not_mixed_with_what_is_there(tmp_path: Path, capsys):
    out = tmp_path / "town"
    (out / "training").mkdir(parents=True)
    (out / "training/scan.bin").write_bytes(b"somebody's")
    assert lidarloop("simulate", out, "--seed", "1", "--scans", "1") == 2
    assert "holds files already" in capsys.readouterr().err
    assert [path.name for path in out.rglob("*")] == ["training", "scan.bin"]
