"""A table whose cells are coloured by their numbers: rows down, columns across."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontInfo, QFontMetricsF, QPainter

from gui.charts.chart import Chart, Mark
from gui.look.theme import text_on

_ROOM_PX = 8  # around a number in its cell
_NAMES_PX = 7  # letters of the rows' names at least
_CHOSEN = 0.12  # of a cell's height, a bar along its foot
_SMALLEST_PX, _PART = 9, 0.72  # letters at least, and of the height of a cell at most


class _Cells(pg.GraphicsObject):
    """All cells as one item: row, column, colour, text and the text's colour of each. Texts are
    written where they have room, in a size of the screen."""

    def __init__(
        self, cells: Sequence[tuple[int, int, QColor, str, QColor]], rows: int, columns: int,
        gap: QColor,
    ) -> None:  # fmt: skip
        super().__init__()
        self._filled, self._box, self._gap = cells, QRectF(0, 0, columns, rows), gap
        self._font: QFont | None = None

    @property
    def texts(self) -> list[str]:
        return [text for _, _, _, text, _ in self._filled]

    def set_font(self, font: QFont | None) -> None:
        """In which font texts are written; None for nowhere."""
        self._font = font
        self.update()

    def boundingRect(self) -> QRectF:
        return self._box

    def paint(self, painter: QPainter, *others: object) -> None:
        painter.setPen(pg.mkPen(self._gap, width=1))
        for row, column, colour, *_ in self._filled:
            painter.setBrush(colour)
            painter.drawRect(QRectF(column, row, 1, 1))
        if self._font is None:
            return
        to_screen = painter.transform()
        painter.save()
        painter.resetTransform()
        painter.setFont(self._font)
        for row, column, _, text, colour in self._filled:
            painter.setPen(colour)
            box = to_screen.mapRect(QRectF(column, row, 1, 1))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
        painter.restore()


class Heat(Chart):
    """`picked` gives (row, column). A cell without a number is empty."""

    def __init__(self, theme) -> None:
        self.rows: list[str] = []
        self.columns: list[str] = []
        self.values = np.zeros((0, 0))
        self.top = 1.0
        self.chosen = np.zeros((0, 0))  # share of each cell that is chosen, (0, 0) without a choice
        self._cells = _Cells([], 0, 0, QColor())
        super().__init__(theme)

    def set_cells(
        self, rows: Sequence[str], columns: Sequence[str], values: np.ndarray, top: float, said: str
    ) -> None:
        """Show values (R, C), NaN for none; the colour is full at `top`."""
        self.rows, self.columns, self.values = list(rows), list(columns), values
        self.top = top or 1.0
        self.show_plot(said)

    # -- for each kind ------------------------------------------------------------------------

    def text(self, value: float) -> str:
        """What stands in a cell."""
        return f"{100 * value:.0f}"

    def words(self, row: int, column: int) -> str:
        """What a cell says when it is pointed at."""
        return f"{self.rows[row]}, {self.columns[column]}: {self.text(self.values[row, column])}"

    def names(self) -> tuple[str, str]:
        """What lies across and down."""
        return "", ""

    # -- drawing ------------------------------------------------------------------------------

    def draw(self) -> None:
        self.plot.invertY(True)
        self.axes(*self.names(), grid=False)
        for name, words in (("left", self.rows), ("bottom", self.columns)):
            self.plot.getAxis(name).set_names(words, self.letters())
        cells = []
        for row in range(len(self.rows)):
            for column in range(len(self.columns)):
                value = float(self.values[row, column])
                if np.isnan(value):
                    continue
                said = self.words(row, column)
                self.marks.append(Mark(column + 0.5, row + 0.5, said, (row, column)))
                colour = self.shade(value)
                text = text_on(colour.name())
                cells.append((row, column, colour, self.text(value), QColor(text)))
        self._cells = _Cells(cells, len(self.rows), len(self.columns), QColor(self.theme.panel))
        self.plot.addItem(self._cells)
        down, across = np.nonzero(self.chosen > 0)
        if len(down) and self.chosen.shape == self.values.shape:
            self.plot.addItem(
                pg.BarGraphItem(x0=across, width=self.chosen[down, across], y0=down + 1 - _CHOSEN,
                                height=_CHOSEN, brush=QColor(self.theme.text),
                                pen=pg.mkPen(None))
            )  # fmt: skip
        self.plot.setXRange(0, max(len(self.columns), 1), padding=0)
        self.plot.setYRange(0, max(len(self.rows), 1), padding=0)

    def shade(self, value: float) -> QColor:
        """From the panel's colour to that of accents."""
        part = float(np.clip(value / self.top, 0, 1)) ** 0.7
        low, high = self.theme.rgb("raised"), self.theme.rgb("accent")
        return QColor(*(round(a + part * (b - a)) for a, b in zip(low, high, strict=True)))

    def place(self) -> None:
        """Numbers are written where every cell has room for them; else the colours tell."""
        box, font = self.plot.getViewBox(), self.letters()
        wide = box.width() / max(len(self.columns), 1)
        names = QFontMetricsF(font)
        longest = max((names.horizontalAdvance(name) for name in self.columns), default=0.0)
        axis = self.plot.getAxis("bottom")
        axis.set_names(self.columns, self.letters(), upright=longest + _ROOM_PX > wide)
        high = box.height() / max(len(self.rows), 1)
        small = self.letters()
        small.setPixelSize(max(min(round(0.95 * high), QFontInfo(font).pixelSize()), _NAMES_PX))
        self.plot.getAxis("left").set_names(self.rows, small)
        font.setPixelSize(max(min(round(_PART * high), QFontInfo(font).pixelSize()), 1))
        metrics = QFontMetricsF(font)
        widest = max(map(metrics.horizontalAdvance, self._cells.texts), default=0.0)
        fits = widest + _ROOM_PX <= wide and font.pixelSize() >= _SMALLEST_PX
        self._cells.set_font(font if fits else None)

    def hit(self, at: QPointF) -> Mark | None:
        """The cell that a place lies in."""
        inside = self.plot.getViewBox().mapSceneToView(at)
        key = (int(np.floor(inside.y())), int(np.floor(inside.x())))
        return next((mark for mark in self.marks if mark.key == key), None)

    def table(self):
        rows = [
            (name, *(None if np.isnan(v) else float(v) for v in self.values[place]))
            for place, name in enumerate(self.rows)
        ]
        return (self.names()[1] or "row", *self.columns), rows
