"""The boxes of a frame as a list: disputed ones first, or by any column."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QPersistentModelIndex,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QVBoxLayout, QWidget

from core.base.words import DASH
from gui.look.tables import Fit
from gui.look.theme import Theme
from gui.panels.highlight import Highlight

Index = QModelIndex | QPersistentModelIndex
_NUMERIC = (2, 3, 4)


class Row(NamedTuple):
    """A box of the frame.

    Attributes
    ----------
    name : its own, as answers have it
    label : class id
    state : "" for one that a person vouches for, else in a word: predicted, copied, ignored
    points : inside; score : of a detector, NaN for none; away : metres from the sensor
    track : the thing that it is of; who : drew it last
    disputed : why somebody should look at it, "" where nobody need
    """

    name: str
    label: int
    state: str = ""
    points: int = 0
    score: float = math.nan
    away: float = 0.0
    track: str = ""
    who: str = ""
    disputed: str = ""


_COLUMNS = ("Class", "State", "Points", "Score", "m", "Track", "Who")
_NEEDED = (0, 1, 2, 4, 5, 3, 6)


class BoxModel(QAbstractTableModel):
    """A line per box; sorted by a column, or as `disputed` says where `column` is -1."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.theme = theme
        self.names: Sequence[str] = ()
        self.colours = np.zeros((0, 3), np.uint8)
        self.rows: list[Row] = []
        self.given: list[Row] = []
        self._lines: dict[str, int] = {}
        self._column, self._falling = -1, False

    def set_rows(self, rows: Sequence[Row]) -> None:
        self.given = list(rows)
        self._order()

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        self._column, self._falling = column, order == Qt.SortOrder.DescendingOrder
        self._order()

    def _order(self) -> None:
        self.beginResetModel()
        self.rows = sorted(self.given, key=self._first)
        if self._column >= 0:
            self.rows.sort(key=lambda row: self._key(row, self._column), reverse=self._falling)
        self._lines = {row.name: line for line, row in enumerate(self.rows)}
        self.endResetModel()

    def _first(self, row: Row) -> tuple[Any, ...]:
        """Disputed ones, then what nobody vouches for, then the nearest."""
        return (not row.disputed, not row.state, row.away, row.name)

    def _key(self, row: Row, column: int) -> Any:
        """Numbers by value, unknown ones last whichever way; words as they are read."""
        if column == 3:
            unknown = math.isnan(row.score)
            return (unknown != self._falling, 0.0 if unknown else row.score)
        numbers = {2: row.points, 4: row.away}
        return numbers.get(column, self.words(row)[column].casefold())

    def words(self, row: Row) -> tuple[str, ...]:
        """What its columns say."""
        return (
            self.class_name(row.label),
            row.state or DASH,
            f"{row.points:,}",
            DASH if math.isnan(row.score) else f"{row.score:.2f}",
            f"{row.away:.0f}",
            row.track or DASH,
            row.who or DASH,
        )

    def class_name(self, label: int) -> str:
        return self.names[label] if label < len(self.names) else f"class {label}"

    def index_of(self, name: str) -> QModelIndex:
        """The line of a box; not valid where it has none."""
        return self.index(self._lines.get(name, -1), 0)

    def rowCount(self, parent: Index | None = None) -> int:
        return len(self.rows)

    def columnCount(self, parent: Index | None = None) -> int:
        return len(_COLUMNS)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        if role == Qt.ItemDataRole.DisplayRole and orientation == Qt.Orientation.Horizontal:
            return _COLUMNS[section]
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        row, column = self.rows[index.row()], index.column()
        if role == Qt.ItemDataRole.UserRole:
            return row.name
        if role == Qt.ItemDataRole.DecorationRole and column == 0:
            known = row.label < len(self.colours)
            return QColor(*self.colours[row.label].tolist()) if known else None
        if role == Qt.ItemDataRole.ForegroundRole:
            return QColor(self.theme.warning) if row.disputed and column == 0 else None
        if role == Qt.ItemDataRole.TextAlignmentRole and column in _NUMERIC:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        if role == Qt.ItemDataRole.ToolTipRole:
            told = (f"{name}: {word}" for name, word in zip(_COLUMNS, self.words(row), strict=True))
            return "\n".join(part for part in (row.disputed, *told) if part)
        return self.words(row)[column] if role == Qt.ItemDataRole.DisplayRole else None


class BoxList(QWidget):
    """The panel.

    Signals
    -------
    chosen(str) : the person went to a box
    """

    chosen = Signal(str)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.model = BoxModel(theme)
        self.table = QTableView()
        self.table.setModel(self.model)
        self.table.verticalHeader().hide()
        self.table.setShowGrid(False)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.table.setAccessibleName("Boxes of the frame")
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setStretchLastSection(True)
        header.setSortIndicatorClearable(True)  # the third click: disputed ones first again
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        self.highlight = Highlight(self.table)
        with self.highlight.quiet():
            self.table.setSortingEnabled(True)
        header.sortIndicatorChanged.connect(lambda *_: self._follow())
        self.fit = Fit(self.table, _NEEDED)
        self._selected = ""
        self.highlight.chosen.connect(self._choose)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 2, 0, 0)
        layout.addWidget(self.table)

    def set_classes(self, names: Sequence[str], colours: np.ndarray) -> None:
        """The classes by id, and their colours (C, 3) uint8."""
        self.model.names, self.model.colours = names, colours
        self._again()

    def set_rows(self, rows: Sequence[Row], selected: str = "") -> None:
        """The boxes of the frame, and the name of the one that is selected, "" for none."""
        if rows == self.model.given:
            self.select(selected)
            return
        self._selected = selected
        with self.highlight.quiet():
            self.model.set_rows(rows)
        self._follow()
        self.fit.again()

    def select(self, name: str) -> None:
        """Highlight a box, "" for none."""
        self._selected = name
        self._follow()

    def set_theme(self, theme: Theme) -> None:
        self.model.theme = theme
        self._again()

    def _again(self) -> None:
        self.table.viewport().update()
        self.fit.again()

    def _follow(self) -> None:
        self.highlight.follow(self.model.index_of(self._selected))

    def _choose(self, index: QModelIndex) -> None:
        self._selected = index.data(Qt.ItemDataRole.UserRole)
        self.chosen.emit(self._selected)
