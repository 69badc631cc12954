"""Agreement of boxes: pairs by hand, frames drawn twice, and what the command line says of them."""

from __future__ import annotations

import itertools
import math
from pathlib import Path

import numpy as np
import pytest

from core.answers.box import Box
from core.answers.box_history import history_of, told
from core.answers.boxes import Drawn
from core.answers.effort import Effort
from core.base.errors import DataError
from core.boxes.geometry import rotated_iou
from core.boxes.kinds import Kind
from core.boxes.table import Boxes
from core.project.project import Project
from core.quality.box_agreement import (
    FrameRepeats,
    agreement,
    box_agreements,
    in_words,
    paired,
)
from tests.commands import CommandLine
from tests.streets import small_project

ABOUT = [Kind((4.0, 2.0, 1.5), 0.7, 0.5), Kind((0.8, 0.6, 1.7), 0.5, 0.25), Kind(None)]
CAR = [10.0, 0.0, 0.0, 4.0, 2.0, 1.5, 0.0]


def at(ahead: float, aside: float = 0.0, **more) -> list[float]:
    box = dict(zip(("x", "y", "z", "l", "w", "h", "yaw"), CAR, strict=True))
    return list({**box, "x": ahead, "y": aside, **more}.values())


def test_boxes_are_paired_by_the_largest_overlap_whatever_their_class():
    # Shifted by 1 of 4 m two boxes share 3 of 5 m; by 0.5 m 3.5 of 4.5 m.
    first = Boxes.of([at(10), at(30), at(50)], [0, 0, 1])
    second = Boxes.of([at(11), at(10.5), at(30, yaw=math.pi), at(80)], [0, 1, 0, 2])
    found = paired(first, second, ABOUT)
    assert found.first.tolist() == [1, 0]
    assert found.second.tolist() == [2, 1]
    np.testing.assert_allclose(found.overlap, [1, 3.5 / 4.5], atol=1e-9)
    np.testing.assert_allclose(found.turn, [math.pi, 0], atol=1e-9)
    assert found.only_first.tolist() == [2]
    assert found.only_second.tolist() == [0, 3]


def test_at_the_loose_limit_itself_two_boxes_are_two_things():
    first, second = Boxes.of([at(10, l=3)], [0]), Boxes.of([at(11, l=3)], [0])  # 2 of 4 m
    assert len(paired(first, second, ABOUT).first) == 0
    assert len(paired(first, Boxes.of([at(10.99, l=3)], [0]), ABOUT).first) == 1


def test_regions_to_ignore_are_no_things_and_excuse_what_lies_in_them():
    first = Boxes.of([at(10), at(30, l=20, w=20)], [0, 0], ignore=[False, True])
    second = Boxes.of([at(32), at(10), at(70)], [0, 0, 0])
    found = paired(first, second, ABOUT)
    assert found.only_first.tolist() == []
    assert found.only_second.tolist() == [2]
    back = paired(second, first, ABOUT)
    assert (back.only_first.tolist(), back.only_second.tolist()) == ([2], [])


@pytest.mark.parametrize("seed", range(8))
def test_no_pair_could_be_bettered_by_two_boxes_that_are_free(seed: int):
    """The reference takes pairs one by one, the best of all that are left."""
    rng = np.random.default_rng(seed)

    def some() -> Boxes:
        box = np.tile(CAR, (6, 1)) + rng.normal(0, 1.2, (6, 7)) * [1, 1, 0.1, 0.1, 0.1, 0.1, 0.2]
        return Boxes.of(box, rng.integers(0, 2, 6))

    first, second = some(), some()
    overlap = rotated_iou(first.box, second.box)[1]
    wanted, pairs = [], list(itertools.product(range(6), range(6)))
    while pairs:
        best = max(pairs, key=lambda pair: overlap[pair])
        if not overlap[best] > 0:
            break
        pairs = [p for p in pairs if p != best]
        if overlap[best] > ABOUT[first.label[best[0]]].loose:
            wanted.append(best)
            pairs = [p for p in pairs if p[0] != best[0] and p[1] != best[1]]
    found = paired(first, second, ABOUT)
    assert list(zip(found.first.tolist(), found.second.tolist(), strict=True)) == wanted


