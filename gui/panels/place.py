"""Where a unit is: a small map with the own car to scale, rings of distance and the unit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen, QPolygonF

from gui.desk.background import Background
from gui.desk.sizes import hull
from gui.look.theme import Theme
from gui.panels.drawn import Drawn
from gui.panels.marks import caption
from gui.panels.raster import Spots, points_image
from gui.panels.subject import Subject

RINGS_M = (10.0, 20.0, 50.0)
CAR_M = (4.5, 1.8)
_LEAST_M = 13.0  # from the scanner to the border
_SHOWN = 20_000  # points, at most
_FAINT = 0.65


@dataclass(frozen=True)
class Map:
    """A map of a size (width, height), `ratio` real pixels to each, `pixels` to the metre, the
    scanner in its middle and the way `ahead` (2,) upward."""

    size: tuple[int, int]
    ratio: float
    pixels: float
    ahead: tuple[float, float]
    theme: Theme

    def place(self, xy: np.ndarray) -> np.ndarray:
        """(2, n) column and line of places xy (n, >= 2), metres in the scan."""
        fx, fy = self.ahead
        x, y = xy[:, 0], xy[:, 1]
        right, front = x * fy - y * fx, x * fx + y * fy
        wide, high = self.size
        return np.stack([wide / 2 + right * self.pixels, high / 2 - front * self.pixels])

    def draw(self, subject: Subject) -> QImage:
        points = subject.content.points
        rows = np.flatnonzero(subject.finite)
        rows = rows[:: max(1, len(rows) // _SHOWN)]
        colours = subject.colours(rows, dark=self.theme.name == "dark")
        canvas = np.array(self.theme.rgb("canvas"))
        spots = Spots(
            places=self.place(points[rows, :2]).astype(np.float32),
            sizes=np.ones((2, len(rows)), np.float32),
            depth=-subject.form.height[rows],
            colours=(canvas + (colours - canvas) * _FAINT).astype(np.uint8),
            mine=np.zeros(len(rows), bool),
            flat=np.ones(len(rows), bool),
            front=False,
        )
        return points_image(self.size, self.ratio, spots, self.theme.rgb("outline"))


class Place(Drawn):
    """The scan from above, what is ahead of the car upward, the scanner in the middle."""

    def __init__(self, ahead: tuple[float, float], theme: Theme, background: Background) -> None:
        super().__init__(theme, background)
        self.ahead = ahead

    def sight(self) -> Map:
        """The map on which the unit is in sight, and no less than a street's width."""
        assert self.subject is not None
        size = (self.width(), self.height())
        away = float(np.hypot(*self.subject.middle[:2]))
        reach = max(_LEAST_M, 1.15 * away + 2)
        pixels = max(min(size), 1) / 2 / reach
        return Map(size, self.devicePixelRatioF(), pixels, self.ahead, self.theme)

    def mark(self, painter: QPainter) -> None:
        assert self.subject is not None
        here = self.sight()
        self._rings(painter, here.pixels)
        self._car(painter, here.pixels)
        colour = QColor(*self.theme.rgb("outline"))
        unit = here.place(self.subject.middle[None, :2])[:, 0]
        painter.setPen(QPen(colour, 1, Qt.PenStyle.DashLine))
        painter.drawLine(QPointF(self.width() / 2, self.height() / 2), QPointF(*unit))
        painter.setPen(QPen(colour, 2))
        points = self.subject.content.points[self.subject.rows, :2]
        corners = hull(here.place(points).T, 2.5)
        painter.drawPolygon(QPolygonF([QPointF(x, y) for x, y in corners]))
        caption(painter, self.theme, self.rect(), "Where it is")

    def _rings(self, painter: QPainter, pixels: float) -> None:
        middle = QPointF(self.width() / 2, self.height() / 2)
        font = painter.font()
        font.setPointSizeF(max(7.0, font.pointSizeF() * 0.75))
        painter.setFont(font)
        below = middle.y()
        for ring in RINGS_M:
            painter.setPen(QPen(QColor(self.theme.quiet), 1))
            painter.drawEllipse(middle, ring * pixels, ring * pixels)
            at = QPointF(middle.x() + 3, middle.y() + ring * pixels - 3)
            if below + painter.fontMetrics().height() < at.y() < self.height():
                below = at.y()
                painter.setPen(QColor(self.theme.text))
                painter.drawText(at, f"{ring:.0f} m")

    def _car(self, painter: QPainter, pixels: float) -> None:
        """The own car, its windscreen ahead."""
        painter.save()
        painter.translate(self.width() / 2, self.height() / 2)
        painter.scale(pixels, pixels)
        long, wide = CAR_M
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self.theme.text))
        painter.drawRoundedRect(QRectF(-wide / 2, -long / 2, wide, long), 0.5, 0.5)
        painter.setBrush(QColor(self.theme.canvas))
        painter.drawRect(QRectF(-wide / 2 + 0.25, -long / 2 + 1.1, wide - 0.5, 0.6))
        painter.restore()
