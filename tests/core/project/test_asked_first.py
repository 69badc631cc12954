"""What is asked first, whatever the strategy chose; and what a strategy may not choose."""

from __future__ import annotations

import shutil
from dataclasses import replace

import numpy as np
import pytest

from core.answers.box import COPY
from core.answers.boxes import Drawn
from core.answers.effort import Effort
from core.base.errors import ProjectError
from core.base.jobs import Job
from core.boxes.predictions import read_predictions, write_predictions
from core.frame_steps import ask_frames
from core.project.box_status import box_status, told
from core.project.project import Project
from core.query.frame_pool import OPENED_AGAIN
from core.query.selection import Selection
from tests.core.project.frame_world import begun, draw, opened, say


@pytest.fixture
def classes() -> tuple[int, int, int]:
    from core.data.classes import load_classes

    names = load_classes("kitti").names
    return names.index("car"), names.index("pedestrian"), names.index("cyclist")


@pytest.mark.parametrize("order", ["live", "frozen"])
@pytest.mark.parametrize("name", ["cal", "entropy", "random"])
def test_a_frame_that_was_opened_again_is_asked_first(tmp_path, classes, name: str, order: str):
    """No detector has looked at it: by what is found in it it would be the last."""
    with opened(tmp_path, order=order) as project:
        begun(project, classes)
        first = project.frame_rounds[-1]
        again = sorted(first.query.items[2:5], key=list(project.dataset.train).index)
        for model in ("normal", "cpsp"):
            path = first.file(f"{model}-boxes.npz")
            found = read_predictions(path, classes=len(project.classes))
            seen = {s: f for s, f in found.frames.items() if s not in again}
            write_predictions(path, replace(found, frames=seen))
        plain = ask_frames(project, Job(), strategy=name, frames=6)
        for scan in plain.query.items:
            draw(project, scan, [], plain.id)
        for model in ("normal", "cpsp"):
            shutil.copy(first.file(f"{model}-boxes.npz"), plain.folder)
        for scan in reversed(again):
            project.boxes.reopen(project.scan_ref(scan))
        found = ask_frames(project, Job(), strategy=name, frames=6)
        assert list(found.query.items[:3]) == again
        assert set(found.query.reason[:3]) == {OPENED_AGAIN}
        assert OPENED_AGAIN not in found.query.reason[3:]
        assert len(found.query.items) == 6
        now = project.frame_order.of(found).frames
        assert list(now) == list(found.query.items)
        assert [now.reason(scan) for scan in now] == list(found.query.reason)
        # One of them and one of the others are done; one is opened a second time.
        for scan in (again[1], found.query.items[4]):
            draw(project, scan, [classes[1]] * 3, found.id)
        if name == "cal":  # what was opened again is none of what it balances
            assert project.frame_order.shares(found)[classes[1]][0] == 3
        left = project.open_frames(found)
        assert left[:2] == [again[0], again[2]]
        assert sorted(left[2:]) == sorted(found.query.items[k] for k in (3, 5))
        project.boxes.reopen(project.scan_ref(again[1]))
        assert project.open_frames(found)[:3] == again
        with Project(tmp_path / "project", read_only=True) as other:
            assert other.open_frames(other.frame_rounds[-1]) == project.open_frames(found)
            assert "asked first" in "\n".join(told(other, box_status(other)))
        for scan in project.open_frames(found):
            draw(project, scan, [], found.id)
        assert not project.boxes.reopened
        # Of a budget that holds no more they are all.
        older = plain.query.items[0]
        project.boxes.reopen(project.scan_ref(older))
        say(found.folder, project)
        assert ask_frames(project, Job(), strategy=name, frames=1).query.items == (older,)


