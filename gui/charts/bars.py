"""Horizontal bars with a name, a filled share and a text each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from gui.look.theme import Theme

_ROW = 21


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

    def set_bars(self, bars: Sequence[Bar]) -> None:
        self.bars = tuple(bars)
        self.setFixedHeight(max(len(self.bars), 1) * _ROW + 4)
        self.setAccessibleDescription("; ".join(f"{bar.name}: {bar.text}" for bar in self.bars))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(240, max(len(self.bars), 1) * _ROW + 4)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        metrics = painter.fontMetrics()
        names = max((metrics.horizontalAdvance(bar.name) for bar in self.bars), default=0) + 20
        texts = max((metrics.horizontalAdvance(bar.text) for bar in self.bars), default=0) + 18
        wide = max(self.width() - names - texts, 20)
        for row, bar in enumerate(self.bars):
            y = row * _ROW
            painter.setPen(QColor(self.theme.text))
            middle = Qt.AlignmentFlag.AlignVCenter
            painter.drawText(QRectF(10, y, names, _ROW), middle, bar.name)
            painter.setPen(Qt.PenStyle.NoPen)
            colour = QColor(*bar.colour)
            track = QRectF(names, y + 6, max(wide * bar.length, 2), _ROW - 12)
            pale = QColor(colour)
            pale.setAlpha(70)
            painter.setBrush(pale)
            painter.drawRoundedRect(track, 3, 3)
            if bar.filled > 0:
                painter.setBrush(colour)
                full = QRectF(names, y + 6, max(wide * bar.length * bar.filled, 3), _ROW - 12)
                painter.drawRoundedRect(full, 3, 3)
            painter.setPen(QColor(self.theme.quiet))
            right = QRectF(self.width() - texts, y, texts - 10, _ROW)
            painter.drawText(right, middle | Qt.AlignmentFlag.AlignRight, bar.text)

    def set_theme(self, theme: Theme) -> None:
        self.theme = theme
        self.update()
