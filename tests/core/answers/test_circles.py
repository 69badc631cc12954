"""Undos as no LidarLoop writes them: in circles, in chains, twice of one entry."""

from __future__ import annotations

import random
from contextlib import closing
from pathlib import Path

import pytest

from core.answers.answers import Answers
from core.answers.ledger import circles
from core.data.classes import UNLABELLED
from tests.core.answers.giving import S, give, undoing, units_of, write

# Of a journal of four answers to one unit, what each further entry takes back; and whether each
# answer counts then, by hand.
CASES = {
    "itself": ([5], "1111"),
    "two each other": ([6, 5], "1111"),
    "three in a circle": ([6, 7, 5], "1111"),
    "a later one": ([6, 4], "1110"),
    "an answer and itself": ([4, 6], "1110"),
    "none there is": ([99], "1111"),
    "number nought": ([0], "1111"),
    "a negative number": ([-3], "1111"),
    "one twice": ([4, 4], "1110"),
    "one twice, one of both taken back": ([4, 4, 6], "1110"),
    "one twice, both taken back": ([4, 4, 5, 6], "1111"),
    "an undo twice": ([4, 5, 5], "1111"),
    "an undo twice, one taken back": ([4, 5, 5, 7], "1111"),
    "a chain of four": ([4, 5, 6, 7], "1111"),
    "a chain of five": ([4, 5, 6, 7, 8], "1110"),
    "a circle that hangs on an answer": ([4, 7, 6], "1110"),
}


def slow_standing(targets: dict[int, int]) -> set[int]:
    """What is undone, by the definition, asked of each entry anew."""

    def in_force(undo: int) -> bool:
        return not any(
            target == undo and later > undo and in_force(later) for later, target in targets.items()
        )

    return {t for undo, t in targets.items() if t < undo and in_force(undo)}


@pytest.mark.parametrize("name", CASES)
def test_it_ends_and_counts_as_by_hand(tmp_path: Path, name: str):
    targets, counts = CASES[name]
    undoing(write(tmp_path, "ann", 4), targets)
    with closing(Answers.open(tmp_path, "bob")) as answers:
        fold = answers.fold
        found = "".join(str(int(not fold.is_undone(h))) for h in fold.all() if h.verb == "answer")
        assert found == counts
        until = fold.at(answers.positions())
        assert {key for key in until.undone if key[1] <= 4} == {
            key for key in fold.undone if key[1] <= 4
        }
        expected = [n % 7 if counts[n] == "1" else UNLABELLED for n in range(4)]
        assert units_of(answers)[:4] == expected
        assert len(circles(fold.all())) == sum(t >= n for n, t in enumerate(targets, start=5))
        assert answers.spent().minutes == pytest.approx(1.5 * counts.count("1") / 60)
    with closing(Answers.open(tmp_path, "ann")) as answers:
        while answers.undo() is not None:
            pass
        assert set(units_of(answers)) == {UNLABELLED}
        give(answers, 0, 5)
        assert units_of(answers)[0] == 5


@pytest.mark.parametrize("seed", range(12))
def test_any_undos_count_as_the_definition_says(tmp_path: Path, seed: int):
    rng = random.Random(seed)
    targets = [rng.randint(0, number + 3) for number in range(5, 35)]
    undoing(write(tmp_path, "ann", 4), targets)
    slow = slow_standing(dict(enumerate(targets, start=5)))
    with closing(Answers.open(tmp_path, "bob")) as answers:
        there = range(1, 35)
        assert {seq for _, seq in answers.fold.undone if seq in there} == slow & set(there)
    one_by_one = type(answers.fold)()
    for head in answers.fold.all():
        one_by_one.add(head)
    assert {seq for _, seq in one_by_one.undone if seq in there} == slow & set(there)
    assert one_by_one.effective == answers.fold.effective
    assert one_by_one.spent() == answers.fold.spent()
    assert one_by_one.class_counts() == answers.fold.class_counts()


def test_a_long_chain_and_many_entries_to_one_unit_are_read_once_each(tmp_path: Path):
    """A chain of 20,000 undos takes as many steps, not their square."""
    path = write(tmp_path, "ann", 4)
    undoing(path, list(range(4, 20_004)))
    steps = 0

    class Counting(dict):
        def get(self, key, default=None):
            nonlocal steps
            steps += 1
            return super().get(key, default)

    with closing(Answers.open(tmp_path, "bob")) as answers:
        heads = answers.fold.all()
        ledger = type(answers.fold)()
        ledger._heads = Counting()
        ledger.add_all(heads)
        assert ledger.undone == answers.fold.undone
        assert ("ann", 4) not in ledger.undone
        assert steps < 5 * len(heads)
        assert answers.labels(S)[30] == 3
