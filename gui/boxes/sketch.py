"""How a box and the points about it are drawn in its three views."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QImage, QPainter, QPen, QPolygonF

from core.answers.box import Box
from core.boxes.edit import in_box
from gui.boxes.dots import Dots, dots_image
from gui.boxes.grips import Grip, near_rows
from gui.boxes.sheets import Sheet
from gui.look.theme import Theme
from gui.view.contrast import told_apart

ROOM_M, FAR_M = 1.0, 5.0  # around a box, of which points are drawn; at most, where it holds none
_FEW, _SIZES_PX = 400, (2, 3)  # points inside below which squares are larger
_HANDLE_PX, _KNOB_PX = 3.0, 5.0
_FAINT = 0.45  # of the ground, towards the canvas
_CORNERS = ((0, 2), (1, 2), (1, 3), (0, 3))  # places in Aspect.sides, as Sheet.outline has them


@dataclass(frozen=True)
class Sketch:
    """A box in one view. `held`: what the mouse holds there, or would; `colour` its class's."""

    painter: QPainter
    theme: Theme
    sheet: Sheet
    box: Box
    colour: QColor
    held: Grip | None

    def draw(self, ground: float | None) -> None:
        """The height of the ground, the box, and a caption."""
        frame = QRectF(self.sheet.left, self.sheet.top, self.sheet.width, self.sheet.height)
        self.painter.setClipRect(frame)
        self._ground(ground)
        outline = self.sheet.outline(self.box.box)
        self._box(outline)
        self._heading(outline)
        self._handles(outline)
        self._caption()
        self.painter.setPen(QPen(QColor(self.theme.line), 1))
        self.painter.setBrush(Qt.BrushStyle.NoBrush)
        self.painter.drawRect(frame.adjusted(0.5, 0.5, -0.5, -0.5))
        self.painter.setClipping(False)

    def _ground(self, ground: float | None) -> None:
        sheet = self.sheet
        if ground is None or sheet.aspect.from_above:
            return
        place = np.array([sheet.middle[0], sheet.middle[1], ground])
        y = float(sheet.places(place[None])[0, 1])
        self.painter.setPen(QPen(QColor(self.theme.quiet), 1, Qt.PenStyle.DashLine))
        self.painter.drawLine(QPointF(sheet.left, y), QPointF(sheet.left + sheet.width, y))

    def _box(self, outline: np.ndarray) -> None:
        halo = QColor(self.theme.canvas)
        halo.setAlpha(190)
        style = Qt.PenStyle.SolidLine if self.box.sure else Qt.PenStyle.DashLine
        hatch = Qt.BrushStyle.BDiagPattern if self.box.ignore else Qt.BrushStyle.NoBrush
        self.painter.setBrush(QBrush(self.colour, hatch))
        for pen in (QPen(halo, 4), QPen(self.colour, 1.8, style)):
            self.painter.setPen(pen)
            self.painter.drawPolygon(_polygon(outline))

    def _heading(self, outline: np.ndarray) -> None:
        """Which way it heads: a wedge at its front and the knob before it; a dot where it comes
        towards the eye."""
        middle = outline.mean(axis=0)
        self.painter.setPen(QPen(self.colour, 1.5))
        if self.sheet.aspect.across == 1:
            self.painter.setBrush(self.colour)
            self.painter.drawEllipse(QPointF(*middle), 3, 3)
            return
        front = (outline[0] + outline[3]) / 2
        half = (outline[0] - outline[3]) / 2
        back = front - (front - middle) * 0.3
        faint = QColor(self.colour)
        faint.setAlpha(90)
        self.painter.setBrush(faint)
        self.painter.drawPolygon(_polygon([front, back + half * 0.6, back - half * 0.6]))
        if self.sheet.aspect.from_above:
            knob = QPointF(*self.sheet.knob(self.box.box))
            self.painter.drawLine(QPointF(*front), knob)
            self._fill(self.held == Grip("turn"))
            self.painter.drawEllipse(knob, _KNOB_PX, _KNOB_PX)

    def _handles(self, outline: np.ndarray) -> None:
        sides = self.sheet.aspect.sides
        ends = [(frozenset(sides[place] for place in pair), outline[k])
                for k, pair in enumerate(_CORNERS)]  # fmt: skip
        held = self.held
        if held is not None and held.kind == "edge":
            first, last = (at for pair, at in ends if held.sides[0] in pair)
            self.painter.setPen(QPen(self.colour, 4))
            self.painter.drawLine(QPointF(*first), QPointF(*last))
        self.painter.setPen(QPen(self.colour, 1.2))
        for pair, at in ends:
            own = held is not None and held.kind == "corner" and frozenset(held.sides) == pair
            self._fill(own)
            side = _HANDLE_PX + (1.5 if own else 0)
            self.painter.drawRect(QRectF(at[0] - side, at[1] - side, 2 * side, 2 * side))

    def _fill(self, held: bool) -> None:
        self.painter.setBrush(self.colour if held else QColor(self.theme.canvas))

    def _caption(self) -> None:
        aspect, box = self.sheet.aspect, self.box.box
        size = f"{box[3 + aspect.across]:.2f} × {box[3 + aspect.upward]:.2f} m"
        metrics = self.painter.fontMetrics()
        texts = (f"{aspect.title}  {size}", aspect.title)
        fits = [text for text in texts if metrics.horizontalAdvance(text) <= self.sheet.width - 12]
        self.painter.setPen(QColor(self.theme.text))
        at = QPointF(self.sheet.left + 6, self.sheet.top + metrics.ascent() + 3)
        self.painter.drawText(at, fits[0] if fits else "")


