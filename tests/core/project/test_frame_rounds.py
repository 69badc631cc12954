"""Rounds of frames by detectors: nobody peeks, frames are ranked anew, budgets close, and what is
missing or damaged is said."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.answers.box import COPY
from core.answers.boxes import Drawn
from core.answers.effort import Effort
from core.base.errors import DataError, ProjectError
from core.base.files import write_arrays
from core.base.jobs import Job
from core.boxes.ssal.cpsp import BANK
from core.cli.boxes import status
from core.data.class_rows import rows_of
from core.exchange.box_files import Truth
from core.frame_steps import annotate_frames, ask_frames
from core.project.box_status import box_status, told
from core.project.box_training import freeze
from core.project.change_classes import change_rows
from core.project.frame_pool import frame_pool
from core.project.project import Project
from core.query.box_strategies import box_strategies, walk
from core.query.box_strategies.cal import LEVEL, LIFTED
from core.query.box_strategies.walk import Done, Taken, Walk
from core.rounds import frame_order
from core.rounds.frame_order import FrameOrder
from core.rounds.frame_queue import CANDIDATES, read_queue
from tests.core.project.frame_world import begun, draw, opened, say, write_world


@pytest.fixture
def classes() -> tuple[int, int, int]:
    from core.data.classes import load_classes

    names = load_classes("kitti").names
    return names.index("car"), names.index("pedestrian"), names.index("cyclist")


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_boxes_that_nobody_looked_at_count_for_no_class(tmp_path: Path, classes):
    """One car was drawn and two were copied from it; the frame was finished without a look."""
    car = classes[0]
    with opened(tmp_path / "p") as project:
        scan = project.dataset.train[0]
        draw(project, scan, [car], "", finish=False)
        ref, (box,) = project.scan_ref(scan), project.boxes_of(scan).values()
        places = box.box + np.eye(7)[1] * [[4], [8]]
        copies = [replace(box.edited(box=place), sure=False) for place in places]
        names = project.boxes.new_names(scan, 2)
        drawn = [Drawn(ref, n, b, Effort(tool=COPY)) for n, b in zip(names, copies, strict=True)]
        project.boxes.draw(drawn, round="")
        project.boxes.finish(ref, round="")
        assert project.boxes.counts_by_scan() == {scan: 3}
        pool = frame_pool(project)
        assert pool.labelled[car] == pool.labelled.sum() == 1
        project.boxes.draw(
            [Drawn(ref, names[0], copies[0].edited(), Effort(tool="accept"))], round=""
        )
        assert frame_pool(project).labelled[car] == 2


def test_regions_to_ignore_spend_no_budget_and_are_of_no_class(tmp_path: Path, classes):
    car = classes[0]
    with opened(tmp_path / "p") as project:
        found = ask_frames(project, Job(), boxes=3)
        first, second = found.query.items[:2]
        before = frame_pool(project).frames
        place = before.scans.index(second)
        for scan, many in ((first, 3), (second, int(before.costs[place]) + 2)):
            draw(project, scan, [car] * many, found.id, finish=False)
            ref, drawn = project.scan_ref(scan), project.boxes_of(scan).items()
            ignored = [Drawn(ref, name, box.edited(ignore=True)) for name, box in drawn]
            project.boxes.draw(ignored, round=found.id)
        project.boxes.finish(project.scan_ref(first), round=found.id)
        now = project.frame_order.of(found)
        assert (now.boxes, now.closed) == (0, False)
        assert second in now.frames
        pool = frame_pool(project)
        assert pool.labelled.sum() == 0
        assert pool.frames.drawn[place] == 0
        assert pool.frames.costs[place] <= before.costs[place]
        assert len(pool.regions[second]) == before.costs[place] + 2
        assert box_status(project)["boxes"] == 0
        with pytest.raises(ProjectError, match="No finished frame has a box that somebody"):
            freeze(project, found.folder)


def test_minutes_that_hold_no_frame_are_told(tmp_path: Path):
    with opened(tmp_path / "p") as project:
        with pytest.raises(ProjectError, match=r"0\.01 minutes are too few: a frame is expected"):
            ask_frames(project, Job(), minutes=0.01)
        assert not project.frame_rounds


@pytest.mark.parametrize("order", ["live", "frozen"])
def test_scrambled_labels_of_the_pool_change_no_byte_of_any_query(tmp_path, classes, order: str):
    """Two datasets with the same points and other boxes: every strategy asks the same, and after
    each frame that a person finishes the same is open, in the same order, for the same reasons."""
    with (
        opened(tmp_path / "a", order=order) as one,
        opened(tmp_path / "b", labels=1, order=order) as two,
    ):
        scan = one.dataset.train[0]
        names = one.classes.names
        mine, its = (Truth(project.dataset, names).of(scan) for project in (one, two))
        assert not mine.equals(its)
        for project in (one, two):
            begun(project, classes)
        rng = np.random.default_rng(0)
        for name in box_strategies():
            count = 4 if name == "cal" else 2
            asked = [
                ask_frames(project, Job(), strategy=name, frames=count) for project in (one, two)
            ]
            kept = bytes_of(asked[0].folder)
            assert kept == bytes_of(asked[1].folder)
            assert (CANDIDATES in kept) == name.startswith("cal")
            while waiting := one.open_frames(asked[0]):
                now = [p.frame_order.of(r) for p, r in zip((one, two), asked, strict=True)]
                assert now[0] == now[1]
                labels = [classes[k] for k in rng.integers(0, 3, int(rng.integers(0, 2)))]
                for project, found in zip((one, two), asked, strict=True):
                    draw(project, waiting[0], labels, found.id)
            for project, found in zip((one, two), asked, strict=True):
                say(found.folder, project)


def test_open_frames_are_ranked_anew_by_what_was_drawn(tmp_path, classes):
    """Against Alg. 1 walked from the start, the finished frames as they were drawn; out of order,
    with a frame put back, and one that cannot be labelled."""
    _, pedestrian, cyclist = classes
    with opened(tmp_path) as project:
        begun(project, classes)
        found = ask_frames(project, Job(), boxes=40)
        query, order = found.query, project.frame_order
        assert query.strategy == "cal"
        assert query.checkpoint == "ab heat_iou"
        assert tuple(order.of(found).frames) == query.items
        queue = read_queue(found.file(CANDIDATES))

        def slow(done: dict[str, list[int]], gone: set[str] = frozenset()) -> list[str]:
            left = [s for s in query.items if s not in done and s not in gone]
            frames = queue.frames.take([query.place_of[s] for s in (*done, *left)])
            counts = [np.bincount(labels, minlength=len(queue.limits)) for labels in done.values()]
            walk = Walk(
                frames,
                queue.limits,
                queue.settings,
                done=[Done(k, of) for k, of in enumerate(counts)],
                level=int(query.columns[LEVEL][query.place_of[left[0]]]),
                lifted=bool(query.columns[LIFTED][query.place_of[left[0]]]),
            )
            return [frames.names[taken.place] for taken in walk]

        changed = 0
        done: dict[str, list[int]] = {}
        for k in (3, 0, 5):  # as a person may go
            scan = query.items[k]
            done[scan] = [pedestrian] * 4 + [cyclist] * k
            draw(project, scan, done[scan], found.id)
            now = order.of(found)
            assert list(now.frames) == slow(done)
            changed += list(now.frames) != [s for s in query.items if s not in done]
            assert all(now.frames.reason(scan) for scan in now.frames)
        assert changed
        assert order.shares(found)[pedestrian][0] == 12
        project.boxes.reopen(project.scan_ref(query.items[0]))
        done.pop(query.items[0])
        assert project.open_frames(found) == slow(done)
        lost = query.items[1]
        project.boxes.decline(project.scan_ref(lost), round=found.id)
        assert project.open_frames(found) == slow(done, {lost})
        with Project(tmp_path / "project", read_only=True) as again:
            assert again.open_frames(again.frame_rounds[-1]) == slow(done, {lost})


def walks(monkeypatch) -> list[int]:
    """Grows with each walk over a queue."""
    seen: list[int] = []

    class Counted(Walk):
        def __init__(self, *given, **more) -> None:
            seen.append(len(seen))
            super().__init__(*given, **more)

    monkeypatch.setattr("core.rounds.frame_order.Walk", Counted)
    return seen


def test_frames_are_ranked_anew_only_by_what_moves_them(tmp_path, classes, monkeypatch):
    """Boxes of open frames do not, nor do those of finished frames that were not asked for."""
    car = classes[0]
    with opened(tmp_path) as project:
        begun(project, classes)
        found = ask_frames(project, Job(), boxes=40)
        order, seen = project.frame_order, walks(monkeypatch)
        one, two, *_ = found.query.items
        free = next(s for s in project.dataset.train if s in project.boxes.finished)
        asked = [order.of(found)]
        for scan in (one, two, free):
            draw(project, scan, [car], found.id, finish=False)
            asked.append(order.of(found))
            order.shares(found)
        assert len(seen) == 1
        assert all(now is asked[0] for now in asked)
        project.boxes.finish(project.scan_ref(one), round=found.id)
        assert (order.of(found).boxes, order.shares(found)[car][0], len(seen)) == (1, 1, 2)
        draw(project, two, [car], found.id, finish=False)
        assert (order.of(found).boxes, len(seen)) == (1, 2)
        draw(project, one, [car], found.id, finish=False)
        assert (order.of(found).boxes, order.shares(found)[car][0], len(seen)) == (2, 2, 3)
        project.answers.undo()
        assert (order.of(found).boxes, order.shares(found)[car][0], len(seen)) == (1, 1, 4)


@pytest.mark.parametrize("order", ["live", "frozen"])
def test_what_is_kept_of_a_round_is_what_one_finds_who_looks_for_the_first_time(
    tmp_path, classes, order: str
):
    rng = np.random.default_rng(4)
    with opened(tmp_path, order=order) as project:
        begun(project, classes)
        found = ask_frames(project, Job(), boxes=40)
        boxes, kept, different = project.boxes, project.frame_order, set()
        for _ in range(60):
            scan = str(rng.choice(found.query.items[:6]))
            act = rng.choice(["draw", "clear", "finish", "decline", "reopen", "undo"])
            names = list(project.boxes_of(scan))
            if act == "draw":
                labels = [classes[k] for k in rng.integers(0, 3, 2)]
                draw(project, scan, labels, found.id, finish=False)
            elif act == "clear":
                ref = project.scan_ref(scan)
                boxes.draw([Drawn(ref, name, None) for name in names], round=found.id)
            elif act == "undo":
                project.answers.undo()
            elif act == "reopen":
                boxes.reopen(project.scan_ref(scan))
            else:
                getattr(boxes, act)(project.scan_ref(scan), round=found.id)
            fresh = FrameOrder(boxes, project.classes)
            assert kept.of(found) == fresh.of(found)
            assert kept.shares(found) == fresh.shares(found)
            different.add(tuple(kept.of(found).frames))
        assert len(different) > 10


def test_frozen_keeps_the_order_of_the_query(tmp_path, classes):
    with opened(tmp_path, order="frozen") as project:
        begun(project, classes)
        found = ask_frames(project, Job(), boxes=40)
        for place, scan in enumerate(found.query.items[:6]):
            draw(project, scan, [classes[1]] * 4, found.id)
            assert project.open_frames(found) == list(found.query.items[place + 1 :])


def test_a_round_closes_when_its_boxes_are_drawn(tmp_path, classes):
    car = classes[0]
    with opened(tmp_path) as project:
        begun(project, classes)
        found = ask_frames(project, Job(), strategy="random", boxes=9)
        assert found.query.budget["closes_at"] == 9
        assert sum(found.query.cost) >= 6 * 9 > sum(found.query.cost[:-1])
        one, two, *rest = found.query.items
        assert rest
        draw(project, one, [car] * 5, found.id)
        assert project.open_frames(found) == [two, *rest]
        with pytest.raises(ProjectError, match="still has"):
            ask_frames(project, Job())
        draw(project, two, [car] * 5, found.id)
        assert not project.open_frames(found)
        project.boxes.reopen(project.scan_ref(two))
        assert project.open_frames(found) == [two, *rest]
        draw(project, two, [], found.id)
        following = ask_frames(project, Job(), strategy="random", frames=16)
        assert set(rest) <= set(following.query.items)  # what it had no room for is asked again


def test_the_oracle_stops_at_the_budget(tmp_path, classes):
    with opened(tmp_path) as project:
        begun(project, classes)
        found = ask_frames(project, Job(), boxes=6)
        annotate_frames(project, Job(), oracle="boxes")
        counts = project.boxes.counts_by_scan()
        order = [scan for scan in project.boxes.finished_in_order() if scan in found.query.items]
        drawn = [counts.get(scan, 0) for scan in order]
        assert sum(drawn) >= 6 or len(order) == len(found.query.items)
        assert sum(drawn[:-1]) < 6


def test_labelled_boxes_are_those_of_finished_frames(tmp_path, classes):
    car, _, cyclist = classes
    with opened(tmp_path) as project:
        begun(project, classes)
        free = next(s for s in project.dataset.train if s not in project.boxes.finished)
        before = frame_pool(project)
        assert before.labelled.sum() == 24
        draw(project, free, [car, cyclist, cyclist], "", finish=False)
        now = frame_pool(project)
        assert now.labelled.tolist() == before.labelled.tolist()
        assert now.frames.costs[now.frames.scans.index(free)] >= 3
        project.boxes.finish(project.scan_ref(free), round="")
        assert frame_pool(project).labelled[cyclist] == before.labelled[cyclist] + 2


def test_what_is_missing_or_damaged_is_one_sentence(tmp_path, classes):
    with opened(tmp_path) as project:
        for name in ("cal", "cal-normal", "entropy", "kecor"):
            with pytest.raises(ProjectError, match="none has looked at the frames yet"):
                ask_frames(project, Job(), strategy=name)
        begun(project, classes, most=0, cpsp=False)
        found = ask_frames(project, Job(), strategy="cal", frames=3)
        assert "by chance" in found.query.reason[0]
        assert not found.file(CANDIDATES).exists()
        for scan in found.query.items:
            draw(project, scan, [], found.id)
        say(found.folder, project, cpsp=False)
        found = ask_frames(project, Job(), frames=4)
        assert "the detectors are unsure" in found.query.reason[0]
        arrays = dict(np.load(found.file(CANDIDATES)))
        for column, value in (("count", -1), ("label", 99), ("score", 7.0), ("limits", np.inf)):
            harmed = {name: array.copy() for name, array in arrays.items()}
            harmed[column][0] = value
            write_arrays(found.file(CANDIDATES), harmed)
            with Project(tmp_path / "project", read_only=True) as again:
                with pytest.raises(DataError, match=r"candidates\.npz is damaged"):
                    again.open_frames(again.frame_rounds[-1])
        for text in ("{}", "[", '{"order": 3}'):
            write_arrays(found.file(CANDIDATES), {**arrays, "settings": np.array([text])})
            with Project(tmp_path / "project", read_only=True) as again:
                with pytest.raises(DataError, match="its settings are none"):
                    again.open_frames(again.frame_rounds[-1])
        found.file(CANDIDATES).unlink()
        with Project(tmp_path / "project", read_only=True) as again:
            assert again.open_frames(again.frame_rounds[-1]) == list(found.query.items)


@pytest.mark.parametrize("weights", ["normal", "cpsp"])
def test_no_older_detector_chooses_in_place_of_one_that_has_not_looked(tmp_path, classes, weights):
    with opened(tmp_path) as project:
        begun(project, classes, cpsp=False)
        first = project.frame_rounds[-1]
        if weights == "normal":
            second = ask_frames(project, Job(), frames=2)
            for scan in second.query.items:
                draw(project, scan, [], second.id)
            trained = second
        else:
            trained = first
        trained.file(f"{weights}.safetensors").write_bytes(b"weights")
        with pytest.raises(ProjectError, match=f"of {trained.id} has not looked") as told_of:
            ask_frames(project, Job())
        assert "lidarloop score" in told_of.value.do
        say(trained.folder, project)
        assert ask_frames(project, Job()).query.strategy == "cal"


def test_a_query_says_that_it_leaves_an_interrupted_training(tmp_path, classes):
    said: list[str] = []
    job = Job(lambda report: said.append(report.said) if report.said else None)
    with opened(tmp_path) as project:
        draw(project, project.dataset.train[0], [classes[0]], "")
        ask_frames(project, job, frames=2)
        assert said == []
        first = project.frame_rounds[-1]
        for scan in first.query.items:
            draw(project, scan, [], first.id)
        freeze(project, first.folder)
        second = ask_frames(project, job, frames=2)
        (left,) = said
        for scan in second.query.items:
            draw(project, scan, [], second.id)
        freeze(project, second.folder)
        for name in (BANK, "normal.safetensors"):  # the second detector was interrupted
            second.file(name).write_bytes(b"")
        ask_frames(project, job, frames=2, strategy="random")
        (alone,) = said[1:]
        assert alone.startswith(f"The second detector of {second.id} has no result")
    assert left.startswith(f"The training of {first.id} has no result")


def test_status_tells_rounds_and_shares(tmp_path, classes):
    with opened(tmp_path) as project:
        begun(project, classes)
        found = ask_frames(project, Job(), boxes=20)
        draw(project, found.query.items[0], [classes[1]] * 3, found.id)
        value = box_status(project)
        last = value["rounds"][-1]
        assert (last["strategy"], last["closes_at"], last["boxes"]) == ("cal", 20, 3)
        assert last["shares"]["pedestrian"]["boxes"] == 3
        assert [one["frame"] for one in last["next"]] == project.open_frames(found)
        lines = "\n".join(told(project, value))
        assert "3 of 20 boxes drawn" in lines
        assert "pedestrian               3, its share" in lines
        assert f"next: {last['next'][0]['frame']}: the detectors are unsure" in lines


def test_validation_frames_that_are_finished_move_no_query(tmp_path, classes):
    """They only measure. The minutes that they took tell nothing of the pool's frames either."""
    write_world(tmp_path / "root")
    with Project.create(
        tmp_path / "project",
        format="kitti-tracking",
        root=tmp_path / "root",
        train=["training/0000:000000-000019"],
        validation=["training/0000:000020-000025"],
        preset="laptop",
    ) as project:
        assert (len(project.dataset.train), len(project.dataset.validation)) == (20, 6)
        one, *_ = project.dataset.train
        draw(project, one, [classes[0]] * 3, "")
        before, minutes = frame_pool(project), project.boxes.minutes()
        for scan in project.dataset.validation:
            draw(project, scan, [classes[0]] * 9, "", finish=False)
            project.boxes.finish(project.scan_ref(scan), round="", effort=Effort(active_s=60.0))
        now = frame_pool(project)
        np.testing.assert_array_equal(now.labelled, before.labelled)
        np.testing.assert_array_equal(now.frames.costs, before.frames.costs)
        assert now.frames.seconds == before.frames.seconds
        assert project.boxes.minutes() == minutes + 6
        value = box_status(project)
        assert (value["frames"], value["finished"]) == (20, 1)
        project.boxes.finish(project.scan_ref(one), round="", effort=Effort(active_s=90.0))
        assert project.boxes.minutes_in(project.dataset.train) == minutes + 1.5
        project.answers.undo()
        assert project.boxes.minutes_in(project.dataset.train) == minutes


