"""The camera's picture with the frame's boxes drawn into it; a click chooses one.

The wheel comes closer to the mouse, a drag moves the picture, a double click shows all of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QImage,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
    QResizeEvent,
    QShowEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QApplication, QSizePolicy, QWidget

from core.boxes.geometry import EDGES, corners
from gui.look.theme import Theme

NEAREST_M = 0.5  # what lies nearer to the camera, or behind it, is cut off
_FRONT = np.array([0, 3, 7, 4])  # corners of a box's front
_ZOOM, _ZOOMS = 1.25, (1.0, 16.0)
_TIP = "Click: choose a box. Wheel: closer. Drag: move the picture. Double click: all of it."


class Drawn(NamedTuple):
    """A box in the picture: its `name`, its `box` (7,), the `colour` red, green, blue of its lines,
    and whether they are `dashed`."""

    name: str
    box: np.ndarray
    colour: tuple[int, int, int]
    dashed: bool = False


def edges_in(projection: np.ndarray, box: np.ndarray) -> np.ndarray:
    """(n, 2, 2) float64 pixels of both ends of those of a box's (7,) twelve edges that lie before
    the camera, cut at its nearest; projection is (3, 4) from the box's coordinates to pixels."""
    seen = corners(box[None])[0] @ projection[:, :3].T + projection[:, 3]
    start, end = seen[EDGES[:, 0]], seen[EDGES[:, 1]]
    kept = (start[:, 2] > NEAREST_M) | (end[:, 2] > NEAREST_M)
    start, end = start[kept], end[kept]
    depth = end[:, 2] - start[:, 2]
    part = np.divide(NEAREST_M - start[:, 2], depth, out=np.zeros(len(depth)), where=depth != 0)
    cut = start + part[:, None] * (end - start)
    first = np.where(start[:, 2:] > NEAREST_M, start, cut)
    last = np.where(end[:, 2:] > NEAREST_M, end, cut)
    ends = np.stack([first, last], axis=1)
    made: np.ndarray = ends[:, :, :2] / np.maximum(ends[:, :, 2:], NEAREST_M)
    return made


