"""A unit from one side: its points among those around it, to scale, with a grid and a person."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QBrush, QColor, QImage, QPainter, QPen, QPolygonF

from gui.desk.background import Background
from gui.look.theme import Theme
from gui.panels.drawn import Drawn
from gui.panels.marks import caption, person
from gui.panels.raster import Spots, points_image
from gui.panels.subject import Subject

PERSON_M = 1.75
_ROOM_M, _ROOM, _ROOM_UP_M = 1.0, 0.4, 0.35  # around the unit: at least, and of its size
# Of a thing that is longer than this and so many times its height the middle is shown.
_LONG_M, _LONG = 7.0, 3.0
_OVER_GROUND_M = 8.0  # what hangs higher is shown without the ground
_FAINT = 0.85  # of what is around a unit, towards the canvas
_FLAT, _LONGEST_SPOT = 0.8, 12  # of a normal's upward part; of a beam's spot, in splats
_HATCH = 110  # how dense, of 255
_GREY = {"dark": (60, 235), "light": (30, 205)}  # the least and the most reflection


@dataclass(frozen=True)
class Aspect:
    """From where a unit is seen: which of right, along the ray and up goes across and upward in
    the picture, and which away from the eye, by its sign."""

    title: str
    short: str
    across: int
    upward: int
    away: int
    sign: int

    @property
    def standing(self) -> bool:
        """Whether up is up."""
        return self.upward == 2


SCANNER = Aspect("From the scanner", "From scanner", 0, 2, 1, 1)
RIGHT = Aspect("From its right", "From right", 1, 2, 0, -1)
ABOVE = Aspect("From above", "Above", 0, 1, 2, -1)


@dataclass(frozen=True)
class Sight:
    """What is in a picture of a size (width, height) in logical pixels, `ratio` real ones to each:
    from `left` and up to `top`, metres from the unit's middle, `pixels` to the metre; `plain` is
    reflection alone, as grey."""

    aspect: Aspect
    size: tuple[int, int]
    ratio: float
    left: float
    top: float
    pixels: float
    plain: bool
    theme: Theme

    @property
    def right(self) -> float:
        return self.left + self.size[0] / self.pixels

    @property
    def bottom(self) -> float:
        return self.top - self.size[1] / self.pixels

    def place(self, points: np.ndarray) -> np.ndarray:
        """(2, n) column and line of points (3, n), metres from the unit's middle."""
        across, upward = points[self.aspect.across], points[self.aspect.upward]
        pixels = np.float32(self.pixels)
        return np.stack(
            [(across - np.float32(self.left)) * pixels, (np.float32(self.top) - upward) * pixels]
        )

    def draw(self, subject: Subject) -> QImage:
        rows = _in_sight(subject, self)
        points, mine = subject.placed[:, rows], subject.mine[rows]
        aspect = self.aspect
        spots = Spots(
            places=self.place(points),
            sizes=_sizes(subject, rows, aspect) * np.float32(self.pixels),
            depth=points[aspect.away] * aspect.sign,
            colours=_colours(subject, rows, mine, self),
            mine=mine,
            flat=subject.form.low[rows],
            front=True,
        )
        return points_image(self.size, self.ratio, spots, self.theme.rgb("outline"))


