"""Pictures of the bank's objects and of pseudo scenes: points as pixels, no OpenGL."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF
from PySide6.QtGui import QColor, QImage, QPainter, QPen, QPolygonF

from core.boxes.geometry import corners
from core.boxes.ssal.bank import Item
from core.boxes.ssal.scenes import Scene
from gui.look.theme import Theme

WIDE, HIGH = 150, 150  # of an object's picture, seen from the side and from above
_MARGIN = 1.15  # of the box, so that its edges are seen
_SCENE = 460
_REACH_M = 45.0


def object_picture(item: Item, theme: Theme, colour: tuple[int, int, int]) -> QImage:
    """An object from its left side, and below from above, its front to the right, in its box."""
    image = _canvas(WIDE, HIGH, theme)
    cos, sin = np.cos(item.box[6]), np.sin(item.box[6])
    x, y, z = item.points[:, :3].T.astype(np.float64)
    ahead, left = cos * x + sin * y, cos * y - sin * x
    length, width, height = item.box[3:6]
    scale = min(WIDE / (length * _MARGIN), HIGH / ((width + height) * _MARGIN + 0.2))
    middle = HIGH * (height * _MARGIN + 0.1) / ((width + height) * _MARGIN + 0.2)
    painter = QPainter(image)
    for across, centre, size in (
        (z, middle / 2, height),
        (left, (middle + HIGH) / 2, width),
    ):
        _dots(painter, WIDE / 2 + scale * ahead, centre - scale * across, theme, 2)
        painter.setPen(QPen(QColor(*colour), 1))
        painter.drawRect(
            round(WIDE / 2 - scale * length / 2),
            round(centre - scale * size / 2),
            round(scale * length),
            round(scale * size),
        )
    painter.end()
    return image


def scene_picture(scene: Scene, theme: Theme, colours: np.ndarray) -> QImage:
    """A pseudo scene from above, the sensor in the middle or at the left edge: the background's
    points quiet, those of the bank bright, boxes in the colours (C, 3) uint8 of their classes."""
    image = _canvas(_SCENE, _SCENE, theme)
    behind = bool((scene.points[:, 0] < -5).any())
    scale = _SCENE / (2 * _REACH_M) if behind else _SCENE / (1.5 * _REACH_M)
    left = _SCENE / 2 if behind else 8.0

    def place(xy: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return left + scale * xy[:, 0], _SCENE / 2 - scale * xy[:, 1]

    painter = QPainter(image)
    own = len(scene.points) - scene.pasted
    for rows, name, size in ((slice(own), "quiet", 1), (slice(own, None), "text", 2)):
        column, line = place(scene.points[rows])
        _dots(painter, column, line, theme, size, name)
    for box, label in zip(corners(scene.boxes), scene.labels.tolist(), strict=True):
        painter.setPen(QPen(QColor(*(int(value) for value in colours[label])), 1.5))
        column, line = place(box[:4])
        points = [QPointF(u, v) for u, v in zip(column, line, strict=True)]
        painter.drawPolygon(QPolygonF(points))
    painter.end()
    return image


def _canvas(width: int, height: int, theme: Theme) -> QImage:
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.fill(QColor(theme.canvas))
    return image


def _dots(
    painter: QPainter,
    column: np.ndarray,
    line: np.ndarray,
    theme: Theme,
    size: int,
    name: str = "text",
) -> None:
    painter.setPen(QPen(QColor(getattr(theme, name)), size))
    inside = (column >= 0) & (column < 2000) & (line >= 0) & (line < 2000)
    points = zip(column[inside].tolist(), line[inside].tolist(), strict=True)
    painter.drawPoints(QPolygonF([QPointF(u, v) for u, v in points]))
