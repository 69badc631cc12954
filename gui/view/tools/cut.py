"""The cut: one straight line over the view splits the asked unit in two sides."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget


class CutTool(QWidget):
    """A transparent sheet over the view that takes one drag.

    Signals
    -------
    drawn(start, end) : ends of the line as QPointF, logical pixels of the view
    """

    drawn = Signal(QPointF, QPointF)

    def __init__(self, over: QWidget, colour: str) -> None:
        super().__init__(over)
        self._over = over
        self._colour = QColor(colour)
        self._start: QPointF | None = None
        self._end = QPointF()
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.hide()
        over.installEventFilter(self)

    def begin(self) -> None:
        """Wait for a line."""
        self._start = None
        self.setGeometry(self._over.rect())
        self.show()
        self.raise_()

    def eventFilter(self, watched: object, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self.setGeometry(self._over.rect())
        return False

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._start = self._end = event.position()
            self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._end = event.position()
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        start, self._start = self._start, None
        if start is None:
            return
        self.hide()
        if (event.position() - start).manhattanLength() > 4:
            self.drawn.emit(start, event.position())

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._start is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self._colour, 2))
        along = self._end - self._start
        # The cut is the whole line through both ends: show how far it reaches.
        painter.drawLine(self._start - along * 50, self._end + along * 50)


def sides(xy: np.ndarray, start: tuple[float, float], end: tuple[float, float]) -> np.ndarray:
    """(n,) bool: which places xy (n, 2) lie on the left of the line through two points."""
    along = np.subtract(end, start)
    away = xy - np.asarray(start)
    return along[0] * away[:, 1] - along[1] * away[:, 0] < 0
