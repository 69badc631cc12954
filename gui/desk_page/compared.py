"""What two rounds come to beside each other: a sentence, and IoU class by class."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem

from core.base.words import DASH, round_name
from core.desk.compare import Compared

_HEADING = ("Class", "left", "right", "change")


def summary(found: Compared) -> str:
    """Where they part, what both asked, what it cost and came to."""
    a, b = found.a, found.b
    if found.common is None:
        where = "They share no round."
    elif found.common in (a.id, b.id):
        where = f"{round_name(found.common).capitalize()} is one of those before the other."
    else:
        where = f"They part after {round_name(found.common)}."
    share = "" if found.overlap is None else f" ({found.overlap:.0%})"
    return (
        f"{where} Queries: {a.items:,} and {b.items:,} units, {found.both:,} the same{share}; in "
        f"all rounds of both branches {found.branches:,} of {found.of:,}. Answered by then: "
        f"{a.points:,} and {b.points:,} points. mIoU on the left: {a.miou}. On the right: {b.miou}."
    )


class ClassTable(QTableWidget):
    """IoU of each class in both rounds; the largest change first."""

    def __init__(self) -> None:
        super().__init__(0, len(_HEADING))
        self.setHorizontalHeaderLabels(list(_HEADING))
        self.verticalHeader().hide()
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.setAccessibleName("IoU by class")

    def clear_rows(self) -> None:
        self.setRowCount(0)

    def set_rows(self, found: Compared) -> None:
        """Show two rounds."""
        rows = []
        for name, one in found.a.iou.items():
            other = found.b.iou.get(name)
            if one is None and other is None:
                continue
            change = None if one is None or other is None else other - one
            rows.append((name, one, other, change))
        rows.sort(key=lambda row: -abs(row[3] or 0))
        rows.insert(0, ("mIoU", found.a.value, found.b.value, _less(found.b, found.a)))
        self.setRowCount(len(rows))
        for line, (name, one, other, change) in enumerate(rows):
            texts = (
                name,
                *(DASH if v is None else f"{v:.1%}" for v in (one, other)),
                DASH if change is None else f"{change * 100:+.1f}",
            )
            for column, text in enumerate(texts):
                cell = QTableWidgetItem(text)
                side = Qt.AlignmentFlag.AlignRight if column else Qt.AlignmentFlag.AlignLeft
                cell.setTextAlignment(side | Qt.AlignmentFlag.AlignVCenter)
                self.setItem(line, column, cell)
        self.fit()

    def fit(self) -> None:
        """As wide as its columns: nothing is cut, in any size of text."""
        self.resizeColumnsToContents()
        header = self.horizontalHeader()
        wide = sum(header.sectionSize(c) for c in range(len(_HEADING)))
        bar = self.verticalScrollBar().sizeHint().width()
        self.setFixedWidth(wide + bar + 2 * self.frameWidth())


def _less(one, other) -> float | None:
    return None if one.value is None or other.value is None else one.value - other.value
