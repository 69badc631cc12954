"""What is drawn over the pictures of the context panel: captions, a person to scale."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPolygonF

from gui.look.theme import DARK, Theme

ON_PHOTO = DARK.rgb("outline")  # leaves and shadows swallow the darker one
_END = Qt.TextElideMode.ElideRight


def caption(painter: QPainter, theme: Theme, box: QRect, *texts: str) -> None:
    """The first of some texts that is not too long, in the upper left corner, on a plate so that it
    is read over anything."""
    font = painter.font()
    font.setPointSizeF(max(7.5, font.pointSizeF() * 0.85))
    painter.setFont(font)
    metrics = painter.fontMetrics()
    room = box.width() - 10
    fitting = [text for text in texts if metrics.horizontalAdvance(text) <= room]
    text = metrics.elidedText(fitting[0] if fitting else texts[-1], _END, room)
    plate = QRectF(
        box.left(), box.top(), metrics.horizontalAdvance(text) + 10, metrics.height() + 2
    )
    colour = QColor(theme.canvas)
    colour.setAlpha(225)
    painter.fillRect(plate, colour)
    painter.setPen(QColor(theme.text))
    painter.drawText(plate.adjusted(5, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, text)


def person(painter: QPainter, theme: Theme, foot: float, tall: float, width: int) -> None:
    """A person `tall` pixels high who stands on a line at the left border."""
    if tall > width * 2:
        return
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    middle = max(6.0, 0.17 * tall)
    figure = QPainterPath()
    figure.setFillRule(Qt.FillRule.WindingFill)
    head = 0.065 * tall
    figure.addEllipse(QPointF(middle, foot - tall + head), head, head)
    figure.addPolygon(
        QPolygonF(
            [
                QPointF(middle + x * tall, foot - y * tall)
                for x, y in (
                    (-0.05, 0.0), (-0.10, 0.46), (-0.16, 0.48), (-0.125, 0.82), (0.125, 0.82),
                    (0.16, 0.48), (0.10, 0.46), (0.05, 0.0), (0.0, 0.40), (-0.05, 0.0),
                )
            ]
        )
    )  # fmt: skip
    fill = QColor(theme.good)
    fill.setAlpha(70)
    painter.setBrush(fill)
    painter.setPen(QPen(QColor(theme.good), 1.3))
    painter.drawPath(figure)
    painter.restore()
