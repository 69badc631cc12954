"""Entropy and error: does the network know what it does not know?"""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor

from core.base.words import round_name
from core.desk.certainty import CONFIDENCES, DISTANCES, ENTROPIES, STEP_M, Certainty
from core.desk.explained import CERTAINTY, NO_CONFIDENCE
from gui.charts.chart import COLOURS, Mark
from gui.charts.key import LINE, SQUARE, Entry
from gui.charts.rows import Rows
from gui.look.combo import Combo

ENTROPY, RELIABLE, ECE, DISTANCE = "entropy", "reliability", "ece", "distance"
_KINDS = {
    ENTROPY: "entropy",
    RELIABLE: "reliability",
    ECE: "ECE by class",
    DISTANCE: "error by distance",
}
FEW = 100  # points in a bin below which its bar is hollow
_RIGHT, _WRONG = QColor(COLOURS[0]), QColor(COLOURS[1])


class CertaintyChart(Rows):
    """`picked` gives (kind, class or None, bin, right)."""

    title, explanation = CERTAINTY.title, CERTAINTY.whole

    def __init__(self, theme) -> None:
        self.found: Certainty | None = None
        super().__init__(theme)
        self.kind, self.of = Combo(), Combo()
        for kind, words in _KINDS.items():
            self.kind.addItem(words, kind)
        self.kind.setAccessibleName("What is shown")
        self.of.addItem("all classes", None)
        self.of.setAccessibleName("Of which class")
        for box in (self.kind, self.of):
            box.currentIndexChanged.connect(lambda *_: self._fill())
            self.choices.add(box)

    def set_certainty(self, found: Certainty | None) -> None:
        """Show counts; None where no validation scan has ground truth."""
        self.found = found
        if found is None:
            self.wait(CERTAINTY.waits)
            return
        there = found.entropy.sum(axis=(1, 2)) + found.said.sum(axis=1) > 0
        names = [(found.names[c], int(c)) for c in np.flatnonzero(there)]
        if [self.of.itemText(n) for n in range(1, self.of.count())] != [n for n, _ in names]:
            self.of.blockSignals(True)
            chosen = self.of.currentText()
            self.of.clear()
            self.of.addItem("all classes", None)
            for name, c in names:
                self.of.addItem(name, c)
            self.of.setCurrentIndex(max(self.of.findText(chosen), 0))
            self.of.blockSignals(False)
        self._fill()

    @property
    def _classes(self) -> list[int] | None:
        chosen = None if self.kind.currentData() == ECE else self.of.currentData()
        return None if chosen is None else [int(chosen)]

    def _fill(self) -> None:
        found, kind = self.found, self.kind.currentData()
        if found is None:
            return
        self.of.setEnabled(kind != ECE)
        read = f"{found.scans:,} of {found.of:,}" if found.scans < found.of else f"{found.scans:,}"
        self.tell(f"{round_name(found.round).capitalize()}; {read} validation scans are read.")
        if kind in (RELIABLE, ECE) and not found.said.sum():
            self.wait(NO_CONFIDENCE)
            return
        if not self._count():
            self.wait(f"No validation point is {self._whose(kind)} {self.of.currentText()}.")
            return
        self.show_plot(self._sentence())

    def _whose(self, kind: str) -> str:
        return "called" if kind == RELIABLE else "of"

    def _count(self) -> int:
        found = self.found
        assert found is not None
        mine = self._classes or slice(None)
        of = found.said if self.kind.currentData() in (RELIABLE, ECE) else found.points
        return int(of[mine].sum())

    def _sentence(self) -> str:
        found, kind = self.found, self.kind.currentData()
        assert found is not None
        if kind == ENTROPY:
            wrong, right = found.entropy[self._classes or slice(None)].sum(axis=(0, 2)).tolist()
            return f"{right:,} right and {wrong:,} wrong points by entropy"
        if kind == DISTANCE:
            wrong = int(found.wrong[self._classes or slice(None)].sum())
            return f"{wrong:,} of {self._count():,} points wrong, by distance"
        return f"ECE {_percent(found.ece(self._classes))} over {self._count():,} points"

    # -- drawing ------------------------------------------------------------------------------

    def draw(self) -> None:
        self.entries = []
        if self.kind.currentData() == ECE:
            self._draw_ece()
            return
        {ENTROPY: self._draw_entropy, RELIABLE: self._draw_reliability,
         DISTANCE: self._draw_distance}[self.kind.currentData()]()  # fmt: skip

    def _draw_entropy(self) -> None:
        found = self.found
        assert found is not None
        wrong, right = found.entropy[self._classes or slice(None)].sum(axis=0)
        most = (100 * a.max() / max(int(a.sum()), 1) for a in (right, wrong))
        self.lay_numbers(1.04 * max(most))
        self.axes("entropy, nat", "share of the right, of the wrong points, %")
        edges = np.linspace(0, found.top, ENTROPIES + 1)
        middle = (edges[1:] + edges[:-1]) / 2
        for counts, colour, name in ((right, _RIGHT, "right"), (wrong, _WRONG, "wrong")):
            total = int(counts.sum())
            share = 100 * counts / max(total, 1)
            fill = QColor(colour)
            fill.setAlpha(60)
            pen = self.pen(colour, width=2)
            curve = pg.PlotCurveItem(edges, share, stepMode="center", fillLevel=0, brush=fill,
                                     pen=pen)  # fmt: skip
            self.plot.addItem(curve)
            self.entries.append(Entry(SQUARE, colour, f"{name}: {total:,} points"))
            for place, (x, y) in enumerate(zip(middle, share, strict=True)):
                words = (
                    f"entropy {edges[place]:.2f} to {edges[place + 1]:.2f}: {counts[place]:,} "
                    f"points that are {name}, {y:.1f} % of these"
                )
                key = (ENTROPY, self.of.currentData(), place, name == "right")
                self.marks.append(Mark(float(x), float(y), words, key))
        self.plot.setXRange(0, found.top, padding=0)

    def _draw_reliability(self) -> None:
        found = self.found
        assert found is not None
        whose = "" if self._classes is None else f" of points called {self.of.currentText()}"
        self.lay_numbers(100.0)
        self.axes("confidence, %", f"right{whose}, %")
        self.plot.addItem(pg.PlotCurveItem([0, 100], [0, 100], pen=self.pen(
            QColor(self.theme.quiet), width=1.2, style=Qt.PenStyle.DotLine)))  # fmt: skip
        table = found.reliability(self._classes)
        known = table[:, 0] > 0
        points, sure, right = table[known].T
        places = np.flatnonzero(known).tolist()
        for x, y in zip(100 * sure, 100 * right, strict=True):
            self.plot.addItem(pg.PlotCurveItem([x, x], [x, y], pen=self.pen(_WRONG, width=3)))
        size = 5 + 13 * np.sqrt(points / points.max())
        self.plot.plot(100 * sure, 100 * right, pen=self.pen(_RIGHT, width=1.6), symbol="o",
                       symbolSize=size, symbolBrush=_RIGHT,
                       symbolPen=self.pen(QColor(self.theme.panel)))  # fmt: skip
        for place, n, x, y in zip(places, points, 100 * sure, 100 * right, strict=True):
            words = (
                f"{int(n):,} points with a confidence of {place / CONFIDENCES:.0%} to "
                f"{(place + 1) / CONFIDENCES:.0%}: {x:.1f} % on average, {y:.1f} % are right"
            )
            key = (RELIABLE, self.of.currentData(), place, False)
            self.marks.append(Mark(float(x), float(y), words, key))
        ece = _percent(found.ece(self._classes))
        self.entries = [
            Entry("", _RIGHT, f"ECE {ece}"),
            Entry(LINE, _WRONG, "too sure, or not sure enough"),
        ]
        self.plot.setXRange(0, 102, padding=0)

    def _draw_distance(self) -> None:
        found = self.found
        assert found is not None
        mine = self._classes or slice(None)
        points, wrong = found.points[mine].sum(axis=0), found.wrong[mine].sum(axis=0)
        there = np.flatnonzero(points > 0)
        share = 100 * wrong / np.maximum(points, 1)
        self.lay_numbers(1.04 * float(share.max(initial=0)))
        self.axes("distance from the sensor, m", "wrong points, %", grid=False)
        colours = [QColor(self.theme.panel) if points[d] < FEW else _WRONG for d in there]
        self.plot.addItem(
            pg.BarGraphItem(
                x=(there + 0.5) * STEP_M,
                height=share[there],
                width=0.85 * STEP_M,
                brushes=colours,
                pen=self.pen(_WRONG),
            )
        )
        for place in there.tolist():
            low = place * STEP_M
            far = "and more" if place == DISTANCES - 1 else f"to {low + STEP_M:.0f}"
            words = f"{low:.0f} {far} m: {share[place]:.1f} % of {points[place]:,} points are wrong"
            key = (DISTANCE, self.of.currentData(), place, False)
            self.marks.append(Mark((place + 0.5) * STEP_M, float(share[place]), words, key))
        self.plot.setXRange(0, (int(there[-1]) + 1) * STEP_M, padding=0)

    def _draw_ece(self) -> None:
        rows = self._ece_rows()
        high = max((value for _, _, value, _ in rows), default=0.0)
        names = [name for name, *_ in rows]
        self.lay_rows(names, "ECE of points called so, %", 0, 105 * high or 1.0)
        ys = np.arange(len(rows)) + 0.5
        values = np.array([100 * value for _, _, value, _ in rows])
        self.plot.addItem(
            pg.BarGraphItem(x0=0, y=ys, height=0.62, width=values, brush=_RIGHT, pen=pg.mkPen(None))
        )
        for place, (name, c, value, points) in enumerate(rows):
            words = f"{points:,} points are called {name}: ECE {100 * value:.1f} %"
            self.marks.append(Mark(100 * value, place + 0.5, words, (ECE, c, 0, False)))

    def _ece_rows(self) -> list[tuple[str, int, float, int]]:
        found = self.found
        assert found is not None
        rows = []
        for c in np.flatnonzero(found.said.sum(axis=1) > 0).tolist():
            value = found.ece([c])
            assert value is not None
            rows.append((found.names[c], c, value, int(found.said[c].sum())))
        return sorted(rows, key=lambda row: -row[2])

    def hit(self, at: QPointF) -> Mark | None:
        """In the histogram the curve that is nearest above or below, in distances the bar."""
        kind = self.kind.currentData()
        if kind not in (ENTROPY, DISTANCE) or not self.marks:
            return super().hit(at)
        inside = self.plot.getViewBox().mapSceneToView(at)
        width = STEP_M
        if kind == ENTROPY:
            assert self.found is not None
            width = self.found.top / ENTROPIES
        here = [mark for mark in self.marks if abs(mark.x - inside.x()) <= width / 2]
        if not here or inside.y() < 0:
            return None
        return min(here, key=lambda mark: abs(mark.y - inside.y()))

    def table(self):
        found, kind = self.found, self.kind.currentData()
        assert found is not None
        mine = self._classes or slice(None)
        if kind == ENTROPY:
            edges = np.linspace(0, found.top, ENTROPIES + 1)
            wrong, right = found.entropy[mine].sum(axis=0)
            columns = (edges[:-1], edges[1:], right, wrong)
            heading = ("from_nat", "to_nat", "right", "wrong")
            return heading, [tuple(v.item() for v in row) for row in zip(*columns, strict=True)]
        if kind == ECE:
            return ("class", "points", "ece"), [(n, p, v) for n, _, v, p in self._ece_rows()]
        if kind == RELIABLE:
            table = found.reliability(self._classes)
            rows = [
                (place / CONFIDENCES, int(n), *(None if np.isnan(v) else float(v) for v in rest))
                for place, (n, *rest) in enumerate(table)
            ]
            return ("from_confidence", "points", "mean_confidence", "right"), rows
        points, wrong = found.points[mine].sum(axis=0), found.wrong[mine].sum(axis=0)
        return ("from_m", "points", "wrong"), [
            (place * STEP_M, int(points[place]), int(wrong[place])) for place in range(DISTANCES)
        ]


def _percent(value: float | None) -> str:
    return "not known" if value is None else f"{100 * value:.1f} %"
