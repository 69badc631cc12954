"""A hand on a widget: presses, moves and lets go, with keys held."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QWidget

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
FREE = Qt.KeyboardModifier.NoModifier
SHIFT, CTRL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier
_PRESS, _MOVE = QEvent.Type.MouseButtonPress, QEvent.Type.MouseMove
_RELEASE, _DOUBLE = QEvent.Type.MouseButtonRelease, QEvent.Type.MouseButtonDblClick


def mouse(widget: QWidget, kind: QEvent.Type, at, held=FREE, button=LEFT) -> None:
    """One event of the mouse at a place (x, y)."""
    here = QPointF(*at)
    own = NONE if kind == _MOVE else button
    down = NONE if kind == _RELEASE else button
    QApplication.sendEvent(
        widget, QMouseEvent(kind, here, widget.mapToGlobal(here), own, down, held)
    )


def press(widget: QWidget, at, held=FREE) -> None:
    mouse(widget, _PRESS, at, held)


def move(widget: QWidget, at, held=FREE, button=LEFT) -> None:
    mouse(widget, _MOVE, at, held, button)


def release(widget: QWidget, at, held=FREE) -> None:
    mouse(widget, _RELEASE, at, held)


def drag(widget: QWidget, start, end, held=FREE, steps: int = 3) -> None:
    """From a place to another in some steps, and let go."""
    press(widget, start, held)
    for step in range(1, steps + 1):
        part = step / steps
        at = (start[0] + (end[0] - start[0]) * part, start[1] + (end[1] - start[1]) * part)
        move(widget, at, held)
    release(widget, end, held)


def double_click(widget: QWidget, at) -> None:
    for kind in (_PRESS, _RELEASE, _DOUBLE, _RELEASE):
        mouse(widget, kind, at)


def wheel(widget: QWidget, at, by: int, held=FREE) -> None:
    """The wheel turned at a place, 120 a notch, away from the hand."""
    here = QPointF(*at)
    event = QWheelEvent(
        here, widget.mapToGlobal(here), QPoint(), QPoint(0, by), NONE, held,
        Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(widget, event)
