"""Acts: several answers by one key are written, taken back and brought again as one."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from core.answers import journal as journal_file
from core.answers.act import Act, act_of
from core.answers.answers import Answers, Given
from core.answers.effort import Effort
from core.answers.entry import ScanRef
from core.base.errors import StorageError

S0 = ScanRef("s0", 100, "h")


def given(unit: int, label: int) -> Given:
    rows = np.arange(unit * 10, unit * 10 + 10)
    return Given(S0, rows, np.full(10, label), "", f"s0#c{unit}", Effort(tool="alike"))


def labels(answers: Answers) -> list[int]:
    return answers.labels(S0)[::10].tolist()


def test_an_act_is_one_undo_and_one_redo_also_after_opening_anew(tmp_path: Path):
    """Two acts right after each other, and a single answer between others."""
    seen = []
    with closing(Answers.open(tmp_path, "ann")) as answers:
        seen.append(labels(answers))
        for act in ([given(0, 1), given(1, 1), given(2, 1)], [given(3, 2), given(1, 2)]):
            answers.answer_together(act, at="s0#c7")
            seen.append(labels(answers))
        one = given(5, 4)
        answers.answer(*one[:3], round="", unit=one.unit, effort=one.effort)
        seen.append(labels(answers))
        assert len(set(map(tuple, seen))) == 4
    for _ in range(2):
        for step, count in ((2, 1), (1, 2), (0, 3)):
            with closing(Answers.open(tmp_path, "ann")) as answers:
                head = answers.undo()
                assert labels(answers) == seen[step]
                assert len(answers.history.act(head)) == count
                assert answers.history.asked_at(head) == ("s0#c5" if count == 1 else "s0#c7")
        with closing(Answers.open(tmp_path, "ann")) as answers:
            assert answers.undo() is None
        for step, first in ((1, "s0#c0"), (2, "s0#c3"), (3, "s0#c5")):
            with closing(Answers.open(tmp_path, "ann")) as answers:
                assert answers.redo().unit == first
                assert labels(answers) == seen[step]
        with closing(Answers.open(tmp_path, "ann")) as answers:
            assert answers.redo() is None


def test_of_an_act_that_is_half_taken_back_the_rest_is_undone(tmp_path: Path):
    """As an older program does it, which takes back entry by entry."""
    with closing(Answers.open(tmp_path, "ann")) as answers:
        heads = answers.answer_together([given(n, 1) for n in range(3)], at="s0#c0")
        answers._cancel(heads[2:])
        assert answers.undo().unit == "s0#c0"
        assert answers.effective == {}
        assert answers.redo().unit == "s0#c0"
        assert set(answers.effective) == {"s0#c0", "s0#c1"}


def test_a_write_that_fails_leaves_nothing_of_the_act(tmp_path: Path, monkeypatch):
    with closing(Answers.open(tmp_path, "ann")) as answers:
        rows = []

        def refuse_the_third(entry):
            rows.append(entry)
            if len(rows) == 3:
                raise sqlite3.OperationalError("database or disk is full")
            return kept(entry)

        kept = journal_file.to_row
        with monkeypatch.context() as patch:
            patch.setattr(journal_file, "to_row", refuse_the_third)
            with pytest.raises(StorageError):
                answers.answer_together([given(n, 1) for n in range(4)], at="")
        assert answers.effective == {}
        assert list(answers.entries()) == []
        answers.answer_together([given(n, 1) for n in range(4)], at="")
        assert len(answers.effective) == 4


@pytest.mark.parametrize(
    "body", ["", "{}", "[]", "{", '{"act": 3}', '{"act": {"place": 3, "of": 3, "at": ""}}',
             '{"act": {"place": "0", "of": 3, "at": ""}}', '{"boxes": []}'],
)  # fmt: skip
def test_what_is_no_mark_is_an_entry_by_itself(body: str):
    assert act_of(body) is None


def test_the_mark_is_read_as_it_was_written():
    act = Act(2, 12, "sequences/00/velodyne/000000#c3 ü")
    assert act_of(act.to_body()) == act
    assert json.loads(act.to_body()) == {"act": {"place": 2, "of": 12, "at": act.at}}
    assert act.numbers(20) == range(18, 30)
