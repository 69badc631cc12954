"""The drawing tools: one transparent sheet over the view that turns a gesture into a shape.

Lasso, box and brush are one drag; a polygon is clicks and a double click; a cut is one line.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import (
    QBrush,
    QColor,
    QHideEvent,
    QImage,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
    QWheelEvent,
)
from PySide6.QtWidgets import QApplication, QWidget

BRUSH_PX = (4.0, 120.0)
_FEWEST_PX = 4.0  # a shorter drag is a slip of the hand


@dataclass(frozen=True)
class Shape:
    """What was drawn, in logical pixels of the view.

    `places` are the corners of a lasso, polygon or box, the way of a brush, the ends of a cut.
    """

    tool: str
    places: tuple[tuple[float, float], ...]
    radius: float = 0.0

    def covers(self, xy: np.ndarray, size: tuple[int, int]) -> np.ndarray:
        """(n,) bool: which places xy (n, 2) it covers in a view of a size in pixels.

        Areas are painted into an image and looked up; a cut covers what is on the left of its line.
        """
        if self.tool == "cut":
            return sides(xy, self.places[0], self.places[-1])
        image = QImage(*size, QImage.Format.Format_Grayscale8)
        image.fill(0)
        painter = QPainter(image)
        points = [QPointF(*place) for place in self.places]
        if self.tool == "brush":
            pen = QPen(QColor(255, 255, 255), 2 * self.radius)
            pen.setCapStyle(Qt.PenCapStyle.RoundCap)
            pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
            painter.setPen(pen)
            if len(points) == 1:
                painter.drawPoint(points[0])
            else:
                painter.drawPolyline(QPolygonF(points))
        else:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QBrush(QColor(255, 255, 255)))
            painter.drawPolygon(QPolygonF(points))
        painter.end()
        width, height = size
        lines = np.frombuffer(image.constBits(), np.uint8).reshape(height, image.bytesPerLine())
        x, y = xy[:, 0], xy[:, 1]
        inside = np.flatnonzero((x >= 0) & (x < width) & (y >= 0) & (y < height))  # NaN is outside
        found = np.zeros(len(xy), bool)
        found[inside] = lines[y[inside].astype(np.intp), x[inside].astype(np.intp)] > 0
        return found


def sides(xy: np.ndarray, start: Sequence[float], end: Sequence[float]) -> np.ndarray:
    """(n,) bool: which places xy (n, 2) lie on the left of the line through two points."""
    along = np.subtract(end, start)
    away = xy - np.asarray(start)
    return along[0] * away[:, 1] - along[1] * away[:, 0] < 0


class DrawTool(QWidget):
    """The sheet. It stays after a shape, so that the next one may follow.

    Signals
    -------
    moved(shape, take_away, over) : the shape so far, as the mouse moves
    drawn(shape, take_away, over) : it is finished; with Ctrl held it takes away, with Shift it
        takes points too that have a class already
    """

    moved = Signal(object, bool, bool)
    drawn = Signal(object, bool, bool)

    def __init__(self, over: QWidget, canvas: QWidget, colour: str) -> None:
        super().__init__(over)
        self._over, self._canvas = over, canvas
        self._colour = QColor(colour)
        self.tool = "lasso"
        self.radius = 16.0
        self._places: list[tuple[float, float]] = []
        self._hover = QPointF(-100, -100)
        self._take_away = self._over_given = False
        self.setMouseTracking(True)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.hide()
        over.installEventFilter(self)

    def begin(self, tool: str) -> None:
        """Wait for a lasso, polygon, box, brush or cut."""
        self.tool, self._places = tool, []
        self.setGeometry(self._over.rect())
        self.show()
        self.raise_()

    @property
    def busy(self) -> bool:
        """Whether a shape is begun: then the view must not change its size."""
        return self.isVisible() and bool(self._places)

    @property
    def start(self) -> tuple[float, float] | None:
        """Where the shape was begun, None where none is."""
        return self._places[0] if self._places else None

    def set_colour(self, colour: str) -> None:
        self._colour = QColor(colour)
        self.update()

    def resize_brush(self, factor: float) -> None:
        """Make the brush larger or smaller."""
        self.radius = min(max(self.radius * factor, BRUSH_PX[0]), BRUSH_PX[1])
        self.update()

    def close_polygon(self) -> bool:
        """Finish a polygon by key; False where there is none to finish."""
        if self.tool != "polygon" or len(self._places) < 3:
            return False
        self._finish()
        return True

    def _shape(self) -> Shape:
        places = list(self._places)
        if self.tool == "box" and places:
            (a, b), (c, d) = places[0], places[-1]
            places = [(a, b), (c, b), (c, d), (a, d)]
        elif self.tool == "cut" and places:
            places = [places[0], places[-1]]
        return Shape(self.tool, tuple(places), self.radius)

    def eventFilter(self, watched: object, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self.setGeometry(self._over.rect())
        return False

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        # With the whole window a polygon comes back; of a drag the button is let go elsewhere.
        if not (event.spontaneous() and self.tool == "polygon"):
            self._places = []

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            self._pass_on(event)
            return
        at = (event.position().x(), event.position().y())
        self._take_away = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        self._over_given = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if self.tool == "polygon":
            self._places.append(at)
        else:
            self._places = [at]
            if self.tool == "brush":
                self.moved.emit(self._shape(), self._take_away, self._over_given)
        self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover = event.position()
        if event.buttons() & ~Qt.MouseButton.LeftButton:
            self._pass_on(event)
        elif self._places and self.tool != "polygon" and not event.buttons():
            self._places = []  # the button was let go where nobody told us
        elif self._places and self.tool != "polygon":
            self._places.append((self._hover.x(), self._hover.y()))
            self.moved.emit(self._shape(), self._take_away, self._over_given)
        elif len(self._places) >= 2:
            here = (self._hover.x(), self._hover.y())
            shape = Shape("polygon", (*self._places, here))
            self.moved.emit(shape, self._take_away, self._over_given)
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            self._pass_on(event)
        elif self._places and self.tool != "polygon":
            self._finish()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        left = event.button() == Qt.MouseButton.LeftButton
        if not left or not self.close_polygon():
            self.mousePressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.tool != "brush":
            self._pass_on(event)
            return
        self.resize_brush(1.15 if event.angleDelta().y() > 0 else 1 / 1.15)

    def _pass_on(self, event: QEvent) -> None:
        """The camera goes on turning while a tool is in hand."""
        QApplication.sendEvent(self._canvas, event.clone())

    def _finish(self) -> None:
        shape, self._places = self._shape(), []
        self.update()
        reach = np.ptp(np.array(shape.places), axis=0).max()
        if shape.tool == "brush" or reach > _FEWEST_PX:
            self.drawn.emit(shape, self._take_away, self._over_given)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self._colour, 1.5))
        fill = QColor(self._colour)
        fill.setAlpha(28)
        if self.tool == "brush":
            painter.drawEllipse(self._hover, self.radius, self.radius)
        elif not self._places:
            return
        elif self.tool == "cut":
            start, end = QPointF(*self._places[0]), QPointF(*self._places[-1])
            along = end - start
            # The cut is the whole line through both ends: show how far it reaches.
            painter.drawLine(start - along * 50, end + along * 50)
        else:
            painter.setBrush(fill)
            places = [QPointF(*place) for place in self._shape().places]
            if self.tool == "polygon":
                places.append(self._hover)
            painter.drawPolygon(QPolygonF(places))
