"""What colours stand for, in a corner of the plot: it lies over no mark that can be moved."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import pyqtgraph as pg
from PySide6.QtGui import QColor, QFont, QFontMetricsF

from gui.look.theme import Theme

_MARGIN_PX = 8
SQUARE, ROUND, LINE, RING = "■", "●", "—", "○"


class Entry(NamedTuple):
    """A sign in its colour, and what it stands for."""

    sign: str
    colour: QColor
    words: str


class Key:
    """Entries below each other at the top right of a plot, or at the bottom right."""

    def __init__(self) -> None:
        self._items: list[pg.TextItem] = []

    def show(
        self,
        plot: pg.PlotWidget,
        entries: Sequence[Entry],
        font: QFont,
        theme: Theme,
        *,
        low: bool = False,
        left: bool = False,
    ) -> None:
        """Write entries anew; none takes the key away."""
        box = plot.getViewBox()
        for item in self._items:
            item.setParentItem(None)
            if item.scene() is not None:
                item.scene().removeItem(item)
        self._items = []
        metrics = QFontMetricsF(font)
        high = metrics.height()
        top = box.height() - _MARGIN_PX - high * len(entries) if low else _MARGIN_PX
        wide = max((metrics.horizontalAdvance(_text(e)) for e in entries), default=0.0) + 18
        start = _MARGIN_PX if left else max(box.width() - wide - _MARGIN_PX, 0)
        for line, entry in enumerate(entries):
            sign = f'<span style="color:{entry.colour.name()}">{entry.sign}</span> '
            words = f'<span style="color:{theme.text}">{entry.words}</span>'
            item = pg.TextItem(html=sign + words if entry.sign else words, anchor=(0, 0))
            item.setFont(font)
            item.setParentItem(box)
            item.setPos(start, top + line * high)
            item.setZValue(10)
            self._items.append(item)


def _text(entry: Entry) -> str:
    return f"{entry.sign} {entry.words}"
