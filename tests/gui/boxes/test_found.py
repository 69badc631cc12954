"""What a detector found in a frame, as a person takes it in, changes or rejects it."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt

from core.base.jobs import Job
from core.boxes.formats.source import Found
from core.boxes.table import Boxes
from core.exchange.boxes_found import take_found
from core.project.project import Project
from gui.boxes.frame import Kind
from tests.gui.boxes.frames import CONTROL, BoxDriver, made_street, opened, true_box

SPACE, DELETE, RETURN = Qt.Key.Key_Space, Qt.Key.Key_Delete, Qt.Key.Key_Return


@pytest.fixture
def detected(qapp, qtbot, tmp_path):
    """A detector found the first two cars of the street surely, and nothing at all not so."""
    path = made_street(tmp_path)
    with Project(path) as project:
        scan = project.dataset.train[0]
        nothing = np.array([20.0, 15.0, -1, 4, 2, 1.5, 0])
        found = Boxes.of(
            np.array([true_box(0), true_box(1), nothing]), [0, 0, 1], score=[0.9, 0.6, 0.1]
        )
        said = take_found(project, Found({scan: found}, ()), Job())
        assert said == "3 boxes of 1 frames, found by a detector"
    driver = opened(path, qtbot)
    qtbot.waitUntil(lambda: driver.frame.detected, timeout=10_000)
    driver.settle()
    yield driver
    driver.window.close()


def test_what_a_detector_found_waits_for_a_person(detected: BoxDriver):
    project, frame = detected.session.project, detected.frame
    scan = frame.scan
    assert [row.kind for row in frame.shown] == [Kind.FOUND] * 2  # the third is under the slider
    assert project.boxes_of(scan) == {}
    detected.key(SPACE)  # the surest is chosen
    assert frame.row.score == 0.9
    detected.key(SPACE)
    (box,) = project.boxes_of(scan).values()
    assert box.sure
    np.testing.assert_allclose(box.box, true_box(0))
    assert frame.row.score == 0.6
    detected.key(DELETE)
    assert len(project.boxes_of(scan)) == 1
    assert sorted(row.kind.value for row in frame.shown) == ["drawn", "rejected"]
    # Undone, each waits again; nothing of it needs another file.
    detected.key("Z", CONTROL)
    detected.key("Z", CONTROL)
    assert project.boxes_of(scan) == {}
    assert [row.kind for row in frame.shown] == [Kind.FOUND] * 2


def test_the_slider_begins_where_half_of_the_boxes_are_right(detected: BoxDriver):
    """A weak detector finds a hundred boxes in each frame: nobody is to reject them one by one."""
    project, frame, panels = detected.session.project, detected.frame, detected.work.panels
    scan = frame.scan
    assert panels.score.label.text() == "Score from 0.30"

    def found(half: float | None) -> None:
        boxes = Boxes.of(np.array([true_box(0), true_box(1)]), [0, 0], score=[0.9, 0.6])
        before = frame.detector
        take_found(project, Found({scan: boxes}, ()), Job(), half_right_from=half)
        detected.work.bench.look_for_found()
        detected.qtbot.waitUntil(lambda: frame.detector is not before)
        detected.rest()

    found(0.72)
    assert [row.score for row in frame.shown] == [0.9]
    assert panels.score.label.text() == "Score from 0.72"
    assert panels.score.right.isVisible()
    assert panels.score.right.text() == "From 0.72 on half are right."
    assert panels.score.slider.width() > 60
    assert panels.score.slider.value() == 15
    panels.score.slider.setValue(10)  # by hand
    assert [row.score for row in frame.shown] == [0.9, 0.6]
    frame.read(scan)
    detected.rest()
    assert panels.score.label.text() == "Score from 0.50"
    assert panels.score.right.text() == "From 0.72 on half are right."
    found(None)
    assert [row.score for row in frame.shown] == [0.9, 0.6]
    assert panels.score.label.text() == "Score from 0.50"
    assert panels.score.right.isHidden()
    # What one detector was measured to be worth says nothing of the next one.
    found(1.0)
    assert frame.shown == []
    assert panels.score.right.text() == "Of no score half are right."
    found(None)
    assert [row.score for row in frame.shown] == [0.9, 0.6]
    assert panels.score.label.text() == "Score from 0.30"


@pytest.mark.slow
def test_the_slider_says_what_is_accepted_together(detected: BoxDriver):
    project, frame = detected.session.project, detected.frame
    slider = detected.work.panels.score
    assert slider.isVisible()
    slider.slider.setValue(15)
    assert [row.score for row in frame.shown] == [0.9]
    detected.key("A", CONTROL)
    assert len(project.boxes_of(frame.scan)) == 1
    slider.slider.setValue(0)
    assert len(frame.open) == 2
    # Finishing tells once of those that are open, then leaves them out.
    detected.key(RETURN, CONTROL)
    assert "2 boxes are still open" in detected.said
    assert not project.boxes.is_finished(frame.scan)
    scan = frame.scan
    detected.key(RETURN, CONTROL)
    assert project.boxes.is_finished(scan)
    assert len(project.boxes_of(scan)) == 1


@pytest.mark.slow
def test_a_changed_prediction_is_a_box(detected: BoxDriver):
    frame = detected.frame
    detected.key(Qt.Key.Key_Tab)
    name = frame.chosen
    detected.key("W")
    box = detected.session.project.boxes_of(frame.scan)[name]
    assert box.sure
    assert frame.rows[name].kind is Kind.DRAWN
    detected.key("M")
    assert "Only what a detector found" in detected.said


@pytest.mark.slow
def test_a_copy_of_what_is_found_or_rejected_is_refused(detected: BoxDriver):
    frame, entries = detected.frame, detected.entries
    detected.key(Qt.Key.Key_Tab)
    name = frame.chosen
    detected.key("V")
    assert detected.said.startswith("Accept it first")
    assert entries() == []
    detected.key("M")
    frame.choose(name)
    detected.key("V")
    assert detected.said == "It is rejected: nothing stands there to be copied."
    assert frame.rows[name].kind is Kind.REJECTED
    assert len(entries()) == 1


@pytest.mark.parametrize("key", ["W", "Q", "G", "F", "R"])
def test_what_is_rejected_is_not_moved_and_space_takes_it_in(detected: BoxDriver, key: str):
    frame, entries = detected.frame, detected.entries
    detected.key(Qt.Key.Key_Tab)
    name = frame.chosen
    detected.key("M")
    frame.choose(name)
    detected.key(key)
    assert len(entries()) == 1
    assert frame.rows[name].kind is Kind.REJECTED
    assert name not in detected.session.project.boxes_of(frame.scan)
    frame.choose(name)
    detected.key(Qt.Key.Key_Space)
    assert frame.rows[name].kind is Kind.DRAWN
    assert detected.session.project.boxes_of(frame.scan)[name].sure


@pytest.mark.slow
def test_what_is_rejected_is_not_rejected_again_and_the_card_says_how_it_comes_back(
    detected: BoxDriver,
):
    frame, card = detected.frame, detected.work.in_view.card
    detected.key(Qt.Key.Key_Tab)
    name = frame.chosen
    detected.key(DELETE)
    for key in (DELETE, "M"):
        frame.choose(name)
        assert card.hint.text() == "Space takes it in after all."
        detected.key(key)
        assert detected.said == "It is rejected already: Space takes it in after all."
        assert len(detected.entries()) == 1
    detected.key(SPACE)
    assert frame.rows[name].kind is Kind.DRAWN
