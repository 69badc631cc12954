"""Results so far: what may be said, in the report's sentences, and its tables."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QLabel,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from core.base.bounded import MOST_TEXT, read_whole
from core.base.errors import ProjectError
from core.experiment.folder import Experiment
from core.experiment.lines import by_round
from core.experiment.results import Curve
from core.experiment.sentences import rule
from core.experiment.summary import summarise
from gui.look.scrolled import Scrolled
from gui.look.words import Wrapped

_AGAIN = "Take it away; the report writes all tables anew."


@dataclass(frozen=True)
class Told:
    """Sentences, and tables: (title, heading, rows) each; `goal`: 95 % of full labels; `rule`: when
    an order is claimed."""

    sentences: tuple[str, ...]
    tables: tuple[tuple[str, Sequence[str], Sequence[Sequence[str]]], ...]
    goal: float | None = None
    rule: str = ""


def told_of(experiment: Experiment, curves: Sequence[Curve]) -> Told:
    """What the records allow to say; seconds for many seeds, so never on the window's thread."""
    if experiment.spec.table:
        return Told((), tuple(_tables(experiment.out)))
    summary = summarise(experiment, curves)
    said = summary.said
    if summary.unsettled:
        said.append(
            "Not converged, their mIoU still moved in the second half: "
            f"{', '.join(summary.unsettled)}."
        )
    heading = ["arm", *(f"round {n + 1}" for n in range(experiment.spec.rounds)), "seeds"]
    title = f"{experiment.spec.measure.name} by round, %"
    means = (title, heading, by_round(summary.by_arm, experiment.spec.rounds))
    return Told(tuple(said), (means,), summary.goal, rule(len(experiment.looks)))


def _tables(out: Path) -> list[tuple[str, Sequence[str], Sequence[Sequence[str]]]]:
    """Each CSV beside the report. Raises ProjectError for one that is no table."""
    found: list[tuple[str, Sequence[str], Sequence[Sequence[str]]]] = []
    for path in sorted(out.glob("*.csv")):
        try:
            text = read_whole(path, MOST_TEXT).decode()
            lines = list(csv.reader(StringIO(text, newline="")))
        except (OSError, ValueError, csv.Error) as error:
            raise ProjectError(f"{path} is no table: {error}.", _AGAIN) from error
        if not lines:
            raise ProjectError(f"{path} is empty.", _AGAIN)
        found.append((path.stem, lines[0], lines[1:]))
    return found


class Results(QWidget):
    """Everything below each other; it scrolls."""

    def __init__(self) -> None:
        super().__init__()
        self.told: Told | None = None
        self.tables: list[QTableWidget] = []
        self.sentences: list[Wrapped] = []
        self._inside = QWidget()
        self._rows = QVBoxLayout(self._inside)
        self._rows.setContentsMargins(2, 2, 8, 8)
        self._rows.setSpacing(7)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(Scrolled(self._inside))
        self.wait("There are results once the first round is trained and measured.")

    def wait(self, words: str) -> None:
        self._clear()
        self._rows.addWidget(Wrapped(words, "quiet"))
        self._rows.addStretch()

    def show_told(self, told: Told) -> None:
        """Show results, unless they are those that are shown."""
        if told == self.told:
            return
        self._clear()
        self.told = told
        for title, heading, rows in told.tables:
            self._rows.addWidget(_heading(title))
            table = _table(heading, rows)
            self.tables.append(table)
            self._rows.addWidget(table)
        if told.sentences:
            self._rows.addWidget(_heading("What may be said"))
            for sentence in told.sentences:
                label = Wrapped(sentence)
                self.sentences.append(label)
                self._rows.addWidget(label)
            self._rows.addWidget(Wrapped(told.rule, "quiet"))
        self._rows.addStretch()
        self._fit()

    def _clear(self) -> None:
        self.told, self.tables, self.sentences = None, [], []
        while self._rows.count():
            taken = self._rows.takeAt(0)
            part = taken.widget() if taken is not None else None
            if part is not None:
                part.hide()
                part.deleteLater()

    def _fit(self) -> None:
        for table in self.tables:
            high = table.fontMetrics().height() + 6
            table.verticalHeader().setDefaultSectionSize(high)
            head = table.horizontalHeader().sizeHint().height()
            bar = table.horizontalScrollBar().sizeHint().height()
            table.setFixedHeight(head + table.rowCount() * high + bar + 4)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.StyleChange, QEvent.Type.FontChange):
            self._fit()


def _heading(words: str) -> QLabel:
    made = QLabel(words)
    made.setObjectName("heading")
    return made


def _table(heading: Sequence[str], rows: Sequence[Sequence[str]]) -> QTableWidget:
    table = QTableWidget(len(rows), len(heading))
    table.setHorizontalHeaderLabels(list(heading))
    table.verticalHeader().hide()
    table.setShowGrid(False)
    table.setFrameShape(QFrame.Shape.NoFrame)
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
    table.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    table.setMinimumWidth(120)
    for line, row in enumerate(rows):
        for column, text in enumerate(row):
            item = QTableWidgetItem(text)
            side = Qt.AlignmentFlag.AlignLeft if not column else Qt.AlignmentFlag.AlignRight
            item.setTextAlignment(side | Qt.AlignmentFlag.AlignVCenter)
            table.setItem(line, column, item)
    table.horizontalHeader().setHighlightSections(False)
    table.resizeColumnsToContents()
    return table
