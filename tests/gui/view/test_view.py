"""The 3D view by itself: what is a click, and what becomes of OpenGL's memory."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from gui.look.relief import relief_table
from gui.look.theme import DARK
from gui.view import view as view_module
from gui.view.cloud import Layer
from gui.view.draw_tool import DrawTool
from gui.view.view import CloudView
from tests.gui.minimised import bring_back, minimise

LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
NONE, NO_KEY = Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier
AT = QPoint(200, 150)


def layer(count: int) -> Layer:
    rng = np.random.default_rng(count)
    points = np.zeros((count, 4), np.float32)
    points[:, :3] = rng.normal(size=(count, 3)) * 5
    look = np.column_stack([np.full(count, 0.5), np.zeros(count), np.full(count, 0.5)])
    return Layer(points, np.zeros(count), look, np.full(count, 0.5))


@pytest.fixture
def view(qtbot) -> CloudView:
    """Shown and drawn, with points in it."""
    made = CloudView()
    made.instant = True
    made.resize(400, 300)
    qtbot.addWidget(made, before_close_func=lambda widget: widget.shut())
    made.set_look(DARK.rgb("canvas"), relief_table(dark=True))
    made.show_scan(layer(2000))
    made.set_units(np.full((1, 3), 200, np.uint8), np.array([255], np.uint8))
    made.show()
    qtbot.waitUntil(lambda: made.drawn)
    made.overview(40)
    return made


def send(view: CloudView, kind: QEvent.Type, at: QPoint, button=NONE, held=LEFT) -> None:
    native = view.canvas.native
    native._last_time = 0.0  # vispy drops moves that come within 10 ms
    here = QPointF(at)
    event = QMouseEvent(kind, here, native.mapToGlobal(here), button, held, NO_KEY)
    QApplication.sendEvent(native, event)


@pytest.fixture
def told(view: CloudView) -> list[str]:
    found: list[str] = []
    view.clicked.connect(lambda *_: found.append("clicked"))
    view.held.connect(lambda *_: found.append("held"))
    return found


def test_a_drag_that_comes_back_is_no_click(view: CloudView, told: list[str]):
    """Only where it ended was looked at: turning to and fro answered."""
    send(view, QEvent.Type.MouseButtonPress, AT, LEFT)
    for across in (20, 60, 20, 1):
        send(view, QEvent.Type.MouseMove, AT + QPoint(across, 0))
    send(view, QEvent.Type.MouseButtonRelease, AT + QPoint(1, 0), LEFT, NONE)
    assert told == []
    send(view, QEvent.Type.MouseMove, AT + QPoint(90, 0), held=NONE)
    QTest.mouseClick(view.canvas.native, LEFT, pos=AT)
    assert told == ["clicked"]


def test_the_second_of_two_clicks_is_timed_by_itself(view: CloudView, told: list[str], monkeypatch):
    """A double click comes in place of a press: time ran on since the first one."""
    now = [100.0]
    monkeypatch.setattr(view_module.time, "monotonic", lambda: now[0])
    send(view, QEvent.Type.MouseButtonPress, AT, LEFT)
    send(view, QEvent.Type.MouseButtonRelease, AT, LEFT, NONE)
    now[0] += 0.4
    send(view, QEvent.Type.MouseButtonDblClick, AT, LEFT)
    now[0] += 0.2
    send(view, QEvent.Type.MouseButtonRelease, AT, LEFT, NONE)
    assert told == ["clicked", "clicked"]


def test_neighbouring_scans_take_no_more_memory_each_time(view: CloudView):
    """Each time made clouds of its own; the old ones lived until the garbage was collected."""
    table, bright = np.full((256, 3), 100, np.uint8), np.full(256, 200, np.uint8)
    kept = view.canvas.context.shared.parser._objects

    def drawn(*levels: Layer) -> int:
        view.show_around(levels, table, bright)
        view.canvas.render()
        view.canvas.render()  # what was let go is deleted with the next picture
        return len(kept)

    first = drawn(layer(50), layer(20))
    nodes = len(view.box.scene.children)
    for count in range(30, 36):
        assert drawn(layer(count), layer(count - 10)) <= first + 12
    assert len(view.box.scene.children) == nodes
    assert view.around[0]._points.shape == (35, 3)
    view.show_around([], table, bright)
    assert view.around == []
    assert sum(child.visible for child in view.box.scene.children if child in view._levels) == 0
    view.show_around([layer(9)], table, bright)
    assert [cloud.visible for cloud in view._levels] == [True, False]


@pytest.fixture
def sheet(view: CloudView) -> DrawTool:
    return DrawTool(view, view.canvas.native, "#ff0000")


def test_only_a_left_double_click_ends_a_polygon(sheet: DrawTool):
    drawn = []
    sheet.drawn.connect(lambda shape, *_: drawn.append(shape))
    sheet.begin("polygon")
    for at in (QPoint(100, 100), QPoint(200, 100), QPoint(200, 200)):
        QTest.mouseClick(sheet, LEFT, pos=at)
    QTest.mouseDClick(sheet, RIGHT, pos=QPoint(250, 50))
    assert not drawn
    QTest.mouseDClick(sheet, LEFT, pos=QPoint(100, 200))
    assert len(drawn) == 1


def test_a_polygon_is_kept_while_its_window_is_minimised(sheet: DrawTool):
    drawn = []
    sheet.drawn.connect(lambda shape, *_: drawn.append(shape.places))
    sheet.begin("polygon")
    for at in (QPoint(100, 100), QPoint(200, 100)):
        QTest.mouseClick(sheet, LEFT, pos=at)
    minimise(sheet)
    bring_back(sheet)
    QTest.mouseClick(sheet, LEFT, pos=QPoint(200, 200))
    assert sheet.close_polygon()
    assert drawn == [((100, 100), (200, 100), (200, 200))]


def test_of_a_drag_nothing_comes_back_with_its_window(sheet: DrawTool):
    """Its button is let go elsewhere: the view was busy until the mouse moved over it again."""
    sheet.begin("lasso")
    QTest.mousePress(sheet, LEFT, pos=QPoint(50, 50))
    assert sheet.busy
    minimise(sheet)
    bring_back(sheet)
    assert not sheet.busy


def test_a_shape_whose_button_was_let_go_elsewhere_is_put_away(sheet: DrawTool):
    """It went on with every move of the mouse, and the view was busy for ever."""
    moved = []
    sheet.moved.connect(lambda *_: moved.append(1))
    sheet.begin("lasso")
    QTest.mousePress(sheet, LEFT, pos=QPoint(50, 50))
    assert sheet.busy
    sheet.hide()
    sheet.show()
    assert not sheet.busy
    QTest.mousePress(sheet, LEFT, pos=QPoint(50, 50))
    here = QPointF(90, 90)
    move = QMouseEvent(QEvent.Type.MouseMove, here, sheet.mapToGlobal(here), NONE, NONE, NO_KEY)
    QApplication.sendEvent(sheet, move)
    assert not sheet.busy
    assert not moved


def test_a_click_finds_points_by_their_form_of_now(view: CloudView):
    """A form that came later left the rows found before it, whose points had other sizes."""
    before = view.picker.ids()
    count = len(view.cloud._points)
    large = np.column_stack([np.full(count, 0.5), np.zeros(count), np.full(count, 4.0)])
    view.set_form(large, np.zeros((count, 3)))
    assert (view.picker.ids() >= 0).sum() > (before >= 0).sum()
