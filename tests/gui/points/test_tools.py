"""The drawing tools with a real mouse: the journal holds what lay under the shape."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from core.data.classes import UNLABELLED
from core.prepare.units import CELL
from gui.view.cloud import Layer
from gui.view.draw_tool import Shape
from gui.view.pose import Pose

CONTROL, NONE = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.NoModifier
LEFT = Qt.MouseButton.LeftButton
ROAD, TRUNK = 8, 10  # keys R and A


@pytest.fixture
def cell(driver):
    """The largest ground cell that is asked, seen from straight above."""
    units, query = driver.session.project.units, driver.state.round.query
    cells = [n for n, item in enumerate(query.items) if units.kind[units.find(item)] == CELL]
    driver.state.go(max(cells, key=lambda n: query.cost[n]))
    driver.settle()
    driver.key("J")
    return driver


def places(driver) -> np.ndarray:
    """(R, 2) logical pixels of the target's points."""
    content, target = driver.state.content, driver.state.target
    return driver.session.view.picker.screen_xy(content.points[target.rows])


def even_odd(xy: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """Which places lie in a polygon, by counting the edges to their right."""
    inside = np.zeros(len(xy), bool)
    for (ax, ay), (bx, by) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        if ay == by:
            continue
        crosses = (xy[:, 1] < ay) != (xy[:, 1] < by)
        inside ^= crosses & (xy[:, 0] < (bx - ax) * (xy[:, 1] - ay) / (by - ay) + ax)
    return inside


def near_edge(xy: np.ndarray, corners: np.ndarray, reach: float = 1.5) -> np.ndarray:
    """Which places lie so near an edge that a pixel decides."""
    near = np.zeros(len(xy), bool)
    for a, b in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        along = b - a
        t = np.clip((xy - a) @ along / max(along @ along, 1e-9), 0, 1)
        near |= np.linalg.norm(xy - (a + t[:, None] * along), axis=1) <= reach
    return near


def drag(driver, corners, modifier=NONE) -> None:
    """Press, move through the corners, release, on the drawing sheet."""
    sheet = driver.session.work.in_view.drawing.draw_tool
    points = [QPoint(round(x), round(y)) for x, y in corners]
    QTest.mousePress(sheet, LEFT, modifier, points[0])
    for point in points[1:]:
        move = QMouseEvent(
            QEvent.Type.MouseMove, QPointF(point), sheet.mapToGlobal(QPointF(point)),
            Qt.MouseButton.NoButton, LEFT, modifier,
        )  # fmt: skip
        QApplication.sendEvent(sheet, move)
    QTest.mouseRelease(sheet, LEFT, modifier, points[-1])
    driver.settle()


def around(xy: np.ndarray, share: float = 0.3) -> np.ndarray:
    """Corners of a crooked ring about the middle of places."""
    middle = np.median(xy, axis=0)
    size = np.ptp(xy, axis=0) * share
    angles = np.linspace(0, 2 * np.pi, 9)[:-1]
    wave = 1 + 0.3 * (np.arange(8) % 2)
    ring = middle + np.stack([np.cos(angles), np.sin(angles)], 1) * size * wave[:, None]
    return np.round(ring)


def assert_shape(driver, entry, corners: np.ndarray, xy: np.ndarray) -> None:
    """Inside the shape one class, outside the other; a pixel at the edge may be either."""
    inside, edge = even_odd(xy, corners), near_edge(xy, corners)
    assert 20 < inside.sum() < len(xy) - 20
    assert edge.sum() < 0.2 * len(xy)
    assert set(entry.classes[inside & ~edge].tolist()) == {ROAD}
    assert set(entry.classes[~inside & ~edge].tolist()) == {TRUNK}
    assert np.array_equal(driver.state.project.labels(entry.scan)[entry.rows], entry.classes)


def test_a_lasso_gives_its_inside_one_class_and_a_key_the_rest(cell):
    xy = places(cell)
    corners = around(xy)
    cell.key("L")
    drag(cell, corners)
    assert cell.entries() == []
    cell.key("R")
    assert cell.entries() == []
    cell.key("A")
    (entry,) = cell.entries()
    assert (entry.tool, entry.keys) == ("lasso", 4)  # J, L, R, A
    assert_shape(cell, entry, corners, xy)


def test_a_box_is_dragged_from_corner_to_corner(cell):
    xy = places(cell)
    low, high = (np.round(np.quantile(xy, q, axis=0)) for q in (0.25, 0.7))
    cell.key("O")
    drag(cell, [low, (low + high) / 2, high])
    cell.key("R")
    cell.key("A")
    corners = np.array([low, (high[0], low[1]), high, (low[0], high[1])])
    assert_shape(cell, cell.entries()[0], corners, xy)


@pytest.mark.parametrize("close", ["double click", "Enter"])
def test_a_polygon_is_clicked(cell, close: str):
    xy = places(cell)
    corners = around(xy, 0.35)[::2]
    cell.key("P")
    sheet = cell.session.work.in_view.drawing.draw_tool
    points = [QPoint(round(x), round(y)) for x, y in corners]
    for point in points:
        QTest.mouseClick(sheet, LEFT, NONE, point)
    if close == "Enter":
        cell.key(Qt.Key.Key_Return)
    else:
        QTest.mouseDClick(sheet, LEFT, NONE, points[-1])
    cell.settle()
    assert cell.session.work.labelling.draft.selected.any()
    cell.key("R")
    cell.key("A")
    assert_shape(cell, cell.entries()[0], corners, xy)


def test_a_brush_paints_what_it_touches(cell):
    xy = places(cell)
    start, end = np.round(np.quantile(xy, 0.3, axis=0)), np.round(np.quantile(xy, 0.6, axis=0))
    cell.key("U")
    sheet = cell.session.work.in_view.drawing.draw_tool
    before = sheet.radius
    wheel = QWheelEvent(
        QPointF(5, 5), sheet.mapToGlobal(QPointF(5, 5)), QPoint(), QPoint(0, 120),
        Qt.MouseButton.NoButton, NONE, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(sheet, wheel)
    assert sheet.radius > before
    cell.key("]")
    radius = sheet.radius
    drag(cell, [start, end])
    cell.key("R")
    cell.key("A")
    (entry,) = cell.entries()
    along = end - start
    t = np.clip((xy - start) @ along / (along @ along), 0, 1)
    away = np.linalg.norm(xy - (start + t[:, None] * along), axis=1)
    assert (away < radius - 1.5).sum() > 10
    assert set(entry.classes[away < radius - 1.5].tolist()) == {ROAD}
    assert set(entry.classes[away > radius + 1.5].tolist()) == {TRUNK}
    assert entry.tool == "brush"


def test_control_takes_away_and_shapes_add_up(cell):
    xy = places(cell)
    middle = np.median(xy, axis=0)
    left = [xy.min(axis=0) - 5, (middle[0], xy[:, 1].max() + 5)]
    cell.key("O")
    drag(cell, left)
    drag(cell, [(middle[0], xy[:, 1].min() - 5), xy.max(axis=0) + 5])
    assert cell.session.work.labelling.draft.selected.all()
    drag(cell, left, CONTROL)
    selected = cell.session.work.labelling.draft.selected
    clear = np.abs(xy[:, 0] - middle[0]) > 2
    assert np.array_equal(selected[clear], (xy[:, 0] > middle[0])[clear])


def test_the_picture_changes_as_the_mouse_moves(cell):
    xy = places(cell)
    cell.key("O")
    sheet, view = cell.session.work.in_view.drawing.draw_tool, cell.session.view
    low, high = np.quantile(xy, 0.2, axis=0), np.quantile(xy, 0.8, axis=0)
    QTest.mousePress(sheet, LEFT, NONE, QPoint(*(round(v) for v in low)))
    bright = []
    for share in (0.3, 0.6, 1.0):
        at = QPointF(*(low + (high - low) * share))
        move = QMouseEvent(
            QEvent.Type.MouseMove, at, sheet.mapToGlobal(at), Qt.MouseButton.NoButton, LEFT, NONE
        )
        QApplication.sendEvent(sheet, move)
        slots = cell.session.work.in_view.colours.placed[cell.state.target.rows]
        lit = view.cloud._table.reshape(-1, 4)[slots, 3] == 255
        bright.append(int(lit.sum()))
    assert 0 < bright[0] < bright[1] < bright[2] < len(xy)
    assert cell.session.work.labelling.draft is None


def test_each_step_of_a_draft_is_taken_back_and_brought_again(cell):
    labelling = cell.session.work.labelling
    cell.key("O")
    xy = places(cell)
    drag(cell, [xy.min(axis=0) - 5, np.median(xy, axis=0)])
    selected = labelling.draft.selected.copy()
    cell.key("R")
    given = labelling.draft.classes.copy()
    cell.key("Z", CONTROL)
    assert np.array_equal(labelling.draft.selected, selected)
    assert labelling.draft.open.all()
    cell.key("Z", CONTROL)
    assert labelling.draft is None
    cell.key("Y", CONTROL)
    cell.key("Y", CONTROL)
    assert np.array_equal(labelling.draft.classes, given)
    assert cell.entries() == []


def test_escape_puts_away_tool_selection_and_draft_in_turn(cell):
    drawing, labelling = cell.session.work.in_view.drawing, cell.session.work.labelling
    xy = places(cell)
    cell.key("O")
    drag(cell, [xy.min(axis=0) - 5, np.median(xy, axis=0)])
    cell.key(Qt.Key.Key_Escape)
    assert not drawing.draw_tool.isVisible()
    assert labelling.draft.selected.any()
    cell.key(Qt.Key.Key_Escape)
    assert not labelling.draft.selected.any()
    cell.key(Qt.Key.Key_Escape)
    assert labelling.draft is None


@pytest.mark.parametrize("key", ["R", Qt.Key.Key_Return])
def test_a_stroke_that_missed_labels_nothing(cell, key):
    """A key after an empty lasso is not for the whole unit."""
    xy = places(cell)
    cell.key("L")
    drag(cell, around(xy, 0.05) + np.ptp(xy, axis=0) + 40)
    assert cell.session.work.labelling.draft is None
    cell.key(key)
    assert cell.entries() == []
    cell.key(Qt.Key.Key_Escape)
    cell.key("R")
    assert len(cell.entries()) == 1


def test_the_view_still_turns_with_a_tool_in_hand(cell):
    cell.key("L")
    sheet, camera = cell.session.work.in_view.drawing.draw_tool, cell.session.view.camera
    before = camera.scale_factor
    at = QPointF(300, 200)
    wheel = QWheelEvent(
        at, sheet.mapToGlobal(at), QPoint(), QPoint(0, 120), Qt.MouseButton.NoButton, NONE,
        Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(sheet, wheel)
    assert camera.scale_factor < before


def test_parts_are_asked_one_after_the_other(cell, qtbot):
    labelling = cell.session.work.labelling
    cell.key("Y")
    qtbot.waitUntil(lambda: labelling.draft is not None)
    parts = len(np.unique(labelling.draft.part))
    assert parts > 1
    for _ in range(parts - 1):
        cell.key("R")
    assert cell.entries() == []
    cell.key("A")
    (entry,) = cell.entries()
    assert entry.tool == "guess"
    assert set(entry.classes.tolist()) == {ROAD, TRUNK}
    assert entry.clicks == 0


def test_the_lit_part_alone_is_split_further_and_back(cell, qtbot):
    """Y once more halves what is lit, undo joins it again, a class is for the lit half only."""
    labelling = cell.session.work.labelling
    cell.key("Y")
    qtbot.waitUntil(lambda: labelling.draft is not None)
    two, lit = labelling.draft.part, labelling.draft.asked
    assert len(np.unique(two)) == 2
    cell.key("Y")
    three = labelling.draft.part
    assert len(np.unique(three)) == 3
    np.testing.assert_array_equal(three[~lit], two[~lit])
    cell.key("Z", CONTROL)
    np.testing.assert_array_equal(labelling.draft.part, two)
    cell.key("Y")
    half = labelling.draft.asked
    cell.key("R")
    given = labelling.draft.classes == ROAD
    np.testing.assert_array_equal(given, half)
    assert cell.entries() == []
    cell.key("A")
    cell.key("A")
    (entry,) = cell.entries()
    assert int((entry.classes == ROAD).sum()) == int(half.sum())


def test_one_class_is_swapped_for_another(cell):
    """A third of the cell is road, a third trunk; road becomes parking, wherever it is."""
    labelling = cell.session.work.labelling
    cell.key(";")
    assert labelling.draft is None
    xy = places(cell)
    left, right = np.quantile(xy[:, 0], [0.33, 0.66])
    top, bottom = xy[:, 1].min() - 5, xy[:, 1].max() + 5
    cell.key("O")
    drag(cell, [(xy[:, 0].min() - 5, top), (left, bottom)])
    cell.key("R")
    drag(cell, [(right, top), (xy[:, 0].max() + 5, bottom)])
    cell.key("A")
    road = labelling.draft.classes == ROAD
    some = [(xy[:, 0].min() - 5, top), (left - 10, bottom)]
    drag(cell, some, Qt.KeyboardModifier.ShiftModifier)  # of the road, which has its class
    cell.key(";")
    cell.key("T")
    swapped = labelling.draft.classes
    assert set(swapped[road].tolist()) == {9}
    assert set(swapped[~road].tolist()) == {TRUNK, UNLABELLED}
    assert cell.entries() == []
    cell.key("Z", CONTROL)
    assert (labelling.draft.classes[road] == ROAD).all()


def test_a_click_fills_a_part(cell, qtbot):
    labelling, view = cell.session.work.labelling, cell.session.view
    rows = cell.state.target.rows
    cell.key(",")
    cell.click_at(places(cell)[len(rows) // 2])
    qtbot.waitUntil(lambda: labelling.draft is not None)
    filled = labelling.draft.selected
    row = view.picker.pick(*places(cell)[len(rows) // 2])
    assert filled[np.searchsorted(rows, row)]
    assert 0 < filled.sum() < len(rows)


def test_only_what_is_in_sight(driver):
    """What lies further along the same ray is hidden, and a shape leaves it out."""
    view, drawing = driver.session.view, driver.session.work.in_view.drawing
    target, content = driver.state.target, driver.state.content
    points = content.points[target.rows, :3].astype(float)
    camera = view.camera
    right, up = camera.axes()
    eye = np.array(camera.center) + np.cross(right, up) * camera.reference
    behind = eye + (points - eye) * 1.5
    drawn = np.array([view.picker.pick(*xy) >= 0 for xy in view.picker.screen_xy(points)])
    np.testing.assert_allclose(
        view.picker.screen_xy(behind), view.picker.screen_xy(points), atol=0.01
    )
    assert drawn.mean() > 0.9
    seen, hidden = (
        view.picker.in_sight(points, content.points),
        view.picker.in_sight(behind, content.points),
    )
    assert seen[drawn].mean() > 0.9
    assert hidden[drawn].mean() < 0.1
    driver.key("T", CONTROL)
    assert not drawing.through
    box = Shape("box", ((0, 0), (view.width(), 0), (view.width(), view.height()), (0, 2000)))
    assert np.array_equal(drawing.covered(box), seen)


def test_the_camera_flies_between_units_of_one_size(driver):
    view = driver.session.view
    middle = np.array([view.width(), view.height()]) / 2
    for centre in ([3.0, 4.0, 0.0], [-20.0, 9.0, 1.0], [5.0, -30.0, 0.5]):
        view.fly_to(Pose(np.array(centre), 8.0, 30.0, 15.0))
        np.testing.assert_allclose(view.picker.screen_xy(np.array([centre]))[0], middle, atol=0.5)


def test_home_frames_and_once_more_comes_closer(driver):
    camera = driver.session.view.camera
    framed = (*camera.center, camera.scale_factor)
    driver.key(Qt.Key.Key_Home)
    assert camera.scale_factor < framed[3]
    driver.key(Qt.Key.Key_Home)
    assert (*camera.center, camera.scale_factor) == pytest.approx(framed)


@pytest.mark.parametrize("top", [False, True])
def test_nothing_hides_the_asked_unit(driver, top: bool):
    """Each point of the unit has another one half way to the eye."""
    if top:
        driver.key("J")
    view, target = driver.session.view, driver.state.target
    unit = driver.state.content.points[target.rows, :3].astype(float)
    camera = view.camera
    toward = np.cross(*camera.axes())
    eye = np.array(camera.center) + toward * camera.reference
    wall = unit + toward * 5 if top else (unit + eye) / 2
    points = np.concatenate([unit, wall]).astype(np.float32)
    look = np.tile([0.5, 0.0, 0.05], (len(points), 1))
    view.show_scan(Layer(points, np.repeat([0, 1], len(unit)), look, np.zeros(len(points))))
    view.set_asked(None)  # else what stands before the eye is left out
    colours, bright = np.full((2, 3), 200, np.uint8), np.array([255, 77], np.uint8)
    places = view.picker.screen_xy(unit)
    view.set_units(colours, bright)
    assert np.mean([view.picker.pick(*place) >= len(unit) for place in places]) > 0.9
    view.set_units(colours, bright, front=170)
    assert all(0 <= view.picker.pick(*place) < len(unit) for place in places)


@pytest.mark.parametrize("top", [False, True])
def test_places_on_screen_are_those_of_the_drawing_library(driver, top: bool):
    if top:
        driver.key("J")
    view, points = driver.session.view, driver.state.content.points
    mapped = view.cloud.get_transform("visual", "canvas").map(points[:, :3].astype(float))
    ahead = mapped[:, 3] > 0.1
    assert ahead.mean() > 0.5
    wanted = mapped[ahead, :2] / mapped[ahead, 3:4]
    found = view.picker.screen_xy(points)
    np.testing.assert_allclose(found[ahead], wanted, atol=0.05)
    assert np.isnan(found[mapped[:, 3] <= 0]).all()  # no shape reaches behind the eye


@pytest.mark.parametrize(
    ("x", "covered"), [(4.99, False), (5.0, True), (19.99, True), (20.0, False), (np.nan, False)]
)
def test_a_place_counts_as_the_pixel_it_is_drawn_in(x: float, covered: bool):
    """A box over the pixels 5 to 19 takes the places that are drawn in them, to the hair."""
    box = Shape("box", ((5, 5), (20, 5), (20, 20), (5, 20)))
    xy = np.array([[x, 10.0], [10.0, x]])
    assert box.covers(xy, (100, 80)).tolist() == [covered, covered]


def test_a_shape_that_reaches_out_of_the_view_takes_what_is_in_it():
    places = [(0, 0), (99.9, 79.9), (-0.1, 5), (5, -0.1), (100, 5), (5, 80), (np.nan, 5)]
    everything = Shape("lasso", ((-50, -50), (300, -50), (300, 300), (-50, 300)))
    covered = everything.covers(np.array(places, float), (100, 80))
    assert covered.tolist() == [True, True, False, False, False, False, False]


def test_a_brush_is_as_wide_as_its_radius_and_a_cut_takes_its_left():
    away = np.array([0.0, 5.0, 8.5, 11.5, 20.0])
    stroke = Shape("brush", ((20, 40), (60, 40)), 10.0)
    for side in (-1, 1):
        across = np.column_stack([np.full(5, 40.5), 40 + side * away])
        assert stroke.covers(across, (100, 80)).tolist() == [True, True, True, False, False]
    cut = Shape("cut", ((50, 70), (50, 10)))  # upward on the screen
    assert cut.covers(np.array([[49.0, 40], [51, 40], [49, 500]]), (100, 80)).tolist() == [
        True, False, True,
    ]  # fmt: skip
