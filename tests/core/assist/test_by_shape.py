"""Suggestions: learnt from answers alone, kept with the answer, and measured."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from core import steps
from core.assist import by_shape as suggest
from core.assist.suggestion import HitRates, Suggestion, hit_rates, suggested
from core.base.jobs import Job
from core.data.classes import FIRST_CODE, MIXED
from core.project.project import Project
from tests.streets import give, small_project


@pytest.fixture
def project(tmp_path: Path, small_street: Path):
    with small_project(tmp_path / "p", small_street) as made:
        steps.prepare(made, Job(), workers=1)
        yield made


def truth_of(project: Project, unit: int) -> np.ndarray:
    units = project.need_units()
    scan = units.scans[units.scan[unit]]
    truth = project.dataset.ground_truth(scan, project.classes)
    assert truth is not None
    return truth[project.rows(scan) == unit - units.range_of(scan).start]


@pytest.mark.slow
def test_units_of_an_unseen_scan_are_guessed_from_two_others(project: Project):
    units = project.need_units()
    first = units.range_of(units.scans[2]).start
    assert suggest.fit(project) is None
    for unit in range(first):
        give(project, unit, truth_of(project, unit))
    fitted = suggest.fit(project)
    others = np.arange(first, len(units))
    guesses = fitted.guess(suggest.shapes_of(project, others))
    right = [
        guess.classes[0] == np.bincount(truth_of(project, unit)).argmax()
        for guess, unit in zip(guesses, others.tolist(), strict=True)
    ]
    assert np.mean(right) > 0.9
    for guess in guesses:
        assert sum(guess.shares) == pytest.approx(1)
        assert list(guess.shares) == sorted(guess.shares, reverse=True)
    again = suggest.fit(project).guess(suggest.shapes_of(project, others))
    assert again == guesses


def test_codes_and_one_class_alone_teach_nothing(project: Project):
    for unit in range(8):
        give(project, unit, np.full(len(truth_of(project, unit)), MIXED, np.uint8))
    numbers, _ = suggest.answered_units(project.need_units(), project.answers.effective.values())
    assert len(numbers) == 0
    for unit in range(8):
        give(project, unit, np.zeros(len(truth_of(project, unit)), np.uint8))
    assert suggest.fit(project) is None
    assert MIXED >= FIRST_CODE


def test_one_in_twenty_is_bare_and_the_same_ones_each_time(project: Project):
    names = [f"scan#c{n}" for n in range(4000)]
    bare = [suggest.is_bare(project, name) for name in names]
    assert 0.04 < np.mean(bare) < 0.06
    assert bare == [suggest.is_bare(project, name) for name in names]


def test_two_sources_are_averaged():
    found = suggested({3: 0.6, 1: 0.3, 2: 0.1}, (1, 0.9), None, shown=True)
    assert found.classes == (1, 3, 2)
    assert found.shares == pytest.approx((0.6, 0.3, 0.05))
    assert (found.shape, found.network) == ((3, 1, 2), 1)
    assert suggested({}, None, None, shown=True) is None
    assert suggested({}, (7, 0.5), None, shown=False) == Suggestion((7,), (0.5,), (), 7, False)


def test_a_suggestion_comes_back_from_the_journal():
    found = Suggestion((1, 3), (0.75, 0.25), (3, 1), None, True)
    assert Suggestion.from_text(found.to_text()) == found
    for other in ("", "shape:17", "[]", "3", "{}", '{"classes": 3, "shares": []}'):
        assert Suggestion.from_text(other) is None


def test_hit_rates_by_hand(project: Project):
    def text(classes, shape, network, shown):
        return Suggestion(classes, (1.0,) * len(classes), shape, network, shown).to_text()

    answers = [
        (0, text((0, 1), (0, 1), 0, True)),  # all right
        (1, text((0, 1), (0, 1), 0, True)),  # only among the first three
        (2, text((0, 1), (0, 1), 2, False)),  # only the network; not shown
        (3, text((3,), (), 3, True)),  # no shape yet
        (4, ""),  # nothing was suggested
        (MIXED, text((0,), (0,), 0, True)),  # no class
    ]
    for unit, (answer, was) in enumerate(answers):
        size = len(truth_of(project, unit))
        give(project, unit, np.full(size, answer, np.uint8), suggested=was)
    found = hit_rates(project.answers.effective.values())
    assert found == HitRates((1, 3), (2, 3), (3, 4), (2, 3), (0, 1))


@pytest.mark.parametrize(
    "changed",
    [
        {"classes": []},
        {"classes": [[1]]},
        {"classes": [True]},
        {"shares": ["0.5"]},
        {"shares": [float("nan")]},
        {"shares": [0.5, 0.2]},
        {"shape": ["car"]},
        {"network": "car"},
        {"network": [1]},
        {"carried": 1.5},
        {"shown": "yes"},
        {"measured": None},
    ],
    ids=str,
)
def test_what_is_no_suggestion_is_none(project: Project, changed: dict[str, object]):
    """A script may write any text beside an answer; figures are counted over all of them."""
    good = {"classes": [1], "shares": [0.5], "shape": [1], "network": 1, "shown": True}
    assert Suggestion.from_text(json.dumps(good)) is not None
    text = json.dumps(good | changed)
    assert Suggestion.from_text(text) is None
    give(project, 0, 1, suggested=text)
    assert hit_rates(project.answers.effective.values()).network == (0, 0)


@pytest.mark.parametrize("text", ["[1]", "3", "null", '"car"', "[" * 100_000, "car", ""])
def test_other_texts_are_no_suggestion(text: str):
    assert Suggestion.from_text(text) is None
