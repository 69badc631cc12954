"""Bars of classes: the boxes of each so far, and how many the query is to ask of it at most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from PySide6.QtWidgets import QVBoxLayout, QWidget

from gui.charts.bars import Bar, Bars
from gui.look.theme import Theme

_TIP = (
    "Boxes of each class so far. Where the query gives classes a share, the pale part is what it "
    "asks of a class at most, so that frequent ones do not use up the budget; a class beyond its "
    "share weighs less in what is asked next."
)


class ClassBars(QWidget):
    """A bar for each class that has boxes, or is to have some."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.bars = Bars(theme)
        self._names: Sequence[str] = ()
        self._colours = np.zeros((0, 3), np.uint8)
        self._counts: Mapping[int, int] = {}
        self._limits: Mapping[int, float] = {}
        self.setToolTip(_TIP)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.bars)

    def set_classes(self, names: Sequence[str], colours: np.ndarray) -> None:
        """The classes by id, and their colours (C, 3) uint8."""
        self._names, self._colours = names, colours
        self._fill()

    def set_counts(
        self, counts: Mapping[int, int], limits: Mapping[int, float] | None = None
    ) -> None:
        """Boxes by class id, and of those the query limits the boxes that it asks at most."""
        self._counts, self._limits = counts, limits or {}
        self._fill()

    def set_theme(self, theme: Theme) -> None:
        self.bars.set_theme(theme)

    def _fill(self) -> None:
        known = [k for k in range(len(self._names)) if self._counts.get(k) or k in self._limits]
        longest = max(
            (max(self._counts.get(k, 0), self._limits.get(k, 0)) for k in known), default=0
        )
        made = []
        for k in known:
            count, limit = self._counts.get(k, 0), self._limits.get(k)
            whole = max(count, limit or 0)
            text = f"{count:,}"
            if limit is not None:  # frames bring what they hold: it may be more
                text += f" of {limit:,.0f}" if count <= round(limit) else f", share {limit:,.0f}"
            red, green, blue = (int(value) for value in self._colours[k])
            length, filled = whole / max(longest, 1), count / max(whole, 1)
            made.append(Bar(self._names[k], text, length, filled, (red, green, blue)))
        self.bars.set_bars(made)