@pytest.mark.parametrize("again", [False, True])
@pytest.mark.parametrize(
    "units", [np.array([False, True]), None, np.array([[0, 1]]), np.array([0.5]), np.array([99])]
)
def test_what_a_plug_in_may_not_choose_is_a_sentence(tmp_path, classes, monkeypatch, units, again):
    with opened(tmp_path) as project:
        if again:
            begun(project, classes)
            first = project.frame_rounds[-1].query.items[0]
            other = ask_frames(project, Job(), strategy="random", frames=1)
            draw(project, other.query.items[0], [], other.id)
            project.boxes.reopen(project.scan_ref(first))
        chosen = Selection(units, ("because",) * (0 if units is None else len(units)))
        monkeypatch.setattr("core.frame_steps.box_strategy_named", lambda _: lambda *_: chosen)
        with pytest.raises(ProjectError, match="Strategy random chose"):
            ask_frames(project, Job(), strategy="random", frames=4)


@pytest.mark.parametrize("new", [0, 2])
def test_of_a_frame_that_was_opened_again_what_is_new_spends_the_budget(tmp_path, classes, new):
    """The rest was paid for in the round before."""
    with opened(tmp_path) as project:
        begun(project, classes)
        old = project.frame_rounds[-1].query.items[0]
        between = ask_frames(project, Job(), strategy="random", frames=1)
        draw(project, between.query.items[0], [], between.id)
        assert len(project.boxes_of(old)) > 0
        project.boxes.reopen(project.scan_ref(old))
        found = ask_frames(project, Job(), strategy="random", boxes=3)
        assert found.query.items[0] == old
        draw(project, old, [classes[0]] * new, found.id)
        now = project.frame_order.of(found)
        assert (now.boxes, now.closes, now.closed) == (new, 3, False)
        draw(project, now.frames[0], [classes[0]] * 3, found.id)
        assert project.frame_order.of(found).closed


def test_copies_that_nobody_confirmed_were_not_paid_for(tmp_path, classes):
    with opened(tmp_path) as project:
        begun(project, classes)
        old = project.frame_rounds[-1].query.items[0]
        ref, paid = project.scan_ref(old), len(project.boxes_of(old))
        between = ask_frames(project, Job(), strategy="random", frames=1)
        draw(project, between.query.items[0], [], between.id)
        some = next(iter(project.boxes_of(old).values()))
        box = replace(some, box=some.box + np.array([0, 30, 0, 0, 0, 0, 0.0]), sure=False)
        copies = [
            Drawn(ref, name, box, Effort(tool=COPY)) for name in project.boxes.new_names(old, 4)
        ]
        project.boxes.draw(copies, round="")
        project.boxes.reopen(ref)
        found = ask_frames(project, Job(), strategy="random", boxes=4)
        project.boxes.finish(ref, round=found.id)
        assert project.frame_order.of(found).boxes == 0
        project.boxes.draw(
            [one._replace(box=replace(box, sure=True), effort=Effort()) for one in copies],
            round=found.id,
        )
        assert paid > 0
        assert project.frame_order.of(found).boxes == 4
        assert project.frame_order.of(found).closed


def test_boxes_of_a_frame_that_was_declined_and_opened_again_spend_the_budget(tmp_path, classes):
    """Nobody drew them before."""
    with opened(tmp_path) as project:
        first = ask_frames(project, Job(), strategy="random", frames=2)
        for scan in first.query.items:
            project.boxes.decline(project.scan_ref(scan), round=first.id)
        between = ask_frames(project, Job(), strategy="random", frames=1)
        draw(project, between.query.items[0], [], between.id)
        for scan in first.query.items:
            project.boxes.reopen(project.scan_ref(scan))
        found = ask_frames(project, Job(), strategy="random", boxes=5)
        assert set(found.query.items[:2]) == set(first.query.items)
        for scan in found.query.items[:2]:
            assert not project.frame_order.of(found).closed
            draw(project, scan, [classes[0]] * 4, found.id)
        assert project.frame_order.of(found).boxes == 8
        assert project.frame_order.of(found).closed
        assert "8 of 5 boxes drawn" in "\n".join(told(project, box_status(project)))
