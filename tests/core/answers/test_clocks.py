"""Clocks that are wrong: who acts later, having seen what others did, is who counts."""

from __future__ import annotations

import itertools
import random
import shutil
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from core.answers.answers import Answers, Given
from core.answers.effort import NO_EFFORT
from core.answers.journal_file import LATEST
from core.base.errors import StorageError
from core.data.classes import UNLABELLED
from tests.core.answers.giving import S, give, units_of, write

YEAR = 365 * 86_400.0


class People:
    """Annotators, each with a folder and a clock of their own; `now` is the true time."""

    def __init__(self, folder: Path, wrong: dict[str, float], monkeypatch) -> None:
        self.folder, self.wrong = folder, wrong
        self.now, self.who = 1.7e9, ""
        monkeypatch.setattr(time, "time", lambda: self.now + self.wrong[self.who])

    def act(self, who: str, deed) -> None:
        self.now += 60
        self.who = who
        with closing(Answers.open(self.folder / who, who)) as answers:
            deed(answers)

    def merge(self, who: str, *others: str) -> None:
        """Bring others' journals to one's own folder."""
        for other in set(others) - {who}:
            name = f"{other}.sqlite"
            shutil.copy(self.folder / other / name, self.folder / who / name)

    def labels(self, who: str) -> list[int]:
        self.who = who
        with closing(Answers.open(self.folder / who, who, read_only=True)) as answers:
            return units_of(answers)


@pytest.mark.parametrize("years", [-20, -1, -0.01, 0, 1 / 8766 / 3600, 0.01, 1, 3, 30, 100])
def test_the_later_act_wins_as_people_saw_it(tmp_path: Path, monkeypatch, years: float):
    people = People(tmp_path, {"ann": 0, "bob": years * YEAR}, monkeypatch)
    people.act("bob", lambda a: [give(a, unit, 1) for unit in range(6)])
    people.act("ann", lambda a: give(a, 9, 1))
    people.merge("ann", "bob")

    def later(answers: Answers) -> None:
        assert units_of(answers)[:6] == [1] * 6
        give(answers, 0, 2)  # seen, and answered otherwise
        answers.reopen("s", "s#c1")  # asked anew
        answers.reopen("s", "s#c2")
        give(answers, 2, 3)
        give(answers, 3, 4)
        assert answers.undo() is not None  # as if it had never been

    people.act("ann", later)
    expected = [2, UNLABELLED, 3, 1, 1, 1, UNLABELLED, UNLABELLED, UNLABELLED, 1]
    assert people.labels("ann") == expected
    people.merge("bob", "ann")  # the other order: bob's own, then ann's
    assert people.labels("bob") == expected
    people.act("bob", lambda a: give(a, 0, 5))
    people.merge("ann", "bob")
    assert people.labels("ann") == people.labels("bob") == [5, *expected[1:]]
    with closing(Answers.open(tmp_path / "ann", "ann", read_only=True)) as answers:
        assert answers.fold.reopened == {"s#c1"}


@pytest.mark.parametrize(
    "seed", [*range(3), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(3, 12))]
)
def test_three_people_with_reopening_in_any_order_of_merging(
    tmp_path: Path, monkeypatch, seed: int
):
    """They answer, put back and take back, and see each other's now and then; the reference knows
    the true order of what was seen."""
    rng = random.Random(seed)
    names = ("ann", "bob", "cem")
    wrong = dict(zip(names, rng.sample((-YEAR, -60.0, 0.0, 3.0, YEAR, 20 * YEAR), 3), strict=True))
    people = People(tmp_path, wrong, monkeypatch)
    truth: dict[int, int] = {}
    for name in names:
        people.act(name, lambda a: None)
    for _ in range(40):
        who, unit, label = rng.choice(names), rng.randrange(6), rng.randrange(7)
        people.merge(who, *names)  # this one sees all that was done
        if rng.random() < 0.7:
            people.act(who, lambda a, u=unit, c=label: give(a, u, c))
            truth[unit] = label
        else:
            people.act(who, lambda a, u=unit: a.reopen("s", f"s#c{u}"))
            truth.pop(unit, None)
    found = []
    for order in itertools.permutations(names):
        place = tmp_path / "-".join(order)
        place.mkdir()
        for name in order:
            shutil.copy(tmp_path / name / f"{name}.sqlite", place / f"{name}.sqlite")
        with closing(Answers.open(place, order[0], read_only=True)) as answers:
            found.append(units_of(answers))
    assert all(labels == found[0] for labels in found)
    assert found[0][:6] == [truth.get(unit, UNLABELLED) for unit in range(6)]


def test_a_journal_that_is_taken_in_while_one_answers(tmp_path: Path, monkeypatch):
    people = People(tmp_path, {"ann": 0, "bob": 5 * YEAR}, monkeypatch)
    people.act("bob", lambda a: give(a, 0, 1))
    people.who = "ann"
    with closing(Answers.open(tmp_path / "ann", "ann")) as answers:
        path = tmp_path / "ann" / "bob.sqlite"
        shutil.copy(tmp_path / "bob" / "bob.sqlite", path)
        answers.take_in(path)
        assert answers.labels(S)[0] == 1
        give(answers, 0, 2)
        assert answers.labels(S)[0] == 2
        assert answers.latest > 1.7e9 + 5 * YEAR


def test_times_stay_apart_up_to_the_last_that_is_believed(tmp_path: Path, monkeypatch):
    """Where floats are coarser than microseconds, each entry is later than the one before."""
    monkeypatch.setattr(time, "time", lambda: LATEST - 1)
    with closing(Answers.open(tmp_path, "ann")) as answers:
        times = [give(answers, n % 10, n % 7).time for n in range(50)]
    assert times == sorted(set(times))
    with closing(Answers.open(tmp_path, "bob")) as answers:
        assert len(answers.fold.all()) == 50


def test_nothing_is_saved_at_a_time_that_is_not_believed_again(tmp_path: Path, monkeypatch):
    """Neither by one's own clock nor behind somebody's last moment."""
    write(tmp_path, "eve", 1)
    with closing(sqlite3.connect(tmp_path / "eve.sqlite", isolation_level=None)) as database:
        database.execute("UPDATE entries SET time = ?", (LATEST,))
    with closing(Answers.open(tmp_path, "ann")) as answers:
        for unit in range(4):
            with pytest.raises(StorageError, match="past the year 2223"):
                give(answers, unit, 1)
        one = np.ones(1, np.uint8)
        given = [Given(S, np.array([row]), one, "", "", NO_EFFORT) for row in (1, 2)]
        with pytest.raises(StorageError, match="past the year 2223"):
            answers.answer_together(given, at="")
        assert len(answers.history.heads) == 0
    (tmp_path / "eve.sqlite").unlink()
    with closing(Answers.open(tmp_path, "ann")) as answers:
        give(answers, 0, 1)
        monkeypatch.setattr(time, "time", lambda: LATEST + 1)
        with pytest.raises(StorageError, match="past the year 2223"):
            give(answers, 1, 1)
        monkeypatch.undo()
        give(answers, 2, 1)
    with closing(Answers.open(tmp_path, "ann")) as answers:
        assert (answers.damage, len(answers.history.heads)) == (None, 2)
