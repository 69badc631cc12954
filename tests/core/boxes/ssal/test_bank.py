"""A refresh of one frame's items, as the golden table has it; the bank's file; whole refreshes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.base.errors import DataError, ProjectError
from core.base.files import write_arrays
from core.base.jobs import Job
from core.boxes.geometry import points_in_boxes
from core.boxes.kinds import kinds
from core.boxes.ssal.bank import (
    FALSE,
    GT,
    PSEUDO,
    Changes,
    Item,
    Seen,
    points_of,
    refresh_frame,
    without,
)
from core.boxes.ssal.bank_file import Bank, read_bank, write_bank
from core.boxes.ssal.confident import Rule
from core.boxes.ssal.refresh import How, Judged, refreshed
from tests.core.boxes.given import golden
from tests.core.boxes.ssal.made import boxes_by_chance, frame, items_of, labels_of, prediction

NAMES = ("Car", "Pedestrian", "Cyclist")
KINDS = kinds([name.lower() for name in NAMES], "kitti")
HOW = How(Rule(), 1, 0.2, 0.5, True)


@pytest.mark.parametrize("case", golden("bank"), ids=lambda case: case["note"][:40])
def test_a_frame_is_refreshed_as_in_the_golden_table(case: dict):
    def item(one: dict) -> Item:
        origin = GT if one["origin"] == "gt" else PSEUDO
        label, points = NAMES.index(one["class"]), np.zeros((9, 4), np.float32)
        box = np.array(one["box"], float)
        return Item(box, label, one["score"], "f", points, origin, one["missed"])

    said = case["predictions"]
    seen = Seen(
        np.array([p["box"] for p in said], float).reshape(-1, 7),
        np.array([p["score"] for p in said], float),
        np.array([NAMES.index(p["class"]) for p in said], int),
        np.array([p["confident"] for p in said], bool),
        [np.zeros((p["points"], 4), np.float32) for p in said],
    )
    items, changes = [item(one) for one in case["items"]], Changes()
    after = refresh_frame(items, seen, "f", born=3, del_after=case["del_after"], changes=changes)
    assert len(after) == len(case["after"])
    for mine, wanted in zip(after, map(item, case["after"]), strict=True):
        np.testing.assert_array_equal(mine.box, wanted.box)
        for name in ("label", "score", "origin", "missed", "frame"):
            assert getattr(mine, name) == getattr(wanted, name)
    for label in range(len(NAMES)):  # what is told of a class adds up
        before, now = (sum(i.label == label for i in of) for of in (items, after))
        assert now - before == changes.new.get(label, 0) - changes.removed.get(label, 0)


def test_what_turns_out_to_be_of_another_class_is_gone_from_its_own():
    box = np.array([10, 0, 0, 4, 2, 1.5, 0.0])
    item = Item(box, 0, 0.8, "f", np.zeros((9, 4), np.float32), PSEUDO)
    part, changes = [np.zeros((9, 4), np.float32)], Changes()
    seen = Seen(box[None], np.array([0.9]), np.array([2]), np.array([True]), part)
    (after,) = refresh_frame([item], seen, "f", born=3, del_after=1, changes=changes)
    assert (after.label, after.score) == (2, 0.9)
    assert (changes.removed, changes.new, changes.replaced) == ({0: 1}, {2: 1}, {})


def test_points_of_boxes_are_those_inside_and_leave_the_background():
    rng = np.random.default_rng(0)
    boxes = boxes_by_chance(rng, 12)
    points = frame(rng, boxes)
    for box, mine in zip(boxes, points_of(points, boxes), strict=True):
        slow = points[[points_in_boxes(row[None], box[None])[0] == 0 for row in points]]
        np.testing.assert_allclose(mine[:, :3] + box[:3], slow[:, :3], atol=1e-5)
        np.testing.assert_array_equal(mine[:, 3], slow[:, 3])
    left = without(points, boxes)
    assert (points_in_boxes(left, boxes) < 0).all()
    assert len(left) == (points_in_boxes(points, boxes) < 0).sum()
    assert without(points, np.zeros((0, 7))) is points


def a_bank(seed: int = 0, boxes: int = 6) -> Bank:
    rng = np.random.default_rng(seed)
    found = boxes_by_chance(rng, boxes)
    points = frame(rng, found)
    items = items_of(points, found, "a/1")
    items[1:3] = [replace(i, origin=PSEUDO, score=0.9, missed=1, born=2) for i in items[1:3]]
    false = [replace(items[0], origin=FALSE, score=0.1, frame="a/2")] if boxes else []
    cleared = {"a/1": found, "b/3": np.zeros((0, 7)), "a/2": found[:2]}
    return Bank(items, false, cleared, 187, "k", [{"step": 0}, {"step": 187}])


@pytest.mark.parametrize("boxes", [0, 6])
def test_a_bank_is_read_as_it_was_written(tmp_path: Path, boxes: int):
    bank = a_bank(boxes=boxes)
    write_bank(tmp_path / "bank.npz", bank)
    again = read_bank(tmp_path / "bank.npz")
    for mine, its in zip((*bank.items, *bank.false), (*again.items, *again.false), strict=True):
        for name, value in vars(mine).items():
            np.testing.assert_array_equal(getattr(its, name), value)
    assert list(again.cleared) == list(bank.cleared)
    for scan, cleared in bank.cleared.items():
        np.testing.assert_array_equal(again.cleared[scan], cleared)
    assert (again.step, again.key, again.history) == (187, "k", bank.history)


@pytest.mark.parametrize(
    ("column", "change", "said"),
    [
        ("count", lambda a: a.__setitem__(0, -1), "not as many"),
        ("frame", lambda a: a.__setitem__(0, 9), "scan that it lacks"),
        ("cleared_of", lambda a: a.__setitem__(0, -2), "scan that it lacks"),
        ("backgrounds", lambda a: a.__setitem__(0, a[1]), "a scan twice"),
        ("box", lambda a: a.__setitem__((1, 3), -1), "its length"),
        ("cleared", lambda a: a.__setitem__((1, 0), np.nan), "its x"),
        ("score", lambda a: a.__setitem__(0, 1.5), "outside of 0..1"),
        ("origin", lambda a: a.__setitem__(0, 7), "from nowhere"),
        ("points", lambda a: a.__setitem__((0, 0), np.inf), "no finite number"),
        ("missed", lambda a: a.__setitem__(0, -1), "below 0"),
        ("about", lambda a: a.__setitem__(1, "{}"), "its history is none"),
        ("about", lambda a: a.__setitem__(1, "["), "is damaged"),
        ("scans", lambda a: a.__setitem__(0, "../x"), "."),
    ],
)
def test_a_damaged_bank_is_said(tmp_path: Path, column: str, change, said: str):
    write_bank(tmp_path / "bank.npz", a_bank())
    arrays = dict(np.load(tmp_path / "bank.npz"))
    change(arrays[column])
    write_arrays(tmp_path / "bank.npz", arrays)
    with pytest.raises(ProjectError, match=said):
        read_bank(tmp_path / "bank.npz")
    with pytest.raises(DataError, match="is not there"):
        read_bank(tmp_path / "other.npz")


def scene(seed: int, count: int = 30) -> tuple[dict, dict, dict]:
    """Frames of true boxes, their points, and predictions: near them, the surer the nearer."""
    rng = np.random.default_rng(seed)
    boxes, points, found = {}, {}, {}
    for number in range(8):
        scan = f"u/{number}"
        boxes[scan] = boxes_by_chance(rng, count)
        points[scan] = frame(rng, boxes[scan], ground=1500)
        score = rng.uniform(0.05, 0.99, count)
        found[scan] = prediction(
            boxes[scan] + np.array([0.1, 0, 0, 0, 0, 0, 0]), score, labels_of(boxes[scan])
        )
    return boxes, points, found


def refresh(found, points, before=None, step=0, how=HOW, known=None, people=(), boxes=None):
    return refreshed(
        before,
        people=people,
        boxes=boxes or {},
        found=found,
        read=points.__getitem__,
        judge=lambda _: known or Judged({}, {}),
        how=how,
        step=step,
        key="k",
        classes=3,
        job=Job(),
    )


def test_a_refresh_takes_the_surest_and_keeps_what_it_tells():
    _, points, found = scene(0)
    bank = refresh(found, points)
    assert bank.items
    for item in bank.items:
        limit = bank.history[-1]["classes"][str(item.label)]["threshold"]
        assert item.score >= limit
        assert len(item.points)
    assert {item.label for item in bank.false} == {0, 1, 2}
    for item in bank.false:
        assert 0.1 <= item.score <= HOW.low
        assert len(item.points) >= 5
    for scan, seen in found.items():
        np.testing.assert_array_equal(bank.cleared[scan], seen.box[seen.score > HOW.low])
    # The same again: nothing new, each replaced by itself (equal scores), nothing goes.
    again = refresh(found, points, bank, 10)
    for one in again.history[-1]["classes"].values():
        assert (one["new"], one["removed"]) == (0, 0)
        assert one["replaced"] == one["pseudo"]
    # Frames that nothing is predicted in lose their items.
    empty = {scan: prediction(np.zeros((0, 7)), [], []) for scan in found}
    gone = refresh(empty, points, again, 20)
    assert (len(gone.items), len(gone.false)) == (0, 0)
    assert [record["step"] for record in gone.history] == [0, 10, 20]


def test_a_class_that_is_wrong_too_often_gives_no_object():
    _, points, found = scene(1)
    bank = refresh(found, points)
    assert {item.label for item in bank.items} == {0, 1, 2}
    wrong = Judged({0: 4, 1: 1, 2: 1}, {0: 8, 1: 5, 2: 3})  # 2: too few to say
    after = refresh(found, points, bank, 10, known=wrong)
    assert {item.label for item in after.items} == {0, 2}
    record = after.history[-1]["classes"]
    assert [record[k]["barred"] for k in "012"] == [False, True, False]
    assert record["1"]["removed"] > 0
    paper = refresh(found, points, bank, 10, HOW._replace(min_precision=0.0), wrong)
    assert {item.label for item in paper.items} == {0, 1, 2}


def test_what_people_drew_is_never_touched():
    boxes, points, found = scene(2)
    people = items_of(points["u/0"], boxes["u/0"][:4], "u/0")
    done = {"l/9": boxes["u/1"]}
    people += items_of(points["u/1"], boxes["u/1"][:2], "l/9")
    bank = refresh(found, points, people=people, boxes=done)
    for step in (10, 20):
        mine = [item for item in bank.items if item.origin == GT]
        assert {id(item) for item in mine} == {id(item) for item in people}
        near = [i for i in bank.items if i.origin == PSEUDO and i.frame == "u/0"]
        for item in near:  # and nothing is taken for what they drew
            assert all(np.hypot(*(item.box[:2] - p.box[:2])) > 0.5 for p in people[:4])
        np.testing.assert_array_equal(bank.cleared["l/9"], boxes["u/1"])
        bank = refresh(found, points, bank, step, people=people, boxes=done)
    assert len(KINDS) == 3


def test_a_box_that_nobody_vouches_for_is_no_background_and_no_false_object():
    boxes, points, found = scene(3)
    low = found["u/0"].score <= HOW.low
    there = boxes["u/0"][low]
    assert len(there) > 1
    assert any(item.frame == "u/0" for item in refresh(found, points).false)
    bank = refresh(found, points, boxes={"u/0": there})
    cleared = bank.cleared["u/0"]
    np.testing.assert_array_equal(cleared, [*found["u/0"].box[~low], *there])
    assert (points_in_boxes(without(points["u/0"], cleared), there) < 0).all()
    assert not any(item.frame == "u/0" for item in bank.false)
