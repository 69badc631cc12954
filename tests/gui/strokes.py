"""Drawing with a real mouse on the sheet of the drawing tools."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from core.prepare.units import CELL

NONE, LEFT = Qt.KeyboardModifier.NoModifier, Qt.MouseButton.LeftButton
Places = Sequence[Sequence[float]]


def largest_cell(driver: Any) -> None:
    """Ask the largest ground cell of the query, seen from straight above."""
    units, query = driver.session.project.units, driver.state.round.query
    cells = [n for n, item in enumerate(query.items) if units.kind[units.find(item)] == CELL]
    driver.state.go(max(cells, key=lambda n: query.cost[n]))
    driver.settle()
    driver.key("J")


def places(driver: Any) -> np.ndarray:
    """(R, 2) logical pixels of the target's points."""
    content, target = driver.state.content, driver.state.target
    return driver.session.view.picker.screen_xy(content.points[target.rows])


def press_and_move(driver: Any, corners: Places, modifier=NONE) -> None:
    """Press the left button and move through the corners."""
    sheet = driver.session.work.in_view.drawing.draw_tool
    points = [QPoint(round(float(x)), round(float(y))) for x, y in corners]
    QTest.mousePress(sheet, LEFT, modifier, points[0])
    for point in points[1:]:
        at = QPointF(point)
        over = sheet.mapToGlobal(at)
        none = Qt.MouseButton.NoButton
        move = QMouseEvent(QEvent.Type.MouseMove, at, over, none, LEFT, modifier)
        QApplication.sendEvent(sheet, move)


def release(driver: Any, corner: Sequence[float], modifier=NONE) -> None:
    """Let the button go."""
    sheet = driver.session.work.in_view.drawing.draw_tool
    at = QPoint(round(float(corner[0])), round(float(corner[1])))
    QTest.mouseRelease(sheet, LEFT, modifier, at)
    driver.settle()


def drag(driver: Any, corners: Places, modifier=NONE) -> None:
    """Press, move through the corners, let go."""
    press_and_move(driver, corners, modifier)
    release(driver, corners[-1], modifier)


def cut(driver: Any, x: float, modifier=NONE) -> None:
    """Cut from top to bottom at a place across the view."""
    driver.key("K")
    drag(driver, [(x, 20), (x, 300)], modifier)


def thirds(driver: Any) -> tuple[float, float]:
    """Where a third and two thirds of the target's points lie, across the view."""
    first, second = np.round(np.quantile(places(driver)[:, 0], [0.33, 0.66])) + 0.5
    return float(first), float(second)
