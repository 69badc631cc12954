"""The cells of an experiment: an arm a row, a seed a column; below, what the chosen one is at."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QEvent, QPoint, Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from core.base.words import DASH, round_name
from core.experiment.watch import FAILED, FINISHED, RUNNING, WAITING, CellState, Seen
from gui.look.flow import Flow
from gui.look.theme import Theme
from gui.look.words import Wrapped, breakable

SIGNS = {FINISHED: "✓", RUNNING: "▶", FAILED: "✗", WAITING: ""}
_COLOURS = {FINISHED: "good", RUNNING: "accent", FAILED: "error", WAITING: "quiet"}


class Cells(QWidget):
    """Signals
    -------
    opened(path) : the folder of a round, to be shown as a project
    """

    opened = Signal(Path)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.theme = theme
        self.seen: Seen | None = None
        self._places: dict[str, tuple[int, int]] = {}  # of cells in the table
        self._shown: tuple | None = None
        self.table = QTableWidget()
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setShowGrid(False)
        self.table.setAccessibleName("Cells: arms by seeds")
        for header in (self.table.horizontalHeader(), self.table.verticalHeader()):
            header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
            header.setHighlightSections(False)
        self.table.verticalHeader().setDefaultAlignment(
            Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        )
        self.table.setCornerButtonEnabled(False)
        self.table.currentCellChanged.connect(lambda *_: self._tell())
        self.table.cellDoubleClicked.connect(lambda *_: self._open_last())
        self.about = Wrapped("Choose a cell to see what it is at and to open its rounds.", "quiet")
        self.buttons = Flow()
        self.rounds: list[QPushButton] = []
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(self.table, 1)
        layout.addWidget(self.about)
        layout.addWidget(self.buttons)

    def show_seen(self, seen: Seen) -> None:
        """Bring every cell up to date; what is chosen stays chosen."""
        self.seen = seen
        arms = list(dict.fromkeys(one.cell.arm.name for one in seen.shown))
        seeds = list(dict.fromkeys(one.cell.seed for one in seen.shown))
        shape = (tuple(arms), tuple(seeds))
        if shape != self._shown:
            self._shown = shape
            self.table.setRowCount(len(arms))
            self.table.setColumnCount(len(seeds))
            self.table.setVerticalHeaderLabels(arms)
            self.table.setHorizontalHeaderLabels([f"seed {seed}" for seed in seeds])
        self._places = {}
        for one in seen.shown:
            place = (arms.index(one.cell.arm.name), seeds.index(one.cell.seed))
            self._places[one.cell.name] = place
            item = self.table.item(*place)
            if item is None:
                item = QTableWidgetItem()
                item.setTextAlignment(Qt.AlignmentFlag.AlignCenter)
                self.table.setItem(*place, item)
            text = f"{SIGNS[one.state]} {_rounds(one)}".strip()
            if item.text() != text:
                item.setText(text)
            item.setForeground(QColor(getattr(self.theme, _COLOURS[one.state])))
            item.setToolTip(sentence(one))
        self._tell()

    def chosen(self) -> CellState | None:
        """The cell that is chosen in the table."""
        if self.seen is None:
            return None
        place = (self.table.currentRow(), self.table.currentColumn())
        return next((o for o in self.seen.shown if self._places.get(o.cell.name) == place), None)

    def choose(self, arm: str, seed: int) -> None:
        """Choose a cell, as a click on it does."""
        for one in self.seen.shown if self.seen is not None else ():
            if (one.cell.arm.name, one.cell.seed) == (arm, seed):
                self.table.setCurrentCell(*self._places[one.cell.name])

    def _tell(self) -> None:
        one = self.chosen()
        if one is None:
            return
        self.about.setObjectName("problem" if one.state == FAILED else "")
        self.about.style().unpolish(self.about)
        self.about.style().polish(self.about)
        text = breakable(sentence(one))
        if self.about.text() != text:
            self.about.setText(text)
        wanted = [str(folder) for folder in one.rounds]
        if [button.toolTip() for button in self.rounds] == wanted:
            return
        for button in self.rounds:
            self.buttons.take(button)
        self.rounds = []
        for folder in one.rounds:
            button = QPushButton(f"Open {round_name(folder.name)}")
            button.setToolTip(str(folder))
            button.clicked.connect(partial(self.opened.emit, folder))
            self.rounds.append(button)
            self.buttons.add(button)
            button.show()

    def _open_last(self) -> None:
        one = self.chosen()
        if one is not None and one.rounds:
            self.opened.emit(one.rounds[-1])

    def cell_place(self, name: str) -> QPoint:
        """Where a cell lies in the table's viewport."""
        index = self.table.model().index(*self._places[name])
        return self.table.visualRect(index).center()

    def set_theme(self, theme: Theme) -> None:
        self.theme = theme
        if self.seen is not None:
            self.show_seen(self.seen)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.StyleChange, QEvent.Type.FontChange):
            high = self.table.fontMetrics().height() + 8
            self.table.verticalHeader().setMinimumSectionSize(high)


def _rounds(one: CellState) -> str:
    return f"{one.done}" if one.state == FINISHED else f"{one.done}/{one.of}"


def sentence(one: CellState) -> str:
    """What a cell is at, in a sentence or two."""
    who = f"{one.cell.arm.name}, seed {one.cell.seed}"
    if one.state == FINISHED:
        return f"{who}: all {one.of} rounds are finished."
    if one.state == FAILED:
        return f"{who} failed in round {one.done + 1} of {one.of}: {one.why}"
    at = f" (training {one.part:.0%})" if one.part else ""
    if one.state == RUNNING:
        return f"{who} runs: round {one.done + 1} of {one.of}{at}."
    if one.done or one.rounds:
        return f"{who} waits: {one.done} of {one.of} rounds are finished{at or ''}."
    return f"{who} waits {DASH} nothing is begun."