class Side(Drawn):
    """A unit seen from one aspect."""

    def __init__(
        self, aspect: Aspect, theme: Theme, background: Background, *, plain: bool = False
    ) -> None:
        super().__init__(theme, background)
        self.aspect, self.plain = aspect, plain
        self.pixels = 1.0  # to the metre

    def span(self) -> tuple[np.ndarray, np.ndarray]:
        """The lowest and highest (2,) metres across and upward that must be in the picture."""
        assert self.subject is not None
        low, high = (end.astype(float) for end in self.subject.box)
        if low[2] < _OVER_GROUND_M:
            low[2] = min(low[2], 0.0)
            high[2] = max(high[2], PERSON_M)
        room = np.maximum(_ROOM_M, (high - low) * _ROOM)
        room[2] = _ROOM_UP_M
        longest = max(_LONG_M, _LONG * (high[2] - low[2]))
        for axis in (0, 1) if self.aspect.standing else ():
            if high[axis] - low[axis] > longest:
                middle = float(np.median(self.subject.placed[axis, self.subject.rows]))
                low[axis], high[axis] = middle - longest / 2, middle + longest / 2
                room[axis] = 0.0
        axes = [self.aspect.across, self.aspect.upward]
        return (low - room)[axes], (high + room)[axes]

    def fits(self) -> float:
        """Pixels to the metre at which all is in the picture, below its caption."""
        low, high = self.span()
        size = (self.width(), self.height() - self.fontMetrics().height())
        return float(min(np.maximum(size, 1) / (high - low)))

    def sight(self) -> Sight:
        """What is in the picture: where there is room for more than must be, it is on both sides,
        but over a thing that stands, not below it."""
        low, high = self.span()
        half = np.array([self.width(), self.height()]) / 2 / self.pixels
        left, top = (low + high) / 2 + (-half[0], half[1])
        if self.aspect.standing:
            top = low[1] + 2 * half[1]
        size = (self.width(), self.height())
        ratio = self.devicePixelRatioF()
        args = (float(left), float(top), self.pixels, self.plain, self.theme)
        return Sight(self.aspect, size, ratio, *args)

    def step(self) -> float:
        """Metres between the lines of the grid: 18 pixels or more."""
        return next((s for s in (0.5, 1.0, 2.0, 5.0, 10.0) if s * self.pixels >= 18), 20.0)

    def ground(self, painter: QPainter) -> None:
        sight, step = self.sight(), self.step()
        painter.setPen(QPen(QColor(self.theme.line), 1))
        for x in np.arange(np.ceil(sight.left / step), sight.right / step) * step:
            at = (x - sight.left) * self.pixels
            painter.drawLine(QPointF(at, 0), QPointF(at, self.height()))
        for y in np.arange(np.ceil(sight.bottom / step), sight.top / step) * step:
            at = (sight.top - y) * self.pixels
            ground = self.aspect.standing and y == 0
            painter.setPen(QPen(QColor(self.theme.quiet if ground else self.theme.line), 1))
            painter.drawLine(QPointF(0, at), QPointF(self.width(), at))

    def _hatch_unseen(self, painter: QPainter) -> None:
        """Hatch what lies over the scanner's highest beam."""
        assert self.subject is not None
        sight = self.sight()
        ends = np.array([sight.left, sight.right])
        along = ends if self.aspect.across == 1 else np.zeros(2)
        points = np.zeros((3, 2))
        points[self.aspect.across], points[2] = ends, self.subject.horizon(along)
        (left, right), (first, last) = sight.place(points)
        if max(first, last) <= 0:
            return
        corners = ((left, 0), (right, 0), (right, last), (left, first))
        hatch = QColor(self.theme.quiet)
        hatch.setAlpha(_HATCH)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QBrush(hatch, Qt.BrushStyle.BDiagPattern))
        painter.drawPolygon(QPolygonF([QPointF(x, y) for x, y in corners]))
        painter.setPen(QPen(QColor(self.theme.quiet), 1, Qt.PenStyle.DashLine))
        painter.drawLine(QPointF(left, first), QPointF(right, last))

    def mark(self, painter: QPainter) -> None:
        assert self.subject is not None
        if self.aspect.standing and self.subject.is_cut:
            self._hatch_unseen(painter)
        if self.aspect.standing:
            foot = float(self.sight().place(np.zeros((3, 1)))[1, 0])
            person(painter, self.theme, foot, PERSON_M * self.pixels, self.width())
        what = "Reflection" if self.plain else self.aspect.title
        texts = (f"{what} · grid {self.step():g} m", what, self.aspect.short)
        caption(painter, self.theme, self.rect(), *texts)


def _in_sight(subject: Subject, sight: Sight) -> np.ndarray:
    """Rows of what is in the picture, but not far before or behind the unit, and from above not
    what hangs over it."""
    aspect = sight.aspect
    a, b = subject.placed[aspect.across], subject.placed[aspect.upward]
    away = subject.placed[aspect.away]
    near, far = (float(end[aspect.away]) for end in subject.box)
    room = max(_ROOM_M, _ROOM * (far - near))
    inside = (a > sight.left) & (a < sight.right) & (b > sight.bottom) & (b < sight.top)
    inside &= (away > near - room) & (away < far + room)
    inside[subject.rows] = True
    return np.flatnonzero(inside)


def _sizes(subject: Subject, rows: np.ndarray, aspect: Aspect) -> np.ndarray:
    """(2, n) metres across and upward: upright from the side, as beams lie over one another; from
    above what lies flat is as long as the beam's spot on it."""
    splat = subject.form.splat[rows]
    if aspect.standing:
        return np.stack([0.7 * splat, splat])
    points, normal = subject.content.points[rows, :3], subject.form.normal[rows]
    reach = np.maximum(np.linalg.norm(points, axis=1), 1e-3)
    slant = np.maximum(np.abs((normal * points).sum(axis=1)) / reach, 1 / _LONGEST_SPOT)
    return np.stack([splat, np.where(np.abs(normal[:, 2]) > _FLAT, splat / slant, splat)])


def _colours(subject: Subject, rows: np.ndarray, mine: np.ndarray, sight: Sight) -> np.ndarray:
    """(n, 3) uint8: the unit's own, what is around it nearer to the canvas."""
    if sight.plain:
        colours = np.repeat(_grey(subject, rows, mine, sight.theme)[:, None], 3, axis=1)
    else:
        colours = subject.colours(rows, dark=sight.theme.name == "dark")
    if subject.is_ground:
        return colours.astype(np.uint8)
    canvas = np.array(sight.theme.rgb("canvas"))
    return np.where(mine[:, None], colours, canvas + (colours - canvas) * _FAINT).astype(np.uint8)


def _grey(subject: Subject, rows: np.ndarray, mine: np.ndarray, theme: Theme) -> np.ndarray:
    """(n,) reflection as grey: all between the dullest and the brightest ground in sight."""
    values = subject.form.reflection[rows]
    low = subject.form.low[rows] | mine
    dull, bright = np.quantile(values[low], [0.03, 0.97]) if low.any() else (0.0, 1.0)
    part = np.clip((values - dull) / max(float(bright - dull), 0.05), 0, 1)
    least, most = _GREY[theme.name]
    return least + part * (most - least)
