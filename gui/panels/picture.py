"""The camera's picture around a unit, the unit outlined: the wheel shows more of it, a double click
shows it large."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, Signal
from PySide6.QtGui import (
    QColor,
    QImage,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui.desk.sizes import hull
from gui.look.theme import Theme
from gui.panels.marks import ON_PHOTO, caption

TIMES, LEAST_PX = 2.4, 130.0  # of the picture: heights of the unit, and lines at least
_STEP = 0.2  # of the way from the crop to the whole picture, for a step of the wheel
_DARK, _STRONGEST = 85, 0.45
_POINT_PX, _ROOM_PX = 0.01, 5.0  # of the picture, a point; on screen, from it to the outline


class PicturePart(QWidget):
    """A part of a picture around places in it, never beyond its border where that can be."""

    large = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.theme = theme
        self.image: QImage | None = None
        self.corners = np.zeros((0, 2))
        self.whose = ""
        self.whole = 0.0
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        self.setToolTip("Wheel: more or less of the picture. Double click: large, over the view.")

    def show_part(self, image: QImage | None, places: np.ndarray, whose: str) -> None:
        """Show a picture around places (n, 2) in its pixels; `whose` picture it is, in words."""
        self.image, self.whose, self.whole = image, whose, 0.0
        self.corners = hull(places, _POINT_PX) if len(places) else np.zeros((0, 2))
        self.update()

    def set_theme(self, theme: Theme) -> None:
        self.theme = theme
        self.update()

    def part(self) -> QRectF:
        """The part of the picture that is shown, in its pixels."""
        assert self.image is not None
        if not len(self.corners):  # where the points are in it, is not known
            scale = min(self.width() / self.image.width(), self.height() / self.image.height())
            wide, tall = self.width() / scale, self.height() / scale
            return QRectF(
                (self.image.width() - wide) / 2, (self.image.height() - tall) / 2, wide, tall
            )
        low, high = self.corners.min(axis=0), self.corners.max(axis=0)
        across, down = high - low
        shape = self.width() / max(self.height(), 1)
        full = max(float(self.image.height()), self.image.width() / shape)
        crop = min(max(TIMES * down, TIMES / 2 * across / shape, LEAST_PX), full)
        tall = crop * (full / crop) ** self.whole
        wide = tall * shape
        x, y = (low + high) / 2 - (wide / 2, tall / 2)
        return QRectF(
            _within(x, wide, self.image.width()), _within(y, tall, self.image.height()), wide, tall
        )

    def wheelEvent(self, event: QWheelEvent) -> None:
        step = -event.angleDelta().y() / 120 * _STEP
        self.whole = min(max(self.whole + step, 0.0), 1.0)
        self.update()
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.large.emit()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self.theme.canvas))
        if self.image is None:
            return
        painter.setRenderHints(
            QPainter.RenderHint.SmoothPixmapTransform | QPainter.RenderHint.Antialiasing
        )
        part = self.part()
        scale = self.width() / part.width()
        around = part.toAlignedRect().intersected(self.image.rect())
        beside = QRect(QPoint(), around.size())
        if len(self.corners):
            low, high = self.corners.min(axis=0), self.corners.max(axis=0)
            unit = QRectF(QPointF(*(low - (high - low) / 4)), QPointF(*(high + (high - low) / 4)))
            beside = unit.toAlignedRect().intersected(around).translated(-around.topLeft())
        crop, brighter = brightened(self.image.copy(around), beside)
        painter.save()
        painter.scale(scale, scale)
        painter.drawImage(QPointF(around.topLeft()) - part.topLeft(), crop)
        painter.restore()
        if len(self.corners):
            self._outline(painter, part, scale)
        caption(painter, self.theme, self.rect(), self.whose + (", brightened" if brighter else ""))

    def _outline(self, painter: QPainter, part: QRectF, scale: float) -> None:
        around_it = hull((self.corners - (part.x(), part.y())) * scale, _ROOM_PX)
        shape = QPolygonF([QPointF(*at) for at in around_it])
        for colour, width in ((QColor(0, 0, 0, 150), 4), (QColor(*ON_PHOTO), 2)):
            painter.setPen(QPen(colour, width))
            painter.drawPolygon(shape)


def brightened(image: QImage, part: QRect) -> tuple[QImage, bool]:
    """A picture in 32 bits in which a part's middle brightness is no less than a third, and whether
    it had to be changed: what stands in the shade is seen as an eye beside it would."""
    data = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.width(), 4)
    seen = data[part.top() : part.bottom() + 1, part.left() : part.right() + 1, 1]  # green
    middle = float(np.median(seen)) if seen.size else _DARK
    if middle >= _DARK:
        return image, False
    power = max(np.log(_DARK / 255) / np.log(max(middle, 1.0) / 255), _STRONGEST)
    table = np.round(255 * (np.arange(256) / 255) ** power).astype(np.uint8)
    lifted = table[data]
    kind = QImage.Format.Format_RGB32
    return QImage(lifted.data, image.width(), image.height(), 4 * image.width(), kind).copy(), True


def _within(start: float, size: float, whole: float) -> float:
    """A start at which a stretch of a size stays within 0..whole, in its middle if it is longer."""
    return (whole - size) / 2 if size >= whole else min(max(start, 0.0), whole - size)
