"""What a strategy needs is checked before it chooses, and said in one sentence."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core import steps
from core.base.errors import ProjectError, SettingsError
from core.base.jobs import Job
from core.base.plugins import Installed
from core.prepare.curvature import curvature
from core.project.project import Project
from core.query import strategies as room
from core.query.selection import Selection
from core.query.strategies.basal import BASAL
from tests.streets import scored, small_project


@pytest.fixture
def project(tmp_path: Path, small_street: Path):
    with small_project(tmp_path / "p", small_street) as made:
        steps.prepare(made, Job(), workers=1)
        yield made


@pytest.fixture
def also(monkeypatch):
    """Make one more strategy known, as an installed one is."""

    def add(name: str, select) -> None:
        known = Installed({**room.strategies(), name: select})
        monkeypatch.setattr(room, "_known", lambda: known)

    return add


def test_the_first_query_is_chosen_by_what_comes_before(project: Project):
    """A strategy that ranks by a network begins with another: the same items, its own name."""
    found = steps.ask(project, Job(), strategy="basal", units=9)
    items = found.query.items
    (project.path / "rounds" / found.id / "query.json").unlink()
    project.rounds = []
    other = steps.ask(project, Job(), strategy="size", units=9)
    assert (found.id, other.id) == ("001-basal", "001-size")
    assert items == other.query.items


def test_later_a_network_is_needed(project: Project):
    steps.ask(project, Job(), units=3)
    steps.annotate(project, Job(), oracle="per-point")
    with pytest.raises(ProjectError, match="basal ranks by the scores of a trained network"):
        steps.ask(project, Job(), strategy="basal", units=3)


def test_a_strategy_without_a_beginning_asks_for_a_network(project: Project, also):
    also("bold", replace(BASAL, name="bold", before=""))
    with pytest.raises(ProjectError, match="bold ranks by the scores"):
        steps.ask(project, Job(), strategy="bold", units=3)


def test_a_column_that_the_scores_lack_is_named(project: Project):
    """Scores of version 0.1.0 have four columns: what they do not hold is one sentence."""
    found = steps.ask(project, Job(), units=3)
    steps.annotate(project, Job(), oracle="per-point")
    scored(project)
    about = found.file("scores/scores.json")
    stored = json.loads(about.read_text())
    about.write_text(json.dumps({**stored, "columns": stored["columns"][:4]}))
    for name, column in (("margin", "margin"), ("size x badge", "mean_p"), ("segent", "votes")):
        with pytest.raises(ProjectError, match=f"{name} ranks by {column}, which the scores"):
            steps.ask(project, Job(), strategy=name, units=3)
    assert len(steps.ask(project, Job(), strategy="basal", units=3).query.items) == 3


def test_curvature_is_measured_once_and_then_ranks(project: Project):
    steps.ask(project, Job(), units=3)
    steps.annotate(project, Job(), oracle="per-point")
    scored(project)
    with pytest.raises(ProjectError, match=r"redal ranks by the units' curvature.*\n.*--curvature"):
        steps.ask(project, Job(), strategy="redal", units=3)
    steps.prepare(project, Job(), workers=1, curvature=True)
    found = steps.ask(project, Job(), strategy="redal", units=3)
    assert set(found.query.columns) == {"E", "K", "score", "decayed"}


def test_curvature_is_the_least_share_of_the_neighbours_spread(project: Project):
    """By a loop over points and their 51 nearest."""
    rng = np.random.default_rng(0)
    xyz = rng.random((200, 3)) * (1, 1, 0.3)
    xyz[:100, 2] = 0
    found = curvature(xyz.astype(np.float32))
    for place, point in enumerate(xyz.astype(np.float32).astype(float)):
        away = np.linalg.norm(xyz.astype(np.float32).astype(float) - point, axis=1)
        near = xyz.astype(np.float32).astype(float)[np.argsort(away)[:51]]
        values = np.linalg.eigvalsh(np.cov(near.T, bias=True))
        assert found[place] == pytest.approx(min(0.1, max(0, values[0] / values.sum())), abs=1e-9)
    assert curvature(np.zeros((60, 3), np.float32)).tolist() == [0] * 60
    assert len(curvature(np.zeros((0, 3), np.float32))) == 0


def test_a_combined_name_is_kept_by_its_round(project: Project):
    found = steps.ask(project, Job(), strategy="few-scans x size", units=3)
    assert found.id == "001-few-scans x size"
    with Project(project.path, read_only=True) as again:
        assert again.rounds[0].query.strategy == "few-scans x size"


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("size x best", "no strategy best"),
        ("best x size", "best in best x size cannot stand there"),
        ("per-second x coreset", "coreset does not order by one"),
        ("ent x size", "ent in ent x size cannot stand there"),
        ("size x ", "no strategy "),
    ],
)
def test_a_combination_that_there_is_not(name: str, says: str):
    with pytest.raises(SettingsError, match=says):
        room.strategy_named(name)


def test_a_plain_function_is_a_strategy_too(project: Project, also):
    def first(pool, budget, draw) -> Selection:
        return Selection(np.flatnonzero(pool.free)[: budget.amount], ("the first",) * budget.amount)

    also("first", first)
    found = steps.ask(project, Job(), strategy="first", units=4)
    assert found.query.items == tuple(project.need_units().names(range(4)))
    assert dict(found.query.place_of) == {item: n for n, item in enumerate(found.query.items)}


def test_an_unknown_strategy_is_answered_with_those_there_are(project: Project):
    with pytest.raises(SettingsError, match=r"no strategy best\.\n.*basal, .*random, .*size"):
        steps.ask(project, Job(), strategy="best")


def test_a_checkpoint_that_is_gone_is_one_sentence(project: Project):
    found = steps.ask(project, Job(), units=3)
    with pytest.raises(ProjectError, match=r"checkpoint of round 001-size.* cannot be read"):
        steps._hash_of_checkpoint(found)
