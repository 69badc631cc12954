"""An experiment on the desk: its curves, paired differences and costs, as its report has them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QPushButton

from core.desk.explained import EXPERIMENT
from core.experiment.lines import Line
from core.experiment.measures import MIOU, Measure
from core.experiment.plots import AXIS_WORDS
from core.experiment.summary import Comparison
from gui.charts.chart import COLOURS, Mark
from gui.charts.curves import Curves
from gui.charts.key import RING, ROUND, Entry
from gui.charts.rows import Rows
from gui.look.combo import Combo

CURVES, FOREST, REACHED = "curves", "forest", "reached"


@dataclass(frozen=True)
class Shown:
    """What an experiment's records come to.

    Attributes
    ----------
    title : of the experiment
    lines : by cost, those of `measure`
    comparisons : after Holm
    reached : by the first cost and "seconds", what each arm's mean curve spent until it reached the
        goal; None where it never does, NaN where nobody knows
    goal : 95 % of what full labels come to, None without them
    measure : what arms are compared by
    """

    title: str
    lines: Mapping[str, list[Line]]
    comparisons: list[Comparison]
    reached: Mapping[str, Mapping[str, float | None]]
    goal: float | None
    measure: Measure = MIOU


class ExperimentChart(Curves, Rows):
    """`picked` gives (arm, seed, folder of the round) of curves, else None.

    Signals
    -------
    wanted() : choose an experiment's folder
    """

    wanted = Signal()
    title, explanation = EXPERIMENT.title, EXPERIMENT.whole

    def __init__(self, theme) -> None:
        self.found: Shown | None = None
        super().__init__(theme)
        self.kind, self.over = Combo(), Combo()
        for kind, words in (
            (CURVES, "curves"),
            (FOREST, "differences"),
            (REACHED, "cost of 95 %"),
        ):
            self.kind.addItem(words, kind)
        self._offer(MIOU)
        self.kind.setAccessibleName("What is shown")
        self.over.setAccessibleName("Over which cost")
        for box in (self.kind, self.over):
            box.currentIndexChanged.connect(lambda *_: self._fill())
        self.open = QPushButton("Open …")
        self.open.setAutoDefault(False)
        self.open.setToolTip("Show another experiment: choose its folder.")
        self.open.clicked.connect(self.wanted)
        for part in (self.kind, self.over, self.open):
            self.choices.add(part)
        self.wait(EXPERIMENT.waits)

    def set_experiment(self, found: Shown) -> None:
        """Show an experiment."""
        if self.found is None or self.found.measure.axes != found.measure.axes:
            self._offer(found.measure)
        self.found = found
        self._fill()

    def _offer(self, measure: Measure) -> None:
        """Put the costs that curves can be over in their box."""
        self.over.blockSignals(True)
        self.over.clear()
        for name in measure.axes:
            self.over.addItem("hours" if name == "seconds" else name, name)
        self.over.blockSignals(False)

    @property
    def _axis(self) -> str:
        """Of the two costs that are told until a goal is reached, the one that is chosen."""
        assert self.found is not None
        first = self.found.measure.first_axis
        return first if self.over.currentData() == first else "seconds"

    @property
    def _costs(self) -> list[tuple[str, float | None]]:
        """(arm, hours or points) of those that ask; None where the goal is not reached."""
        assert self.found is not None
        over = AXIS_WORDS[self._axis][1]
        return [
            (arm, None if value is None else value / over)
            for arm, value in self.found.reached[self._axis].items()
            if value is None or np.isfinite(value)
        ]

    def _fill(self) -> None:
        found, kind = self.found, self.kind.currentData()
        if found is None:
            return
        self.tell(f"{found.title}.")
        self.over.setEnabled(kind != FOREST)
        told = [one for one in found.comparisons if one.found is not None]
        if kind == CURVES:
            axis = str(self.over.currentData())
            self.set_lines(found.lines[axis], axis, goal=found.goal, measure=found.measure)
        elif kind == FOREST and not told:
            self.wait("Two arms with two finished seeds each are compared; there are none yet.")
        elif kind == REACHED and found.goal is None:
            self.wait("What 95 % of full labels is, is known once the arm on full labels is done.")
        elif kind == REACHED and not self._costs:
            self.wait("No arm that asks has a finished curve yet.")
        elif kind == REACHED and all(value is None for _, value in self._costs):
            assert found.goal is not None
            self.wait(f"No arm's mean curve reaches 95 % of full labels, {found.goal:.1%}.")
        elif kind == FOREST:
            self.show_plot("; ".join(one.sentence for one in told))
        else:
            self.show_plot("; ".join(f"{arm} {_cost(value)}" for arm, value in self._costs))

    def draw(self) -> None:
        kind = self.kind.currentData()
        self.entries = []
        if kind == CURVES:
            self.lay_numbers(1.0)
            Curves.draw(self)
        elif kind == FOREST:
            self._ends = []
            self._draw_forest()
        else:
            self._ends = []
            self._draw_costs()

    def _draw_forest(self) -> None:
        assert self.found is not None
        rows = [one for one in self.found.comparisons if one.found is not None]
        lows = [100 * one.found.low for one in rows if one.found is not None]
        highs = [100 * one.found.high for one in rows if one.found is not None]
        low, high = min([*lows, 0.0]), max([*highs, 0.0])
        room = 0.05 * (high - low) or 1.0
        names = [f"{one.a} – {one.b}, {one.what}" for one in rows]
        words = f"difference in {self.found.measure.name}, percentage points"
        self.lay_rows(names, words, low - room, high + room)
        zero = self.pen(QColor(self.theme.quiet), width=1.2, style=Qt.PenStyle.DotLine)
        self.plot.addItem(pg.PlotCurveItem([0, 0], [0, len(rows)], pen=zero))
        blue, grey = QColor(COLOURS[0]), QColor(self.theme.quiet)
        for place, one in enumerate(rows):
            verdict = one.found
            assert verdict is not None
            colour, y = (blue if verdict.claimed else grey), place + 0.5
            style = Qt.PenStyle.DotLine if verdict.open else Qt.PenStyle.SolidLine
            self.plot.addItem(
                pg.PlotCurveItem([100 * verdict.low, 100 * verdict.high], [y, y],
                                 pen=self.pen(colour, width=2, style=style))
            )  # fmt: skip
            brush = colour if verdict.claimed else QColor(self.theme.panel)
            self.plot.plot([100 * verdict.mean], [y], pen=None, symbol="o", symbolSize=9,
                           symbolBrush=brush, symbolPen=self.pen(colour, width=1.6))  # fmt: skip
            self.marks.append(Mark(100 * verdict.mean, y, one.sentence, None))
        self.entries = [
            Entry(ROUND, blue, "an order may be claimed"),
            Entry(RING, grey, "none may be claimed; dotted: not yet"),
        ]

    def _draw_costs(self) -> None:
        rows, words = self._costs, AXIS_WORDS[self._axis][0]
        known = [value for _, value in rows if value is not None]
        names = [arm if value is not None else f"{arm}: not reached" for arm, value in rows]
        self.lay_rows(names, f"{words}, until 95 % of full labels", 0,
                      1.05 * max(known, default=1.0) or 1.0)  # fmt: skip
        for place, (arm, value) in enumerate(rows):
            if value is not None:
                self.plot.addItem(
                    pg.BarGraphItem(x0=0, y=[place + 0.5], height=0.62, width=[value],
                                    brush=QColor(COLOURS[0]), pen=pg.mkPen(None))
                )  # fmt: skip
            self.marks.append(Mark(value or 0.0, place + 0.5, f"{arm}: {_cost(value)}", None))

    def place(self) -> None:
        if self.kind.currentData() == CURVES:
            self._key.show(self.plot, [], self.letters(), self.theme)
            Curves.place(self)
        else:
            Rows.place(self)

    def hit(self, at):
        return Rows.hit(self, at)

    def table(self):
        kind = self.kind.currentData()
        if kind == CURVES:
            return Curves.table(self)
        if kind == REACHED:
            return ("arm", "hours" if self._axis == "seconds" else self._axis), list(self._costs)
        assert self.found is not None
        heading = ("a", "b", "what", "mean", "low", "high", "p", "pairs", "claimed")
        return heading, [
            (one.a, one.b, one.what, *one.found.numbers)
            for one in self.found.comparisons
            if one.found is not None
        ]


def _cost(value: float | None) -> str:
    return "not reached" if value is None else f"{value:,.2f}"
