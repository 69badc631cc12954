"""What was asked against the pool: shares of partitions and classes, side by side."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from PySide6.QtGui import QColor, QFontInfo

from core.desk.asked import Asked
from core.desk.explained import ASKED
from gui.charts.chart import Chart, Mark
from gui.look.combo import Combo

_LEAST = 0.001  # percent, where the scale begins; less is drawn there
_NONE = -3.6  # the place of nothing at all, left of the scale
_NAMES_PX = 7  # letters of the rows' names at least
_TICKS = (0.001, 0.01, 0.1, 1.0, 10.0, 100.0)


class AskedChart(Chart):
    """`picked` gives a row's name; `of(id)` of the combo follows which rounds are shown."""

    title, explanation = ASKED.title, ASKED.whole

    def __init__(self, theme) -> None:
        self.rows: list[tuple[str, float | None, float | None]] = []
        self.found: Asked | None = None
        self._kinds: list[int] = []  # of the rows, as `found.holds` has them
        self._chosen: np.ndarray | None = None
        super().__init__(theme)
        self.which = Combo()
        self.which.setAccessibleName("Which rounds")
        self.choices.add(self.which)

    def set_asked(
        self, found: Asked, parts: Sequence[str], names: Sequence[str], pool: np.ndarray | None
    ) -> None:
        """Show counts; pool (C,): points of each class there, None where nobody knows."""
        if not found.units:
            self.wait(ASKED.waits)
            return
        rows: list[tuple[str, float | None, float | None]] = [
            (part if part == "ground" else f"size {part}", share, whole)
            for part, share, whole in zip(
                parts, _shares(found.parts), _shares(found.pool), strict=True
            )
        ]
        of_pool: Sequence[float | None] = [None] * len(names) if pool is None else _shares(pool)
        of_asked = _shares(found.classes)
        rows += [
            (name, share, whole)
            for name, share, whole in zip(names, of_asked, of_pool, strict=True)
            if share or whole
        ]
        kept = [n for n, (share, whole) in enumerate(zip(of_asked, of_pool, strict=True))
                if share or whole]  # fmt: skip
        self._kinds = [*range(len(parts)), *(len(parts) + n for n in kept)]
        self.rows, self.found = rows, found
        self.tell(_sentence(found))
        self.show_plot(", ".join(f"{n} {_text(a)} (pool {_text(b)})" for n, a, b in rows))

    def units_of(self, row: int) -> np.ndarray:
        """(n,) int64 numbers of the units behind a row, ascending."""
        assert self.found is not None
        holds = self.found.holds
        return np.unique(holds[holds[:, 1] == self._kinds[row], 0])

    def choose(self, chosen: np.ndarray | None) -> None:
        """Mark rows with units that are chosen, (U,) bool of all units; None for no choice."""
        if chosen is not self._chosen:
            self._chosen = chosen
            self._again()

    def draw(self) -> None:
        self.plot.invertY(True)
        self.axes("share of the points, %: ● asked, ○ pool", "", grid=False)
        self.plot.getAxis("left").set_names([name for name, _, _ in self.rows], self.letters())
        axis = self.plot.getAxis("bottom")
        ticks = [(np.log10(tick), f"{tick:g}") for tick in _TICKS]
        axis.setTicks([[(_NONE, "none"), *ticks]])
        line, pool = QColor(self.theme.line), QColor(self.theme.quiet)
        full = QColor(self.theme.accent)
        for place, (name, asked, whole) in enumerate(self.rows):
            y = place + 0.5
            known = [_x(value) for value in (asked, whole) if value is not None]
            if len(known) == 2:
                self.plot.addItem(pg.PlotCurveItem(known, [y, y], pen=self.pen(line, width=3)))
            for value, colour, hollow in ((whole, pool, True), (asked, full, False)):
                if value is None:
                    continue
                brush = QColor(self.theme.panel) if hollow else colour
                look = {"symbolSize": 9, "symbolBrush": brush, "symbolPen": self.pen(colour)}
                self.plot.plot([_x(value)], [y], pen=None, symbol="o", **look)
            words = f"{name}: {_text(asked)} of the points asked, {_text(whole)} of the pool"
            if asked and whole:
                words += f", {asked / whole:.1f} times as often"
            at = _x(asked if asked is not None else whole)
            mine = self.units_of(place) if self._chosen is not None else np.zeros(0, np.int64)
            if self._chosen is not None and (held := int(self._chosen[mine].sum())):
                words += f"; chosen: {held:,} of its {len(mine):,} units"
                ring = self.pen(QColor(self.theme.text), width=2.5)
                self.plot.plot([at], [y], pen=None, symbol="o", symbolSize=16, symbolBrush=None,
                               symbolPen=ring)  # fmt: skip
            self.marks.append(Mark(at, y, words, name))
        self.plot.setXRange(_NONE - 0.25, 2.1, padding=0)
        self.plot.setYRange(0, max(len(self.rows), 1), padding=0)

    def place(self) -> None:
        """Names as large as their rows have room for."""
        font, small = self.letters(), self.letters()
        high = self.plot.getViewBox().height() / max(len(self.rows), 1)
        small.setPixelSize(max(min(round(0.95 * high), QFontInfo(font).pixelSize()), _NAMES_PX))
        self.plot.getAxis("left").set_names([name for name, _, _ in self.rows], small)

    def hit(self, at):
        """The row that a place lies in."""
        place = int(np.floor(self.plot.getViewBox().mapSceneToView(at).y()))
        return self.marks[place] if 0 <= place < len(self.marks) else None

    def table(self):
        return ("row", "asked", "pool"), list(self.rows)


def _shares(points: np.ndarray) -> list[float]:
    total = max(int(points.sum()), 1)
    return [float(value) / total for value in points]


def _x(share: float | None) -> float:
    return float(np.log10(max(100 * share, _LEAST))) if share else _NONE


def _text(share: float | None) -> str:
    return "not known" if share is None else f"{share:.2%}"


def _sentence(found: Asked) -> str:
    points = int(found.classes.sum()) + sum(found.codes.values())
    parts = [
        f"{found.units:,} units of {found.scans:,} scans asked",
        f"{found.answered:,} answered ({points:,} points, {found.seconds / 60:.1f} min)",
    ]
    if found.declined:
        parts.append(f"{found.declined:,} declined")
    if found.waiting:
        parts.append(f"{found.waiting:,} still open")
    parts += [f"{points:,} points {name}" for name, points in found.codes.items()]
    return f"{'; '.join(parts)}."
