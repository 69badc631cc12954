"""Annotators: what an answer takes, how well answers agree, how often suggestions are right."""

from __future__ import annotations

from typing import cast

import numpy as np
import pyqtgraph as pg
from PySide6.QtGui import QColor

from core.desk.effort import GROUPS, Effort, Took
from core.desk.explained import EFFORT, NO_SECONDS, NO_SUGGESTION, NOTHING_TWICE
from gui.charts.chart import COLOURS, Mark
from gui.charts.key import LINE, RING, ROUND, Entry
from gui.charts.rows import Rows
from gui.look.combo import Combo

AGREED, HITS = "agreement", "suggestions"
_MOST = 40  # rows; the rest is told
_ONE, _OTHER = QColor(COLOURS[0]), QColor(COLOURS[1])


class EffortChart(Rows):
    """`picked` gives (group, name)."""

    title, explanation = EFFORT.title, EFFORT.whole

    def __init__(self, theme) -> None:
        self.found: Effort | None = None
        self.left_out = 0
        self._chosen: np.ndarray | None = None
        super().__init__(theme)
        self.kind = Combo()
        for group in GROUPS:
            self.kind.addItem(f"seconds by {group}", group)
        self.kind.addItem("agreement", AGREED)
        self.kind.addItem("hit rates of suggestions", HITS)
        self.kind.setAccessibleName("What is shown")
        self.kind.currentIndexChanged.connect(lambda *_: self._fill())
        self.choices.add(self.kind)

    def set_effort(self, found: Effort) -> None:
        """Show what answers took."""
        self.found = found
        self._fill()

    def units_of(self, group: str, name: str) -> np.ndarray:
        """(n,) int64 numbers of the units behind a row that are prepared now, ascending."""
        assert self.found is not None
        if group == AGREED:
            return next(one.numbers for one in self.found.agreed if one.name == name)
        if group == HITS:
            return next(one.units for one in self.found.suggestions if one.name == name)
        units = next(row.units for row in self.found.took[group] if row.name == name)
        return units[units >= 0]

    def choose(self, chosen: np.ndarray | None) -> None:
        """Mark rows with units that are chosen, (U,) bool of all units; None for no choice."""
        if chosen is not self._chosen:
            self._chosen = chosen
            self._again()

    @property
    def took(self) -> list[Took]:
        """The rows of the chosen group."""
        kind = str(self.kind.currentData())
        if self.found is None or kind not in GROUPS:
            return []
        rows = self.found.took[kind]
        return sorted(rows, key=lambda row: row.name) if kind == "hour" else rows

    def _fill(self) -> None:
        found, kind = self.found, str(self.kind.currentData())
        if found is None:
            return
        self.tell(f"{found.timed:,} of {found.answers:,} answers have seconds of their own.")
        waits = ""
        if kind == HITS and not found.suggestions:
            waits = NO_SUGGESTION
        elif kind == AGREED and not found.agreed:
            waits = NOTHING_TWICE
        elif kind in GROUPS and not self.took:
            waits = NO_SECONDS if found.answers else EFFORT.waits
        if waits:
            self.wait(waits)
            return
        self.left_out = max(len(self.took) - _MOST, 0)
        if self.left_out:
            self.tell(f"The {_MOST} most frequent; {self.left_out:,} more are in the CSV.")
        self.show_plot("; ".join(self._words()))

    def _words(self) -> list[str]:
        found, kind = self.found, str(self.kind.currentData())
        assert found is not None
        if kind == HITS:
            return [
                f"{r.name}: {r.share:.0%} of {r.of:,} ({r.interval[0]:.0%} to {r.interval[1]:.0%})"
                for r in found.suggestions
            ]
        if kind == AGREED:
            return [
                f"{a.name}: {a.units:,} units answered twice, {_share(a.same)} of their points "
                f"alike, kappa {_number(a.kappa)}, mIoU {_share(a.miou)}"
                for a in found.agreed
            ]
        return [
            f"{row.name}: {row.median:.1f} s median, {row.p90:.1f} s at the 90th percentile, "
            f"{row.answers:,} answers, {row.total / 60:.1f} min in all"
            for row in self.took[:_MOST]
        ]

    def draw(self) -> None:
        self._draw_rows()
        if self._chosen is None:
            return
        for place, mark in enumerate(self.marks):
            mine = self.units_of(*cast("tuple[str, str]", mark.key))
            if held := int(self._chosen[mine].sum()):
                words = f"{mark.words}; chosen: {held:,} of its {len(mine):,} units"
                self.marks[place] = mark._replace(words=words)
                ring = self.pen(QColor(self.theme.text), width=2.5)
                self.plot.plot([mark.x], [mark.y], pen=None, symbol="o", symbolSize=16,
                               symbolBrush=None, symbolPen=ring)  # fmt: skip

    def _draw_rows(self) -> None:
        found, kind, words = self.found, str(self.kind.currentData()), self._words()
        assert found is not None
        if kind == HITS:
            names = [f"{rate.name} ({rate.of:,})" for rate in found.suggestions]
            self.lay_rows(names, "suggestions that were right, %", 0, 102)
            for y, rate in enumerate(found.suggestions):
                low, high = rate.interval
                self._row(y + 0.5, 100 * rate.share, (100 * low, 100 * high))
                key = (kind, rate.name)
                self.marks.append(Mark(100 * rate.share, y + 0.5, words[y], key))
            self.entries = [Entry(LINE, QColor(self.theme.quiet), "95 % interval")]
            return
        if kind == AGREED:
            self._draw_agreed(words)
            return
        rows = self.took[:_MOST]
        high = max(row.p90 for row in rows)
        names = [f"{row.name} ({row.answers:,})" for row in rows]
        self.lay_rows(names, "active seconds of an answer", 0, 1.06 * high or 1.0)
        for y, row in enumerate(rows):
            self._row(y + 0.5, row.median, (row.median, row.p90))
            self.marks.append(Mark(row.median, y + 0.5, words[y], (kind, row.name)))
        self.entries = [
            Entry(ROUND, _ONE, "median"),
            Entry(LINE, QColor(self.theme.quiet), "to the 90th percentile"),
        ]

    def _draw_agreed(self, words: list[str]) -> None:
        found = self.found
        assert found is not None
        names = [f"{one.name} ({one.units:,})" for one in found.agreed]
        kappas = [100 * one.kappa for one in found.agreed if one.kappa is not None]
        low = min([0.0, *kappas])
        self.lay_rows(names, "agreement of points, %", 1.05 * low, 102)
        for y, one in enumerate(found.agreed):
            same = None if one.same is None else 100 * one.same
            kappa = None if one.kappa is None else 100 * one.kappa
            known = [value for value in (same, kappa) if value is not None]
            if len(known) == 2:
                self._line(y + 0.5, known[0], known[1])
            if kappa is not None:
                self._dot(y + 0.5, kappa, _OTHER, hollow=True)
            if same is not None:
                self._dot(y + 0.5, same, _ONE)
            self.marks.append(Mark(same or 0.0, y + 0.5, words[y], (AGREED, one.name)))
        self.entries = [
            Entry(ROUND, _ONE, "points with the same class"),
            Entry(RING, _OTHER, "Cohen's kappa, x 100"),
        ]

    def _row(self, y: float, value: float, ends: tuple[float, float]) -> None:
        self._line(y, *ends)
        self._dot(y, value, _ONE)

    def _line(self, y: float, low: float, high: float) -> None:
        pen = self.pen(QColor(self.theme.quiet), width=2)
        self.plot.addItem(pg.PlotCurveItem([low, high], [y, y], pen=pen))

    def _dot(self, y: float, x: float, colour: QColor, *, hollow: bool = False) -> None:
        brush = QColor(self.theme.panel) if hollow else colour
        self.plot.plot([x], [y], pen=None, symbol="o", symbolSize=9, symbolBrush=brush,
                       symbolPen=self.pen(colour, width=1.6))  # fmt: skip

    def table(self):
        found, kind = self.found, str(self.kind.currentData())
        assert found is not None
        if kind == HITS:
            return ("suggestion", "hits", "of", "low", "high"), [
                (rate.name, rate.hits, rate.of, *rate.interval) for rate in found.suggestions
            ]
        if kind == AGREED:
            return ("pair", "units", "same", "kappa", "miou"), [
                (one.name, one.units, one.same, one.kappa, one.miou) for one in found.agreed
            ]
        return (kind, "answers", "median_s", "p90_s", "total_s"), [
            (row.name, row.answers, row.median, row.p90, row.total) for row in self.took
        ]


def _share(value: float | None) -> str:
    return "not known" if value is None else f"{value:.1%}"


def _number(value: float | None) -> str:
    return "not known" if value is None else f"{value:.2f}"
