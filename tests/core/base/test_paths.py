"""Paths made from data stay in their folder, whatever the data says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core.base.errors import DataError, ProjectError
from core.base.paths import home, inside, typed_path

GOOD = ("a", "a/b.label", "Straße 7/0,1:2.bin", "..a/b..", "a" * 255, "con-1", "a\\b")
BAD = (
    "",
    ".",
    "..",
    "../a",
    "a/../../b",
    "a/..",
    "a/./b",
    "a//b",
    "/etc/passwd",
    "C:/a",
    "C:\\a",
    "\\\\server\\a",
    "a\\..\\..\\b",
    "a\0b",
    "a\udcffb",
    "a" * 256,
    "/".join(["a" * 200] * 25),
    "CON",
    "a/nul",
    "aux.label",
    "lpt1.bin",
)


def nobody(number: int) -> None:
    raise KeyError(number)


def test_a_wave_is_ones_own_folder_and_nobodys_is_told(tmp_path: Path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir("/")
    assert home() == tmp_path
    assert typed_path(" ~/a b ") == tmp_path / "a b"
    assert typed_path("a/~") == Path("a/~")
    with pytest.raises(ProjectError, match="~nosuchuser is nobody's folder"):
        typed_path("~nosuchuser/x")
    # In a container under a number that nobody is.
    monkeypatch.delenv("HOME")
    monkeypatch.setattr("pwd.getpwuid", nobody)
    assert home() == Path("/")
    with pytest.raises(ProjectError, match="~ is nobody's folder"):
        typed_path("~/x")
    assert typed_path("/x") == Path("/x")


@pytest.mark.parametrize("name", GOOD)
def test_a_name_that_may_be_written(name: str, tmp_path: Path):
    path = inside(tmp_path, name)
    assert path == tmp_path / name
    assert path.resolve().is_relative_to(tmp_path.resolve())


@pytest.mark.parametrize("name", BAD, ids=range(len(BAD)))
def test_a_name_that_may_not(name: str, tmp_path: Path):
    with pytest.raises(DataError) as caught:
        inside(tmp_path, name)
    said = str(caught.value)
    assert len(said) < 400
    said.encode()  # can be printed anywhere
    assert "\0" not in said


@pytest.mark.parametrize("name", [None, 7, b"a", Path("a")])
def test_what_is_no_text_is_no_name(name: Any, tmp_path: Path):
    with pytest.raises(DataError, match="no name of a file"):
        inside(tmp_path, name)


def test_links_lead_nowhere_else(tmp_path: Path):
    out, other = tmp_path / "out", tmp_path / "other"
    out.mkdir()
    other.mkdir()
    (out / "away").symlink_to(other)
    (out / "here").symlink_to(out / "b")
    (out / "round").symlink_to(out / "round")
    assert inside(out, "here/a") == out / "here/a"
    for name in ("away/a", "away", "round/a"):
        with pytest.raises(DataError):
            inside(out, name)
