"""A chart whose rows have names: a value each, perhaps with a range, from left to right."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QPointF
from PySide6.QtGui import QFontInfo, QFontMetricsF

from gui.charts.chart import Chart, Mark
from gui.charts.key import Entry, Key

_NAMES_PX = 7  # letters of the rows' names at least


class Rows(Chart):
    """Marks are in the order of the rows, one for each.

    Attributes
    ----------
    names : of the rows, [] where numbers stand up the left side
    entries : what colours stand for, above the rows
    high : of those numbers, the largest
    """

    def __init__(self, theme) -> None:
        self.names: list[str] = []
        self.entries: list[Entry] = []
        self.high = 1.0
        self._key = Key()
        super().__init__(theme)

    def lay_rows(self, names: Sequence[str], words: str, low: float, high: float) -> None:
        """Names down, a scale from low to high across."""
        self.names = list(names)
        self.plot.invertY(True)
        self.axes(words, "", grid=False)
        self.plot.showGrid(x=True, y=False, alpha=0.5)
        self.plot.getAxis("left").set_names(self.names, self.letters())
        self.plot.setXRange(low, high, padding=0)
        self.plot.setYRange(0, max(len(self.names), 1), padding=0)

    def lay_numbers(self, high: float) -> None:
        """Numbers from 0 to `high` up the left side, in place of names."""
        self.names, self.high = [], high or 1.0
        self.plot.invertY(False)
        self.plot.getAxis("left").set_names([], self.letters())

    def place(self) -> None:
        """Names as large as their rows have room for; what colours mean above all that is drawn."""
        box, font = self.plot.getViewBox(), self.letters()
        whole = max(box.height(), 1.0)
        head = QFontMetricsF(font).height() * len(self.entries) + 10 if self.entries else 0.0
        part = min(head / whole, 0.5)
        if self.names:
            count = len(self.names)
            box.setYRange(-count * part / (1 - part), count, padding=0)
            usual = QFontInfo(font).pixelSize()
            small = self.letters()
            pixels = round(0.95 * whole * (1 - part) / count)
            small.setPixelSize(max(min(pixels, usual), _NAMES_PX))
            self.plot.getAxis("left").set_names(self.names, small)
        else:
            box.setYRange(0, self.high / (1 - part), padding=0)
        self._key.show(self.plot, self.entries, font, self.theme)

    def hit(self, at: QPointF) -> Mark | None:
        """The row that a place lies in."""
        if not self.names:
            return super().hit(at)
        place = int(np.floor(self.plot.getViewBox().mapSceneToView(at).y()))
        return self.marks[place] if 0 <= place < len(self.marks) else None
