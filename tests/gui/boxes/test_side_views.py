"""The three views of a box: what real drags make of boxes that are worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from core.answers.box import Box
from gui.boxes.sheets import arranged
from gui.boxes.side_views import SideViews
from gui.look.theme import THEMES
from tests.gui.boxes.hand import (
    CTRL,
    FREE,
    SHIFT,
    double_click,
    drag,
    move,
    press,
    release,
    wheel,
)

TOP, SIDE, FRONT = range(3)
GROUND_M = -1.7
# 4 m long, 2 m wide, 1.6 m high; it stands 0.3 m over the ground.
CAR = np.array([10.0, 5.0, -0.6, 4.0, 2.0, 1.6, 0.0])
RIGHT, LEFT, UP, DOWN = (1, 0), (-1, 0), (0, 1), (0, -1)


class Told:
    """What a widget said."""

    def __init__(self, views: SideViews) -> None:
        self.edited: list[Box] = []
        self.committed: list[Box] = []
        views.edited.connect(self.edited.append)
        views.committed.connect(self.committed.append)


@pytest.fixture(params=[0.0, 0.7, -2.5])
def views(request, qtbot):
    return shown(qtbot, yaw=request.param)


def shown(qtbot, yaw: float = 0.0, size=(900, 300)) -> SideViews:
    made = SideViews(THEMES["dark"])
    qtbot.addWidget(made)
    made.resize(*size)
    made.show()
    box = CAR.copy()
    box[6] = yaw
    # Inside: from 1.5 m ahead to 1.2 m behind, 0.8 m to both sides, from -0.9 to -0.1 m.
    own = np.array(
        [(1.5, 0.8, 0.5), (-1.2, -0.8, -0.3), (0.0, 0.0, 0.0), (0.3, -0.6, 0.1)], np.float32
    )
    far = np.array([(2.6, 0.0, 0.2), (0.0, 1.4, 0.2)], np.float32)  # outside
    c, s = np.cos(yaw), np.sin(yaw)
    things = np.concatenate([own, far]) @ np.array([[c, s, 0], [-s, c, 0], [0, 0, 1]], np.float32)
    things += box[:3].astype(np.float32)
    grid = np.stack(np.meshgrid(np.arange(6, 15, 0.5), np.arange(1, 9, 0.5)), -1).reshape(-1, 2)
    ground = np.column_stack([grid, np.full(len(grid), GROUND_M)])
    points = np.concatenate([things, ground, [(np.nan,) * 3]]).astype(np.float32)
    is_ground = np.arange(len(points)) >= len(things)
    made.set_points(points, is_ground)
    made.set_box(Box(box, 0))
    return made


def at(views: SideViews, which: int, across: float, upward: float) -> np.ndarray:
    """Pixels of a place in a view, in halves of the box's size from its middle."""
    sheet = views.sheets[which]
    outline = sheet.outline(views.box.box)
    middle = outline.mean(axis=0)
    return middle + (outline[0] - middle) * (across, upward)


def by(views: SideViews, across: float, upward: float) -> np.ndarray:
    """Metres to the right and up in pixels."""
    return np.array([across, -upward]) * views.sheets[0].pixels


def moved(box: Box, by: float) -> Box:
    return box.edited(box=np.add(box.box, [by, 0, 0, 0, 0, 0, 0]))


def own_axes(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """(3,) how far a box's middle went, along its own axes."""
    c, s = np.cos(before[6]), np.sin(before[6])
    return (after[:3] - before[:3]) @ np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])


SIDES = {  # view, where it is taken, which way outwards, the size that changes
    "front, from above": (TOP, RIGHT, 0, 1),
    "back, from above": (TOP, LEFT, 0, -1),
    "left, from above": (TOP, UP, 1, 1),
    "right, from above": (TOP, DOWN, 1, -1),
    "front, from the side": (SIDE, RIGHT, 0, 1),
    "top, from the side": (SIDE, UP, 2, 1),
    "bottom, from the side": (SIDE, DOWN, 2, -1),
    "left, from the front": (FRONT, RIGHT, 1, 1),
    "right, from the front": (FRONT, LEFT, 1, -1),
    "bottom, from the front": (FRONT, DOWN, 2, -1),
}