def test_a_finished_frame_costs_no_walk_through_the_whole_queue(tmp_path, classes, monkeypatch):
    """The next frame is found alone, those behind it as they are looked at; and what the finished
    frames make of Sim is kept, until one is put back."""
    taken, made = [], []
    monkeypatch.setattr(walk, "Taken", lambda *of: taken.append(of) or Taken(*of))
    with opened(tmp_path) as project:
        begun(project, classes)
        found = ask_frames(project, Job(), boxes=40)
        count = len(found.query.items)
        like = frame_order.Likeness
        monkeypatch.setattr(
            frame_order, "Likeness", lambda *a, **b: made.append(a) or like(*a, **b)
        )
        taken.clear()
        for done in range(5):
            now = project.open_frames(found)
            assert len(now) == count - done > 4
            draw(project, now[0], [classes[1]] * 2, found.id)
        assert len(taken) == 5
        status(project, as_json=False)  # prints the next one alone
        assert (len(taken), len(made)) == (6, 1)
        alone = FrameOrder(project.boxes, project.classes).of(found)
        assert project.frame_order.of(found) == alone
        made.clear()
        project.answers.undo()
        assert project.open_frames(found)[0] == now[0]
        assert len(made) == 1


def test_a_class_keeps_its_weight_when_it_is_renamed(tmp_path):
    with opened(tmp_path, class_weights="car 2, van 0.5") as project:
        rows = rows_of(project.classes)
        label = project.classes.names.index("car")
        rows[label] = replace(rows[label], name="auto")
        change_rows(project, rows)
        assert frame_pool(project).settings.class_weights == "auto 2.0, van 0.5"
        assert project.settings.ssal.class_weights == "car 2, van 0.5"
