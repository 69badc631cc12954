"""Any value in any JSON file of a project is read or told in a sentence: by whoever only looks."""

from __future__ import annotations

import json
import random
import shutil
from collections import Counter
from pathlib import Path

import pytest

from core.base.errors import ProjectError
from tests.damaged import VALUES, leaves, look, replaced, whole_project

FILES = (
    "rounds/001-*/query.json",
    "rounds/001-*/training.json",
    "rounds/001-*/metrics.json",
    "rounds/001-*/scores/scores.json",
    "units/*/checked.json",
)
TRIED = 40


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return whole_project(tmp_path_factory.mktemp("whole"))


def test_a_whole_project_is_looked_at_without_a_word(template: Path, tmp_path: Path):
    look(template, tmp_path / "out")


@pytest.mark.parametrize("pattern", FILES)
def test_any_value_in_a_file(template: Path, tmp_path: Path, pattern: str):
    shutil.copytree(template, tmp_path / "p")
    (file,) = (tmp_path / "p").glob(pattern)
    stored = json.loads(file.read_text())
    rng = random.Random(pattern)
    # Of lists and objects that are long, one member stands for all.
    ways = [way for way in leaves(stored) if sum(isinstance(k, int) and k > 1 for k in way) == 0]
    outcomes: Counter[str] = Counter()
    for _ in range(TRIED):
        value = replaced(stored, rng.choice(ways), rng.choice(VALUES))
        file.write_text(json.dumps(value))
        try:
            look(tmp_path / "p", tmp_path / "out")
            outcomes["read"] += 1
        except ProjectError:
            outcomes["told"] += 1
    assert outcomes.total() == TRIED
    assert outcomes["told"]


@pytest.mark.parametrize("length", range(1, 11))
def test_rounds_in_a_circle(template: Path, tmp_path: Path, length: int):
    """Each asked after the next one, the last after the first."""
    shutil.copytree(template, tmp_path / "p")
    rounds = tmp_path / "p/rounds"
    (first,) = rounds.glob("001-*")
    for number in range(1, length + 1):
        name = f"{number + 10:03d}-size"
        shutil.copytree(first, rounds / name)
        file = rounds / name / "query.json"
        query = json.loads(file.read_text())
        query["parent"] = f"{number % length + 11:03d}-size"
        file.write_text(json.dumps(query))
    with pytest.raises(ProjectError, match="was asked after"):
        look(tmp_path / "p", tmp_path / "out")
