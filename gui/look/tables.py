"""Tables that cut nothing: rows as high as their text, and only the columns that have room."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QFont, QFontMetrics, QResizeEvent
from PySide6.QtWidgets import QTableView


class Fit(QObject):
    """Keeps a table so. `order` lists its columns, those that matter most first; those that have no
    room are hidden: tell what they hold in the rows' tooltips."""

    def __init__(self, table: QTableView, order: Sequence[int]) -> None:
        super().__init__(table)
        self._table, self._order = table, order
        table.setWordWrap(False)
        table.horizontalHeader().setHighlightSections(False)
        table.horizontalHeader().setResizeContentsPrecision(20)  # rows that are looked at
        self._later = QTimer(self)  # a change of the style comes as many events
        self._later.setSingleShot(True)
        self._later.setInterval(0)
        self._later.timeout.connect(self.again)
        table.installEventFilter(self)
        table.viewport().installEventFilter(self)

    def again(self) -> None:
        """The texts, their size or the room changed."""
        table = self._table
        high = table.fontMetrics().height() + 6
        if table.verticalHeader().defaultSectionSize() != high:
            table.verticalHeader().setMinimumSectionSize(high)
            table.verticalHeader().setDefaultSectionSize(high)
        room = table.viewport().width()
        header = table.horizontalHeader()
        # A hidden column's header has no size: its text is measured, beside a column always shown.
        first = self._order[0]
        beside = header.sectionSizeHint(first) - self._title(first)
        for place, column in enumerate(self._order):
            room -= max(table.sizeHintForColumn(column), self._title(column) + beside)
            hidden = place > 0 and room < 0
            if table.isColumnHidden(column) != hidden:
                table.setColumnHidden(column, hidden)

    def _title(self, column: int) -> int:
        """Pixels that a column's title is wide, in bold, as Qt makes room for it."""
        horizontal = Qt.Orientation.Horizontal
        title = str(self._table.model().headerData(column, horizontal) or "")
        font = QFont(self._table.horizontalHeader().font())
        font.setBold(True)
        return QFontMetrics(font).horizontalAdvance(title)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        wider = isinstance(event, QResizeEvent) and event.oldSize().width() != event.size().width()
        if wider or event.type() == QEvent.Type.StyleChange:
            self._later.start()
        return False
