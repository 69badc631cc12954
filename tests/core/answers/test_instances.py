"""Instances: what an answer tells of its things, the fold over answers, and their numbers."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from core.answers.act import Act, act_of
from core.answers.answers import Answers, Given
from core.answers.effort import NO_EFFORT
from core.answers.entry import ScanRef, new_entry
from core.answers.instances import (
    MOST,
    Things,
    from_file,
    instances_of,
    named,
    numbered,
    things_of,
    with_things,
)
from core.base.errors import ProjectError
from tests.core.answers.made import write_version_1

SCAN = ScanRef("s1", 100, "h")


def things(names: list[str], of_row: list[int]) -> Things:
    return Things(tuple(names), np.array(of_row, np.int32))


def give(answers: Answers, rows: list[int], told: Things | None, label: int = 3):
    classes = np.full(len(rows), label, np.uint8)
    return answers.answer(
        SCAN, np.array(rows), classes, round="", unit="", effort=NO_EFFORT, things=told
    )


def told(answers: Answers) -> list[str]:
    """The thing of each of the first ten rows."""
    found = answers.things(SCAN)
    return [("", *found.names)[place] for place in found.of_row[:10].tolist()]


def test_the_last_answer_says_which_thing_a_point_is_of(tmp_path: Path):
    answers = Answers.open(tmp_path, "ann")
    give(answers, [0, 1, 2, 3], things(["ann/1"], [1, 1, 1, 1]))
    give(answers, [5, 3, 4], things(["ann/2", "ann/3"], [2, 1, 0]))  # rows in another order
    assert told(answers) == ["ann/1"] * 3 + ["ann/2", "", "ann/3"] + [""] * 4
    give(answers, [0], None)
    assert told(answers)[0] == ""
    answers.undo()
    assert told(answers)[0] == "ann/1"
    answers.close()
    again = Answers.open(tmp_path, "ann")
    assert told(again) == ["ann/1"] * 3 + ["ann/2", "", "ann/3"] + [""] * 4
    again.close()


def test_another_annotators_things_are_others(tmp_path: Path):
    for who in ("ann", "bob"):
        answers = Answers.open(tmp_path, who)
        give(answers, [0 if who == "ann" else 1], things([named(who, 1)], [1]))
        answers.close()
    both = Answers.open(tmp_path, "eve")
    assert told(both)[:2] == ["ann/1", "bob/1"]
    both.close()


def test_an_act_keeps_its_mark_beside_the_things(tmp_path: Path):
    answers = Answers.open(tmp_path, "ann")
    given = [
        Given(
            SCAN, np.array([row]), np.array([1], np.uint8), "", "", NO_EFFORT, things(["a/1"], [1])
        )
        for row in range(3)
    ]
    answers.answer_together(given, at="s1#c0")
    for place, entry in enumerate(answers.entries()):
        assert act_of(entry.body) == Act(place, 3, "s1#c0")
        assert things_of(entry).names == ("a/1",)
    answers.undo()
    assert told(answers) == [""] * 10
    answers.close()


def test_a_journal_of_version_1_has_no_things(tmp_path: Path):
    write_version_1(tmp_path / "ann.sqlite", "ann", 40)
    for read_only in (True, False):
        answers = Answers.open(tmp_path, "ann", read_only=read_only)
        assert not answers.things(SCAN).of_row.any()
        assert answers.labels(SCAN).any()
        answers.close()


def test_answers_without_things_are_written_as_before(tmp_path: Path):
    answers = Answers.open(tmp_path, "ann")
    give(answers, [0, 1], None)
    give(answers, [0, 1], things([], [0, 0]))
    assert [entry.body for entry in answers.entries()] == ["", ""]
    answers.close()


@pytest.mark.parametrize(
    "body",
    [
        "",
        "no JSON",
        "[]",
        '{"things": 3}',
        '{"things": {"names": [3]}}',
        '{"things": {"names": ["a/1"], "of": "!"}}',
        '{"things": {"names": ["a/1"], "of": "AAAA"}}',
        '{"later": 1}',
    ],
)
def test_what_cannot_be_understood_tells_of_nothing(body: str):
    from dataclasses import replace

    entry = replace(
        new_entry("ann", "answer", SCAN),
        rows=np.arange(3),
        classes=np.zeros(3, np.uint8),
        body=body,
    )
    assert things_of(entry).names == ()
    assert instances_of([entry], 5).of_row.tolist() == [0] * 5


def test_a_place_among_the_names_that_is_not_there_tells_of_nothing():
    from dataclasses import replace

    body = json.loads(with_things("", things(["a/1", "a/2"], [1, 2, 0])))
    body["things"]["names"] = ["a/1"]
    entry = replace(
        new_entry("ann", "answer", SCAN),
        rows=np.arange(3),
        classes=np.zeros(3, np.uint8),
        body=json.dumps(body),
    )
    assert things_of(entry).names == ()


def test_numbers_of_a_file_stay_and_others_take_the_free_ones():
    names = ["ann/5", "file/1", "bob/5", "file/3", "ann/9"]
    assert numbered(names) == {"file/1": 1, "file/3": 3, "ann/5": 2, "bob/5": 4, "ann/9": 5}
    assert from_file(np.array([7, 0, 7, 2])).names == ("file/2", "file/7")
    assert from_file(np.array([7, 0, 7, 2])).of_row.tolist() == [2, 0, 2, 1]
    with pytest.raises(ProjectError, match="more than 65,535"):
        numbered([f"a/{n}" for n in range(MOST + 1)])
