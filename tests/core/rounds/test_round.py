"""Rounds form a tree: what is none is told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.base.errors import ProjectError
from core.rounds.round import branch, read_rounds


def write_round(folder: Path, id: str, parent: str | None) -> None:
    query = {
        **{"version": 1, "strategy": "size", "seed": 0, "round": 1, "parent": parent},
        **{"budget": {}, "fingerprint": "", "checkpoint": None, "columns": [], "items": []},
    }
    (folder / id).mkdir(parents=True)
    (folder / id / "query.json").write_text(json.dumps(query))


def test_a_branch_is_a_round_and_its_ancestors(tmp_path: Path):
    write_round(tmp_path, "001-size", None)
    write_round(tmp_path, "002-basal", "001-size")
    write_round(tmp_path, "003-random", "001-size")
    rounds = read_rounds(tmp_path)
    assert [one.id for one in branch(rounds, rounds[2])] == ["001-size", "003-random"]
    assert branch(rounds, None) == []


@pytest.mark.parametrize("parent", ["001-size", "002-basal"])
def test_rounds_in_a_circle_are_told(tmp_path: Path, parent: str):
    write_round(tmp_path, "001-size", parent)
    write_round(tmp_path, "002-basal", "001-size")
    rounds = read_rounds(tmp_path)
    with pytest.raises(ProjectError, match="asked after round"):
        branch(rounds, rounds[-1])
