"""What a strategy needs is checked before it chooses, and said in one sentence."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core import steps
from core.base.errors import ProjectError, SettingsError
from core.base.jobs import Job
from core.base.plugins import Installed
from core.project.project import Project
from core.query import strategies as room
from core.query.selection import Selection
from core.query.strategies.basal import BASAL
from tests.streets import small_project


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


def test_a_column_that_the_scores_lack_is_named(project: Project, also, monkeypatch):
    also("margin", replace(BASAL, name="margin", needs=frozenset({"margin", "entropy"})))
    real = steps._pool

    def scored(*arguments):
        pool = real(*arguments)
        count = len(pool.units)
        columns = {"entropy": np.ones(count, np.float32), "feature": np.ones((count, 2))}
        return replace(pool, columns=columns)

    monkeypatch.setattr(steps, "_pool", scored)
    with pytest.raises(ProjectError, match="margin ranks by margin, which the scores do not hold"):
        steps.ask(project, Job(), strategy="margin", units=3)
    assert len(steps.ask(project, Job(), strategy="basal", units=3).query.items) == 3


def test_a_plain_function_is_a_strategy_too(project: Project, also):
    def first(pool, budget, draw) -> Selection:
        return Selection(np.flatnonzero(pool.free)[: budget.amount], ("the first",) * budget.amount)

    also("first", first)
    found = steps.ask(project, Job(), strategy="first", units=4)
    assert found.query.items == tuple(project.need_units().names(range(4)))
    assert dict(found.query.place_of) == {item: n for n, item in enumerate(found.query.items)}


def test_an_unknown_strategy_is_answered_with_those_there_are(project: Project):
    with pytest.raises(SettingsError, match=r"no strategy best\.\n.*basal, random, size"):
        steps.ask(project, Job(), strategy="best")


def test_a_checkpoint_that_is_gone_is_one_sentence(project: Project):
    found = steps.ask(project, Job(), units=3)
    with pytest.raises(ProjectError, match=r"checkpoint of round 001-size.* cannot be read"):
        steps._hash_of_checkpoint(found)
