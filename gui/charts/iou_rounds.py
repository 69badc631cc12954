"""IoU of each class in each round, as a heat map."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.base.words import round_name
from core.desk.explained import IOU
from core.desk.steps import Step
from gui.charts.heat import Heat


class IouRounds(Heat):
    """`picked` gives (row, column); `steps` are the columns' rounds."""

    title, explanation = IOU.title, IOU.whole

    def __init__(self, theme) -> None:
        self.steps: list[Step] = []
        super().__init__(theme)

    def set_steps(self, steps: Sequence[Step]) -> None:
        """Show the rounds that are measured."""
        self.steps = [step for step in steps if step.miou is not None]
        if not self.steps:
            self.wait(IOU.waits)
            return
        names = list(self.steps[0].iou)
        table = [[step.iou.get(name) for step in self.steps] for name in names]
        values = np.array([[np.nan if v is None else v for v in row] for row in table], np.float64)
        known = np.array([not np.isnan(row).all() for row in values], bool)
        self.set_cells(
            [name for name, is_known in zip(names, known.tolist(), strict=True) if is_known],
            [round_name(step.id) for step in self.steps],
            values[known],
            1.0,
            f"{int(known.sum())} classes in {len(self.steps)} rounds",
        )

    def words(self, row: int, column: int) -> str:
        value, step = self.values[row, column], self.steps[column]
        parent = next((n for n, one in enumerate(self.steps) if one.id == step.parent), None)
        change = ""
        if parent is not None and not np.isnan(self.values[row, parent]):
            change = f", {100 * (value - self.values[row, parent]):+.1f} from the round before"
        return f"{self.rows[row]}, {self.columns[column]} ({step.strategy}): {value:.1%}{change}"
