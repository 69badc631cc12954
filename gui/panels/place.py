"""Where a unit is: a small map with the own car to scale, rings of distance and the unit."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui.look.theme import Theme
from gui.panels.marks import caption, outline
from gui.panels.raster import Spots, points_image
from gui.panels.subject import Subject, hull

RINGS_M = (10.0, 20.0, 50.0)
CAR_M = (4.5, 1.8)
_LEAST_M = 13.0  # from the scanner to the border
_SHOWN = 30_000  # points, at most
_FAINT = 0.65


class Place(QWidget):
    """The scan from above, what is ahead of the car upward, the scanner in the middle."""

    def __init__(self, ahead: tuple[float, float], theme: Theme) -> None:
        super().__init__()
        self.ahead, self.theme = ahead, theme
        self.subject: Subject | None = None
        self._drawn: tuple[object, QImage] | None = None
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)

    def show_unit(self, subject: Subject | None) -> None:
        """Show a unit, or nothing."""
        self.subject = subject
        self._drawn = None
        self.update()

    def set_theme(self, theme: Theme) -> None:
        self.theme = theme
        self._drawn = None
        self.update()

    def scale(self) -> float:
        """Pixels to the metre: the unit is in sight, and no less than a street's width."""
        assert self.subject is not None
        away = float(np.hypot(*self.subject.middle[:2]))
        reach = max(_LEAST_M, 1.15 * away + 2)
        return min(self.width(), self.height()) / 2 / reach

    def place(self, xy: np.ndarray) -> np.ndarray:
        """(n, 2) column and line of places xy (n, 2), metres in the scan."""
        fx, fy = self.ahead
        scale = self.scale()
        right, front = xy[:, 0] * fy - xy[:, 1] * fx, xy[:, 0] * fx + xy[:, 1] * fy
        return np.column_stack(
            [self.width() / 2 + right * scale, self.height() / 2 - front * scale]
        )

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self.theme.canvas))
        subject = self.subject
        if subject is None:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ratio = self.devicePixelRatioF()
        key = (self.width(), self.height(), ratio)
        if self._drawn is None or self._drawn[0] != key:
            self._drawn = (key, self._draw(subject, ratio))
        painter.drawImage(QPointF(0, 0), self._drawn[1])
        self._rings(painter)
        self._car(painter)
        colour = QColor(*outline(self.theme))
        unit = self.place(subject.middle[None, :2])[0]
        painter.setPen(QPen(colour, 1, Qt.PenStyle.DashLine))
        painter.drawLine(QPointF(self.width() / 2, self.height() / 2), QPointF(*unit))
        painter.setPen(QPen(colour, 2))
        corners = hull(self.place(subject.content.points[subject.rows, :2]), 2.5)
        painter.drawPolygon(QPolygonF([QPointF(x, y) for x, y in corners]))
        caption(painter, self.theme, self.rect(), "Where it is")

    def _rings(self, painter: QPainter) -> None:
        middle, scale = QPointF(self.width() / 2, self.height() / 2), self.scale()
        font = painter.font()
        font.setPointSizeF(max(7.0, font.pointSizeF() * 0.75))
        painter.setFont(font)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for ring in RINGS_M:
            painter.setPen(QPen(QColor(self.theme.quiet), 1))
            painter.drawEllipse(middle, ring * scale, ring * scale)
            at = QPointF(middle.x() + 3, middle.y() + ring * scale - 3)
            if at.y() < self.height():
                painter.setPen(QColor(self.theme.text))
                painter.drawText(at, f"{ring:.0f} m")

    def _car(self, painter: QPainter) -> None:
        """The own car, its windscreen ahead."""
        painter.save()
        painter.translate(self.width() / 2, self.height() / 2)
        painter.scale(self.scale(), self.scale())
        long, wide = CAR_M
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self.theme.text))
        painter.drawRoundedRect(QRectF(-wide / 2, -long / 2, wide, long), 0.5, 0.5)
        painter.setBrush(QColor(self.theme.canvas))
        painter.drawRect(QRectF(-wide / 2 + 0.25, -long / 2 + 1.1, wide - 0.5, 0.6))
        painter.restore()

    def _draw(self, subject: Subject, ratio: float) -> QImage:
        points = subject.content.points
        rows = np.arange(0, len(points), max(1, len(points) // _SHOWN))
        rows = rows[np.isfinite(points[rows, :2]).all(axis=1)]
        colours = subject.colours(rows, dark=self.theme.name == "dark")
        canvas = np.array(self.theme.rgb("canvas"))
        spots = Spots(
            places=self.place(points[rows, :2]).T.astype(np.float32),
            sizes=np.ones((2, len(rows)), np.float32),
            depth=np.zeros(len(rows)) - subject.form.height[rows],
            colours=(canvas + (colours - canvas) * _FAINT).astype(np.uint8),
            mine=np.zeros(len(rows), bool),
            flat=np.ones(len(rows), bool),
            front=False,
        )
        return points_image((self.width(), self.height()), ratio, spots, outline(self.theme))
