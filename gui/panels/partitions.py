"""The partition panel: units, points and answered share; class counts answered so far."""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import QLabel, QScrollArea, QVBoxLayout, QWidget

from core.base.words import size_range
from core.project.status import partitions
from gui.charts.bars import Bar, Bars
from gui.desk.later import WhileSeen
from gui.desk.state import State
from gui.look.colours import class_table, partition_colours
from gui.look.theme import Theme


class Partitions(QScrollArea):
    """Bars per partition and per class; counted only while somebody sees them."""

    def __init__(self, state: State, theme: Theme) -> None:
        super().__init__()
        self.state = state
        self._rows: list[dict[str, Any]] = []
        self._partition_of: dict[str, int] = {}
        self._classes = class_table(state.project.classes)
        self.partitions, self.classes = Bars(theme), Bars(theme)
        self.note = QLabel()
        self.note.setObjectName("quiet")
        self.note.setWordWrap(True)
        self.note.setContentsMargins(10, 2, 10, 4)
        inside = QWidget()
        layout = QVBoxLayout(inside)
        layout.setContentsMargins(0, 0, 0, 6)
        layout.setSpacing(2)
        layout.addWidget(self.partitions)
        layout.addWidget(self.note)
        layout.addWidget(self.classes)
        layout.addStretch()
        self.setWidget(inside)
        self.setWidgetResizable(True)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.seen = WhileSeen(self, self.refill, self.count)
        state.project_changed.connect(self.seen.renew)
        state.answers_changed.connect(self.seen.follow)

    def refill(self) -> bool:
        """Read the partitions anew."""
        self._rows = partitions(self.state.project)
        self._answered = [0] * len(self._rows)
        self._partition_of = {}
        self._seen = 0
        self.count()
        return True

    def count(self) -> None:
        """Count the answers anew."""
        self._follow()
        units = self.state.project.units
        if units is None:
            self.partitions.set_bars(())
            self.note.setText("The partitions appear once the scans are prepared.")
            self.classes.set_bars(())
            return
        ramp = partition_colours(len(units.cuts)).tolist()
        most = max((row["units"] for row in self._rows), default=1) or 1
        bars: list[Bar] = []
        for row, done, colour in zip(self._rows, self._answered, ramp, strict=True):
            name = size_range(units.cuts, len(bars))
            text = f"{done:,} of {row['units']:,}"
            filled = done / row["units"] if row["units"] else 0.0
            red, green, blue = colour
            bars.append(Bar(name, text, row["units"] / most, filled, (red, green, blue)))
        self.partitions.set_bars(bars)
        shares = [row["api_share"] for row in self._rows if row["api_share"] is not None]
        if shares:
            text = ", ".join(f"{share:.0%}" for share in shares)
            self.note.setText(f"What there is to learn, by size, from small to large: {text}")
            self.note.setToolTip(
                "Each size class's share of the information of all clusters: clusters for each "
                "logarithm of their points (API, Eq. 1 in docs/method.md, Partitions)."
            )
        self._count_classes()

    def _follow(self) -> None:
        """Count what changed since the last call: of 100,000 answers one."""
        answers, units = self.state.project.answers, self.state.project.units
        changed = list(dict.fromkeys(answers.fold.changed[self._seen :]))
        self._seen = len(answers.fold.changed)
        if units is None:
            return
        for unit, index in zip(changed, units.find_all(changed).tolist(), strict=True):
            before = self._partition_of.pop(unit, None)
            if before is not None:
                self._answered[before] -= 1
            head = answers.effective.get(unit)
            if index >= 0 and head is not None and head.verb == "answer":
                self._partition_of[unit] = int(units.partition[index])
                self._answered[self._partition_of[unit]] += 1

    def _count_classes(self) -> None:
        counts = self.state.project.answers.fold.class_counts()
        most = max(counts.values(), default=1)
        bars = []
        for label in sorted(counts, key=lambda c: -counts[c]):
            red, green, blue = self._classes[label].tolist()
            text = f"{counts[label]:,} pts"
            name = self.state.class_name(label)
            bars.append(Bar(name, text, counts[label] / most, 1.0, (red, green, blue)))
        self.classes.set_bars(bars)

    def set_theme(self, theme: Theme) -> None:
        self.partitions.set_theme(theme)
        self.classes.set_theme(theme)
