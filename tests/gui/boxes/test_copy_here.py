"""An empty frame takes the boxes of the frame before it."""

from __future__ import annotations

from PySide6.QtCore import Qt

from core.boxes.geometry import rotated_iou
from tests.gui.boxes.frames import BoxDriver, box_car, true_box

ESC, DOWN = Qt.Key.Key_Escape, Qt.Key.Key_PageDown


def test_boxes_come_from_the_frame_before(street: BoxDriver):
    first, project = street.frame.scan, street.session.project
    box_car(street, 0)
    box_car(street, 1)
    street.key(ESC)
    street.key("P")
    assert "frame before" in street.said
    assert len(project.boxes_of(first)) == 2
    street.key(DOWN)
    second = street.frame.scan
    assert "P copies the boxes of the frame before" in street.work.in_view.card.hint.text()
    street.key("P")
    boxes = project.boxes_of(second)
    assert street.frame.scan == second
    assert {box.track for box in boxes.values()} == {"1", "2"}
    assert not any(box.sure for box in boxes.values())
    assert street.frame.chosen in boxes
    for number in range(2):
        expected = true_box(number)
        expected[0] -= 1  # the sensor drove a metre
        assert max(rotated_iou(box.box, expected[None])[1][0, 0] for box in boxes.values()) > 0.8
    # Whose track is here already stays as it is; what was taken away comes again.
    kept, gone = boxes
    street.frame.choose(kept)
    street.key("W")
    moved = project.boxes_of(second)[kept].box.copy()
    street.frame.choose(gone)
    street.key(Qt.Key.Key_Delete)
    street.key("P")
    again = project.boxes_of(second)
    assert len(again) == 2
    assert (again[kept].box == moved).all()
    street.key("P")
    assert "here already" in street.said
    # One undo takes all of a copy back.
    street.key("Z", Qt.KeyboardModifier.ControlModifier)
    assert set(project.boxes_of(second)) == {kept}
