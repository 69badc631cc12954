"""Copies of boxes: what is counted, what is copied, and what they leave as it is."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from core.answers.box import Box
from gui.boxes import copying, making
from gui.boxes.frame import Kind
from gui.desk import content
from tests.gui.boxes.frames import (
    CONTROL,
    SHIFT,
    BoxDriver,
    HeldUp,
    box_car,
    front,
    true_box,
    unconfirmed,
)
from tests.gui.boxes.hand import drag

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


def begin(driver: BoxDriver, late: HeldUp, key: Qt.Key | str, held=NONE) -> None:
    """Press a key, and wait until what it asks for is made, but not here yet."""
    QTest.keyClick(driver.session.view.canvas.native, key, held)
    assert late.made.wait(20)
    assert driver.work.gate.busy()


def test_what_is_pulled_while_its_copy_is_made_stays(street: BoxDriver, monkeypatch):
    project, (first, second, *_) = street.session.project, street.session.project.dataset.train
    name = box_car(street, 0)
    before = project.boxes_of(first)[name].box
    late = HeldUp(monkeypatch, copying, "copies")
    begin(street, late, "V")
    drag(street.work.panels.sides, *front(street))
    late.go.set()
    street.settle()
    assert street.frame.scan == second
    box = project.boxes_of(first)[name]
    assert box.box[3] - before[3] == pytest.approx(0.5, abs=0.05)
    (copy,) = project.boxes_of(second).values()
    assert box.track == copy.track == "1"


def test_a_track_that_is_typed_while_copies_are_made_stays(street: BoxDriver, monkeypatch):
    project, (first, second, *_) = street.session.project, street.session.project.dataset.train
    kept, typed = box_car(street, 0), box_car(street, 1)
    panels = street.work.panels
    street.qtbot.waitUntil(lambda: panels.inspector.name == typed)
    late = HeldUp(monkeypatch, copying, "copies")
    begin(street, late, "V", CONTROL)
    panels.inspector.track.setFocus()
    QTest.keyClicks(panels.inspector.track, "7")
    QTest.keyClick(panels.inspector.track, RETURN)
    late.go.set()
    street.settle()
    assert {n: box.track for n, box in project.boxes_of(first).items()} == {kept: "1", typed: "7"}
    (copy,) = project.boxes_of(second).values()
    assert copy.track == "1"
    assert street.said == "1 box set; 1 box changed meanwhile and not touched."


def test_what_is_pulled_while_boxes_between_are_set_stays(street: BoxDriver, monkeypatch):
    project, scans = street.session.project, street.session.project.dataset.train
    box_car(street, 0)
    for _ in range(3):
        street.key("V")
    street.key(SPACE)
    street.key(UP)
    name = street.frame.chosen
    before = street.frame.row.box
    assert not before.sure
    late = HeldUp(monkeypatch, copying, "between")
    begin(street, late, "N")
    drag(street.work.panels.sides, *front(street))
    late.go.set()
    street.settle()
    assert street.frame.scan == scans[2]
    box = project.boxes_of(scans[2])[name]
    assert box.sure
    assert box.box[3] - before.box[3] == pytest.approx(0.5, abs=0.05)
    assert street.said == "1 box set; 1 box changed meanwhile and not touched."


def test_what_is_pulled_while_its_class_is_fitted_stays(street: BoxDriver, monkeypatch):
    """Its guesses hold no pedestrian: that is fitted anew."""
    project, scan = street.session.project, street.frame.scan
    name = box_car(street, 0)
    before = project.boxes_of(scan)[name]
    late = HeldUp(monkeypatch, making, "candidates")
    begin(street, late, "4")
    drag(street.work.panels.sides, *front(street))
    late.go.set()
    street.settle()
    box = project.boxes_of(scan)[name]
    assert box.box[3] - before.box[3] == pytest.approx(0.5, abs=0.05)
    assert box.label == before.label
    assert street.said == "The box was changed meanwhile: its class stays as it is."
    street.key("4")
    assert project.boxes_of(scan)[name].label == 3


@pytest.mark.parametrize("what", ["copies", "candidates"])
def test_a_key_behind_it_does_nothing_in_a_frame_that_is_chosen_meanwhile(
    street: BoxDriver, monkeypatch, what: str
):
    """Behind a copy that leads elsewhere, and behind a fit that leads nowhere."""
    project, (first, second, *_) = street.session.project, street.session.project.dataset.train
    box_car(street, 0)
    late = HeldUp(monkeypatch, copying if what == "copies" else making, what)
    begin(street, late, "V" if what == "copies" else "4")
    native = street.session.view.canvas.native
    QTest.keyClick(native, RETURN, CONTROL)
    QTest.keyClick(native, DOWN)
    QTest.keyClick(native, DOWN)
    late.go.set()
    street.settle()
    assert street.frame.scan not in (first, second)
    assert not project.boxes.finished
    street.qtbot.waitUntil(
        lambda: street.said == "Frame finished, next: not done, since another frame was chosen."
    )


def test_a_click_whose_frame_is_left_before_its_box_is_there_says_that_none_was_made(
    street: BoxDriver, monkeypatch
):
    project, first = street.session.project, street.frame.scan
    street.key("B")
    late = HeldUp(monkeypatch, making, "candidates")
    x, y = street.place_of(street.seen_row(street.rows_in(true_box(0))))
    native = street.session.view.canvas.native
    QTest.mouseClick(native, Qt.MouseButton.LeftButton, pos=QPoint(round(x), round(y)))
    assert late.made.wait(20)
    street.state.loader.forget()
    reading = HeldUp(monkeypatch, content, "load")
    QTest.keyClick(native, DOWN)
    late.go.set()
    street.qtbot.waitUntil(lambda: not street.work.making.fitting)
    assert street.state.coming is not None
    reading.go.set()
    street.settle()
    assert street.frame.scan != first
    assert project.boxes_of(first) == {}
    assert street.said == "No box was made: another frame is shown by now."


@pytest.mark.parametrize("how", ["next", "all to the next", "keyframe", "before"])
def test_nothing_is_copied_into_a_finished_frame(street: BoxDriver, how: str, monkeypatch):
    project, (first, second, *_) = street.session.project, street.session.project.dataset.train
    monkeypatch.setattr("gui.window.box_commands.KEYFRAME", 1)  # the street has four frames
    name = box_car(street, 0)
    street.key(ESC)
    street.key(DOWN)
    street.key(RETURN, CONTROL)
    assert project.boxes.finished == {second}
    street.work.bench.show_frame(second if how == "before" else first)
    street.settle()
    street.frame.choose(name)
    key, held = {
        "next": ("V", NONE),
        "all to the next": ("V", CONTROL),
        "keyframe": ("V", SHIFT),
        "before": ("P", NONE),
    }[how]
    shown, before = street.frame.scan, len(street.entries())
    street.key(key, held)
    assert len(street.entries()) == before
    assert street.frame.scan == shown
    assert "Open a finished frame again" in street.said
    # Opened again, it takes boxes.
    street.work.bench.show_frame(second)
    street.settle()
    street.window.actions_table.run("box reopen")
    street.work.bench.show_frame(shown)
    street.settle()
    street.frame.choose(name)
    street.key(key, held)
    assert len(project.boxes_of(second)) == 1


@pytest.mark.slow
def test_nothing_is_copied_into_a_frame_that_cannot_be_labelled(street: BoxDriver):
    project, (_, second, *_) = street.session.project, street.session.project.dataset.train
    name = box_car(street, 0)
    street.key(ESC)
    street.key(DOWN)
    street.window.actions_table.run("box decline")
    street.settle()
    street.work.bench.show_frame(project.dataset.train[0])
    street.settle()
    street.frame.choose(name)
    street.key("V")
    assert project.boxes_of(second) == {}
    assert street.said.startswith("Nothing is copied. The frame that it leads to cannot be")
    # Asked again, it takes boxes.
    street.work.bench.show_frame(second)
    street.settle()
    street.window.actions_table.run("box reopen")
    assert street.said.startswith("The frame is open again")
    assert not project.boxes.is_settled(second)
    street.work.bench.show_frame(project.dataset.train[0])
    street.settle()
    street.frame.choose(name)
    street.key("V")
    assert len(project.boxes_of(second)) == 1


@pytest.mark.parametrize(("key", "held"), [("V", NONE), ("V", CONTROL), ("P", NONE), ("N", NONE)])
def test_a_frame_that_is_drawn_blind_gives_no_copies_and_says_so(street: BoxDriver, key, held):
    scans = street.session.project.dataset.train
    street.work.queue.ask_blind(scans[:1])
    street.work.blind._begin()
    street.settle()
    assert street.frame.blind
    box_car(street, 0)
    entries = len(street.entries())
    street.key(key, held)
    assert "drawn blind" in street.said
    assert len(street.entries()) == entries


def test_a_frame_that_is_open_is_not_opened_again(street: BoxDriver):
    entries = len(street.entries())
    street.window.actions_table.run("box reopen")
    assert street.said == "This frame is open."
    assert len(street.entries()) == entries