def test_numbers_of_a_class_by_hand():
    """Three cars: one drawn alike, one as a pedestrian, one missed; one car too many."""
    counted = Boxes.of([at(10), at(30), at(50)], [0, 0, 0])
    blind = Boxes.of([at(10.5), at(30), at(90)], [0, 1, 0])
    found = agreement([(counted, blind)], ABOUT)
    assert (found.frames, found.boxes) == (1, 3)
    assert found.found == pytest.approx(2 * 2 / 6)
    assert found.same_class == 0.5
    car = found.of_class(0)
    assert (car.counted, car.blind) == (3, 2)
    assert car.found == pytest.approx(2 * 1 / 5)
    assert car.overlap == pytest.approx((1 + 3.5 / 4.5) / 2)
    assert car.strict == 1.0
    assert found.of_class(2).found is None
    none = agreement([(counted, Boxes.of(np.zeros((0, 7)), []))], ABOUT)
    assert (none.found, none.same_class) == (0.0, None)


# Drawn twice ---------------------------------------------------------------------------------


def draw(project: Project, scan: str, boxes: list[Box], *, blind: bool = False) -> list[str]:
    """Draw boxes in a scan and finish it; their names."""
    ref = project.scan_ref(scan)
    names = project.boxes.new_names(scan, len(boxes))
    drawn = [Drawn(ref, name, box, Effort(active_s=4.0, tool="click"))
             for name, box in zip(names, boxes, strict=True)]  # fmt: skip
    project.boxes.draw(drawn, round="", blind=blind)
    project.boxes.finish(ref, round="", blind=blind)
    return names


@pytest.fixture
def path(tmp_path: Path, small_street: Path, monkeypatch) -> Path:
    """Ann drew two cars in a frame and one in another; she drew the first again, and Bob both,
    without seeing hers."""
    monkeypatch.setenv("LIDARLOOP_ANNOTATOR", "ann")
    with small_project(tmp_path / "p", small_street) as project:
        one, other = project.dataset.train[:2]
        draw(project, one, [Box(np.array(at(10)), 0), Box(np.array(at(30)), 0)])
        draw(project, other, [Box(np.array(at(10)), 0)])
        draw(project, one, [Box(np.array(at(10.5)), 0)], blind=True)
    monkeypatch.setenv("LIDARLOOP_ANNOTATOR", "bob")
    with Project(tmp_path / "p") as project:
        names = draw(project, one, [Box(np.array(at(10)), 1), Box(np.array(at(31)), 0)], blind=True)
        moved = Box(np.array(at(30)), 0)
        project.boxes.draw([Drawn(project.scan_ref(one), names[1], moved)], round="", blind=True)
        project.boxes.draw([Drawn(project.scan_ref(other), "gone", moved)], round="", blind=True)
        project.answers.undo()
        draw(project, other, [], blind=True)
    return tmp_path / "p"


def test_frames_drawn_twice_are_compared_and_change_no_box(path: Path):
    with Project(path) as project:
        one, other = project.dataset.train[:2]
        assert [len(project.boxes_of(scan)) for scan in (one, other)] == [2, 1]
        assert project.boxes.finished == {one, other}
        assert project.boxes.class_counts() == {0: 3}
        found = box_agreements(project)
        assert set(found) == {("ann", "ann"), ("bob", "ann")}
        again, bob = found["ann", "ann"], found["bob", "ann"]
        assert (again.frames, again.found) == (1, pytest.approx(2 / 3))
        assert again.overlap.tolist() == [pytest.approx(3.5 / 4.5)]
        # Of three cars Bob has two, at their places after his last change, one of another class.
        assert (bob.frames, bob.boxes, bob.found) == (2, 3, pytest.approx(4 / 5))
        assert bob.same_class == 0.5
        np.testing.assert_allclose(bob.overlap, 1)


def test_boxes_that_nobody_looked_at_are_not_missing_in_a_second_drawing(
    tmp_path: Path, small_street: Path, monkeypatch
):
    """A copied box was left dashed where the frame was finished: whoever sees no thing there, or
    one, is right."""
    monkeypatch.setenv("LIDARLOOP_ANNOTATOR", "ann")
    with small_project(tmp_path / "p", small_street) as project:
        one = project.dataset.train[0]
        copies = [Box(np.array(at(x)), 0, sure=False) for x in (30, 50)]
        draw(project, one, [Box(np.array(at(10)), 0), *copies])
    monkeypatch.setenv("LIDARLOOP_ANNOTATOR", "bob")
    with Project(tmp_path / "p") as project:
        draw(project, one, [Box(np.array(at(10)), 0), Box(np.array(at(50)), 0)], blind=True)
        found = box_agreements(project)["bob", "ann"]
    assert (found.boxes, found.found) == (1, 1.0)


def test_the_command_line_says_it(path: Path, capsys):
    said = CommandLine(capsys)("agreement", path, "--task", "boxes")
    assert said.code == 0
    assert said.out.splitlines()[0] == (
        "ann again: 1 frames, 2 boxes, found by both 67%, IoU 0.78, same class 100%"
    )
    assert "bob on ann: 2 frames, 3 boxes, found by both 80%, IoU 1.00" in said.out
    assert "3 and 1 boxes" in said.out


