"""A unit from one side: its points among those around it, to scale, with a grid and a person."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui.look.theme import Theme
from gui.panels.marks import caption, outline, person
from gui.panels.raster import Spots, points_image
from gui.panels.subject import Subject

PERSON_M = 1.75
_ROOM_M, _ROOM = 1.0, 0.4  # around the unit: at least, and in shares of its size
# Of a thing that is longer than this and so many times its height the middle is shown.
_LONG_M, _LONG = 7.0, 3.0
_OVER_GROUND_M = 8.0  # what hangs higher is shown without the ground
_GREY = {"dark": (60, 235), "light": (30, 205)}  # the least and the most reflection


@dataclass(frozen=True)
class Aspect:
    """From where a unit is seen: which of right, along the ray and up goes across and upward in
    the picture, and away from the eye."""

    title: str
    across: int
    upward: int
    away: int
    sign: int  # of the direction away from the eye

    @property
    def standing(self) -> bool:
        """Whether up is up."""
        return self.upward == 2


SCANNER = Aspect("From the scanner", 0, 2, 1, 1)
RIGHT = Aspect("From its right", 1, 2, 0, -1)
ABOVE = Aspect("From above", 0, 1, 2, -1)


class Side(QWidget):
    """A unit seen from one aspect; `plain` shows reflection alone, as grey."""

    def __init__(self, aspect: Aspect, theme: Theme, *, plain: bool = False) -> None:
        super().__init__()
        self.aspect, self.theme, self.plain = aspect, theme, plain
        self.subject: Subject | None = None
        self.pixels = 1.0  # to the metre
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

    # -- geometry -----------------------------------------------------------------------------

    def span(self) -> tuple[np.ndarray, np.ndarray]:
        """The lowest and highest (2,) metres across and upward that must be in the picture."""
        assert self.subject is not None
        low, high = (end.astype(float) for end in self.subject.box)
        own = self.subject.placed[:, self.subject.rows]
        if low[2] < _OVER_GROUND_M:
            low[2] = min(low[2], 0.0)
            high[2] = max(high[2], PERSON_M)
        longest = max(_LONG_M, _LONG * (high[2] - low[2]))
        for axis in (0, 1) if self.aspect.standing else ():
            if high[axis] - low[axis] > longest:
                middle = float(np.median(own[axis]))
                low[axis], high[axis] = middle - longest / 2, middle + longest / 2
        room = np.maximum(_ROOM_M, (high - low) * _ROOM)
        room[2] = 0.35
        axes = [self.aspect.across, self.aspect.upward]
        return (low - room)[axes], (high + room)[axes]

    def fits(self) -> float:
        """Pixels to the metre at which all is in the picture."""
        low, high = self.span()
        size = (self.width(), self.height() - self.fontMetrics().height())
        return float(min(np.maximum(size, 1) / (high - low)))

    def sight(self) -> tuple[np.ndarray, np.ndarray]:
        """The lowest and highest (2,) metres across and upward that are in the picture: what is
        more than must be lies on both sides, but over a thing that stands, not below it."""
        low, high = self.span()
        half = np.array([self.width(), self.height()]) / 2 / self.pixels
        middle = (low + high) / 2
        if self.aspect.standing:
            middle[1] = low[1] + half[1]
        return middle - half, middle + half

    def place(self, points: np.ndarray) -> np.ndarray:
        """(2, n) column and line of points (3, n), metres from the unit's middle."""
        low, high = self.sight()
        across, upward = points[self.aspect.across], points[self.aspect.upward]
        pixels = np.float32(self.pixels)
        return np.stack(
            [(across - np.float32(low[0])) * pixels, (np.float32(high[1]) - upward) * pixels]
        )

    def step(self) -> float:
        """Metres between the lines of the grid: 18 pixels or more."""
        return next((s for s in (0.5, 1.0, 2.0, 5.0, 10.0) if s * self.pixels >= 18), 20.0)

    # -- drawing ------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self.theme.canvas))
        if self.subject is None:
            return
        self._grid(painter)
        painter.drawImage(QPointF(0, 0), self._points())
        if self.aspect.standing:
            foot = float(self.place(np.zeros((3, 1)))[1, 0])
            person(painter, self.theme, foot, PERSON_M * self.pixels, self.width())
        what = "Reflection" if self.plain else self.aspect.title
        caption(painter, self.theme, self.rect(), f"{what} · grid {self.step():g} m", what)

    def _grid(self, painter: QPainter) -> None:
        (left, bottom), (right, top) = self.sight()
        step = self.step()
        painter.setPen(QPen(QColor(self.theme.line), 1))
        for x in np.arange(np.ceil(left / step), right / step) * step:
            at = (x - left) * self.pixels
            painter.drawLine(QPointF(at, 0), QPointF(at, self.height()))
        for y in np.arange(np.ceil(bottom / step), top / step) * step:
            at = (top - y) * self.pixels
            ground = self.aspect.standing and y == 0
            painter.setPen(QPen(QColor(self.theme.quiet if ground else self.theme.line), 1))
            painter.drawLine(QPointF(0, at), QPointF(self.width(), at))

    def _points(self) -> QImage:
        """The points as a picture; made anew for another size or scale only."""
        assert self.subject is not None
        ratio = self.devicePixelRatioF()
        key = (self.width(), self.height(), self.pixels, ratio)
        if self._drawn is None or self._drawn[0] != key:
            self._drawn = (key, self._draw(self.subject, ratio))
        return self._drawn[1]

    def _draw(self, subject: Subject, ratio: float) -> QImage:
        rows = self._around(subject)
        points, mine = subject.placed[:, rows], subject.mine[rows]
        spots = Spots(
            places=self.place(points),
            sizes=self._sizes(rows) * np.float32(self.pixels),
            depth=points[self.aspect.away] * self.aspect.sign,
            colours=self._colours(subject, rows, mine),
            mine=mine,
            flat=subject.form.low[rows],
            front=True,
        )
        return points_image((self.width(), self.height()), ratio, spots, outline(self.theme))

    def _around(self, subject: Subject) -> np.ndarray:
        """Rows of what is in the picture: not far before or behind the unit, and from above not
        what hangs over it."""
        low, high = self.sight()
        a, b = subject.placed[self.aspect.across], subject.placed[self.aspect.upward]
        away = subject.placed[self.aspect.away]
        near, far = (float(end[self.aspect.away]) for end in subject.box)
        room = max(_ROOM_M, _ROOM * (far - near))
        inside = (a > low[0]) & (a < high[0]) & (b > low[1]) & (b < high[1])
        inside &= (away > near - room) & (away < far + room)
        inside[subject.rows] = True
        return np.flatnonzero(inside)

    def _sizes(self, rows: np.ndarray) -> np.ndarray:
        """(2, n) metres across and upward: upright from the side, as beams lie over one another;
        from above what lies flat as long as the beam's spot on it."""
        assert self.subject is not None
        form = self.subject.form
        splat = form.splat[rows]
        if self.aspect.standing:
            return np.stack([0.7 * splat, splat])
        points = self.subject.content.points[rows, :3]
        reach = np.linalg.norm(points, axis=1)
        normal = form.normal[rows]
        slant = np.abs((normal * points).sum(axis=1)) / np.maximum(reach, 1e-3)
        flat = np.abs(normal[:, 2]) > 0.8
        return np.stack([splat, np.where(flat, splat / np.maximum(slant, 1 / 12), splat)])

    def _colours(self, subject: Subject, rows: np.ndarray, mine: np.ndarray) -> np.ndarray:
        """(n, 3) uint8: the unit's own, what is around it nearer to the canvas."""
        if self.plain:
            grey = self._grey(subject, rows, mine)
            colours = np.repeat(grey[:, None], 3, axis=1)
        else:
            colours = subject.colours(rows, dark=self.theme.name == "dark")
        share = 1.0 if subject.is_ground else 0.6
        canvas = np.array(self.theme.rgb("canvas"))
        faint = canvas + (colours - canvas) * share
        return np.where(mine[:, None], colours, faint).astype(np.uint8)

    def _grey(self, subject: Subject, rows: np.ndarray, mine: np.ndarray) -> np.ndarray:
        """(n,) reflection as grey: all between the darkest and the brightest ground in sight."""
        values = subject.form.reflection[rows]
        low = subject.form.low[rows] | mine
        dim, bright = np.quantile(values[low], [0.03, 0.97]) if low.any() else (0.0, 1.0)
        part = np.clip((values - dim) / max(float(bright - dim), 0.05), 0, 1)
        least, most = _GREY[self.theme.name]
        return least + part * (most - least)
