"""The mouse's shapes over the handles of a box."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QCursor, QPainter, QPen, QPixmap

from gui.boxes.grips import Grip
from gui.boxes.sheets import Aspect


def cursor_over(found: tuple[Aspect, Grip] | None) -> QCursor:
    """What the mouse looks like where it would take a grip of a view; an arrow over none."""
    if found is None:
        return QCursor(Qt.CursorShape.ArrowCursor)
    aspect, (kind, sides) = found
    if kind == "turn":
        return _turning()
    if kind == "body":
        return QCursor(Qt.CursorShape.SizeAllCursor)
    places = [aspect.sides.index(side) for side in sides]
    if kind == "edge":
        flat = places[0] < 2
        return QCursor(Qt.CursorShape.SizeHorCursor if flat else Qt.CursorShape.SizeVerCursor)
    falling = places in ([1, 2], [0, 3])  # left and top, right and bottom
    return QCursor(Qt.CursorShape.SizeFDiagCursor if falling else Qt.CursorShape.SizeBDiagCursor)


def _turning() -> QCursor:
    """Two arrows around a point, black on white so that they are seen on all."""
    picture = QPixmap(24, 24)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for colour, width in (("#ffffff", 4.5), ("#000000", 2.0)):
        painter.setPen(QPen(QColor(colour), width))
        for start in (20, 200):
            painter.drawArc(QRectF(4, 4, 16, 16), start * 16, 130 * 16)
        for x, y, way in ((4, 11, 1), (20, 13, -1)):
            painter.drawLine(QPointF(x, y), QPointF(x - 3 * way, y + 4 * way))
            painter.drawLine(QPointF(x, y), QPointF(x + 4 * way, y + 3 * way))
    painter.end()
    return QCursor(picture, 12, 12)
