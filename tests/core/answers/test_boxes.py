"""Boxes among the answers: what stands is what a slow reading of all that was done gives."""

from __future__ import annotations

import json
import math
import random
import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.answers.answers import Answers
from core.answers.box import BOXES, FRAMES, Box, box_of, boxes_in, table_of, with_box
from core.answers.boxes import BoxAnswers, Drawn
from core.answers.effort import Effort
from core.answers.entry import ScanRef
from core.base.errors import DataError, GoneError, StorageError
from core.data.classes import EACH_ITSELF
from tests.core.answers.giving import give, units_of

SCANS = [ScanRef(name, 100, f"hash of {name}") for name in ("a/0", "a/1")]
HERE = np.eye(4)


def made(rng: random.Random, **columns) -> Box:
    place = [rng.uniform(-50, 50), rng.uniform(-50, 50), rng.uniform(-2, 1)]
    size = [rng.uniform(0.3, 9) for _ in range(3)]
    yaw = rng.uniform(-math.pi, math.pi)
    return Box(np.array([*place, *size, yaw]), rng.randrange(4), **columns)


def same(first: dict[str, Box], second: dict[str, Box]) -> bool:
    return list(first) == list(second) and all(first[n].equals(second[n]) for n in first)


@pytest.mark.parametrize("count", [120, pytest.param(1000, marks=pytest.mark.slow)])
def test_random_edits_with_undo_and_redo_replay_to_the_same_boxes(tmp_path: Path, count: int):
    """Acts of one to four boxes, over two scans, closed and opened now and then; the reference is
    a list of whole states, walked back and forth."""
    rng = random.Random(count)
    states: list[dict[str, dict[str, Box]]] = [{scan.name: {} for scan in SCANS}]
    at = 0
    answers = Answers.open(tmp_path, "ann")
    for _ in range(count):
        if rng.random() < 0.05:
            answers.close()
            answers = Answers.open(tmp_path, "ann")
        boxes = BoxAnswers(answers)
        turn = rng.random()
        if turn < 0.25:
            assert (answers.undo() is None) == (at == 0)
            at = max(at - 1, 0)
        elif turn < 0.4:
            assert (answers.redo() is None) == (at == len(states) - 1)
            at = min(at + 1, len(states) - 1)
        else:
            now = {name: dict(found) for name, found in states[at].items()}
            scan = rng.choice(SCANS)
            there = list(now[scan.name])
            drawn = []
            new = boxes.new_names(scan.name, 4)
            for name in rng.sample([*there, *new], rng.randint(1, min(4, len(there) + 4))):
                box = None if name in there and rng.random() < 0.3 else made(rng)
                drawn.append(Drawn(scan, name, box, Effort(active_s=1.5)))
                if box is None:
                    del now[scan.name][name]
                else:
                    now[scan.name][name] = box
            boxes.draw(drawn, round="001")
            states = [*states[: at + 1], now]
            at += 1
        for scan in SCANS:
            found = boxes.of(scan, HERE)
            wanted = states[at][scan.name]
            assert set(found) == set(wanted)
            assert all(found[name].equals(wanted[name]) for name in wanted)
        every = [box for found in states[at].values() for box in found.values()]
        counted = {c: sum(box.label == c for box in every) for c in range(4)}
        assert boxes.class_counts() == {c: n for c, n in counted.items() if n}
        by_scan = {name: len(found) for name, found in states[at].items() if found}
        assert boxes.counts_by_scan() == by_scan
    answers.close()
    with closing(Answers.open(tmp_path, "bob", read_only=True)) as again:  # another's eyes
        for scan in SCANS:
            found = BoxAnswers(again).of(scan, HERE)
            assert {name: True for name in found} == {n: True for n in states[at][scan.name]}


def test_one_history_goes_over_points_boxes_and_frames(tmp_path: Path):
    rng = random.Random(1)
    with closing(Answers.open(tmp_path, "ann")) as answers:
        boxes = BoxAnswers(answers)
        give(answers, 0, 3)
        (name,) = boxes.new_names("a/0", 1)
        boxes.draw([Drawn(SCANS[0], name, made(rng))], round="")
        boxes.finish(SCANS[0], round="")
        assert boxes.finished == boxes.settled == {"a/0"}
        assert [answers.undo().kind for _ in range(3)] == [FRAMES, BOXES, "points"]
        assert boxes.finished == set()
        assert boxes.of(SCANS[0], HERE) == {}
        assert units_of(answers)[0] != 3
        assert [answers.redo().kind for _ in range(3)] == ["points", BOXES, FRAMES]
        assert (boxes.finished, units_of(answers)[0]) == ({"a/0"}, 3)
        assert list(boxes.of(SCANS[0], HERE)) == [name]
        boxes.reopen(SCANS[0])
        assert boxes.finished == set()
        assert list(boxes.of(SCANS[0], HERE)) == [name]  # its boxes stay
        boxes.decline(SCANS[1], round="")
        assert (boxes.finished, boxes.settled) == (set(), {"a/1"})


