"""Sizes of clusters: BaSAL's Fig. 2 of this project, with the cuts of any number of classes."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QLabel, QSpinBox

from core.base.words import size_range
from core.desk.explained import SIZES
from core.desk.sizes import Sizes
from gui.charts.chart import Chart, Mark
from gui.look.colours import partition_colours
from gui.look.combo import Combo
from gui.look.spin import pad

_KINDS = {
    "api": "information, C / ln P (Eq. 1)",
    "units": "clusters",
    "points": "points of the clusters",
}


class SizesChart(Chart):
    """`picked` gives a size in metres."""

    title, explanation = SIZES.title, SIZES.whole

    def __init__(self, theme) -> None:
        self.found: Sizes | None = None
        self.prepared: tuple[int, ...] = ()
        self.cuts: tuple[int, ...] = ()
        self._lines: list[pg.InfiniteLine] = []
        self._chosen: np.ndarray | None = None  # sizes of the chosen clusters
        super().__init__(theme)
        self.kind, self.classes = Combo(), QSpinBox()
        for name, words in _KINDS.items():
            self.kind.addItem(words, name)
        self.kind.setAccessibleName("What the bars are")
        self.classes.setRange(1, 30)
        self.classes.setAccessibleName("Size classes")
        pad(self.classes)
        self.classes.valueChanged.connect(self._cut_anew)
        self.kind.currentIndexChanged.connect(lambda *_: self._show())
        label = QLabel("size classes")
        label.setObjectName("quiet")
        for part in (self.kind, self.classes, label):
            self.choices.add(part)

    def set_sizes(self, found: Sizes, prepared: tuple[int, ...]) -> None:
        """Show sizes, with the cuts that the preparation has; the same again leaves cuts that a
        person tries."""
        before = self.found
        same = before is not None and np.array_equal(before.sizes, found.sizes)
        self.found = found
        if not same or prepared != self.prepared:
            self.prepared = self.cuts = prepared
        if not len(found.sizes):
            self.wait(SIZES.waits)
            return
        self.classes.blockSignals(True)
        self.classes.setValue(max(len(self.cuts), 1))
        self.classes.blockSignals(False)
        self._show()

    def _show(self) -> None:
        """Draw the cuts of now, and say what they hold."""
        if self.found is not None and len(self.found.sizes):
            self._say()
            what = f"{len(self.found.sizes)} sizes by {self.kind.currentText()}"
            self.show_plot(f"{what}, cut at {_cut_words(self.cuts)}")

    def _cut_anew(self, classes: int) -> None:
        if self.found is not None:
            self.cuts = self.found.cuts(classes)
            self._show()

    def _say(self) -> None:
        """What each class holds."""
        assert self.found is not None
        parts = [
            f"{size_range(self.cuts, n)}: {100 * share['api']:.0f} / {100 * share['units']:.0f} / "
            f"{100 * share['points']:.0f}"
            for n, share in enumerate(self.found.shares(self.cuts))
        ]
        same = self.cuts == self.prepared
        head = "As prepared" if same else f"Not as prepared ({_cut_words(self.prepared)})"
        self.tell(f"{head}. % of information / clusters / points: {'; '.join(parts)}.")

    def choose(self, counts: np.ndarray | None) -> None:
        """Mark which clusters are chosen: how many of 0, 1, 2 … metres (m,); None for no choice."""
        if counts is None and self._chosen is None:
            return
        self._chosen = counts
        if self.shows:
            self._again()

    @property
    def _shares(self) -> np.ndarray:
        """(m,) float64 share of each size's clusters that is chosen."""
        assert self.found is not None
        found = self.found.sizes
        if self._chosen is None or not len(found):
            return np.zeros(len(found))
        counts = np.zeros(max(len(self._chosen), int(found[-1]) + 1))
        counts[: len(self._chosen)] = self._chosen
        return counts[found] / self.found.units

    def draw(self) -> None:
        found = self.found
        assert found is not None
        kind = str(self.kind.currentData())
        values = getattr(found, kind)
        self.axes("size of a cluster, m", _KINDS[kind], grid=False)
        ramp = partition_colours(len(self.cuts))
        part = np.searchsorted(np.asarray(self.cuts), found.sizes)
        part = np.minimum(part, len(self.cuts) - 1)
        brushes = [QColor(*ramp[p].tolist()) for p in part]
        bars = pg.BarGraphItem(x=found.sizes, height=values, width=0.85, brushes=brushes,
                               pen=pg.mkPen(None))  # fmt: skip
        self.plot.addItem(bars)
        chosen = self._shares
        if chosen.any():
            self.plot.addItem(
                pg.BarGraphItem(x=found.sizes, height=values * chosen, width=0.85,
                                brush=QColor(self.theme.text), pen=pg.mkPen(None))
            )  # fmt: skip
        for place, (size, value) in enumerate(zip(found.sizes, values, strict=True)):
            words = (
                f"{size} m: {found.units[place]:,} clusters, {found.points[place]:,} points, "
                f"C / ln P = {found.api[place]:.2f}; {size_range(self.cuts, int(part[place]))}"
            )
            if chosen[place]:
                words += f"; chosen: {round(chosen[place] * found.units[place]):,} of its clusters"
            self.marks.append(Mark(float(size), float(value), words, int(size)))
        self._lines = []
        for place, cut in enumerate(self.cuts[:-1]):
            pen = self.pen(QColor(self.theme.text), width=1.5, style=Qt.PenStyle.DashLine)
            hover = self.pen(QColor(self.theme.accent), width=3)
            line = pg.InfiniteLine(cut + 0.5, angle=90, movable=True, pen=pen, hoverPen=hover)
            line.sigPositionChangeFinished.connect(lambda moved, n=place: self.move_cut(n, moved))
            self.plot.addItem(line)
            self._lines.append(line)
        high = float(values.max(initial=0)) or 1.0
        self.plot.setXRange(float(found.sizes[0]) - 1, float(found.sizes[-1]) + 1, padding=0)
        self.plot.setYRange(0, high * 1.06, padding=0)

    def move_cut(self, place: int, line: pg.InfiniteLine) -> None:
        """A cut was dragged: it ends between its neighbours, at a whole metre."""
        assert self.found is not None
        low = self.cuts[place - 1] + 1 if place else int(self.found.sizes[0])
        high = self.cuts[place + 1] - 1
        cut = min(max(round(line.value() - 0.5), low), max(high, low))
        self.cuts = (*self.cuts[:place], int(cut), *self.cuts[place + 1 :])
        self._show()

    def hit(self, at):
        """The bar over which a place lies."""
        inside = self.plot.getViewBox().mapSceneToView(at)
        for mark in self.marks:
            if abs(mark.x - inside.x()) <= 0.5 and inside.y() >= 0:
                return mark
        return None

    def table(self):
        assert self.found is not None
        found = self.found
        part = np.minimum(np.searchsorted(np.asarray(self.cuts), found.sizes), len(self.cuts) - 1)
        rows = [
            (*(value.item() for value in row), int(p) + 1)
            for *row, p in zip(found.sizes, found.units, found.points, found.api, part, strict=True)
        ]
        return ("size_m", "clusters", "points", "api", "size_class"), rows


def _cut_words(cuts: tuple[int, ...]) -> str:
    return ", ".join(f"{cut} m" for cut in cuts) or "nothing"
