"""A small line chart: values over steps, drawn in the theme's colours."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from gui.look.theme import Theme

_LEFT, _TOP, _RIGHT, _BOTTOM = 52, 34, 12, 20


class Lines(QWidget):
    """One line through (x, y) places with marks; y None leaves a gap.

    `percent` writes y as percent; `names` are written below the marks.
    """

    def __init__(self, title: str, theme: Theme, *, percent: bool = False) -> None:
        super().__init__()
        self.title, self.theme, self.percent = title, theme, percent
        self.values: list[float | None] = []
        self.names: list[str] = []
        self.setMinimumHeight(110)

    def sizeHint(self) -> QSize:
        return QSize(240, 130)

    def set_values(self, values: Sequence[float | None], names: Sequence[str] = ()) -> None:
        self.values, self.names = list(values), list(names)
        known = [self.text(value) for value in self.values]
        self.setAccessibleDescription(f"{self.title}: {', '.join(known)}")
        self.update()

    def text(self, value: float | None) -> str:
        if value is None:
            return "–"
        return f"{value:.1%}" if self.percent else f"{value:.3g}"

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        quiet, text = QColor(self.theme.quiet), QColor(self.theme.text)
        painter.setPen(quiet)
        painter.drawText(
            QRectF(10, 2, self.width() - 20, 16), Qt.AlignmentFlag.AlignLeft, self.title
        )
        box = QRectF(_LEFT, _TOP, self.width() - _LEFT - _RIGHT, self.height() - _TOP - _BOTTOM)
        known = [value for value in self.values if value is not None]
        if not known:
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, "– nothing measured yet –")
            return
        top = max(known) * 1.1 or 1.0
        painter.setPen(QPen(QColor(self.theme.line), 1))
        for part in (0.0, 0.5, 1.0):
            y = box.bottom() - part * box.height()
            painter.drawLine(QPointF(box.left(), y), QPointF(box.right(), y))
            painter.setPen(quiet)
            painter.drawText(
                QRectF(0, y - 8, _LEFT - 6, 16),
                Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter,
                self.text(part * top),
            )
            painter.setPen(QPen(QColor(self.theme.line), 1))
        gap = box.width() / max(len(self.values) - 1, 1)
        places = [
            None
            if v is None
            else QPointF(box.left() + i * gap, box.bottom() - v / top * box.height())
            for i, v in enumerate(self.values)
        ]
        painter.setPen(QPen(QColor(self.theme.accent), 2))
        for first, second in pairwise(places):
            if first is not None and second is not None:
                painter.drawLine(first, second)
        if len(self.values) <= 12:
            self._marks(painter, places, text)

    def _marks(self, painter: QPainter, places: Sequence[QPointF | None], text: QColor) -> None:
        painter.setBrush(QColor(self.theme.accent))
        for index, place in enumerate(places):
            if place is None:
                continue
            painter.setPen(Qt.PenStyle.NoPen)
            painter.drawEllipse(place, 3.5, 3.5)
            painter.setPen(text)
            side = Qt.AlignmentFlag.AlignRight if index else Qt.AlignmentFlag.AlignLeft
            at = QRectF(place.x() - (62 if index else -2), place.y() - 20, 64, 16)
            painter.drawText(at, side, self.text(self.values[index]))
            if index < len(self.names):
                painter.setPen(QColor(self.theme.quiet))
                below = QRectF(place.x() - (80 if index else 0), self.height() - 18, 80, 16)
                painter.drawText(below, side, self.names[index])

    def set_theme(self, theme: Theme) -> None:
        self.theme = theme
        self.update()
