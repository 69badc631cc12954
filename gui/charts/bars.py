"""Horizontal bars with a name, a filled share and a text each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QWidget

from gui.look.theme import Theme

_SHORTEST_PX = 40  # of the longest bar


class Bar(NamedTuple):
    """One bar: length and filled part relative to the longest, 0 to 1; colour as rgb."""

    name: str
    text: str
    length: float
    filled: float
    colour: tuple[int, int, int]


class Bars(QWidget):
    """Bars below each other, as wide as the widget."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.theme = theme
        self.bars: tuple[Bar, ...] = ()
        self._below = False  # whether a bar stands below its name
        self._line = 0
        self._lay()

    def set_bars(self, bars: Sequence[Bar]) -> None:
        self.bars = tuple(bars)
        self.setAccessibleDescription("; ".join(f"{bar.name}: {bar.text}" for bar in self.bars))
        self._lay()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(240, self.height())

    def minimumSizeHint(self) -> QSize:
        names, texts = self._widths()
        return QSize(max(names, texts + _SHORTEST_PX) + 10, self.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._lay()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._lay()

    def _widths(self) -> tuple[int, int]:
        """Pixels that the longest name and the longest text take, with their margins."""
        wide = self.fontMetrics().horizontalAdvance
        names = max((wide(bar.name) for bar in self.bars), default=0) + 20
        return names, max((wide(bar.text) for bar in self.bars), default=0) + 18

    def _lay(self) -> None:
        """A row each, or two where name, bar and text have no room side by side."""
        names, texts = self._widths()
        self._below = names + texts + _SHORTEST_PX > self.width()
        self._line = self.fontMetrics().height() + 5
        rows = max(len(self.bars), 1) * (2 if self._below else 1)
        self.setFixedHeight(rows * self._line + 4)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        names, texts = self._widths()
        left, high = (10 if self._below else names), self._line
        wide = max(self.width() - left - texts, _SHORTEST_PX)
        middle = Qt.AlignmentFlag.AlignVCenter
        for row, bar in enumerate(self.bars):
            y = row * high * (2 if self._below else 1)
            painter.setPen(QColor(self.theme.text))
            painter.drawText(QRectF(10, y, names, high), middle, bar.name)
            y += high if self._below else 0
            painter.setPen(Qt.PenStyle.NoPen)
            colour = QColor(*bar.colour)
            track = QRectF(left, y + 6, max(wide * bar.length, 2), high - 12)
            pale = QColor(colour)
            pale.setAlpha(70)
            painter.setBrush(pale)
            painter.drawRoundedRect(track, 3, 3)
            if bar.filled > 0:
                painter.setBrush(colour)
                full = QRectF(left, y + 6, max(wide * bar.length * bar.filled, 3), high - 12)
                painter.drawRoundedRect(full, 3, 3)
            painter.setPen(QColor(self.theme.quiet))
            right = QRectF(self.width() - texts, y, texts - 10, high)
            painter.drawText(right, middle | Qt.AlignmentFlag.AlignRight, bar.text)

    def set_theme(self, theme: Theme) -> None:
        self.theme = theme
        self.update()