@pytest.mark.parametrize("name", SIDES)
def test_a_side_is_pulled_and_the_opposite_one_stays(qtbot, name: str):
    for yaw in (0.0, 0.7, -2.5):
        views = shown(qtbot, yaw)
        told = Told(views)
        which, way, axis, sign = SIDES[name]
        before = views.box.box.copy()
        start = at(views, which, *way)
        drag(views, start, start + by(views, *np.multiply(way, 0.4)))
        after = views.box.box
        grown = np.zeros(3)
        grown[axis] = 0.4
        np.testing.assert_allclose(after[3:6] - before[3:6], grown, atol=1e-9)
        # The middle goes half as far, so that the opposite side stays.
        went = np.zeros(3)
        went[axis] = 0.2 * sign
        np.testing.assert_allclose(own_axes(before, after), went, atol=1e-9)
        assert after[6] == before[6]
        assert [len(told.edited), len(told.committed)] == [3, 1]
        assert told.committed[0] is views.box


def test_with_shift_the_opposite_side_goes_as_far(views):
    before = views.box.box.copy()
    start = at(views, TOP, *UP)
    drag(views, start, start + by(views, 0, 0.25), SHIFT)
    np.testing.assert_allclose(views.box.box, np.add(before, [0, 0, 0, 0, 0.5, 0, 0]), atol=1e-9)


def test_a_corner_moves_two_sides(views):
    before = views.box.box.copy()
    start = at(views, FRONT, 1, 1)  # its left and its top
    drag(views, start, start + by(views, 0.3, -0.2))
    after = views.box.box
    np.testing.assert_allclose(after[3:6] - before[3:6], [0, 0.3, -0.2], atol=1e-9)
    np.testing.assert_allclose(own_axes(before, after), [0, 0.15, -0.1], atol=1e-9)


def test_the_middle_moves_the_box(views):
    before = views.box.box.copy()
    start = at(views, SIDE, 0.3, 0.1)
    drag(views, start, start + by(views, -0.5, 0.2))
    np.testing.assert_allclose(own_axes(before, views.box.box), [-0.5, 0, 0.2], atol=1e-9)
    np.testing.assert_array_equal(views.box.box[3:], before[3:])


def test_the_knob_turns_the_box_about_its_middle(views):
    before = views.box.box.copy()
    sheet = views.sheets[TOP]
    knob = sheet.knob(before)
    middle = at(views, TOP, 0, 0)
    reach = np.hypot(*(knob - middle))
    angle = np.radians(35)
    drag(views, knob, middle + reach * np.array([np.cos(angle), -np.sin(angle)]))
    off = views.box.box[6] - before[6] - angle
    assert np.cos(off) == pytest.approx(1)
    np.testing.assert_array_equal(views.box.box[:6], before[:6])


def test_with_ctrl_a_side_stops_at_the_outermost_point_inside(views):
    before = views.box.box.copy()
    start = at(views, TOP, *RIGHT)  # the front, at 2 m; points at 1.5, and at 2.6 outside
    drag(views, start, start + by(views, -0.2, 0), CTRL)
    np.testing.assert_allclose(views.box.box[3], 3.5, atol=2e-3)
    np.testing.assert_allclose(own_axes(before, views.box.box), [-0.25, 0, 0], atol=2e-3)


def test_with_ctrl_a_side_takes_in_what_it_is_pulled_over(views):
    start = at(views, TOP, *RIGHT)
    drag(views, start, start + by(views, 0.9, 0), CTRL)
    np.testing.assert_allclose(views.box.box[3], 2 + 2.6, atol=2e-3)


def test_with_ctrl_the_lower_side_stops_on_the_ground(views):
    top = views.box.box[2] + 0.8
    start = at(views, SIDE, *DOWN)
    drag(views, start, start + by(views, 0, -0.1), CTRL)
    after = views.box.box
    assert after[2] - after[5] / 2 == pytest.approx(GROUND_M)
    assert after[2] + after[5] / 2 == pytest.approx(top)


def test_with_ctrl_a_box_is_moved_along_the_ground(views):
    before = views.box.box.copy()
    start = at(views, SIDE, 0, 0)
    drag(views, start, start + by(views, 0.4, 0.5), CTRL)
    after = views.box.box
    assert after[2] == pytest.approx(GROUND_M + 0.8)
    np.testing.assert_allclose(own_axes(before, after)[:2], [0.4, 0], atol=1e-9)


def test_a_double_click_on_a_side_moves_it_to_the_points(views):
    told = Told(views)
    double_click(views, at(views, TOP, *LEFT))
    np.testing.assert_allclose(views.box.box[3], 2 + 1.2, atol=2e-3)
    np.testing.assert_array_equal(views.box.box[4:6], [2.0, 1.6])
    assert len(told.committed) == 1


