"""What was answered in one kind is offered in the other, by real keys and clicks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt

from core import steps
from core.base.jobs import Job
from core.boxes.geometry import points_in_boxes, rotated_iou
from core.data.classes import UNLABELLED
from core.frame_steps import ask_frames
from core.project.one_answer import unboxed_things
from core.project.pool import pool_of
from core.project.project import Project
from gui.boxes.frame import Kind
from tests.gui.boxes.frames import CONTROL, PLACES, BoxDriver, box_car, made_street, true_box
from tests.gui.driver import open_window

CARS = np.array([true_box(n) for n in range(len(PLACES))])
AROUND = np.add(CARS, [0, 0, 0, 0.4, 0.4, 0.2, 0])  # their points lie on their sides


@pytest.fixture
def both(qapp, qtbot, tmp_path: Path) -> Iterator[BoxDriver]:
    """A street whose units are asked, and whose first frames are; points are shown."""
    path = made_street(tmp_path, frames=2)
    with Project(path) as project:
        steps.prepare(project, Job(), workers=1)
        steps.ask(project, Job(), units=200)
        ask_frames(project, Job(), frames=2)
    made = BoxDriver(open_window(path, qtbot), qtbot)
    made.settle()
    yield made
    made.window.close()


def labelled(driver: BoxDriver) -> list:
    return [row for row in driver.frame.rows.values() if row.kind is Kind.LABELLED]


@pytest.mark.slow
def test_a_cluster_that_was_answered_is_offered_as_a_box(both: BoxDriver, qtbot):
    project, scan = both.session.project, both.session.project.dataset.train[0]
    of = points_in_boxes(project.dataset.scan(scan).points, AROUND)
    rows = project.rows(scan)
    first = project.need_units().range_of(scan).start
    number = int(np.bincount(rows[(of == 0) & (rows >= 0)]).argmax())
    both.state.show_unit(project.need_units().name(first + number))
    both.settle()
    both.key("1")  # car
    assert (project.labels(scan)[rows == number] == 0).all()
    both.draw_boxes()
    both.work.bench.show_frame(scan)
    both.settle()
    qtbot.waitUntil(lambda: len(labelled(both)) == 1)
    (row,) = labelled(both)
    assert rotated_iou(row.box.box[None], CARS[:1])[1][0, 0] > 0.7
    assert project.boxes_of(scan) == {}  # nobody vouched for it yet
    both.key(Qt.Key.Key_Tab)
    assert both.frame.chosen == row.name
    both.key(Qt.Key.Key_Space)
    (box,) = project.boxes_of(scan).values()
    assert box.sure
    assert box.label == 0
    assert not labelled(both)
    assert unboxed_things(project, scan) == []  # so it is not offered again


def test_the_boxes_of_a_finished_frame_answer_their_units(both: BoxDriver, qtbot):
    project, scan = both.session.project, both.session.project.dataset.train[0]
    both.draw_boxes()
    both.work.bench.show_frame(scan)
    both.settle()
    for number in range(3):
        box_car(both, number)
    waiting = pool_of(project, None).free.sum()
    both.key(Qt.Key.Key_Return, CONTROL)
    while not both.frame.finished and both.frame.scan == scan:
        both.key(Qt.Key.Key_Return, CONTROL)
    while both.frame.scan == scan:  # what may have been missed is shown first
        both.key(Qt.Key.Key_Return, CONTROL)
    assert project.boxes.is_finished(scan)
    assert "points in its boxes have no class" in both.said
    with qtbot.waitSignal(both.window.jobs.finished, timeout=20_000):
        both.window.actions_table.run("label points")
    both.settle()
    of = points_in_boxes(project.dataset.scan(scan).points, AROUND)
    labels = project.labels(scan)
    assert (labels[of >= 0] == 0).mean() > 0.8  # a click's box may leave a side out
    assert (labels[of < 0] == UNLABELLED).mean() > 0.99
    assert waiting - pool_of(project, None).free.sum() == 3
    assert "points in the boxes of 1 frame" in both.session.banner.what.text()
    # Among the points they are shown with their class.
    both.key(Qt.Key.Key_F4)
    both.state.show_scan(scan)
    both.settle()
    np.testing.assert_array_equal(both.state.content.labels, labels)
    both.key("Z", CONTROL)
    assert (project.labels(scan) == UNLABELLED).all()
    assert (both.state.content.labels == UNLABELLED).all()
    assert len(project.boxes_of(scan)) == 3