class CameraView(QWidget):
    """The picture.

    Signals
    -------
    chosen(str) : the person clicked a box
    shown() : it came into sight
    """

    chosen = Signal(str)
    shown = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.theme = theme
        self.image: QImage | None = None
        self.projection: np.ndarray | None = None
        self.why = "This scan has no camera picture."
        self.boxes: Sequence[Drawn] = ()
        self.selected = ""
        self._zoom, self._middle = 1.0, np.zeros(2)  # of all of it; in the picture's pixels
        self._pressed: tuple[QPointF, np.ndarray] | None = None
        self._moved = False
        self.setMinimumSize(160, 60)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setToolTip(_TIP)
        self.setAccessibleName("Camera picture with boxes")

    def set_picture(
        self, image: QImage | None, projection: np.ndarray | None = None, why: str = ""
    ) -> None:
        """Show a scan's picture, and the way (3, 4) from the scan's coordinates to its pixels, None
        where it is not known; `why` there is no picture, in words."""
        same = image is not None and self.image is not None and image.size() == self.image.size()
        self.image, self.projection = image, projection
        self.why = why or "This scan has no camera picture."
        if not same:
            self.show_all()
        self.update()

    def set_boxes(self, boxes: Sequence[Drawn], selected: str = "") -> None:
        """The boxes of the frame, and the name of the chosen one."""
        self.boxes, self.selected = boxes, selected
        self.update()

    def set_theme(self, theme: Theme) -> None:
        self.theme = theme
        self.update()

    def show_all(self) -> None:
        """Show the whole picture."""
        self._zoom = 1.0
        if self.image is not None:
            self._middle = np.array([self.image.width(), self.image.height()]) / 2
        self.update()

    # -- places -------------------------------------------------------------------------------

    def _scale(self) -> float:
        """Pixels of the widget to one of the picture."""
        assert self.image is not None
        fit = min(self.width() / self.image.width(), self.height() / self.image.height())
        return fit * self._zoom

    def place(self, pixels: np.ndarray) -> np.ndarray:
        """(n, 2) where pixels (n, 2) of the picture are in the widget."""
        size = np.array([self.width(), self.height()])
        return (pixels - self._middle) * self._scale() + size / 2

    def _pixel(self, at: QPointF) -> np.ndarray:
        size = np.array([self.width(), self.height()])
        return (np.array([at.x(), at.y()]) - size / 2) / self._scale() + self._middle

    def _keep_in(self) -> None:
        """No further than to the picture's border; in the middle where all of it is in sight."""
        if self.image is None:
            return
        size = np.array([self.image.width(), self.image.height()], float)
        half = np.array([self.width(), self.height()]) / 2 / self._scale()
        self._middle = np.where(
            2 * half >= size, size / 2, np.clip(self._middle, half, np.maximum(size - half, half))
        )

    # -- the mouse ----------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.shown.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._keep_in()

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.image is not None:
            under = self._pixel(event.position())
            zoom = self._zoom * _ZOOM ** (event.angleDelta().y() / 120)
            self._zoom = min(max(zoom, _ZOOMS[0]), _ZOOMS[1])
            self._middle = self._middle + under - self._pixel(event.position())
            self._keep_in()
            self.update()
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.image is not None:
            self._pressed, self._moved = (event.position(), self._middle.copy()), False

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._pressed is None:
            return
        start, middle = self._pressed
        by = event.position() - start
        if by.manhattanLength() >= QApplication.startDragDistance():
            self._moved = True
        if self._moved:
            self._middle = middle - np.array([by.x(), by.y()]) / self._scale()
            self._keep_in()
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton or self._pressed is None:
            return
        self._pressed = None
        if not self._moved:
            name = self.box_at(event.position())
            if name:
                self.chosen.emit(name)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.show_all()

    def box_at(self, at: QPointF) -> str:
        """The name of the box at a place in the widget, of several the smallest in the picture; ""
        for none."""
        if self.image is None or self.projection is None:
            return ""
        x, y = self._pixel(at)
        found = []
        for drawn in self.boxes:
            ends = edges_in(self.projection, drawn.box).reshape(-1, 2)
            if not len(ends):
                continue
            (left, top), (right, bottom) = ends.min(axis=0), ends.max(axis=0)
            if left <= x <= right and top <= y <= bottom:
                found.append(((right - left) * (bottom - top), drawn.name))
        return min(found)[1] if found else ""

    # -- drawing ------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self.theme.canvas))
        if self.image is None:
            painter.setPen(QColor(self.theme.quiet))
            wrapped = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect().adjusted(8, 8, -8, -8), int(wrapped), self.why)
            return
        painter.setRenderHints(
            QPainter.RenderHint.SmoothPixmapTransform | QPainter.RenderHint.Antialiasing
        )
        low, high = self.place(np.array([(0.0, 0.0), (self.image.width(), self.image.height())]))
        picture = QRectF(QPointF(*low), QPointF(*high))
        painter.drawImage(picture, self.image)
        painter.setClipRect(picture)
        if self.projection is None:
            return
        for drawn in sorted(self.boxes, key=lambda one: one.name == self.selected):
            self._draw(painter, drawn, self.projection)

    def _draw(self, painter: QPainter, drawn: Drawn, projection: np.ndarray) -> None:
        ends = edges_in(projection, drawn.box)
        if not len(ends):
            return
        lines = self.place(ends.reshape(-1, 2)).reshape(-1, 2, 2)
        chosen = drawn.name == self.selected
        colour = QColor(self.theme.outline) if chosen else QColor(*drawn.colour)
        style = Qt.PenStyle.DashLine if drawn.dashed else Qt.PenStyle.SolidLine
        for pen in (QPen(QColor(0, 0, 0, 130), 3.5), QPen(colour, 2.2 if chosen else 1.5, style)):
            painter.setPen(pen)
            for first, last in lines:
                painter.drawLine(QPointF(*first), QPointF(*last))
        seen = corners(drawn.box[None])[0][_FRONT] @ projection[:, :3].T + projection[:, 3]
        if (seen[:, 2] > NEAREST_M).all():  # its front
            faint = QColor(colour)
            faint.setAlpha(60)
            painter.setBrush(faint)
            painter.setPen(Qt.PenStyle.NoPen)
            places = self.place(seen[:, :2] / seen[:, 2:])
            painter.drawPolygon(QPolygonF([QPointF(*at) for at in places]))
            painter.setBrush(Qt.BrushStyle.NoBrush)
