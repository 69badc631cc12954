"""Small pictures of scans from above, beside each other: kept in memory, drawn as they arrive."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPen

from core.desk.above import ENTROPY, Above
from gui.charts.chart import Mark
from gui.look.colours import measure_table
from gui.look.theme import Theme

_KEPT = 200  # pictures; one is 128 KB
_WIDE_PX, _GAP_PX = 146, 10  # a picture at least, and what lies between two
_TOP_NAT = 3.0  # the natural logarithm of 20 classes
_LOW_M, _HIGH_M = -2.0, 2.5  # over the sensor: black to white


class ScanPictures:
    """Pictures of scans by what they are sorted by."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, str], Above] = OrderedDict()
        self._items: list[pg.GraphicsObject] = []
        self._cells: dict[str, QRectF] = {}

    def keep(self, measure: str, picture: Above) -> None:
        self._kept[measure, picture.scan] = picture
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)

    def forget(self) -> None:
        """Other predictions are there."""
        self._kept.clear()

    def missing(self, measure: str) -> list[str]:
        """Scans that are laid out and have no picture yet."""
        return [name for name in self._cells if (measure, name) not in self._kept]

    def take(self, plot: pg.PlotWidget) -> None:
        """Take what is drawn away."""
        for item in self._items:
            if item.scene() is not None:
                plot.removeItem(item)
        self._items, self._cells = [], {}

    def lay(
        self,
        plot: pg.PlotWidget,
        names: Sequence[str],
        captions: Sequence[str],
        chosen: Callable[[str], bool],
        measure: str,
        theme: Theme,
        font: QFont,
    ) -> list[Mark]:
        """Draw as many scans as have room, row by row; a mark each, without words. One unit of the
        plot is one pixel."""
        self.take(plot)
        box = plot.getViewBox()
        wide, tall = max(box.width(), 1.0), max(box.height(), 1.0)
        box.setRange(xRange=(0, wide), yRange=(0, tall), padding=0)
        metrics = QFontMetricsF(font)
        columns = max(int((wide - _GAP_PX) // (_WIDE_PX + _GAP_PX)), 1)
        side = min((wide - _GAP_PX) / columns - _GAP_PX, 1.3 * _WIDE_PX)
        step = side + metrics.height() + _GAP_PX
        rows = max(int((tall - _GAP_PX) // step), 1)
        marks = []
        shown = list(zip(names, captions, strict=True))[: columns * rows]
        for place, (name, caption) in enumerate(shown):
            left = _GAP_PX + (place % columns) * (side + _GAP_PX)
            top = _GAP_PX + (place // columns) * step
            cell = self._cells[name] = QRectF(left, top, side, side)
            frame = pg.QtWidgets.QGraphicsRectItem(cell)
            mine = chosen(name)
            frame.setPen(QPen(QColor(theme.text if mine else theme.line), 3 if mine else 1))
            frame.setZValue(2)
            text = pg.TextItem(
                metrics.elidedText(caption, Qt.TextElideMode.ElideLeft, side),
                color=theme.text,
                anchor=(0, 0),
            )
            text.setFont(font)
            text.setPos(left - 3, top + side - 2)
            for item in (frame, text):
                plot.addItem(item, ignoreBounds=True)
                self._items.append(item)
            marks.append(Mark(cell.center().x(), cell.center().y(), "", name))
            self.draw_one(plot, name, measure, theme)
        return marks

    def draw_one(self, plot: pg.PlotWidget, name: str, measure: str, theme: Theme) -> None:
        """Draw a scan's picture in its place, if both are there."""
        picture, cell = self._kept.get((measure, name)), self._cells.get(name)
        if picture is None or cell is None:
            return
        item = pg.ImageItem(shade(picture, measure, theme), axisOrder="row-major", levels=None)
        item.setRect(cell)
        plot.addItem(item, ignoreBounds=True)
        self._items.append(item)

    def hit(self, x: float, y: float) -> str | None:
        """The scan at a place of the plot."""
        return next((name for name, cell in self._cells.items() if cell.contains(x, y)), None)


def shade(picture: Above, measure: str, theme: Theme) -> np.ndarray:
    """(P, P, 4) uint8: brighter the higher; where a measure is of points, entropy in its colours
    from 0 to 3 nat, and what is wrong in that of errors."""
    known = np.isfinite(picture.height)
    part = np.clip((np.nan_to_num(picture.height) - _LOW_M) / (_HIGH_M - _LOW_M), 0, 1)
    far, near = (np.array(theme.rgb(name), float) for name in ("line", "text"))
    found = np.zeros((*known.shape, 4), np.uint8)
    found[..., :3] = far + part[..., None] * (near - far)
    found[..., 3] = 255 * known
    if picture.value is None:
        return found
    there = np.isfinite(picture.value)
    if measure == ENTROPY:
        place = np.clip(np.nan_to_num(picture.value) / _TOP_NAT * 255, 0, 255).astype(np.uint8)
        found[there, :3] = measure_table()[place[there]]
    else:
        found[there & (np.nan_to_num(picture.value) > 0.5), :3] = theme.rgb("error")
    return found