def room_about(box: np.ndarray, points: np.ndarray, is_ground: np.ndarray) -> float:
    """Metres around a box (7,) in which something is to be seen: 1, or where none of points
    (N, >= 3) but of the ground (N,) bool is inside, 1 m beyond the nearest one, 5 at most."""
    rows = near_rows(box, points, FAR_M)
    rows = rows[~is_ground[rows]]
    if not len(rows):
        return FAR_M
    beyond = (np.abs(in_box(box, points[rows])) - box[3:6] / 2).max(axis=1).min()
    return ROOM_M if beyond <= 0 else min(float(beyond) + ROOM_M, FAR_M)


def points_about(
    size: tuple[int, int],
    ratio: float,
    theme: Theme,
    sheets: tuple[Sheet, ...],
    box: np.ndarray,
    points: np.ndarray,
    is_ground: np.ndarray,
    room: float = ROOM_M,
) -> QImage:
    """A picture, `ratio` pixels to each of a size (width, height), of points (N, >= 3) about a box
    (7,): in each view what it has room for, no deeper than `room` metres before and behind the
    box. What is inside is bright, the ground (N,) bool dim."""
    # Across a view's whole width, since its middle need not be the box's.
    wide = max(max(sheet.width, sheet.height) / sheet.pixels for sheet in sheets)
    rows = near_rows(box, points, max(wide, room))
    near = points[rows, :3].astype(np.float64)
    ground = is_ground[rows]
    away = np.abs(in_box(box, near)) - box[3:6] / 2
    inside = (away <= 0).all(axis=1) & ~ground
    canvas = np.array(theme.rgb("canvas"), float)
    dim = canvas + (np.array(theme.rgb("warning")) - canvas) * _FAINT
    side = _SIZES_PX[int(inside.sum() < _FEW)]
    parts = (
        (ground, (int(dim[0]), int(dim[1]), int(dim[2]))),
        (~ground & ~inside, theme.rgb("quiet")),
        (inside, theme.rgb("text")),
    )
    layers = []
    for sheet in sheets:
        clip = (sheet.left, sheet.top, sheet.left + sheet.width, sheet.top + sheet.height)
        seen = away[:, 3 - sheet.aspect.across - sheet.aspect.upward] <= room
        places = sheet.places(near)
        layers += [Dots(places[part & seen], side, colour, clip) for part, colour in parts]
    return dots_image(size, ratio, theme.rgb("canvas"), layers)


def class_colour(colours: np.ndarray, label: int, theme: Theme) -> QColor:
    """A class's colour of (C, 3) uint8, with the contrast that points have; the theme's outline
    where it has none."""
    if label >= len(colours):
        return QColor(theme.outline)
    return QColor(*told_apart(colours[None, label], theme.rgb("canvas"))[0].tolist())


def beside(painter: QPainter, theme: Theme, text: str, at: QPointF, room: QRectF) -> None:
    """A text on a plate beside the mouse, within the room."""
    metrics = painter.fontMetrics()
    wide, high = metrics.horizontalAdvance(text) + 12, metrics.height() + 6
    x = max(min(at.x() + 14, room.right() - wide - 2), room.left())
    y = max(at.y() - high - 8, room.top() + 2)
    plate = QRectF(x, y, wide, high)
    painter.setPen(QPen(QColor(theme.line), 1))
    painter.setBrush(QColor(theme.raised))
    painter.drawRoundedRect(plate, 4, 4)
    painter.setPen(QColor(theme.text))
    painter.drawText(plate, Qt.AlignmentFlag.AlignCenter, text)


def _polygon(places: np.ndarray | list[np.ndarray]) -> QPolygonF:
    return QPolygonF([QPointF(*at) for at in places])
