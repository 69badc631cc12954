"""The scan as the scanner saw it around a unit: where no camera did, this stands in its place."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtGui import QColor, QImage, QPainter, QWheelEvent

from gui.desk.background import Background
from gui.look.relief import Tone
from gui.look.theme import DARK, Theme
from gui.panels.drawn import Drawn
from gui.panels.marks import caption
from gui.panels.raster import Spots, points_image
from gui.panels.subject import Subject

_ACROSS_M, _TIMES, _TIMES_HIGH = 12.0, 2.4, 1.8  # in sight: at least, and in sizes of the unit
_ANGLES = (np.radians(24), np.radians(150))
_SKY_PX = 30
_LIKE_M = 10.0  # at 10 m depths are shaded as they are; further away less, nearer more
_TITLE, _SHORT = "Around it, as the scanner sees it", "As the scanner sees it"
_THEME = DARK  # of all themes: bright is bright, as in a photograph
_TONE = Tone(0.45, 0.32, 0.26, 0.05)  # more of the reflection: it tells what things are of
_ZOOM, _ZOOMS = 1.25, (0.2, 8.0)


@dataclass(frozen=True)
class Outlook:
    """A picture of a size (width, height), `ratio` real pixels to each, of so many times the angle
    that fits the unit."""

    size: tuple[int, int]
    ratio: float
    times: float

    def draw(self, subject: Subject) -> QImage:
        wide, high = self.size
        solid = np.flatnonzero(subject.finite)
        x, y, z = subject.content.points[solid, :3].T
        (rx, ry), flat = subject.ray.astype(np.float32), np.hypot(x, y)
        # To the right of the ray and over the horizon, in radians.
        turned, raised = np.arctan2(x * ry - y * rx, x * rx + y * ry), np.arctan2(z, flat)
        mine = subject.mine[solid]
        own = turned[mine], raised[mine]
        angle = max(
            _ACROSS_M / max(float(np.hypot(*subject.middle[:2])), 1.0),
            _TIMES * float(np.ptp(own[0])),
            _TIMES_HIGH * float(np.ptp(own[1])) * wide / max(high, 1),
        )
        scale = np.float32(wide / (float(np.clip(angle, *_ANGLES)) * self.times))
        a, b = (float(end.min() + end.max()) / 2 for end in own)
        # The beams end a little over the horizon: no more of the sky than need be.
        top = max(float(np.quantile(raised[::16], 0.98)), float(own[1].max()))
        b = min(b, top - (high / 2 - _SKY_PX) / float(scale))
        column = wide / 2 + (turned - np.float32(a)) * scale
        line = high / 2 - (raised - np.float32(b)) * scale
        seen = np.flatnonzero((abs(column - wide / 2) < wide) & (abs(line - high / 2) < high))
        rows = solid[seen]
        away = np.maximum(np.hypot(flat[seen], z[seen]), 1e-3)
        splat = subject.form.splat[rows] / away * scale
        spots = Spots(
            places=np.stack([column[seen], line[seen]]),
            sizes=np.stack([0.7 * splat, splat]),
            depth=np.log(np.maximum(away, 0.5)) * _LIKE_M,
            colours=subject.colours(rows, dark=True, tone=_TONE),
            mine=mine[seen],
            flat=subject.form.low[rows],
            front=False,
        )
        return points_image(self.size, self.ratio, spots, _THEME.rgb("outline"))


class Panorama(Drawn):
    """Points by their directions from the scanner, an angle the same length across and upward."""

    def __init__(self, theme: Theme, background: Background) -> None:
        super().__init__(theme, background)
        self.why = ""
        self.times = 1.0

    def show_unit(self, subject: Subject | None) -> None:
        self.times = 1.0
        super().show_unit(subject)

    def set_why(self, text: str) -> None:
        """Say why no camera's picture is here."""
        self.why = text
        self.update()

    def wheelEvent(self, event: QWheelEvent) -> None:
        times = self.times * _ZOOM ** (-event.angleDelta().y() / 120)
        self.times = min(max(times, _ZOOMS[0]), _ZOOMS[1])
        self.update()
        event.accept()

    def sight(self) -> Outlook:
        size = (self.width(), self.height())
        return Outlook(size, self.devicePixelRatioF(), self.times)

    def ground(self, painter: QPainter) -> None:
        painter.fillRect(self.rect(), QColor(_THEME.canvas))

    def mark(self, painter: QPainter) -> None:
        why = f" · {self.why.rstrip('.')}" if self.why else ""
        caption(painter, self.theme, self.rect(), _TITLE + why, _SHORT + why, _SHORT)
