"""`lidarloop classes`: the list as people see it, and each change of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.project.project import Project
from tests.core.cli.faces import lidarloop
from tests.streets import small_project


@pytest.fixture
def street(tmp_path: Path, small_street: Path) -> Path:
    small_project(tmp_path / "street", small_street).close()
    return tmp_path / "street"


def test_each_change_is_told_and_kept(street: Path, capsys):
    for words, says in (
        (["add", "crane"], "crane was added: colour #"),
        (["rename", "crane", "big crane"], "big crane now; every answer stays"),
        (["recolour", "big crane", "#12ab34"], "is #12ab34 now"),
        (["key", "big crane", "Shift+V"], "the key Shift+V now"),
        (["raw", "big crane", "300", "301"], "exported as 300 now"),
        (["move", "big crane", "1"], "shown at place 1 now"),
        (["merge", "truck", "car"], "truck counts as car now: 0 answered points"),
    ):
        assert lidarloop("classes", street, *words) == 0
        assert says in capsys.readouterr().out
    assert lidarloop("classes", street) == 0
    _, first, *_, merged, alike = capsys.readouterr().out.splitlines()[:22]
    assert first.split() == ["1", "big", "crane", "#12ab34", "Shift+V", "0", "300,", "301"]
    assert merged.startswith("truck counts as car (merged 20")
    assert "look alike to" in alike
    with Project(street) as project:
        assert project.classes.names[19] == "big crane"
        assert project.classes.shown[:2] == (19, 0)
        assert project.classes.now[3] == 0
    assert lidarloop("classes", street, "undo") == 0
    assert "truck is a class of its own again" in capsys.readouterr().out
    assert lidarloop("classes", street, "undo") == 2


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["rename", "crane", "x"], "There is no class 'crane'."),
        (["rename", "cra", "x"], "The nearest is car."),
        (["rename", "car", "truck"], "gives the name 'truck' twice"),
        (["rename", "car", ""], "has no name"),
        (["recolour", "car", "red"], "'red' is no colour"),
        (["key", "car", "K"], "the key 'K', which is no key of a class"),
        (["key", "car", "2"], "gives the key '2' twice, to car and bicycle"),
        (["raw", "car", "11"], "taken already"),
        (["raw", "car", "-4"], "out of range"),
        (["move", "car", "0"], "Places are 1 to 19"),
        (["merge", "car", "car"], "into itself"),
    ],
)
def test_what_cannot_be_done_is_one_sentence_and_changes_nothing(
    street: Path, words: list[str], says: str, capsys
):
    before = (street / "classes.toml").read_bytes()
    assert lidarloop("classes", street, *words) == 2
    assert says in capsys.readouterr().err
    assert (street / "classes.toml").read_bytes() == before
