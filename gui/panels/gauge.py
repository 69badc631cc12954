"""How rough a unit's surface is, on a scale with what is usually so rough, and how it stands."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPolygonF
from PySide6.QtWidgets import QWidget

from gui.look.theme import Theme
from gui.panels.subject import Subject

END = 0.45
# Roughness of four fifths of such things in the labelled scans of two sensors (docs/benchmarks.md).
USUAL = ((0.0, 0.03, ""), (0.05, 0.21, "walls, cars"), (0.24, 0.4, "leaves"))
_TELLS = (
    "How thick the surface is around each point, as part of its length: the middle one of the "
    "unit's points. Paving and lawns lie under 0.03, walls, cars and fences mostly at 0.05 to "
    "0.21, leaves at 0.24 to 0.4, poles and trunks between. Few points far away tell little."
)
_GAP = 6


class Gauge(QWidget):
    """A scale in one line; empty without a unit."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.theme = theme
        self.rough: float | None = None
        self.facing = ""
        self.setToolTip(_TELLS)

    def show_unit(self, subject: Subject | None) -> None:
        """Show a unit, or nothing."""
        self.rough = None if subject is None else subject.rough
        self.facing = "" if subject is None else subject.facing
        self.setAccessibleName(self.text())
        self.update()

    def text(self) -> str:
        """What it says, in words."""
        return "" if self.rough is None else f"Surface {self.rough:.2f}, {self.facing}"

    def set_theme(self, theme: Theme) -> None:
        self.theme = theme
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(240, self.fontMetrics().height() + 4)

    def paintEvent(self, event: QPaintEvent) -> None:
        if self.rough is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        needs = self.fontMetrics().horizontalAdvance
        texts = (self.text(), f"Surface {self.rough:.2f}")  # the shorter one where it is narrow
        text = next((one for one in texts if needs(one) <= self.width()), "")
        painter.setPen(QColor(self.theme.text))
        wide = needs(text)
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignVCenter, text)
        bar = QRectF(self.rect().adjusted(wide + _GAP, 2, 0, -2))
        if bar.width() < 80:
            return
        painter.setPen(Qt.PenStyle.NoPen)
        for low, high, word in USUAL:
            zone = QRectF(bar)
            zone.setLeft(bar.left() + low / END * bar.width())
            zone.setRight(bar.left() + high / END * bar.width())
            painter.setBrush(QColor(self.theme.line))
            painter.drawRoundedRect(zone, 3, 3)
            painter.setPen(QColor(self.theme.text))
            if needs(word) <= zone.width():
                painter.drawText(zone, Qt.AlignmentFlag.AlignCenter, word)
            painter.setPen(Qt.PenStyle.NoPen)
        at = bar.left() + min(self.rough / END, 1.0) * bar.width()
        painter.setBrush(QColor(self.theme.outline))
        painter.drawRect(QRectF(at - 1, bar.top(), 2, bar.height()))
        corners = [QPointF(at - 4, bar.top()), QPointF(at + 4, bar.top())]
        painter.drawPolygon(QPolygonF([*corners, QPointF(at, bar.top() + 5)]))
