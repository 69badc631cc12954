"""What colours stand for, in a corner of the plot: it lies over no mark that can be moved."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import pyqtgraph as pg
from PySide6.QtGui import QColor, QFont, QFontMetricsF

from gui.look.theme import Theme

_MARGIN_PX = 8
_SPARE_PX = 10  # around a text as it is drawn
SQUARE, ROUND, LINE, RING = "■", "●", "—", "○"


class Entry(NamedTuple):
    """A sign in its colour, and what it stands for."""

    sign: str
    colour: QColor
    words: str


class Key:
    """Entries below each other at the top right of a plot; they stay there as it is resized."""

    def __init__(self) -> None:
        self._items: list[pg.TextItem] = []
        self._box: pg.ViewBox | None = None
        self._wide = 0.0

    def show(
        self, plot: pg.PlotWidget, entries: Sequence[Entry], font: QFont, theme: Theme
    ) -> None:
        """Write entries anew; none takes the key away."""
        box = plot.getViewBox()
        if self._box is None:
            self._box = box
            box.sigResized.connect(self._place)  # names of rows are laid out later
        for item in self._items:
            item.setParentItem(None)
            if item.scene() is not None:
                item.scene().removeItem(item)
        self._items = []
        metrics = QFontMetricsF(font)
        words = (f"{entry.sign} {entry.words}" for entry in entries)
        self._wide = max(map(metrics.horizontalAdvance, words), default=0.0) + _SPARE_PX
        for line, entry in enumerate(entries):
            sign = f'<span style="color:{entry.colour.name()}">{entry.sign}</span> '
            text = f'<span style="color:{theme.text}">{entry.words}</span>'
            item = pg.TextItem(html=sign + text if entry.sign else text, anchor=(0, 0))
            item.setFont(font)
            item.setParentItem(box)
            item.setPos(0, _MARGIN_PX + line * metrics.height())
            item.setZValue(10)
            self._items.append(item)
        self._place()

    def _place(self, *_: object) -> None:
        assert self._box is not None
        start = max(self._box.width() - self._wide - _MARGIN_PX, 0)
        for item in self._items:
            item.setPos(start, item.pos().y())
