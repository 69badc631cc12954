"""Why an item is asked, in words: one hand-worked sentence for each piece of each strategy."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.query.budget import units_budget
from core.query.pool import Draw
from core.query.strategies import strategies
from core.query.why import REOPENED, thing_of, why
from tests.core.query.pools import random_pool

UNSURE, NEW = {"rE": 2.0, "rD": 9.0}, {"rE": 9.0, "rD": 2.0}


@pytest.mark.parametrize(
    ("strategy", "reason", "numbers", "classes", "words"),
    [
        ("basal", "", UNSURE, ("fence", "wall"), "The network is unsure here: fence or wall?"),
        ("basal", "", UNSURE, ("fence",), "The network is unsure here: fence?"),
        ("basal", "", UNSURE, (), "The network is unsure here."),
        ("basal", "", {"rE": 3.0, "rD": 3.0}, (), "The network is unsure here."),
        ("basal", "", NEW, ("fence", "wall"), "A large thing, unlike what is labelled so far."),
        ("basal", "", {"rE": np.nan, "rD": np.nan}, (), ""),
        ("size", "drawn by chance in partition 1", {}, (), "A large thing, drawn by chance."),
        ("random", "drawn by chance in the whole pool", {}, (), "Drawn by chance among all units."),
        ("basal", REOPENED, UNSURE, ("a", "b"), "People named this differently: asked again."),
        ("size", REOPENED, {}, (), "People named this differently: asked again."),
        ("of-others", "its own words", {"rE": 1.0}, ("a", "b"), "its own words"),
    ],
)
def test_each_piece_has_its_words(strategy, reason, numbers, classes, words):
    assert why(strategy, reason, numbers, "A large thing", classes) == words


def test_what_a_unit_is_and_whether_it_is_rare():
    pool, _ = random_pool(3)
    units = pool.units
    assert len(units.cuts) > 1
    last = len(units.cuts) - 1
    partition = np.zeros(len(units), np.int8)
    partition[: len(units) // 20] = last
    few = replace(units, partition=partition)
    assert thing_of(few, 0) == "A small thing"
    assert thing_of(few, last) == "One of the rare large things"
    assert thing_of(replace(few, cuts=units.cuts[:1]), 0) == "A thing"
    assert thing_of(few, len(units.cuts)) == "A piece of ground"


@pytest.mark.parametrize("name", ["basal", "size", "random"])
def test_every_item_of_a_real_selection_has_words_of_its_own(name: str):
    """None falls back to the numbers that are stored."""
    pool, _ = random_pool(1)
    chosen = strategies()[name](pool, units_budget(pool.units, 20), Draw(1, 2))
    for place, reason in enumerate(chosen.reason):
        numbers = {column: float(values[place]) for column, values in chosen.columns.items()}
        words = why(name, reason, numbers, "A thing")
        assert words != reason
        assert "rank" not in words
        assert words.endswith(".")
