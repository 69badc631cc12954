"""The frozen training set of detectors: what was finished then, as its boxes stood then."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.answers.box import boxes_in
from core.answers.boxes import Drawn
from core.base.errors import ProjectError
from core.project.box_training import frame_of, freeze, read_training
from core.project.project import Project
from tests.kitti_made import kitti_at, road


@pytest.fixture
def project(tmp_path: Path):
    root = kitti_at(tmp_path / "kitti", 6)
    with Project.create(
        tmp_path / "p", format="kitti", root=root, train=["training"], preset="laptop"
    ) as made:
        yield made


def draw(project: Project, scan: str, seed: int = 0, *, finish: bool = True) -> list[str]:
    ref, boxes = project.scan_ref(scan), boxes_in(road(seed)[1])
    names = project.boxes.new_names(scan, len(boxes))
    project.boxes.draw([Drawn(ref, n, b) for n, b in zip(names, boxes, strict=True)], round="")
    if finish:
        project.boxes.finish(ref, round="")
    return names


def test_what_is_said_later_changes_no_frozen_set(project: Project, tmp_path: Path):
    a, b, c, d = project.dataset.train[:4]
    names = draw(project, a)
    draw(project, b, 1)
    draw(project, c, 2, finish=False)
    frozen = freeze(project, tmp_path / "f")
    assert frozen.frames == (a, b)
    before = {scan: frame_of(project, scan, frozen).boxes for scan in frozen.frames}
    assert before[a].equals(project.box_table(a))
    project.boxes.draw([Drawn(project.scan_ref(a), names[0], None)], round="")
    project.answers.undo()
    project.boxes.draw([Drawn(project.scan_ref(a), names[1], None)], round="")
    project.boxes.reopen(project.scan_ref(b))
    project.boxes.finish(project.scan_ref(c), round="")
    draw(project, d, 3)
    again = freeze(project, tmp_path / "f")
    assert again == frozen
    assert project.boxes.finished == {a, c, d}
    assert project.boxes.finished_at(frozen.positions) == {a, b}
    for scan, boxes in before.items():
        assert frame_of(project, scan, again).boxes.equals(boxes)
    assert len(frame_of(project, a).boxes) == 1
    with Project(project.path, read_only=True) as reader:  # from the disk it is the same
        assert reader.boxes.finished_at(frozen.positions) == {a, b}
        assert frame_of(reader, a, frozen).boxes.equals(before[a])


def test_a_decline_after_a_finish_and_an_undo_of_it_are_folded(project: Project):
    a, b = project.dataset.train[:2]
    draw(project, a)
    draw(project, b)
    finished = project.answers.positions()
    project.boxes.decline(project.scan_ref(a), round="")
    declined = project.answers.positions()
    project.answers.undo()
    assert project.boxes.finished_at(finished) == {a, b}
    assert project.boxes.finished_at(declined) == {b}
    assert project.boxes.finished_at(project.answers.positions()) == {a, b}
    assert project.boxes.finished_at({}) == set()


def test_copied_boxes_that_nobody_confirmed_are_not_learnt(project: Project):
    scan = project.dataset.train[0]
    (name, *_) = draw(project, scan)
    box = project.boxes_of(scan)[name]
    ref = project.scan_ref(scan)
    project.boxes.draw([Drawn(ref, name, box.edited(sure=False))], round="")
    assert sorted(frame_of(project, scan).boxes.ignore.tolist()) == [False, True]


@pytest.mark.parametrize(
    "change",
    [
        {"scans": []},
        {"scans": ["a", "a"]},
        {"held_out": ["training/velodyne/000000"]},
        {"positions": {"ann": "x"}},
        {"version": 99},
        {"scans": ["../a"]},
        {"held_out": None},
    ],
)
def test_a_damaged_set_is_told_of(change, project: Project, tmp_path: Path):
    draw(project, project.dataset.train[0])
    freeze(project, tmp_path)
    file = tmp_path / "training.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **change}))
    with pytest.raises(ProjectError):
        read_training(file)
