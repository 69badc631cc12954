"""The scan as the scanner saw it around a unit: where no camera did, this stands in its place."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui.look.theme import Theme
from gui.panels.marks import caption, outline
from gui.panels.raster import Spots, points_image
from gui.panels.subject import Subject

_ACROSS_M, _TIMES = 12.0, 2.4  # of what is in sight: at least, and in widths of the unit
_ANGLES = (np.radians(24), np.radians(150))
_LIKE_M = 10.0  # at 10 m depths are shaded as they are; further away less, nearer more
_TITLE = "Around it, as the scanner sees it"
_SKY_PX = 30
_SHORT = "As the scanner sees it"
_ZOOM = 1.25  # a step of the wheel


class Panorama(QWidget):
    """Points by their directions from the scanner, an angle the same length across and upward."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.theme = theme
        self.subject: Subject | None = None
        self.why = ""
        self.zoom = 1.0
        self._drawn: tuple[object, QImage] | None = None
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)

    def show_unit(self, subject: Subject | None) -> None:
        """Show a unit, or nothing."""
        self.subject, self.zoom = subject, 1.0
        self._drawn = None
        self.update()

    def set_why(self, text: str) -> None:
        """Say why no camera's picture is here."""
        self.why = text
        self.update()

    def set_theme(self, theme: Theme) -> None:
        self.theme = theme
        self._drawn = None
        self.update()

    def wheelEvent(self, event: QWheelEvent) -> None:
        self.zoom = min(max(self.zoom * _ZOOM ** (-event.angleDelta().y() / 120), 0.2), 8.0)
        self.update()
        event.accept()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self.theme.canvas))
        if self.subject is None:
            painter.setPen(QColor(self.theme.quiet))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect().adjusted(10, 4, -10, -4), flags, self.why)
            return
        ratio = self.devicePixelRatioF()
        key = (self.width(), self.height(), ratio, self.zoom)
        if self._drawn is None or self._drawn[0] != key:
            self._drawn = (key, self._draw(self.subject, ratio))
        painter.drawImage(QPointF(0, 0), self._drawn[1])
        why = f" · {self.why.rstrip('.')}" if self.why else ""
        caption(painter, self.theme, self.rect(), _TITLE + why, _SHORT + why, _SHORT)

    def _draw(self, subject: Subject, ratio: float) -> QImage:
        wide, high = self.width(), self.height()
        x, y, z = subject.content.points[:, :3].T
        flat = np.hypot(x, y)
        # To the right of the unit's middle and over it, in radians.
        (rx, ry), right = subject.ray.astype(np.float32), subject.placed[0]
        ahead = x * rx + y * ry
        turned, raised = np.arctan2(x * ry - y * rx, ahead), np.arctan2(z, flat)
        own = turned[subject.rows], raised[subject.rows]
        away = max(float(np.hypot(*subject.middle[:2])), 1.0)
        angle = max(_ACROSS_M / away, _TIMES * float(np.ptp(own[0])))
        angle = max(angle, 1.8 * float(np.ptp(own[1])) * wide / max(high, 1))
        angle = float(np.clip(angle, *_ANGLES)) * self.zoom
        scale = np.float32(wide / angle)
        a, b = (np.float32((end.min() + end.max()) / 2) for end in own)
        # The beams end a little over the horizon: no more of the sky than need be.
        top = float(np.quantile(raised[np.isfinite(raised)], 0.98))
        b = min(b, max(top, float(own[1].max())) - (high / 2 - _SKY_PX) / scale)
        inside = (abs(turned - a) * scale < wide / 2 + 20) & (abs(raised - b) * scale < high)
        inside &= np.isfinite(right) & (abs(right) < 1e5)
        rows = np.flatnonzero(inside)
        splat = subject.form.splat[rows] / np.maximum(np.hypot(flat[rows], z[rows]), 1e-3) * scale
        places = np.stack(
            [wide / 2 + (turned[rows] - a) * scale, high / 2 - (raised[rows] - b) * scale]
        )
        spots = Spots(
            places=places,
            sizes=np.stack([0.7 * splat, splat]),
            depth=np.log(np.maximum(flat[rows], 0.5)) * _LIKE_M,
            colours=subject.colours(rows, dark=self.theme.name == "dark"),
            mine=subject.mine[rows],
            flat=subject.form.low[rows],
            front=False,
        )
        return points_image((self.width(), self.height()), ratio, spots, outline(self.theme))