def test_a_double_click_in_the_middle_moves_all_sides(views):
    before = views.box.box.copy()
    double_click(views, at(views, TOP, 0.1, 0.4))
    after = views.box.box
    np.testing.assert_allclose(after[3:5], [1.5 + 1.2, 1.6], atol=4e-3)
    np.testing.assert_allclose(own_axes(before, after)[:2], [0.15, 0], atol=4e-3)
    # It stood about on the ground, and stands on it now; its top is at the highest point.
    assert after[2] - after[5] / 2 == pytest.approx(GROUND_M)
    assert after[2] + after[5] / 2 == pytest.approx(-0.6 + 0.5, abs=2e-3)


def test_what_was_said_of_the_picture_no_longer_holds(views):
    views.set_box(views.box.edited(alpha=0.3, truncated=0.2, track="7", sure=False))
    start = at(views, TOP, 0, 0)
    drag(views, start, start + by(views, 0.4, 0))
    assert np.isnan([views.box.alpha, views.box.truncated]).all()
    assert views.box.track == "7"
    assert views.box.sure  # a person moved it


def test_escape_takes_the_drag_back(views):
    told, before = Told(views), views.box
    start = at(views, TOP, *RIGHT)
    press(views, start)
    move(views, start + by(views, 1, 0))
    assert views.box.box[3] == pytest.approx(5)
    QTest.keyClick(views, Qt.Key.Key_Escape)
    assert views.box is before
    assert told.edited[-1] is before
    release(views, start + by(views, 1, 0))
    assert told.committed == []


def test_keys_that_are_pressed_while_the_mouse_rests_count(views):
    start = at(views, TOP, *UP)
    press(views, start)
    move(views, start + by(views, 0, 0.3))
    assert views.box.box[4] == pytest.approx(2.3)
    QTest.keyPress(views, Qt.Key.Key_Shift, SHIFT)
    assert views.box.box[4] == pytest.approx(2.6)
    QTest.keyRelease(views, Qt.Key.Key_Shift, FREE)
    assert views.box.box[4] == pytest.approx(2.3)
    release(views, start + by(views, 0, 0.3))


def test_a_click_changes_nothing(views):
    told, before = Told(views), views.box
    start = at(views, TOP, *RIGHT)
    drag(views, start, np.add(start, (1, 0)))
    assert views.box is before
    assert told.edited == told.committed == []


def test_a_side_is_never_pulled_through_the_other(views):
    start = at(views, TOP, *RIGHT)
    drag(views, start, start + by(views, -7, 0))
    assert views.box.box[3] == pytest.approx(0.05)


def test_the_mouse_shows_what_it_would_take(qtbot):
    views = shown(qtbot)
    shapes = {
        (TOP, 0, 0): Qt.CursorShape.SizeAllCursor,
        (TOP, 1, 0): Qt.CursorShape.SizeHorCursor,
        (SIDE, 0, -1): Qt.CursorShape.SizeVerCursor,
        (FRONT, 1, 1): Qt.CursorShape.SizeBDiagCursor,
        (FRONT, -1, 1): Qt.CursorShape.SizeFDiagCursor,
        (FRONT, 1, -1): Qt.CursorShape.SizeFDiagCursor,
        (SIDE, 0, 2.0): Qt.CursorShape.ArrowCursor,
    }
    for (which, *place), shape in shapes.items():
        move(views, at(views, which, *place), button=Qt.MouseButton.NoButton)
        assert views.cursor().shape() == shape, (which, place)
    move(views, views.sheets[0].knob(views.box.box), button=Qt.MouseButton.NoButton)
    assert views.cursor().shape() == Qt.CursorShape.BitmapCursor


def test_another_box_ends_a_drag_and_its_own_does_not(views):
    told = Told(views)
    start = at(views, TOP, 0, 0)
    press(views, start)
    move(views, start + by(views, 0.5, 0))
    views.set_box(told.edited[-1])  # as whoever follows `edited` may do
    assert views.dragging
    other = Box(np.add(CAR, [3, 1, 0, 0, 0, 0, 0]), 0)
    views.set_box(other)
    assert not views.dragging
    release(views, start)
    assert told.committed == []
    assert views.box is other


@pytest.mark.parametrize("how", ["another frame", "hidden"])
def test_a_drag_that_cannot_be_ended_gives_the_keys_back(qtbot, how: str):
    views = shown(qtbot)
    told, before = Told(views), views.box
    start = at(views, TOP, 0, 0)
    press(views, start)
    move(views, start + by(views, 0.5, 0))
    assert QWidget.keyboardGrabber() is views
    if how == "hidden":
        views.hide()
        assert views.box is told.edited[-1] is before
    else:
        views.set_points(views.points, views.is_ground)
    assert QWidget.keyboardGrabber() is None
    release(views, start)
    assert told.committed == []


