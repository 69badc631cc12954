"""The confusion of a round: what its network takes for what."""

from __future__ import annotations

import numpy as np

from core.base.words import round_name
from core.desk.explained import CONFUSION
from core.desk.matrix import COUNTS, OF_SAID, OF_TRUTH, shares
from gui.charts.heat import Heat
from gui.look.combo import Combo


class Confusion(Heat):
    """`asked(true class, class said)` follows a click."""

    title, explanation = CONFUSION.title, CONFUSION.whole

    def __init__(self, theme) -> None:
        self.matrix = np.zeros((0, 0), np.int64)
        self.classes: list[str] = []
        self.round = ""
        self._truth: list[int] = []  # classes of the rows, and of the columns
        self._said: list[int] = []
        super().__init__(theme)
        self.kind = Combo()
        for kind in (OF_TRUTH, OF_SAID, COUNTS):
            self.kind.addItem(kind if kind == COUNTS else f"{kind}, %", kind)
        self.kind.setAccessibleName("What the cells are")
        self.kind.currentIndexChanged.connect(lambda *_: self._fill())
        self.choices.add(self.kind)

    def set_matrix(self, round: str, classes: list[str], matrix: np.ndarray) -> None:
        """Show a confusion (C, C)."""
        self.round, self.classes, self.matrix = round, classes, matrix
        self._fill()

    def _fill(self) -> None:
        if not self.matrix.size:
            return
        of_truth, of_said = self.matrix.sum(axis=1), self.matrix.sum(axis=0)
        self._truth = np.flatnonzero(of_truth > 0).tolist()
        self._said = np.flatnonzero(of_truth + of_said > 0).tolist()
        if not self._truth:
            self.wait("No validation point has a class.")
            return
        kind = str(self.kind.currentData())
        values = shares(self.matrix, kind)[np.ix_(self._truth, self._said)]
        values[values == 0] = np.nan  # what does not occur is empty
        rows = [self.classes[c] for c in self._truth]
        columns = [self.classes[c] for c in self._said]
        self.heading.setText(f"{self.title}, {round_name(self.round)}")
        top = 1.0 if kind != COUNTS else float(np.nanmax(values, initial=1.0))
        self.set_cells(rows, columns, values, top, f"{len(rows)} classes of {self.round}")

    def of(self, key: tuple[int, int]) -> tuple[int, int]:
        """(true class, class said) of a cell."""
        return self._truth[key[0]], self._said[key[1]]

    def text(self, value: float) -> str:
        if self.kind.currentData() == COUNTS:
            return f"{value:,.0f}"
        return f"{100 * value:.0f}" if value >= 0.01 else "<1"

    def words(self, row: int, column: int) -> str:
        truth, said = self._truth[row], self._said[column]
        points = int(self.matrix[truth, said])
        of_truth, of_said = (shares(self.matrix, k)[truth, said] for k in (OF_TRUTH, OF_SAID))
        taken = "are found" if truth == said else f"are taken for {self.classes[said]}"
        return (
            f"{points:,} points of {self.classes[truth]} {taken}: {of_truth:.1%} of the class, "
            f"{of_said:.1%} of all that is called {self.classes[said]}"
        )

    def names(self) -> tuple[str, str]:
        return "what the network says", "true class"
