"""Copies of boxes: what is counted, what is copied, and what they leave as it is."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from core.answers.box import Box
from gui.boxes.frame import Kind
from tests.gui.boxes.frames import CONTROL, SHIFT, BoxDriver, box_car, true_box, unconfirmed

SPACE, ESC, RETURN = Qt.Key.Key_Space, Qt.Key.Key_Escape, Qt.Key.Key_Return
NONE = Qt.KeyboardModifier.NoModifier
UP, DOWN = Qt.Key.Key_PageUp, Qt.Key.Key_PageDown


@pytest.mark.parametrize("way", ["one", "all", "before"])
def test_a_box_that_is_copied_still_counts_as_drawn(street: BoxDriver, way: str):
    """It is written anew for its track only: a copy of it is what nobody looked at."""
    project, (first, second, *_) = street.session.project, street.session.project.dataset.train
    names = [box_car(street, 0), box_car(street, 1)]
    street.key(ESC)
    unconfirmed(street, names[1])
    street.frame.choose(names[0])
    if way == "before":
        street.key(DOWN)
    street.key({"one": "V", "all": "V", "before": "P"}[way], CONTROL if way == "all" else NONE)
    label = project.boxes_of(first)[names[0]].label
    assert project.boxes_of(first)[names[0]].track
    assert len(project.boxes_of(second)) == (1 if way == "one" else 2)
    # What is dashed is not counted, be it copied or a copy.
    assert project.boxes.counts_of([first, second]) == {first: {label: 1}, second: {}}
    street.key("Z", CONTROL)
    assert street.said.startswith("Undone: copies")
    assert project.boxes_of(first)[names[0]].track == ""


@pytest.mark.parametrize("kind", [Kind.LABELLED, Kind.GHOST])
def test_what_is_only_offered_is_accepted_before_it_is_copied(street: BoxDriver, kind: Kind):
    project, (first, second, *_) = street.session.project, street.session.project.dataset.train
    street.frame.offer([Box(true_box(0), 0)], kind)
    street.key(Qt.Key.Key_Tab)
    assert street.frame.row.kind is kind
    for held in (NONE, SHIFT):
        street.key("V", held)
        assert street.said.startswith("Accept it first" if held == NONE else "There is no frame")
    assert street.entries() == []
    assert street.frame.scan == first
    street.key(SPACE)
    street.key("V")
    assert street.frame.scan == second
    for scan in (first, second):
        assert all(name.startswith(f"{scan}@") for name in project.boxes_of(scan))
        assert len(project.boxes_of(scan)) == 1