def test_views_stay_still_while_a_box_stays_about_in_their_middle(views):
    before = views.sheets[TOP]
    views.set_box(moved(views.box, 0.05))
    assert views.sheets[TOP].middle is before.middle
    views.set_box(moved(views.box, 9))
    np.testing.assert_array_equal(views.sheets[TOP].middle, views.box.box[:3])


def test_each_notch_of_the_wheel_comes_closer(views):
    before = views.sheets[TOP].pixels
    for notch in range(1, 4):
        wheel(views, at(views, TOP, 0.5, 0.5), 120)
        assert views.sheets[TOP].pixels == pytest.approx(before * 1.2**notch)
    for _ in range(3):
        wheel(views, at(views, TOP, 0, 0), -120)
    assert views.sheets[TOP].pixels == pytest.approx(before)
    for _ in range(40):
        wheel(views, (300, 100), 120)
    assert views.sheets[TOP].pixels == pytest.approx(before * 6)


@pytest.mark.parametrize("size", [(900, 250), (300, 800), (500, 420), (180, 120)])
def test_all_of_a_box_and_its_room_is_in_each_view(size):
    rooms = CAR[3:6] + 2
    frames, pixels = arranged(*size, rooms)
    for (left, top, wide, high), (a, b) in zip(frames, ((0, 1), (0, 2), (1, 2)), strict=True):
        assert wide + 1e-6 >= rooms[a] * pixels
        assert high + 1e-6 >= rooms[b] * pixels
        assert left >= 0
        assert top >= 0
        assert left + wide <= size[0] + 1e-6
        assert top + high <= size[1] + 1e-6
    assert sum(wide * high for _, _, wide, high in frames) == pytest.approx(size[0] * size[1])


def test_points_inside_and_outside_look_different(qtbot):
    views = shown(qtbot)
    image = views.grab().toImage()
    sheet = views.sheets[TOP]

    def seen(off) -> str:
        x, y = sheet.places(np.add(CAR[:3], off)[None])[0]
        return image.pixelColor(int(x), int(y)).name()

    theme = THEMES["dark"]
    assert seen((0.3, -0.6, 0.1)) == theme.text.lower()
    assert seen((0.0, 1.4, 0.2)) == theme.quiet.lower()


def test_without_a_box_nothing_can_be_pulled(qtbot):
    views = shown(qtbot)
    told = Told(views)
    views.set_box(None)
    drag(views, (100, 100), (160, 120))
    double_click(views, (100, 100))
    views.grab()
    assert told.edited == told.committed == []


def drawn_at(views: SideViews, sheet, point: np.ndarray) -> bool:
    """Whether a view shows a point that is none of the ground."""
    x, y = sheet.places(point[None])[0]
    if not sheet.holds(x, y):
        return False
    colour = views.grab().toImage().pixelColor(int(x), int(y)).getRgb()[:3]
    return colour in (views.theme.rgb("quiet"), views.theme.rgb("text"))


@pytest.mark.parametrize("yaw", [0.0, 0.7])
def test_more_around_a_box_is_seen_the_further_one_zooms_out(qtbot, yaw: float):
    views = shown(qtbot, yaw)
    ahead = np.array([np.cos(yaw), np.sin(yaw), 0.0])
    beside = np.array([-np.sin(yaw), np.cos(yaw), 0.0])
    far = CAR[:3] + 4.6 * ahead  # 2.6 m before its front
    deep = CAR[:3] + 3.4 * beside + 0.9 * ahead + (0, 0, 0.5)  # 2.4 m beside it
    points = np.vstack([views.points, far, deep]).astype(np.float32)
    views.set_points(points, np.append(views.is_ground, [False, False]))
    assert not drawn_at(views, views.sheets[TOP], far)
    for _ in range(4):
        wheel(views, (450, 150), -120)
    assert drawn_at(views, views.sheets[TOP], far)
    assert drawn_at(views, views.sheets[SIDE], far)
    assert drawn_at(views, views.sheets[TOP], deep)
    # From the side nothing is drawn over the box that stands far behind it.
    assert not drawn_at(views, views.sheets[SIDE], deep)


def test_a_box_that_holds_nothing_shows_what_is_near(qtbot):
    views = shown(qtbot)
    box = CAR.copy()
    box[0] -= 6.2  # 2.9 m behind the nearest point of the thing
    views.set_box(Box(box, 0))
    nearest = CAR[:3] - np.array([1.2, 0.8, 0.3])
    assert drawn_at(views, views.sheets[TOP], nearest)
    top = views.sheets[TOP]
    # The box is dragged onto the thing in one go.
    drag(views, top.places(box[None, :3])[0], top.places(CAR[None, :3])[0])
    np.testing.assert_allclose(views.box.box[:2], CAR[:2], atol=0.1)
    assert drawn_at(views, views.sheets[TOP], nearest)
