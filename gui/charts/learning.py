"""The project's learning curve: rounds as a tree, over what their answers cost."""

from __future__ import annotations

from collections.abc import Sequence

import pyqtgraph as pg
from PySide6.QtGui import QColor

from core.base.words import round_name
from core.desk.explained import LEARNING
from core.desk.steps import COSTS, Step
from gui.charts.chart import Chart, Mark
from gui.charts.ends import End, spread
from gui.look.combo import Combo

MIOU = "mIoU"


class Learning(Chart):
    """`picked` gives a round's id."""

    title, explanation = LEARNING.title, LEARNING.whole

    def __init__(self, theme) -> None:
        self.steps: list[Step] = []
        self._ends: list[End] = []
        self._x, self._y = 1.0, (0.0, 100.0)
        super().__init__(theme)
        self.axis, self.what = Combo(), Combo()
        for name, (words, _) in COSTS.items():
            self.axis.addItem(words, name)
        self.what.addItem(MIOU)
        for box, name in ((self.what, "Whose IoU"), (self.axis, "Over which cost")):
            box.setAccessibleName(name)
            box.currentIndexChanged.connect(lambda *_: self._fill())
            self.choices.add(box)

    def set_steps(self, steps: Sequence[Step]) -> None:
        """Show rounds."""
        self.steps = list(steps)
        names = [name for name, value in (steps[-1].iou.items() if steps else ())]
        if [self.what.itemText(n) for n in range(1, self.what.count())] != names:
            chosen = self.what.currentText()
            self.what.blockSignals(True)
            self.what.clear()
            self.what.addItems([MIOU, *names])
            self.what.setCurrentText(chosen if chosen in names else MIOU)
            self.what.blockSignals(False)
        self._fill()

    def _known(self) -> list[tuple[Step, float, float]]:
        """(round, cost, percent) of those that are measured."""
        axis, what = str(self.axis.currentData()), self.what.currentText()
        over = COSTS[axis][1]
        pairs = ((step, step.value(what)) for step in self.steps)
        return [(s, s.costs[axis] / over, 100 * v) for s, v in pairs if v is not None]

    def _fill(self) -> None:
        known = self._known()
        if not known:
            what = self.what.currentText()
            reason = (
                LEARNING.waits
                if what == MIOU
                else f"No round has an IoU of {what}: it is in neither truth nor prediction."
            )
            self.wait(reason)
            return
        told = ", ".join(f"{round_name(step.id)} {value:.1f} %" for step, _, value in known)
        self.show_plot(f"{self.what.currentText()}: {told}")

    def draw(self) -> None:
        known = self._known()
        what, words = self.what.currentText(), COSTS[str(self.axis.currentData())][0]
        self.axes(words, f"{what}, %" if what == MIOU else f"IoU of {what}, %")
        at = {step.id: (x, y) for step, x, y in known}
        values = [y for _, _, y in known]
        room = max((max(values) - min(values)) * 0.1, 1.0)
        low, high = min(values) - room, max(values) + room
        self._y = (low if low > 0 else -0.04 * high, high)  # a mark at 0 is whole
        self._x = max(max(x for _, x, _ in known), 1e-9)
        parents = {step.parent for step, _, _ in known}
        self._ends = []
        colours: dict[str, QColor] = {}
        for place, strategy in enumerate(dict.fromkeys(step.strategy for step, _, _ in known)):
            colours[strategy] = self.colour(place)
        for step, x, y in known:
            colour = colours[step.strategy]
            if step.parent in at:
                before = at[step.parent]
                line = pg.PlotCurveItem([before[0], x], [before[1], y],
                                        pen=self.pen(colour, width=2))  # fmt: skip
                self.plot.addItem(line)
            self.plot.plot([x], [y], pen=None, symbol="o", symbolSize=9, symbolBrush=colour,
                           symbolPen=None)  # fmt: skip
            self.marks.append(Mark(x, y, self._words(step, y), step.id))
            if step.id not in parents:
                name = f"{round_name(step.id)}, {step.strategy}"
                self._ends.append(End(x, y, name, colour))

    def _words(self, step: Step, value: float) -> str:
        costs = step.costs
        return (
            f"{round_name(step.id).capitalize()} ({step.strategy}): {self.what.currentText()} "
            f"{value:.1f} %\n{costs['points']:,.0f} points, {costs['units']:,.0f} units, "
            f"{costs['active'] / 60:.1f} min measured, {costs['expected'] / 60:.1f} min estimated"
        )

    def place(self) -> None:
        spread(
            self.plot, self._ends, (0.0, self._x), self._y, self.letters(), self.theme, self.sharp
        )

    def table(self):
        what = self.what.currentText()
        heading = ("round", "parent", "strategy", *COSTS, what)
        rows = [
            (s.id, s.parent, s.strategy, *(s.costs[name] for name in COSTS), s.value(what))
            for s, _, _ in self._known()
        ]
        return heading, rows
