"""Class by partition: BaSAL's Table I of this project."""

from __future__ import annotations

import numpy as np

from core.desk.class_parts import ClassParts
from core.desk.explained import CLASSES
from gui.charts.heat import Heat
from gui.look.combo import Combo

_SHARE, _TIMES = "share", "times"


class ClassPartsChart(Heat):
    """`picked_class` of a cell is (class, partition)."""

    title, explanation = CLASSES.title, CLASSES.whole

    def __init__(self, theme) -> None:
        self.found: ClassParts | None = None
        self._shown: list[int] = []
        self._partition = np.zeros(0, np.int8)  # of all units
        self._chosen: np.ndarray | None = None
        self._units = self._of_units = np.zeros((0, 0), np.int64)
        super().__init__(theme)
        self.kind = Combo()
        self.kind.addItem("share of each class, %", _SHARE)
        self.kind.addItem("times as often as in all units", _TIMES)
        self.kind.setAccessibleName("What the cells are")
        self.kind.currentIndexChanged.connect(lambda *_: self._fill())
        self.choices.add(self.kind)

    def set_parts(self, found: ClassParts, partition: np.ndarray) -> None:
        """Show counts; partition (U,) of all units."""
        self.found, self._partition = found, partition
        self._of_units = found.units_in(partition)
        self._count_chosen()
        self._fill()

    def choose(self, chosen: np.ndarray | None) -> None:
        """Mark cells with units that are chosen, (U,) bool of all units; None for no choice."""
        if chosen is not self._chosen:
            self._chosen = chosen
            self._count_chosen()
            self._mark()
            self._again()

    def _count_chosen(self) -> None:
        self._units = np.zeros_like(self._of_units)
        if self._chosen is not None and self.found is not None:
            self._units = self.found.units_in(self._partition, self._chosen)

    def _mark(self) -> None:
        share = self._units / np.maximum(self._of_units, 1)
        self.chosen = share[self._shown] if self._chosen is not None else np.zeros((0, 0))

    def _fill(self) -> None:
        found = self.found
        if found is None:
            return
        self._shown = np.flatnonzero(found.counts.sum(axis=1) > 0).tolist()
        if not self._shown:
            self.wait(CLASSES.waits)
            return
        self._mark()
        times = self.kind.currentData() == _TIMES
        values = (found.enrichment() if times else found.shares())[self._shown]
        read = f"{found.scans:,} of {found.of:,}" if found.scans < found.of else f"{found.scans:,}"
        points = int(found.counts.sum())
        self.tell(f"By {found.source}: {points:,} points with a class in units of {read} scans.")
        self.set_cells(
            [found.names[c] for c in self._shown],
            [f"size {part}" if part != "ground" else part for part in found.parts],
            values,
            float(np.nanmax(values)) if times else 1.0,
            f"{len(self._shown)} classes in {len(found.parts)} partitions, by {found.source}",
        )

    def text(self, value: float) -> str:
        if self.kind.currentData() == _TIMES:
            return f"{value:.1f}"
        return f"{100 * value:.0f}" if value >= 0.01 or not value else "<1"

    def words(self, row: int, column: int) -> str:
        assert self.found is not None
        c = self._shown[row]
        points = int(self.found.counts[c, column])
        mine = int(self._units[c, column])
        chosen = f"; chosen: {mine:,} of its {self._of_units[c, column]:,} units" if mine else ""
        return (
            f"{self.found.names[c]} in {self.columns[column]}: {points:,} points, "
            f"{self.found.shares()[c, column]:.1%} of the class in units, "
            f"{self.found.enrichment()[c, column]:.2f} times as often as in all units"
            f"{chosen}"
        )

    def names(self) -> tuple[str, str]:
        return "partition", ""
