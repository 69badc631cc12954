"""Strategies that others install by an entry point: taken, or named and left out."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

import numpy as np
import pytest

from core.base.errors import SettingsError
from core.cli import doctor
from core.query import strategies as room
from core.query.budget import units_budget
from core.query.pool import Draw, Pool
from core.query.strategies import broken_strategies, strategies, strategy_named
from tests.core.query.pools import make_units

MODULE = """
from dataclasses import replace
import numpy as np
from core.query.selection import Scores, Selection, Strategy
from core.query.strategies.pieces import by_score, partitions

def largest(pool, group, draw):
    points = pool.units.points[group.units].astype(float)
    return Scores(points, columns={"points": points})

LARGEST = Strategy("largest", "ours", partitions, largest, by_score,
                   "{points:.0f} points, of {count} in {group}")
OF_FRAMES = replace(LARGEST, units="frames")
NUMBER = 3

def first(pool, budget, draw):
    return Selection(np.flatnonzero(pool.free)[:budget.amount], ("the first",) * budget.amount)
"""


OWN = list(strategies())


@pytest.fixture
def install(tmp_path: Path, monkeypatch):
    (tmp_path / "strategies_of_others.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)

    def make(**values: str) -> None:
        def points(group: str) -> list[metadata.EntryPoint]:
            return [metadata.EntryPoint(name, value, group) for name, value in values.items()]

        monkeypatch.setattr(metadata, "entry_points", points)
        room._known.cache_clear()

    yield make
    room._known.cache_clear()


def test_a_record_and_a_function_are_taken(install):
    install(largest="strategies_of_others:LARGEST", first="strategies_of_others:first")
    assert list(strategies()) == [*OWN, "largest", "first"]
    units = make_units(np.array([30, 90, 60, 20]), np.array([0, 0, 1, 1]), scans=1)
    pool = Pool(units, np.ones(4, bool), np.zeros(4, bool))
    chosen = strategy_named("largest")(pool, units_budget(units, 3), Draw(0, 1))
    assert units.points[chosen.units].tolist() == [90, 30, 60]
    assert chosen.reason[0] == "90 points, of 2 in partition 1"
    assert chosen.columns["points"].tolist() == [90, 30, 60]
    assert strategy_named("first")(pool, units_budget(units, 2), Draw(0, 1)).units.tolist() == [
        0,
        1,
    ]


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("bad", "a_library_nobody_has:X", "No module named 'a_library_nobody_has'"),
        ("bad", "strategies_of_others:Missing", "Missing"),
        ("bad", "strategies_of_others:NUMBER", "no Strategy and no function, but int"),
        ("bad", "strategies_of_others:OF_FRAMES", "chooses from frames units; there are basal"),
        ("size", "strategies_of_others:LARGEST", "has one of that name"),
    ],
)
def test_a_broken_one_is_named_and_left_out(install, name: str, value: str, says: str):
    install(**{name: value})
    assert list(strategies()) == OWN
    (sentence,) = broken_strategies().values()
    assert says in sentence
    assert "\n" not in sentence
    assert strategy_named("size").name == "size"
    told = [one for one in doctor.machine() if one.name == f"strategy {name}"]
    assert [(one.good, one.text) for one in told] == [(False, sentence)]
    if name == "bad":
        with pytest.raises(SettingsError, match="cannot be used"):
            strategy_named("bad")