def test_a_blind_frame_that_was_taken_back_is_compared_no_more(path: Path):
    with Project(path) as project:
        project.answers.undo()  # Bob's second frame
        assert box_agreements(project)["bob", "ann"].frames == 1
        project.answers.redo()
        project.boxes.reopen(project.scan_ref(project.dataset.train[0]))
        assert set(box_agreements(project)) == {("bob", "ann")}  # the other is in question again


def test_nothing_drawn_twice_is_said(tmp_path: Path, small_street: Path, capsys):
    small_project(tmp_path / "p", small_street).close()
    said = CommandLine(capsys)("agreement", tmp_path / "p", "--task", "boxes")
    assert (said.code, said.out) == (0, "No frame was drawn twice yet.\n")


def test_a_frame_is_seen_again_once_and_late(path: Path, monkeypatch):
    monkeypatch.setattr("core.quality.box_agreement.REPEATS", 0.999999)
    monkeypatch.setattr("core.quality.box_agreement.LATER", 1)
    monkeypatch.setenv("LIDARLOOP_ANNOTATOR", "bob")
    with Project(path) as project:
        frames = project.dataset.train
        repeats = FrameRepeats(project)
        draw(project, frames[2], [])
        repeats.note(frames[2])
        assert repeats.due() is None
        draw(project, frames[1], [])
        repeats.note(frames[1])
        assert repeats.due() == FrameRepeats(project).due() == frames[2]
        repeats.postpone(frames[2])
        assert repeats.due() is None
        draw(project, frames[2], [], blind=True)
        assert FrameRepeats(project).due() is None


def test_a_frame_that_is_not_finished_any_more_is_not_seen_again(path: Path, monkeypatch):
    """It was undone, declined or opened again; finished anew, it comes as late as before."""
    monkeypatch.setattr("core.quality.box_agreement.REPEATS", 0.999999)
    monkeypatch.setattr("core.quality.box_agreement.LATER", 1)
    monkeypatch.setenv("LIDARLOOP_ANNOTATOR", "bob")
    with Project(path) as project:
        boxes, repeats = project.boxes, FrameRepeats(project)
        first, other, last = project.dataset.train[:3]
        ref = project.scan_ref(last)

        def finish(scan: str) -> None:
            boxes.finish(project.scan_ref(scan), round="")
            repeats.note(scan)

        for take_back in (
            project.answers.undo,
            lambda: boxes.reopen(ref),
            lambda: boxes.decline(ref, round=""),
        ):
            finish(last)
            take_back()
            finish(first)  # which Bob has drawn blind already
            assert repeats.due() is None
        boxes.reopen(ref)
        finish(last)
        assert repeats.due() is None
        finish(other)
        assert repeats.due() == FrameRepeats(project).due() == last


def test_blind_boxes_of_another_file_are_refused(path: Path, monkeypatch):
    with Project(path) as project:
        one = project.dataset.train[0]
        ref = project.scan_ref(one)
        with pytest.raises(DataError, match="changed since bob labelled"):
            project.boxes.blind_of(ref._replace(hash="other"), np.eye(4), "bob")


def test_the_history_of_a_box_says_who_did_what(path: Path):
    with Project(path) as project:
        scan = project.dataset.train[0]
        ref, (name, _) = project.scan_ref(scan), list(project.boxes_of(scan))
        first = project.boxes_of(scan)[name]
        second = first.edited(box=np.array(at(10.5, l=4.25, yaw=0.1)), label=1)
        project.boxes.draw([Drawn(ref, name, second)], round="")
        project.boxes.draw([Drawn(ref, name, None)], round="")
        project.answers.undo()
        states = project.boxes.states(scan, name)
        undone = project.answers.folds["boxes"].undone
        steps = history_of(states, undone, ["car", "van"])
        assert [(step.who, step.what, step.undone) for step in steps] == [
            ("ann", "drawn as car", False),
            ("bob", "car → van, moved 0.50 m, l 4.00 → 4.25 m, turned +5.7°", False),
            ("bob", "taken away", True),
        ]
        assert told(steps[2]).endswith("bob: taken away (taken back)")
        assert (steps[0].tool, steps[0].seconds) == ("click", 4.0)


def test_words_of_nothing_to_compare():
    none = agreement([], ABOUT)
    assert in_words(("b", "a"), none) == (
        "b on a: 0 frames, 0 boxes, found by both –, IoU –, same class –"
    )
