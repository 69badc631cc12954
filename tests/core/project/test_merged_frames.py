"""Classes are merged while frames are asked: what was weighed and found before follows, and an undo
brings it back."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from core.base.jobs import Job
from core.boxes.formats.source import Found
from core.boxes.table import Boxes
from core.data.class_changes import new_row
from core.data.class_rows import ignored_of, rows_of
from core.data.classes import load_classes
from core.exchange.box_files import Truth
from core.exchange.boxes_found import FoundBoxes, take_found
from core.exchange.predictions_out import newest
from core.frame_steps import annotate_frames, ask_frames
from core.project.change_classes import change_rows, merge, undo_merge
from core.project.frame_pool import frame_pool, predicted
from core.project.project import Project
from core.rounds.box_models import CPSP, FINAL, NORMAL, best_of, metrics_file
from tests.core.project.frame_world import begun, draw, opened

NAMES = load_classes("kitti").names
KINDS = CAR, PEDESTRIAN, CYCLIST = tuple(map(NAMES.index, ("car", "pedestrian", "cyclist")))


def test_what_was_found_of_a_merged_class_counts_as_the_other(tmp_path):
    """Also in the frames of a query that was asked before the merge: a share of a class that
    nothing counts as any more could never fill."""
    with opened(tmp_path) as project:
        begun(project, KINDS)
        found = ask_frames(project, Job(), boxes=40)
        before, shares = predicted(project), project.frame_order.shares(found)
        merge(project, CYCLIST, CAR)
        for old, new in zip(before, predicted(project), strict=True):
            for scan, seen in old.frames.items():
                np.testing.assert_array_equal(
                    new.frames[scan].label, np.where(seen.label == CYCLIST, CAR, seen.label)
                )
        assert any((seen.label == CYCLIST).any() for seen in before[0].frames.values())
        pool = frame_pool(project)
        assert pool.labelled[CYCLIST] == 0
        now = project.frame_order.shares(found)
        assert now[CAR][1] == pytest.approx(shares[CAR][1] + shares[CYCLIST][1])
        assert CYCLIST not in now
        waiting = project.open_frames(found)
        assert not any("cyclist" in waiting.reason(scan) for scan in waiting)
        draw(project, project.open_frames(found)[0], [CYCLIST], found.id)
        assert project.frame_order.shares(found)[CAR][0] == 1
        name, exported = newest(project)
        assert name == "normal of 001-random"  # what both are worth is not known
        scan = project.dataset.train[0]
        there = Boxes.of(np.ones((1, 7)), [CYCLIST], score=[0.9])
        take_found(project, Found({scan: there}, ()), Job())
        assert [one.box.label for one in FoundBoxes(project).of(scan)] == [CAR]
        assert CYCLIST not in np.concatenate([seen.label for seen in exported.frames.values()])


def test_an_oracle_that_was_killed_draws_no_box_of_a_merged_class_twice(tmp_path, monkeypatch):
    """What it drew comes back as the class that it counts as."""
    monkeypatch.setattr("core.frame_steps.LEAST_POINTS", 0)
    with opened(tmp_path) as project:
        merge(project, CYCLIST, CAR)
        ask_frames(project, Job(), frames=6)
        truth, finish = Truth(project.dataset, NAMES), project.boxes.finish
        scan, own = next(
            (scan, own)
            for scan in project.open_frames(project.frame_rounds[-1])
            if CYCLIST in (own := truth.of(scan)).label
        )
        found = project.frame_rounds[-1]

        def killed(ref, **more):
            if ref.name == scan:
                raise KeyboardInterrupt
            finish(ref, **more)

        monkeypatch.setattr(project.boxes, "finish", killed)
        with pytest.raises(KeyboardInterrupt):
            annotate_frames(project, Job(), oracle="boxes")
        before = project.boxes_of(scan)
        assert before
        monkeypatch.setattr(project.boxes, "finish", finish)
        annotate_frames(project, Job(), oracle="boxes")
        assert project.boxes_of(scan).keys() == before.keys()
        assert len(before) == len(own)
        undo_merge(project)
        assert CYCLIST in {box.label for box in project.boxes_of(scan).values()}
        assert not project.open_frames(found)


def add_class(project: Project, name: str) -> int:
    """A class that the list did not have; its id."""
    rows = rows_of(project.classes)
    change_rows(project, [*rows, new_row(rows, ignored_of(project.classes), name)])
    return len(rows)


@pytest.mark.parametrize("balance", ["true", "false"])
def test_a_class_is_merged_into_one_that_was_added_after_the_query(tmp_path, balance: str):
    """The shares that were kept with the query are as many as the classes were then."""
    with opened(tmp_path, balance=balance) as project:
        begun(project, KINDS)
        found = ask_frames(project, Job(), boxes=40)
        shares, before = project.frame_order.shares(found), list(project.open_frames(found))
        new = add_class(project, "vehicle")
        merge(project, CAR, new)
        draw(project, before[0], [CAR, CAR, CYCLIST], found.id)
        assert sorted(project.open_frames(found)) == sorted(before[1:])
        now = project.frame_order.shares(found)
        assert CAR not in now
        if balance == "true":
            assert now[new] == (2, shares[CAR][1])
            assert now[CYCLIST] == (1, shares[CYCLIST][1])
        undo_merge(project)
        assert project.frame_order.shares(found).keys() == shares.keys()
        assert sorted(project.open_frames(found)) == sorted(before[1:])


def test_what_is_exported_is_of_the_detector_whose_boxes_are_shown(tmp_path: Path):
    """The second one was, also where it was measured to be worse."""
    folder = tmp_path / "001-cal"
    folder.mkdir()
    assert best_of(folder, [NORMAL, CPSP]) == NORMAL
    for worse, better in ((CPSP, NORMAL), (NORMAL, CPSP)):
        for model, value in ((worse, 0.1), (better, 0.2)):
            metrics_file(folder, model).write_text(json.dumps({"mean": {"loose": value}}))
        assert best_of(folder, [NORMAL, CPSP]) == better
    assert best_of(folder, [NORMAL, CPSP, FINAL]) == FINAL
