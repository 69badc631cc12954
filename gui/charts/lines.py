"""A small line chart: values over steps, drawn in the theme's colours."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QWidget

from gui.look.theme import Theme

_RIGHT_PX = 12
_NAMED = 12  # marks at most that have their value and name written


class Lines(QWidget):
    """One line through (x, y) places with marks; y None leaves a gap.

    `percent` writes y as percent; `names` are written below the marks.
    """

    def __init__(self, title: str, theme: Theme, *, percent: bool = False) -> None:
        super().__init__()
        self.title, self.theme, self.percent = title, theme, percent
        self.values: list[float | None] = []
        self.names: list[str] = []

    def minimumSizeHint(self) -> QSize:
        return QSize(120, self.sizeHint().height())

    def sizeHint(self) -> QSize:
        line = self.fontMetrics().height()
        return QSize(240, self._title_height() + 2 * line + max(60, 3 * line))

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.setMinimumHeight(self.sizeHint().height())

    def _title_height(self) -> int:
        """Pixels that the title takes in as many lines as it needs."""
        wide = QRect(0, 0, max(self.width() - 20, 60), 0)
        return self.fontMetrics().boundingRect(wide, Qt.TextFlag.TextWordWrap, self.title).height()

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
        line = painter.fontMetrics().height()
        head = self._title_height()
        painter.drawText(
            QRectF(10, 2, self.width() - 20, head), Qt.TextFlag.TextWordWrap, self.title
        )
        left = max(map(painter.fontMetrics().horizontalAdvance, self._scale())) + 14
        box = QRectF(
            left,
            head + line + 4,
            self.width() - left - _RIGHT_PX,
            self.height() - head - 2 * line - 10,
        )
        known = [value for value in self.values if value is not None]
        if not known:
            words = QRectF(10, box.top(), self.width() - 20, box.height())
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(words, flags, "– nothing measured yet –")
            return
        top = self._top()
        painter.setPen(QPen(QColor(self.theme.line), 1))
        for part in (0.0, 0.5, 1.0):
            y = box.bottom() - part * box.height()
            painter.drawLine(QPointF(box.left(), y), QPointF(box.right(), y))
            painter.setPen(quiet)
            painter.drawText(
                QRectF(0, y - line / 2, left - 6, line),
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
        self._marks(painter, places, text)

    def _top(self) -> float:
        """What the upper end of the chart stands for."""
        return max((v for v in self.values if v is not None), default=1.0) * 1.1 or 1.0

    def _scale(self) -> list[str]:
        return [self.text(part * self._top()) for part in (0.0, 0.5, 1.0)]

    def _marks(self, painter: QPainter, places: Sequence[QPointF | None], text: QColor) -> None:
        """A mark for each value; of a few with value and name where the one before leaves room."""
        painter.setBrush(QColor(self.theme.accent))
        metrics, line = painter.fontMetrics(), painter.fontMetrics().height()
        ends = [0.0, 0.0]  # of the last value and the last name that was written
        for index, place in enumerate(places):
            if place is None:
                continue
            painter.setPen(Qt.PenStyle.NoPen)
            painter.drawEllipse(place, 3.5, 3.5)
            if len(places) > _NAMED:
                continue
            name = self.names[index] if index < len(self.names) else ""
            rows = (
                (self.text(self.values[index]), place.y() - line - 4, text),
                (name, self.height() - line - 2, QColor(self.theme.quiet)),
            )
            for row, (words, y, colour) in enumerate(rows):
                wide = metrics.horizontalAdvance(words) + 2
                x = max(0.0, min(place.x() - wide / 2, self.width() - wide))
                if words and x >= ends[row]:
                    painter.setPen(colour)
                    painter.drawText(QRectF(x, y, wide, line), Qt.AlignmentFlag.AlignLeft, words)
                    ends[row] = x + wide + 4

    def set_theme(self, theme: Theme) -> None:
        self.theme = theme
        self.update()
