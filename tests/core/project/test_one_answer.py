"""Boxes give points their class, labelled points are things to box; nothing is counted twice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core import steps
from core.answers.box import Box
from core.answers.boxes import Drawn
from core.answers.effort import Effort
from core.answers.instances import Things
from core.base.jobs import Job
from core.boxes.geometry import points_in_boxes, rotated_iou
from core.data.classes import UNLABELLED
from core.project.branches import counted
from core.project.one_answer import give_labels, labels_by_boxes, unboxed_things
from core.project.pool import pool_of
from core.project.project import Project
from tests.core.cli.faces import lidarloop
from tests.gui.boxes.frames import PLACES, made_street, true_box

CARS = [true_box(n) for n in range(len(PLACES))]
GROWN = np.array([0, 0, 0, 0.1, 0.1, 0.1, 0])  # the points lie on the sides


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """A prepared street with three parked cars."""
    with Project(made_street(tmp_path, frames=2)) as found:
        steps.prepare(found, Job(), workers=1)
        yield found


def draw(project: Project, *boxes: Box) -> list[str]:
    """Boxes in the first frame; their names."""
    scan = project.dataset.train[0]
    ref, names = project.scan_ref(scan), project.boxes.new_names(scan, len(boxes))
    took = Effort(active_s=5.0)
    drawn = [Drawn(ref, name, box, took) for name, box in zip(names, boxes, strict=True)]
    project.boxes.draw(drawn, round="")
    return names


def on_cars(project: Project) -> tuple[np.ndarray, np.ndarray]:
    """(N,) the car that each point of the first frame is on, -1 for none, by the street's plan; and
    (N,) the unit of each."""
    scan = project.dataset.train[0]
    grown = np.add(CARS, GROWN)
    points = project.dataset.scan(scan).points
    high = points[:, 2] > -1.6
    return np.where(high, points_in_boxes(points, grown), -1), project.rows(scan)


def car(number: int, **columns) -> Box:
    return replace(Box(box=CARS[number] + GROWN, label=0), **columns)


def minutes(project: Project) -> float:
    return project.boxes.minutes() + project.answers.folds["points"].spent().minutes


def test_boxes_give_their_points_a_class_and_their_units_an_answer(project: Project):
    scan = project.dataset.train[0]
    names = draw(project, car(0), car(1, track="7"), car(2))
    spent, of = minutes(project), on_cars(project)[0]
    free = pool_of(project, None).free
    assert free.all()
    assert give_labels(project, [scan], Job()) == (1, np.count_nonzero(project.labels(scan) == 0))
    labels = project.labels(scan)
    assert (labels[of >= 0] == 0).mean() > 0.97  # the lowest of a car is taken for ground
    assert (labels[of < 0] == UNLABELLED).mean() > 0.999
    things = project.things(scan)
    assert set(things.names) == {names[0], "track/7", names[2]}
    for number, name in enumerate((names[0], "track/7", names[2])):
        mine = things.of_row[(of == number) & (labels == 0)]
        assert (mine == things.names.index(name) + 1).all()
    # Each car's cluster is asked no more, no time is counted twice, and one undo takes it back.
    units = project.need_units()
    gone = units.names(np.flatnonzero(~pool_of(project, None).free))
    assert len(gone) == len(CARS)
    assert {one.rpartition("#")[0] for one in gone} == {scan}
    assert minutes(project) == spent
    assert labels_by_boxes(project, scan) == []
    project.answers.undo()
    assert (project.labels(scan) == UNLABELLED).all()
    assert pool_of(project, None).free.all()
    assert len(project.boxes_of(scan)) == len(CARS)


def test_what_somebody_said_of_points_stays(project: Project):
    scan = project.dataset.train[0]
    of, _ = on_cars(project)
    rows = np.flatnonzero(of == 1)[:50]
    truck = project.classes.names.index("truck")
    project.answers.answer(
        project.scan_ref(scan), rows, np.full(50, truck, np.uint8), round="", unit="",
        effort=Effort(tool="brush"),
    )  # fmt: skip
    draw(project, *map(car, range(3)))
    give_labels(project, [scan], Job())
    labels = project.labels(scan)
    assert (labels[rows] == truck).all()
    assert (np.delete(labels[of == 1], np.arange(50)) == 0).mean() > 0.95


def test_boxes_that_nobody_confirmed_and_regions_give_nothing(project: Project):
    scan = project.dataset.train[0]
    draw(project, car(0, sure=False), car(1, ignore=True))
    assert labels_by_boxes(project, scan) == []
    assert give_labels(project, project.dataset.train, Job()) == (0, 0)


def test_a_cluster_that_was_answered_is_a_thing_to_box(project: Project):
    scan = project.dataset.train[0]
    of, unit = on_cars(project)
    assert unboxed_things(project, scan) == []
    for number in (0, 2):
        rows = np.flatnonzero(unit == np.bincount(unit[(of == number) & (unit >= 0)]).argmax())
        project.answers.answer(
            project.scan_ref(scan), rows, np.zeros(len(rows), np.uint8), round="", unit="",
            effort=Effort(tool="key"),
        )  # fmt: skip
    found = unboxed_things(project, scan)
    assert [(box.label, box.sure) for box in found] == [(0, False)] * 2
    overlap = rotated_iou(np.array([box.box for box in found]), np.array(CARS))[1]
    assert (overlap.max(axis=1) > 0.7).all()
    assert set(overlap.argmax(axis=1)) == {0, 2}
    # One that has its box is not offered again.
    draw(project, car(2))
    (left,) = unboxed_things(project, scan)
    assert rotated_iou(left.box[None], CARS[0][None])[1] > 0.7


def test_things_that_were_told_apart_are_boxed_apart(project: Project):
    """Two cars of one answer, by their instances; a class whose things nobody counts is none."""
    scan = project.dataset.train[0]
    of, unit = on_cars(project)
    rows = np.flatnonzero((of >= 0) & (of < 2) & (unit >= 0))
    project.answers.answer(
        project.scan_ref(scan), rows, np.zeros(len(rows), np.uint8), round="", unit="",
        effort=Effort(tool="key"), things=Things(("a/1", "a/2"), of[rows].astype(np.int32) + 1),
    )  # fmt: skip
    others = np.flatnonzero((of == 2) & (unit >= 0))
    ground = project.classes.names.index("background")
    project.answers.answer(
        project.scan_ref(scan), others, np.full(len(others), ground, np.uint8), round="", unit="",
        effort=Effort(tool="key"),
    )  # fmt: skip
    found = np.array([box.box for box in unboxed_things(project, scan)])
    overlap = rotated_iou(found, np.array(CARS))[1]
    assert found.shape == (2, 7)
    assert sorted(overlap.argmax(axis=1)) == [0, 1]
    assert (overlap.max(axis=1) > 0.7).all()


def test_labels_by_boxes_spend_no_budget_and_are_nobodys_answers(project: Project):
    scan = project.dataset.train[0]
    draw(project, *map(car, range(3)))
    before = project.answers.spent()
    give_labels(project, [scan], Job())
    after = project.answers.spent()
    assert (after.units, after.points) == (before.units, before.points)
    assert after.carried_units == len(CARS)
    assert after.carried_points > 1000
    assert counted(project, None).points == 0
    assert len(counted(project, None).heads) == len(CARS)  # and are asked no more
    assert project.answers.mine() == []  # so none comes again as a hidden repeat


def test_two_classes_of_one_cluster_are_two_things_to_box(project: Project):
    """A person stands at a car, and the preparation has one cluster of both."""
    scan = project.dataset.train[0]
    of, unit = on_cars(project)
    rows = np.flatnonzero(unit == np.bincount(unit[(of == 1) & (unit >= 0)]).argmax())
    points = project.dataset.scan(scan).points[rows, :3]
    person = project.classes.names.index("pedestrian")
    ahead = points[:, 0] > CARS[1][0] + 1.2
    labels = np.where(ahead, person, 0).astype(np.uint8)
    labels[np.flatnonzero(~ahead)[:2]] = project.classes.names.index("cyclist")  # a slip
    assert 20 < ahead.sum() < 0.4 * len(rows)
    project.answers.answer(
        project.scan_ref(scan), rows, labels, round="", unit="", effort=Effort(tool="lasso")
    )
    assert sorted(box.label for box in unboxed_things(project, scan)) == [0, person]
    # A box around the car's part leaves the person to be boxed, though most points have one.
    box = np.array([*points[~ahead].mean(axis=0), 2.8, 2.6, 3.0, CARS[1][6]])
    draw(project, Box(box=box, label=0))
    assert [box.label for box in unboxed_things(project, scan)] == [person]


def test_the_command_line_labels_by_the_boxes_of_finished_frames(project: Project, capsys):
    scan = project.dataset.train[0]
    draw(project, car(0))
    path = project.path
    project.close()
    assert lidarloop("annotate", path, "--by-boxes") == 0
    assert "0 points of 0 frames labelled, of 0 that are finished" in capsys.readouterr().out
    with Project(path) as again:
        again.boxes.finish(again.scan_ref(scan), round="")
        count = sum(len(one.rows) for one in labels_by_boxes(again, scan))
    assert lidarloop("annotate", path, "--by-boxes") == 0
    assert f"{count:,} points of 1 frame labelled, of 1 that is" in capsys.readouterr().out
    with Project(path, read_only=True) as again:
        assert np.count_nonzero(again.labels(scan) == 0) == count > 300
