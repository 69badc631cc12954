"""After a change of the theme all is as if the window had been opened in it: by pixels."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QImage, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from gui.look.combo import Combo
from gui.look.theme import THEMES, contrast
from tests.gui.cut import all_windows
from tests.gui.states import session_states


def pixels(widget: QWidget) -> np.ndarray:
    """(height, width, 3) uint8: what a widget shows."""
    image = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    lines = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1)
    return lines[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).copy()


def near(image: np.ndarray, colour: str, within: int = 40) -> int:
    """How many pixels are about of a colour."""
    red, green, blue, _ = QColor(colour).getRgb()
    away = np.abs(image.astype(int) - (red, green, blue)).max(axis=2)
    return int(np.count_nonzero(away < within))


FOCUS_PX = 1200  # the frame of what has the focus, which another visit may leave elsewhere
# One of each kind: each change of the theme takes its time.
STATES = (
    "mode-partition", "panel-partitions", "panel-rounds", "tool-brush", "banner-error", "training",
    "alike-ticked", "key-", "command-", "tour-1", "settings", "ask-",
)  # fmt: skip


def settle_with(qtbot):
    def settle(until) -> None:
        qtbot.waitUntil(until, timeout=20_000)
        for _ in range(6):
            QApplication.processEvents()

    return settle


def pictures(driver, qtbot, change: bool) -> dict[str, list[np.ndarray]]:
    """Every window in every state; `change`: after the theme was changed in that state."""
    settle, window = settle_with(qtbot), driver.window
    made = {}
    for state in session_states(window, settle):
        if not state.startswith(STATES):
            continue
        if change:
            window.change_theme()
            settle(lambda: True)
        shown = sorted(all_windows(), key=lambda one: (type(one).__name__, one.width()))
        made[state] = [pixels(one) for one in shown]
        if change:
            window.change_theme()
            settle(lambda: True)
    return made


@pytest.mark.slow
def test_every_state_is_as_if_it_had_been_opened_in_the_theme(driver, qtbot):
    window = driver.window
    changed = pictures(driver, qtbot, True)
    window.change_theme()
    opened = pictures(driver, qtbot, False)
    assert changed.keys() == opened.keys()
    wrong = []
    for state in opened:
        for one, other in zip(changed[state], opened[state], strict=True):
            if one.shape != other.shape:
                wrong.append(f"{state}: {one.shape} and {other.shape}")
            elif (differ := (one != other).any(axis=2)).sum() > FOCUS_PX:
                y, x = np.nonzero(differ)
                where = f"x {x.min()}-{x.max()}, y {y.min()}-{y.max()}"
                wrong.append(f"{state}: {len(x)} pixels differ, {where} of {one.shape}")
    assert not wrong, "\n".join(wrong)


class Painted(QObject):
    """Counts how often a widget is painted."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self.count = 0
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        self.count += event.type() == QEvent.Type.Paint
        return False


def test_a_draft_is_drawn_in_the_new_colour_at_once(driver, qtbot):
    """Its points have the theme's own colour until each has a class."""
    driver.key("l")
    target, colours = driver.state.target, driver.session.work.in_view.colours
    rows = np.zeros(len(target.rows), bool)
    rows[: len(rows) // 2] = True
    colours.show_preview(rows)
    given = []
    colours.view.set_units = lambda rgb, *_, **__: given.append(rgb)
    driver.window.change_theme()
    driver.settle()
    del colours.view.set_units
    assert given, "the points keep the colour of the theme before"
    assert tuple(given[-1][-1].tolist()) == THEMES["light"].rgb("picked")


def test_a_drawing_that_is_under_way_takes_the_new_colour_at_once(driver, qtbot):
    driver.key("l")
    tool = driver.session.work.in_view.drawing.draw_tool
    middle = tool.rect().center()
    QTest.mousePress(tool, Qt.MouseButton.LeftButton, pos=middle)
    left = Qt.MouseButton.LeftButton
    for x, y in ((60, 0), (60, 60), (0, 60)):
        here = QPointF(middle + QPoint(x, y))
        kind, none = QEvent.Type.MouseMove, Qt.KeyboardModifier.NoModifier
        event = QMouseEvent(kind, here, tool.mapToGlobal(here), left, left, none)
        QApplication.sendEvent(tool, event)
    painted = Painted(tool)
    tool.set_colour(THEMES["light"].picked)  # alone: a style sheet would paint all anew
    qtbot.waitUntil(lambda: painted.count > 0, timeout=5000)
    tool.set_colour(THEMES["dark"].picked)
    assert near(pixels(tool), THEMES["light"].picked) == 0
    driver.window.change_theme()
    driver.settle()
    assert near(pixels(tool), THEMES["light"].picked) > 0


def test_the_chosen_entry_of_a_box_is_read_in_both_themes(driver, qtbot):
    box = driver.session.queue.findChild(Combo)
    for _ in THEMES:
        box.showPopup()
        qtbot.waitUntil(box.view().isVisible)
        view = box.view()
        row = view.visualRect(view.model().index(box.currentIndex(), 0))
        image = pixels(view.viewport())[row.top() : row.bottom(), row.left() : row.right()]
        colours, counts = np.unique(image.reshape(-1, 3), axis=0, return_counts=True)
        ground = colours[counts.argmax()]
        names = ["#{:02x}{:02x}{:02x}".format(*(int(c) for c in colour)) for colour in colours]
        behind = "#{:02x}{:02x}{:02x}".format(*(int(c) for c in ground))
        assert max(contrast(name, behind) for name in names) >= 4.5
        box.hidePopup()
        driver.window.change_theme()
        driver.settle()
