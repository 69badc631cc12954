"""Frames that are given up, opened again and taken back, while another one is on its way or not."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from gui.boxes import copying, finishing
from tests.gui.boxes.frames import CONTROL, SHIFT, BoxDriver, HeldUp, box_car


def page_down(driver: BoxDriver) -> None:
    """Go to the next frame, and leave it on its way."""
    driver.state.loader.forget()
    QTest.keyClick(driver.session.view.canvas.native, Qt.Key.Key_PageDown)
    assert driver.state.coming is not None


@pytest.mark.parametrize("settled", [False, True])
def test_what_is_said_of_a_frame_is_of_the_one_that_the_card_names(street: BoxDriver, settled):
    project = street.session.project
    first, second, *_ = project.dataset.train
    boxes = project.boxes
    if settled:
        for scan in (first, second):
            boxes.finish(project.scan_ref(scan), round="")
        street.settle()
    page_down(street)
    assert second.rpartition("/")[2] in street.work.in_view.card.title.text()
    street.window.actions_table.run("box reopen" if settled else "box decline")
    street.settle()
    assert boxes.is_settled(first) is settled
    assert boxes.is_settled(second) is not settled
    assert [entry.scan for entry in street.entries()][-1:] == [second]


def test_that_a_frame_is_finished_without_a_box_is_said_and_undone(street: BoxDriver):
    scan, boxes = street.frame.scan, street.session.project.boxes
    street.key(Qt.Key.Key_Return, CONTROL)
    assert street.said == f"{scan} is finished without a box; undo takes it back."
    assert boxes.is_finished(scan)
    street.key("Z", CONTROL)
    assert not boxes.is_finished(scan)


@pytest.mark.slow
def test_what_is_undone_is_called_what_it_was(street: BoxDriver):
    scan = street.frame.scan
    street.work.decline()
    street.settle()
    street.work.bench.show(scan)
    street.settle()
    street.window.actions_table.run("box reopen")
    street.settle()
    told = []
    for modifier in (CONTROL, CONTROL, CONTROL | SHIFT, CONTROL | SHIFT):
        street.key("Z", modifier)
        told.append(street.said)
    assert told == [
        "Undone: frame opened again.",
        "Undone: frame declined.",
        "Redone: frame declined.",
        "Redone: frame opened again.",
    ]


@pytest.mark.parametrize("how", ["finish", "copy"])
def test_who_goes_elsewhere_meanwhile_is_not_taken_along(street: BoxDriver, monkeypatch, how: str):
    """It was looked for what may have been missed, or a box was copied on."""
    box_car(street, 0)
    street.key(Qt.Key.Key_Escape)
    first, *_, wanted = street.session.project.dataset.train
    street.rest()
    native = street.session.view.canvas.native
    if how == "finish":
        late = HeldUp(monkeypatch, finishing, "missed")
        QTest.keyClick(native, Qt.Key.Key_Return, CONTROL)
    else:
        late = HeldUp(monkeypatch, copying, "copies")
        QTest.keyClick(native, Qt.Key.Key_V, CONTROL)
    assert late.made.wait(20)
    street.state.loader.forget()
    listed = street.work.panels.frames.list
    last = listed.topLevelItem(listed.topLevelItemCount() - 1)
    QTest.mouseClick(
        listed.viewport(), Qt.MouseButton.LeftButton, pos=listed.visualItemRect(last).center()
    )
    assert street.state.coming == wanted
    late.go.set()
    street.settle()
    assert street.frame.scan == wanted
    assert {entry.scan for entry in street.entries()} == {first}
