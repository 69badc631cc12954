"""Drawing boxes with real keys, clicks and drags in a made street."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from core.base.errors import StorageError
from core.base.jobs import Job
from core.boxes.geometry import rotated_iou
from core.exchange.boxes_out import export_boxes
from core.project.project import Project
from gui.points.class_palette import Palette
from tests.gui.boxes.frames import CONTROL, PLACES, SHIFT, BoxDriver, box_car, made_street, true_box
from tests.gui.boxes.hand import drag
from tests.gui.driver import open_window

NAMES = ("car", "van", "truck", "pedestrian")


def stored(driver: BoxDriver) -> dict:
    """The boxes of the shown frame as the journal has them."""
    return driver.session.project.boxes_of(driver.frame.scan)


def test_a_click_on_a_thing_makes_its_box(street: BoxDriver):
    name = box_car(street, 0)
    box = stored(street)[name]
    assert NAMES[box.label] == "car"
    assert rotated_iou(box.box, true_box(0)[None])[1][0, 0] > 0.7
    # It is in the journal with what it took.
    (entry,) = street.entries()
    assert (entry.kind, entry.tool, entry.clicks) == ("boxes", "click", 1)
    # The next click makes the next one; a click on a thing that has one chooses it.
    other = box_car(street, 1)
    assert len(stored(street)) == 2
    street.click_row(street.seen_row(street.rows_in(true_box(0))))
    assert street.frame.chosen == name != other
    assert len(stored(street)) == 2


@pytest.mark.slow
def test_tab_steps_through_the_guesses_of_a_click_and_a_class_key_takes_its_own(street: BoxDriver):
    name = box_car(street, 0)
    first = stored(street)[name]
    street.key(Qt.Key.Key_Tab)
    second = stored(street)[name]
    assert not second.equals(first)
    street.key(Qt.Key.Key_Tab, SHIFT)
    assert stored(street)[name].equals(first)
    street.key("2")
    assert NAMES[stored(street)[name].label] == "van"
    street.key("Z", CONTROL)
    assert stored(street)[name].equals(first)


@pytest.mark.slow
def test_a_journal_that_cannot_be_read_is_told_and_nothing_is_taken_back(street, monkeypatch):
    name = box_car(street, 0)

    def fail(_: int) -> None:
        raise StorageError("The disk does not answer.", "Look at its cable.")

    monkeypatch.setattr(street.answers.history._journal, "entry", fail)
    street.key("Z", CONTROL)
    assert street.session.banner.what.text() == "The disk does not answer."
    monkeypatch.undo()
    assert name in stored(street)


@pytest.mark.parametrize(
    ("key", "modifier", "axis", "by"),
    [
        ("W", None, 0, 0.05),
        ("S", None, 0, -0.05),
        ("A", None, 1, 0.05),
        ("D", None, 1, -0.05),
        ("C", None, 2, 0.05),
        ("Z", None, 2, -0.05),
        ("W", SHIFT, 0, 0.01),
        ("Q", None, 6, np.radians(2)),
        ("E", None, 6, -np.radians(2)),
        ("Q", SHIFT, 6, np.radians(0.5)),
        ("G", None, 6, np.pi),
    ],
)
def test_keys_move_and_turn_the_box(street: BoxDriver, key: str, modifier, axis: int, by: float):
    name = box_car(street, 0)
    before = stored(street)[name].box
    street.key(key, modifier or Qt.KeyboardModifier.NoModifier)
    after = stored(street)[name].box
    cos, sin = np.cos(before[6]), np.sin(before[6])
    moved = after - before
    own = np.array([cos * moved[0] + sin * moved[1], cos * moved[1] - sin * moved[0], moved[2]])
    if axis < 3:
        np.testing.assert_allclose(own, np.eye(3)[axis] * by, atol=1e-9)
        assert moved[6] == 0
    else:
        np.testing.assert_allclose(own, 0, atol=1e-9)
        assert np.cos(moved[6] - by) == pytest.approx(1)
    street.key("Z", CONTROL)
    np.testing.assert_array_equal(stored(street)[name].box, before)
    street.key("Y", CONTROL)
    np.testing.assert_array_equal(stored(street)[name].box, after)


@pytest.mark.slow
def test_letters_that_shape_it(street: BoxDriver):
    name = box_car(street, 0)
    before = stored(street)[name].box
    street.key("R")
    np.testing.assert_allclose(stored(street)[name].box[3:5], before[[4, 3]])
    street.key("Z", CONTROL)
    street.key("W")
    street.key("T")  # a shrunk box lies on its points
    assert (stored(street)[name].box[3:6] < before[3:6] + 1e-9).all()
    street.key("F")
    assert rotated_iou(stored(street)[name].box, true_box(0)[None])[1][0, 0] > 0.7
    street.key("C")
    street.key("X")
    found = stored(street)[name].box
    assert found[2] - found[5] / 2 == pytest.approx(-1.73, abs=0.03)
    street.key("I")
    assert stored(street)[name].ignore
    street.key("I")
    assert not stored(street)[name].ignore
    street.key(Qt.Key.Key_Delete)
    assert stored(street) == {}
    street.key("Z", CONTROL)
    assert set(stored(street)) == {name}
    assert street.frame.chosen == name


def test_ctrl_and_a_drag_from_above_boxes_all_points_in_the_rectangle(street: BoxDriver):
    street.key("J")
    places = street.session.view.picker.screen_xy(
        street.state.content.points[street.rows_in(true_box(1))]
    )
    low, high = places.min(axis=0) - 6, places.max(axis=0) + 6
    street.drag_in_view([low, (low + high) / 2, high], CONTROL)
    (box,) = stored(street).values()
    assert rotated_iou(box.box, true_box(1)[None])[1][0, 0] > 0.7
    assert street.entries()[-1].tool == "rectangle"


@pytest.mark.slow
def test_a_click_on_a_box_chooses_it_and_beside_it_none(street: BoxDriver):
    name = box_car(street, 0)
    street.key(Qt.Key.Key_Escape)
    street.key(Qt.Key.Key_Escape)
    assert street.frame.chosen == ""
    assert not street.work.making.armed
    street.click_row(street.seen_row(street.rows_in(true_box(0))))
    assert street.frame.chosen == name
    far = np.argmax(np.abs(street.state.content.points[:, :2] - PLACES[0][:2]).sum(axis=1))
    street.click_row(int(far))
    assert street.frame.chosen == ""
    assert len(stored(street)) == 1


def test_a_handle_of_the_side_view_moves_a_side(street: BoxDriver):
    name = box_car(street, 0)
    before = stored(street)[name].box
    sides = street.work.panels.sides
    (top, *_) = sides._seen()
    cos, sin = np.cos(before[6]), np.sin(before[6])
    ahead = np.array([cos, sin, 0.0])
    start, end = top.places(
        np.array([before[:3] + ahead * (before[3] / 2), before[:3] + ahead * (before[3] / 2 + 0.5)])
    )
    drag(sides, start, end)
    street.settle()
    after = stored(street)[name].box
    assert after[3] - before[3] == pytest.approx(0.5, abs=0.05)
    assert street.entries()[-1].tool == "drag"
    street.key("Z", CONTROL)
    np.testing.assert_array_equal(stored(street)[name].box, before)


def test_copies_follow_the_poses_and_dashed_ones_wait_for_space(street: BoxDriver):
    name = box_car(street, 0)
    first, scans = street.frame.scan, street.session.project.dataset.train
    street.key("V")
    assert street.frame.scan == scans[1]
    (copy,) = stored(street).values()
    assert not copy.sure
    assert copy.track == "1" == street.session.project.boxes_of(first)[name].track
    expected = street.session.project.boxes_of(first)[name].box.copy()
    expected[0] -= 1  # the sensor drove a metre
    assert rotated_iou(copy.box, expected[None])[1][0, 0] > 0.85
    assert street.frame.row is not None
    street.key(Qt.Key.Key_Space)
    assert next(iter(stored(street).values())).sure
    # One undo takes back the acceptance, another the copy and the track that it gave.
    street.key("Z", CONTROL)
    street.key("Z", CONTROL)
    assert street.session.project.boxes_of(scans[1]) == {}
    assert street.session.project.boxes_of(first)[name].track == ""
    assert street.frame.scan == first


@pytest.mark.slow
def test_a_copy_that_is_fitted_keeps_its_size_and_nearly_its_heading(street: BoxDriver):
    """A free fit turned copied cyclists, of whom few points say which way they look."""
    name = box_car(street, 0)
    for _ in range(4):
        street.key("Q")  # 8 degrees off what the points say
    first = stored(street)[name]
    street.key("V")
    (copy,) = stored(street).values()
    street.key("S")
    street.key("Z", CONTROL)
    street.key("F")
    (fitted,) = stored(street).values()
    np.testing.assert_array_equal(fitted.box[3:6], first.box[3:6])
    assert abs(fitted.box[6] - copy.box[6]) <= np.radians(10)


@pytest.mark.slow
def test_only_classes_that_can_be_counted_are_offered(street: BoxDriver):
    """Nobody draws a box around the ground."""
    classes = street.session.project.classes
    names = {classes.names[label] for label in classes.boxed}
    assert {"car", "cyclist"} <= names
    assert not {"ground", "background"} & names
    shown = street.work.panels.inspector.label
    hidden = {shown.itemText(at) for at in range(shown.count()) if shown.view().isRowHidden(at)}
    assert hidden == {"ground", "background"}
    palette = next(p for p in street.window.findChildren(Palette) if p.isVisible())
    assert {button.name for button in palette.buttons.values()} == names


def test_boxes_between_keyframes(street: BoxDriver):
    box_car(street, 0)
    project = street.session.project
    scans = project.dataset.train
    for _ in range(3):
        street.key("V")
    assert street.frame.scan == scans[3]
    street.key(Qt.Key.Key_Space)  # the last one is a keyframe
    street.key("W")
    street.key("N")
    for number in (1, 2):
        (box,) = project.boxes_of(scans[number]).values()
        assert not box.sure
        expected = true_box(0)
        expected[0] -= number
        assert rotated_iou(box.box, expected[None])[1][0, 0] > 0.7
    assert "2 boxes" in street.said


@pytest.mark.slow
def test_all_boxes_go_on_together(street: BoxDriver):
    for number in range(3):
        box_car(street, number)
    street.key("V", CONTROL)
    assert len(stored(street)) == 3
    assert len({box.track for box in stored(street).values()}) == 3
    street.key("A", CONTROL)
    assert all(box.sure for box in stored(street).values())
    street.key("Z", CONTROL)
    assert not any(box.sure for box in stored(street).values())


@pytest.mark.slow
def test_finish_goes_to_the_next_open_frame(street: BoxDriver):
    scans = street.session.project.dataset.train
    box_car(street, 0)
    street.key(Qt.Key.Key_Return, CONTROL)
    boxes = street.session.project.boxes
    assert boxes.is_finished(scans[0])
    assert street.frame.scan == scans[1]
    street.key(Qt.Key.Key_PageUp)
    assert street.frame.scan == scans[0]
    street.window.actions_table.run("box reopen")
    street.settle()
    assert not boxes.is_finished(scans[0])
    for _ in scans:
        street.key(Qt.Key.Key_Return, CONTROL)
    assert boxes.finished == set(scans)
    assert "finished" in street.said


@pytest.mark.slow
def test_regions_of_the_picture_stay_when_a_frame_is_opened_again(street: BoxDriver, tmp_path):
    """DontCare of imported labels goes out again after a correction."""
    project, scan = street.session.project, street.frame.scan
    regions = np.array([[100.0, 110, 400, 300]])
    box_car(street, 0)
    project.boxes.finish(project.scan_ref(scan), round="", regions=regions)
    street.work.bench.show_frame(scan)
    street.settle()
    street.window.actions_table.run("box reopen")
    street.settle()
    assert not project.boxes.is_finished(scan)
    street.frame.choose(next(iter(stored(street))))
    street.key("W")
    street.key(Qt.Key.Key_Return, CONTROL)
    assert project.boxes.is_finished(scan)
    assert project.box_table(scan).regions.tolist() == regions.tolist()
    export_boxes(project, tmp_path / "out", Job())
    (file,) = (tmp_path / "out").rglob("0000.txt")
    assert file.read_text().count("DontCare") == 1


@pytest.mark.slow
def test_frames_are_stepped_through_and_end(street: BoxDriver):
    scans = street.session.project.dataset.train
    for scan in scans[1:]:
        street.key(Qt.Key.Key_PageDown)
        assert street.frame.scan == scan
    street.key(Qt.Key.Key_PageDown)
    assert street.frame.scan == scans[-1]
    assert "last frame" in street.said
    street.key(Qt.Key.Key_PageUp, SHIFT)
    assert street.frame.scan == scans[0]


@pytest.mark.slow
def test_a_frame_of_another_place_is_seen_from_over_the_scan(qapp, qtbot, tmp_path):
    """To the next frame the camera stays at the thing; far along the drive nothing is there."""
    driver = BoxDriver(open_window(made_street(tmp_path, frames=13), qtbot), qtbot)
    driver.settle()
    driver.draw_boxes()
    camera = driver.session.view.camera

    def seen() -> tuple[float, ...]:
        return (*camera.center, camera.scale_factor)

    whole = seen()
    camera.place(true_box(0)[:3], 6.0, -90.0, 40.0)
    near = seen()
    driver.key(Qt.Key.Key_PageDown)
    assert seen() == near
    driver.key(Qt.Key.Key_PageDown, SHIFT)
    assert driver.frame.scan.endswith("000011")
    assert seen() == near
    driver.key(Qt.Key.Key_PageUp, SHIFT)
    driver.key(Qt.Key.Key_PageUp)
    strip = driver.work.panels.strip
    x = int((strip.x_of(12) + strip.x_of(13)) / 2)
    QTest.mouseClick(strip, Qt.MouseButton.LeftButton, pos=QPoint(x, strip.height() // 2))
    driver.settle()
    assert driver.frame.scan.endswith("000012")
    assert seen()[-1] == pytest.approx(whole[-1], rel=0.1)
    driver.window.close()


def test_a_key_that_comes_before_its_frame_waits_for_it(street: BoxDriver):
    """Two keys in one breath: the second is for the frame that the first one leads to."""
    scans = street.session.project.dataset.train
    box_car(street, 0)
    street.key("V")
    native = street.session.view.canvas.native
    QTest.keyClick(native, Qt.Key.Key_PageDown)
    QTest.keyClick(native, "W")
    street.settle()
    # The frame behind has no box: nothing of the one before was moved.
    assert street.frame.scan == scans[2]
    states = street.session.project.boxes.states(
        scans[1], next(iter(street.session.project.boxes_of(scans[1])))
    )
    assert len(states) == 1


@pytest.mark.slow
def test_everything_is_there_after_the_window_was_closed(street: BoxDriver, qtbot):
    name = box_car(street, 0)
    street.key("W")
    before = stored(street)
    path = street.session.project.path
    street.window.close()
    with Project(path, read_only=True) as project:
        assert set(project.boxes_of(project.dataset.train[0])) == {name}
    again = BoxDriver(open_window(path, qtbot), qtbot)
    again.settle()
    # It opens with what it was left with: boxes, in the same frame's place.
    assert again.session.work is again.session.boxes
    assert {n: b.box.tolist() for n, b in stored(again).items()} == {
        n: b.box.tolist() for n, b in before.items()
    }
    again.key("Z", CONTROL)
    assert again.frame.row is not None
    assert again.frame.row.box.box[0] != before[name].box[0]
    again.window.close()


@pytest.mark.slow
def test_without_a_chosen_box_keys_say_so(street: BoxDriver):
    for key in ("W", "G", "F", "T", "X", "R", "I"):
        street.key(key)
        assert "No box is chosen" in street.said, key
    street.key("V")
    assert "No box is chosen" in street.said
    street.key("N")
    assert "No box with a track" in street.said
    street.key(Qt.Key.Key_Tab)
    assert "no box here yet" in street.said
    assert street.entries() == []
    # A class key without a box is for those to come.
    street.key("3")
    assert "truck" in street.said
    box_car(street, 0)
    assert NAMES[street.frame.row.box.label] == "truck"


@pytest.mark.slow
def test_a_click_on_the_ground_says_so(street: BoxDriver):
    street.key("B")
    points = street.state.content.points
    near = np.linalg.norm(points[:, :2] - (9.0, -1.0), axis=1)
    street.click_row(int(near.argmin()))
    assert "ground" in street.said
    assert street.entries() == []
