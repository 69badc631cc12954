"""Accuracy and IoU from a probability sample, each with its interval: a forest plot."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from PySide6.QtGui import QColor

from core.quality import told
from core.quality.answered import Quality
from core.quality.estimated import ENOUGH, Interval
from core.quality.frame import LABELS
from gui.charts.chart import Chart, Mark


class QualityChart(Chart):
    """`picked` gives a row's name: "accuracy", "mIoU" or a class."""

    title = "Quality without ground truth"
    explanation = (
        "Points that chance chose, so many of each partition and of each class that is claimed, "
        "answered by people who saw no label and no prediction. What is true of these is estimated "
        "of all points, with 95 % intervals (ratios of stratified totals, Cochran 1977; in 1,000 "
        f"simulated projects they held 94 to 95 %). A class needs {ENOUGH} answers where it is "
        "claimed or found. Points of no class count neither way, as in the benchmark."
    )

    def __init__(self, theme) -> None:
        self.rows: list[tuple[str, Interval | None, int]] = []
        self.labels = False
        super().__init__(theme)

    def set_quality(self, found: Quality) -> None:
        """Show what the answers so far come to."""
        figures = found.figures
        self.labels = found.sample.of == LABELS
        head = [*told.headline(found), told.advice(found)]
        self.tell(
            f"{told.subject(found).capitalize()}: {told.drawn(found)}. "
            + " ".join(f"{line[:1].upper()}{line[1:].rstrip('.')}." for line in head if line)
        )
        if figures.accuracy is None:
            self.rows = []
            self.wait(told.headline(found)[0])
            return
        count = figures.accuracy.answers
        name = "right labels" if self.labels else "accuracy"
        rows: list[tuple[str, Interval | None, int]] = [(name, figures.accuracy, count)]
        if figures.miou is not None:
            rows.append(("mIoU", figures.miou, count))
        self.rows = rows + told.of_classes(found)
        self.show_plot(", ".join(f"{n} {_text(one, bears)}" for n, one, bears in self.rows))

    def draw(self) -> None:
        self.plot.invertY(True)
        self.axes("share, %: estimate and 95 % interval", "", grid=False)
        self.plot.getAxis("left").set_names([name for name, *_ in self.rows], self.letters())
        self.plot.getAxis("bottom").setTicks([[(t, f"{t}") for t in range(0, 101, 20)]])
        self.plot.showGrid(x=True, y=False, alpha=0.4)
        classes = next(
            (n for n, (name, *_) in enumerate(self.rows) if name not in _WHOLE), len(self.rows)
        )
        for place, (name, one, bears) in enumerate(self.rows):
            y, words = place + 0.5, f"{name}: {_text(one, bears)}"
            if one is None:
                note = pg.TextItem(
                    f"{bears} of {ENOUGH} answers", color=self.theme.quiet, anchor=(0, 0.5)
                )
                note.setFont(self.letters())
                note.setPos(1, y)
                self.plot.addItem(note)
                self.marks.append(Mark(0.0, y, words, name))
                continue
            whole = place < classes
            colour = QColor(self.theme.accent if whole else self.theme.text)
            ends = [100 * one.low, 100 * one.high]
            pen = self.pen(colour, width=3 if whole else 2)
            self.plot.addItem(pg.PlotCurveItem(ends, [y, y], pen=pen))
            for end in ends:
                self.plot.addItem(pg.PlotCurveItem([end, end], [y - 0.16, y + 0.16], pen=pen))
            look = {"symbolSize": 10 if whole else 8, "symbolBrush": colour, "symbolPen": None}
            symbol = "d" if whole else "o"
            self.plot.plot([100 * one.value], [y], pen=None, symbol=symbol, **look)
            self.marks.append(Mark(100 * one.value, y, words, name))
        self.plot.setXRange(0, 100, padding=0.01)
        self.plot.setYRange(0, max(len(self.rows), 1), padding=0)

    def hit(self, at):
        """The row that a place lies in."""
        place = int(np.floor(self.plot.getViewBox().mapSceneToView(at).y()))
        return self.marks[place] if 0 <= place < len(self.marks) else None

    def table(self):
        rows = [
            (name, *((None,) * 3 if one is None else (one.value, one.low, one.high)), bears)
            for name, one, bears in self.rows
        ]
        return ("what", "estimate", "low", "high", "answers"), rows


_WHOLE = ("accuracy", "right labels", "mIoU")


def _text(found: Interval | None, bears: int) -> str:
    if found is None:
        return f"too few answers, {bears} of {ENOUGH}"
    return f"{told.share(found)}, from {found.answers:,} answers"