def test_finished_frames_are_read_while_others_are_being_finished(tmp_path: Path):
    with closing(Answers.open(tmp_path, "ann")) as answers:
        boxes = BoxAnswers(answers)
        boxes.finish(SCANS[0], round="")
        frames = answers.folds[FRAMES].effective

        class Late:
            """What counts for a frame; while it is looked at, somebody finishes another one."""

            @property
            def verb(self) -> str:
                boxes.finish(SCANS[1], round="")
                return "answer"

        frames["a/0"] = Late()
        assert boxes.finished == {"a/0"}
        assert set(frames) == {"a/0", "a/1"}


def test_a_box_counts_neither_as_a_unit_nor_as_points(tmp_path: Path):
    rng = random.Random(2)
    with closing(Answers.open(tmp_path, "ann")) as answers:
        give(answers, 0, 3)
        before = (answers.spent(), answers.fold.class_counts(), units_of(answers), answers.mine())
        boxes = BoxAnswers(answers)
        effort = Effort(active_s=30)
        names = boxes.new_names("s", 3)
        boxes.draw([Drawn(SCANS[0], n, made(rng), effort) for n in names], round="")
        boxes.finish(SCANS[0], round="", effort=effort)
        assert before == (
            answers.spent(), answers.fold.class_counts(), units_of(answers), answers.mine()
        )  # fmt: skip
        assert boxes.minutes() == pytest.approx(2)


def test_merged_journals_keep_every_box_and_the_later_state(tmp_path: Path):
    rng = random.Random(3)
    first, second, third = made(rng), made(rng), made(rng)
    with closing(Answers.open(tmp_path / "ann", "ann")) as answers:
        boxes = BoxAnswers(answers)
        (mine,) = boxes.new_names("a/0", 1)
        boxes.draw([Drawn(SCANS[0], mine, first)], round="")
    shutil.copytree(tmp_path / "ann", tmp_path / "bob")
    with closing(Answers.open(tmp_path / "bob", "bob")) as answers:
        boxes = BoxAnswers(answers)
        (his,) = boxes.new_names("a/0", 1)
        assert his != mine
        boxes.draw([Drawn(SCANS[0], mine, second), Drawn(SCANS[0], his, third)], round="")
    shutil.copy(tmp_path / "bob" / "bob.sqlite", tmp_path / "ann" / "bob.sqlite")
    for place, who in (("ann", "ann"), ("bob", "bob")):
        with closing(Answers.open(tmp_path / place, who)) as answers:
            boxes = BoxAnswers(answers)
            assert same(boxes.of(SCANS[0], HERE), {mine: second, his: third})
            said = [(e.annotator, box_of(e.body).equals(first)) for e in boxes.states("a/0", mine)]
            assert said == [("ann", True), ("bob", False)]


def test_a_second_opinion_leaves_the_boxes(tmp_path: Path):
    rng = random.Random(4)
    with closing(Answers.open(tmp_path, "ann")) as answers:
        boxes = BoxAnswers(answers)
        (name,) = boxes.new_names("a/0", 1)
        first = made(rng)
        boxes.draw([Drawn(SCANS[0], name, first)], round="")
        boxes.draw([Drawn(SCANS[0], name, made(rng))], round="", blind=True)
        assert same(boxes.of(SCANS[0], HERE), {name: first})
        assert [entry.blind for entry in boxes.states("a/0", name)] == [False, True]


