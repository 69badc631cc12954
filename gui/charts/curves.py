"""Curves of an experiment: mIoU or AP, or that of a class, over a cost; a line for each arm with
the interval of its seeds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor

from core.experiment.lines import Line
from core.experiment.measures import MIOU, Measure
from core.experiment.plots import AXIS_WORDS
from core.experiment.spec import CONTROL
from gui.charts.chart import Chart, Mark
from gui.charts.ends import End, spread

BAND = 45  # opacity of an interval, of 255


class Curves(Chart):
    """`picked` gives (arm, seed, folder of the round) of the seed nearest to the mean."""

    title = "Learning curves"
    explanation = (
        "What the network is worth after each round, over what the answers cost. A line is the "
        "mean over those of an arm's seeds that came furthest, its band, of three or more, the "
        "95 % interval of the t over them; thin lines are the seeds, each at its own cost. The "
        "control got no new label but trains as long as the others: what it gains is training "
        "time; of boxes there is none, since each round's detectors begin anew. mIoU and AP are "
        "over classes of the validation truth, the same for all arms."
    )

    def __init__(self, theme) -> None:
        self.lines: list[Line] = []
        self.axis, self.what, self.measure = "points", "", MIOU
        self.goal: float | None = None
        self._ends: list[End] = []
        self._x, self._y = 1.0, (0.0, 100.0)
        super().__init__(theme)

    def set_lines(
        self,
        lines: Sequence[Line],
        axis: str,
        what: str = "",
        goal: float | None = None,
        measure: Measure = MIOU,
    ) -> None:
        """Show lines over a cost, of what arms are compared by or of the class `what`; `goal`: 95 %
        of full labels, where it is known."""
        self.lines, self.axis, self.what, self.goal = list(lines), axis, what, goal
        self.measure = measure
        if not lines:
            self.wait("A curve begins when the first round of an arm is trained and measured.")
            return
        last = (f"{line.arm} {line.mean[-1]:.1%}" for line in self.lines)
        self.show_plot(
            f"{what or measure.name} after the last round of each arm: {', '.join(last)}"
        )

    def draw(self) -> None:
        words, over = AXIS_WORDS[self.axis]
        self._fit_view()
        of = f"{self.measure.of_class} of {self.what}" if self.what else self.measure.name
        self.axes(words, f"{of}, %")
        self._ends = []
        for line in self.lines:
            control = line.kind == CONTROL
            colour = QColor(self.theme.quiet) if control else self.colour(line.place)
            dash = Qt.PenStyle.DashLine if control else self.dash(line.place)
            if line.level:
                self._across(100 * float(line.mean[-1]), line.arm, colour)
                continue
            self._line(line, over, colour, dash)
        if self.goal is not None:
            self._across(100 * self.goal, "95 % of full", QColor(self.theme.quiet))

    def _line(self, line: Line, over: float, colour: QColor, dash: Qt.PenStyle) -> None:
        x, mean, half = line.cost / over, 100 * line.mean, 100 * line.half
        if line.banded:
            fill = QColor(colour)
            fill.setAlpha(BAND)
            edges = [pg.PlotCurveItem(x, mean + sign * half, pen=None) for sign in (1, -1)]
            for edge in edges:
                self.plot.addItem(edge)
            self.plot.addItem(pg.FillBetweenItem(*edges, brush=pg.mkBrush(fill)))
        thin = QColor(colour)
        thin.setAlpha(110)
        for cost, one in zip(line.costs, line.each, strict=True) if len(line.each) > 1 else ():
            thread = pg.PlotCurveItem(cost / over, 100 * one, pen=self.pen(thin, width=1))
            self.plot.addItem(thread)
        for cost, one in line.behind:
            self.plot.plot(cost / over, 100 * one, pen=self.pen(thin, width=1), symbol="o",
                           symbolSize=4, symbolBrush=thin, symbolPen=None)  # fmt: skip
        pen = self.pen(colour, width=2, style=dash)
        symbols = {"symbol": "o", "symbolSize": 7, "symbolBrush": colour, "symbolPen": None}
        self.plot.plot(x, mean, pen=pen, **symbols)
        for number, (at, value) in enumerate(zip(x, mean, strict=True)):
            near = int(np.abs(100 * line.each[:, number] - value).argmin())
            key = (line.arm, line.seeds[near], line.folders[near][number])
            self.marks.append(Mark(float(at), float(value), self._words(line, number), key))
        self._ends.append(End(float(x[-1]), float(mean[-1]), line.arm, colour))

    def _words(self, line: Line, number: int) -> str:
        cost = line.cost[number]
        spent = (
            f"{cost / 3600:.2f} h of work, estimated"
            if self.axis == "seconds"
            else f"{cost:,.0f} {AXIS_WORDS[self.axis][0]}"
        )
        half = line.half[number]
        value = f"{100 * line.mean[number]:.1f}"
        if np.isfinite(half):
            value += f" ± {100 * half:.1f}"
        seeds = f"{len(line.seeds)} seeds" if len(line.seeds) > 1 else f"seed {line.seeds[0]}"
        told = f"{self.what or self.measure.name} {value} %"
        return f"{line.arm}, round {number + 1}: {told}\n{spent}; {seeds}"

    def _across(self, y: float, name: str, colour: QColor) -> None:
        pen = self.pen(colour, width=1.4, style=Qt.PenStyle.DotLine)
        self.plot.addItem(pg.PlotCurveItem([0.0, self._x], [y, y], pen=pen))
        self._ends.append(End(None, y, name, colour))

    def _fit_view(self) -> None:
        """All lines, from no cost on, with room above and below: a band of few seeds may be wider
        than any figure."""
        over = AXIS_WORDS[self.axis][1]
        behind = [one for line in self.lines for _, one in line.behind]
        every = np.concatenate([*(one.each.ravel() for one in self.lines), *behind])
        if self.goal is not None:
            every = np.append(every, self.goal)
        low, high = 100 * max(every.min(), 0.0), 100 * min(every.max(), 1.0)
        room = max((high - low) * 0.06, 0.5)
        ends = [line.costs[:, -1] for line in self.lines if not line.level]
        ends += [cost[-1:] for line in self.lines for cost, _ in line.behind if not line.level]
        costs = [float(end.max()) / over for end in ends]
        self._x = max(costs, default=1.0) or 1.0
        self._y = (max(low - room, 0.0), high + room)

    def place(self) -> None:
        """Names stand at the lines' ends, where there is room for them."""
        spread(
            self.plot, self._ends, (0.0, self._x), self._y, self.letters(), self.theme, self.sharp
        )

    def table(self):
        heading = ("arm", "round", self.axis, f"mean {self.what}", "half-width", "seeds",
                   *(f"seed {seed}" for seed in self._seeds()))  # fmt: skip
        rows = []
        for line in self.lines:
            for number in range(line.each.shape[1]):
                by_seed = dict(zip(line.seeds, line.each[:, number].tolist(), strict=True))
                cost, half = float(line.cost[number]), float(line.half[number])
                rows.append(
                    (
                        line.arm,
                        number + 1,
                        cost if np.isfinite(cost) else None,
                        float(line.mean[number]),
                        half if np.isfinite(half) else None,
                        len(line.seeds),
                        *(by_seed.get(seed) for seed in self._seeds()),
                    )
                )
        return heading, rows

    def _seeds(self) -> list[int]:
        return sorted({seed for line in self.lines for seed in line.seeds})