def test_merged_classes_are_those_of_the_boxes_too(tmp_path: Path):
    rng = random.Random(5)
    now = EACH_ITSELF.copy()
    now[2] = 1
    with closing(Answers.open(tmp_path, "ann")) as answers:
        boxes = BoxAnswers(answers)
        names = boxes.new_names("a/0", 3)
        states = [replace(made(rng), label=label) for label in (0, 1, 2)]
        boxes.draw([Drawn(SCANS[0], n, b) for n, b in zip(names, states, strict=True)], round="")
        answers.use_merges(now)
        assert [box.label for box in boxes.of(SCANS[0], HERE).values()] == [0, 1, 1]
        assert boxes.class_counts() == {0: 1, 1: 2}
        answers.use_merges(EACH_ITSELF)
        assert boxes.class_counts() == {0: 1, 1: 1, 2: 1}


def test_regions_to_ignore_are_no_boxes_of_their_class(tmp_path: Path):
    rng = random.Random(9)
    with closing(Answers.open(tmp_path, "ann")) as answers:
        boxes = BoxAnswers(answers)
        first, second = boxes.new_names("a/0", 2)
        states = [replace(made(rng), label=1), replace(made(rng, ignore=True), label=1)]
        drawn = [Drawn(SCANS[0], n, b) for n, b in zip((first, second), states, strict=True)]
        boxes.draw(drawn, round="")
        assert boxes.counts_of(["a/0"]) == {"a/0": {1: 1}}
        assert boxes.class_counts() == {1: 1}
        assert boxes.counts_by_scan() == {"a/0": 2}  # both are to be read there
        assert boxes.boxes_by_scan() == {"a/0": 1}
        boxes.draw([Drawn(SCANS[0], second, states[1].edited(ignore=False))], round="")
        assert boxes.counts_of(["a/0"]) == {"a/0": {1: 2}}
        assert boxes.boxes_by_scan() == {"a/0": 2}
        boxes.draw([Drawn(SCANS[0], first, None)], round="")
        assert boxes.boxes_by_scan() == {"a/0": 1}
        answers.undo()
        answers.undo()
        assert boxes.boxes_by_scan() == {"a/0": 1}
        assert boxes.class_counts() == {1: 1}


def test_regions_of_the_picture_stay_when_a_frame_is_opened_again(tmp_path: Path):
    told, other = np.array([[1.0, 2, 30, 40]]), np.array([[5.0, 6, 70, 80]])
    with closing(Answers.open(tmp_path, "ann")) as answers:
        boxes = BoxAnswers(answers)

        def regions() -> list:
            return boxes.table(SCANS[0], HERE)[1].regions.tolist()

        assert regions() == []
        boxes.finish(SCANS[0], round="", regions=told)
        boxes.finish(SCANS[1], round="", regions=other)
        boxes.reopen(SCANS[0])
        assert regions() == told.tolist()
        boxes.decline(SCANS[0], round="")
        assert regions() == told.tolist()
        boxes.reopen(SCANS[0])
        boxes.finish(SCANS[0], round="", regions=other, blind=True)
        assert regions() == told.tolist()
        boxes.finish(SCANS[0], round="", regions=other)
        assert regions() == other.tolist()
        answers.undo()
        assert regions() == told.tolist()
        boxes.finish(SCANS[0], round="")  # who finished it last said that there are none
        assert regions() == []


def test_another_scan_under_the_same_name_is_said(tmp_path: Path):
    with closing(Answers.open(tmp_path, "ann")) as answers:
        boxes = BoxAnswers(answers)
        (name,) = boxes.new_names("a/0", 1)
        boxes.draw([Drawn(SCANS[0], name, made(random.Random(6)))], round="")
        with pytest.raises(DataError, match="a/0"):
            boxes.of(SCANS[0]._replace(hash="another"), HERE)


def turned(degrees: float, *shift: float) -> np.ndarray:
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    found = np.eye(4)
    found[:2, :2] = [[c, -s], [s, c]]
    found[:3, 3] = shift
    return found


def test_a_box_stays_on_its_thing_when_the_axes_change():
    """Corners, carried as points are, are the corners of the box that is carried."""
    then, now = turned(90, 1, 2, 3), turned(-30, 0, -4, 1)
    box = Box(np.array([5.0, 2, 1, 4, 2, 1.5, 0.3]), 1, from_files=then)
    moved = box.now(now)
    carried = now @ np.linalg.inv(then)

    def nose(one: Box) -> np.ndarray:
        x, y, z, length, _, height, yaw = one.box
        ahead = np.array([math.cos(yaw), math.sin(yaw), 0]) * length / 2
        return np.array([x, y, z + height / 2]) + ahead

    np.testing.assert_allclose(nose(moved), carried[:3, :3] @ nose(box) + carried[:3, 3])
    assert moved.now(then).box == pytest.approx(box.box)
    lying = np.eye(4)
    lying[:3, :3] = [[0, 0, 1], [-1, 0, 0], [0, -1, 0]]
    with pytest.raises(ValueError, match="lean"):
        box.now(lying)


def test_a_state_is_read_as_it_was_written():
    rng = random.Random(7)
    for box in (
        made(rng),
        made(rng, track="7", sure=False, ignore=True, truncated=0.25, occluded=2),
        made(rng, from_files=turned(12.5, 1e6, -3.3, 0.1)),
    ):
        assert box_of(with_box("", box)).equals(box)
        kept = json.loads(with_box('{"act": {"place": 0, "of": 2, "at": ""}}', box))
        assert kept["act"]["of"] == 2
    assert box_of(with_box("", None)) is None
    some = [made(rng, track=str(place)) for place in range(3)]
    assert all(a.equals(b) for a, b in zip(boxes_in(table_of(some)), some, strict=True))


@pytest.mark.parametrize(
    "damage",
    [
        {"at": [1, 2]},
        {"at": [1, 2, math.nan]},
        {"at": "here"},
        {"size": [1, 1, 0]},
        {"size": [1, -1, 1]},
        {"size": [math.inf, 1, 1]},
        {"yaw": None},
        {"class": 256},
        {"class": True},
        {"class": "car"},
        {"track": 3},
        {"track": "x" * 201},
        {"track": "\ud800"},
        {"occluded": 9},
        {"occluded": "much"},
        {"truncated": 2.0},
        {"truncated": []},
        {"from_files": [[1]]},
        {"from_files": [[0] * 4] * 4},
    ],
)
def test_a_damaged_box_is_said_and_never_drawn(tmp_path: Path, damage: dict):
    body = json.loads(with_box("", made(random.Random(8))))
    body["box"] |= damage
    text = json.dumps(body)
    with pytest.raises(ValueError, match=r"."):
        box_of(text)
    with closing(Answers.open(tmp_path, "ann")) as answers:
        blank = answers.blank("answer", SCANS[0], round="", unit="a/0@ann-1")
        answers.append([replace(blank, kind=BOXES, body=text)])
        boxes = BoxAnswers(answers)
        with pytest.raises(DataError, match="a/0@ann-1"):
            boxes.of(SCANS[0], HERE)
        assert boxes.class_counts() == {}


def test_a_new_box_never_has_the_name_of_one_that_was(tmp_path: Path):
    """After entries were lost to damage, and while the journal is gone."""
    with closing(Answers.open(tmp_path, "ann")) as answers:
        boxes = BoxAnswers(answers)
        for _ in range(5):
            boxes.draw(drawn_as(boxes.new_names("a/0", 1)), round="")
    with closing(sqlite3.connect(tmp_path / "ann.sqlite", isolation_level=None)) as database:
        database.execute("UPDATE entries SET points = -1 WHERE seq IN (2, 5)")
    with closing(Answers.open(tmp_path, "ann")) as answers:
        boxes = BoxAnswers(answers)
        assert "3 entries are kept, about 2 are lost" in (answers.damage or "")
        assert boxes.new_names("a/0", 2) == ["a/0@ann-6", "a/0@ann-7"]
        (head,) = boxes.draw(drawn_as(boxes.new_names("a/0", 1)), round="")
        assert head.seq == 6
        there = ["a/0@ann-1", "a/0@ann-3", "a/0@ann-4", "a/0@ann-6"]
        assert list(boxes.of(SCANS[0], HERE)) == there
        (tmp_path / "ann.sqlite").unlink()
        for _ in range(2):
            with pytest.raises(GoneError):
                boxes.draw(drawn_as(boxes.new_names("a/0", 1)), round="")
        with pytest.raises(StorageError, match=r"ann\.sqlite-wal is there already"):
            answers.save_elsewhere(tmp_path)
        (tmp_path / "saved").mkdir()
        answers.save_elsewhere(tmp_path / "saved")
    with closing(Answers.open(tmp_path / "saved", "ann")) as answers:
        assert list(BoxAnswers(answers).of(SCANS[0], HERE)) == [*there, "a/0@ann-7", "a/0@ann-8"]


def drawn_as(names: list[str]) -> list[Drawn]:
    rng = random.Random(0)
    return [Drawn(SCANS[0], name, made(rng)) for name in names]
