"""The queue: the query's items in order, each with its partition and its reason."""

from __future__ import annotations

from collections import Counter

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QGridLayout,
    QLabel,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from core.base.words import size_range
from gui.desk.state import State
from gui.look.colours import class_table, partition_colours
from gui.look.combo import Combo
from gui.look.theme import Theme
from gui.panels.budget import Budget

Index = QModelIndex | QPersistentModelIndex
_LETTERS = 60  # of a long reason


class QueueModel(QAbstractListModel):
    """The places of the state's order."""

    def __init__(self, state: State) -> None:
        super().__init__()
        self.state = state

    def rowCount(self, parent: Index | None = None) -> int:
        return len(self.state.order.places)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        current = self.state.round
        if current is None or not index.isValid() or index.row() >= len(self.state.order.places):
            return None
        place = self.state.order.places[index.row()]
        query = current.query
        if role == Qt.ItemDataRole.DisplayRole:
            return f"{place + 1}  {query.group[place]}  {int(query.cost[place]):,} points"
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{query.items[place]}\n{query.reason[place]}"
        if role == Qt.ItemDataRole.UserRole:
            return place
        return None

    def changed(self) -> None:
        """The answers changed: paint anew."""
        if self.state.order.places:
            self.dataChanged.emit(self.index(0), self.index(len(self.state.order.places) - 1))

    def reset(self) -> None:
        self.beginResetModel()
        self.endResetModel()


class ItemDelegate(QStyledItemDelegate):
    """Paints one item: a stripe in its partition's colour, two lines, its class once answered."""

    def __init__(self, state: State, theme: Theme) -> None:
        super().__init__()
        self.state, self.theme = state, theme
        self.classes = class_table(state.project.classes)

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        # The same for all: of 10,000 rows none is measured.
        big, small = option.fontMetrics, QFontMetrics(_small(option.font))
        wide = max(option.rect.width() - 26, 100)
        lines = min(max(-(-_LETTERS * small.averageCharWidth() // wide), 2), 4)
        return QSize(180, big.height() + lines * small.height() + 8)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        current, units = self.state.round, self.state.project.units
        place = index.data(Qt.ItemDataRole.UserRole)
        if current is None or units is None or place is None:
            return
        query, theme = current.query, self.theme
        box: QRect = option.rect
        state = option.state
        painter.save()
        if state & QStyle.StateFlag.State_Selected:
            painter.fillRect(box, QColor(theme.raised))
            painter.fillRect(QRect(box.right() - 2, box.top(), 3, box.height()), theme.accent)
        names = units.partition_names
        ramp = partition_colours(len(units.cuts))
        name = query.group[place]
        colour = ramp[names.index(name)] if name in names else (123, 131, 141)
        painter.fillRect(
            QRect(box.left() + 6, box.top() + 5, 4, box.height() - 10),
            QColor(*(int(c) for c in colour)),
        )
        head = self.state.project.answers.effective.get(query.items[place])
        size = size_range(units.cuts, names.index(name)) if name in names else name
        high = painter.fontMetrics().height()
        top = QRect(box.left() + 17, box.top() + 3, box.width() - 26, high)
        bottom = QRect(
            box.left() + 17, box.top() + 3 + high, box.width() - 26, box.height() - high - 6
        )
        painter.setPen(QColor(theme.quiet if head else theme.text))
        painter.drawText(
            top, Qt.AlignmentFlag.AlignVCenter, f"{place + 1}   {size}, {query.cost[place]:,} pts"
        )
        painter.setFont(_small(painter.font()))
        text = query.reason[place]
        if head is not None:
            counts = head.class_counts()
            text = "declined"
            if counts:
                most = head.main_class()
                text = f"✓ {self.state.class_name(most)}"
                if len(counts) > 1:
                    text += f" and {len(counts) - 1} more"
                painter.fillRect(
                    QRect(box.right() - 18, box.top() + 4 + (high - 10) // 2, 10, 10),
                    QColor(*(int(c) for c in self.classes[most])),
                )
        painter.setPen(QColor(theme.quiet))
        flags = Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap
        painter.drawText(bottom, flags, text)
        painter.restore()


def _small(font: QFont) -> QFont:
    made = QFont(font)
    made.setPointSizeF(max(8.5, font.pointSizeF() * 0.85))
    return made


class Queue(QWidget):
    """The panel.

    Signals
    -------
    chosen(place) : the person clicked an item
    """

    chosen = Signal(int)

    def __init__(self, state: State, theme: Theme) -> None:
        super().__init__()
        self.state = state
        self.model = QueueModel(state)
        self.delegate = ItemDelegate(state, theme)
        self.list = QListView()
        self.list.setModel(self.model)
        self.list.setItemDelegate(self.delegate)
        self.list.setUniformItemSizes(True)
        self.list.setResizeMode(QListView.ResizeMode.Adjust)  # reasons wrap anew
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.list.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.list.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.list.clicked.connect(
            lambda index: self.chosen.emit(index.data(Qt.ItemDataRole.UserRole))
        )
        self.sort = Combo()
        self.sort.addItems(["By rank", "By scan"])
        self.sort.setToolTip("Order of the queue")
        self.partition = Combo()
        self.partition.setToolTip("Show one partition only")
        self.suggested = Combo()
        self.suggested.setToolTip("Show open items with one class suggested first")
        for box in (self.sort, self.partition, self.suggested):
            box.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            box.activated.connect(self._sorted)
        self.empty = QLabel()
        self.empty.setObjectName("quiet")
        self.empty.setWordWrap(True)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.empty.setContentsMargins(10, 8, 10, 8)
        self.budget = Budget(state)
        bar = QGridLayout()
        bar.setContentsMargins(8, 0, 8, 4)
        bar.setSpacing(4)
        bar.addWidget(self.sort, 0, 0)
        bar.addWidget(self.partition, 0, 1)
        bar.addWidget(self.suggested, 1, 0, 1, 2)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(bar)
        layout.addWidget(self.empty, 1)
        layout.addWidget(self.list, 10)
        layout.addWidget(self.budget)
        state.project_changed.connect(self.refill)
        state.answers_changed.connect(self.model.changed)
        state.target_told.connect(self._follow)
        state.guesses.changed.connect(self._list_classes)
        self.refill()

    def refill(self) -> None:
        """Read the queue anew."""
        self.model.reset()
        project = self.state.project
        names = project.units.partition_names if project.units is not None else ()
        self.partition.clear()
        self.partition.addItem("All", None)
        for index, name in enumerate(names):
            assert project.units is not None
            self.partition.addItem(size_range(project.units.cuts, index), name)
        self.partition.setCurrentIndex(max(0, self.partition.findData(self.state.order.partition)))
        self._list_classes()
        if project.units is None:
            text = "The scans are not prepared yet: press Prepare."
        elif self.state.round is None:
            text = "No question is open: press Ask."
        else:
            text = ""
        self.empty.setText(text)
        self.empty.setVisible(bool(text))
        self._follow()

    def _list_classes(self) -> None:
        """Offer the classes that are suggested for open items, the most frequent first."""
        if self.suggested.view().isVisible():
            return  # the person is choosing
        guesses = self.state.guesses
        counts = Counter(guesses.first.values() if guesses.shown else ())
        if self.state.order.suggested is not None:
            counts.setdefault(self.state.order.suggested, 0)
        self.suggested.setVisible(self.state.round is not None)
        self.suggested.setEnabled(bool(counts))
        self.suggested.clear()
        self.suggested.addItem("Any suggestion" if counts else "No suggestions yet", None)
        for label in sorted(counts, key=lambda c: (-counts[c], c)):
            name = self.state.class_name(label)
            self.suggested.addItem(f"Perhaps {name} ({counts[label]:,})", label)
        self.suggested.setCurrentIndex(max(0, self.suggested.findData(self.state.order.suggested)))

    def step(self, box: QComboBox) -> None:
        """Choose the next entry of one of the boxes, the first after the last."""
        if box.count():
            box.setCurrentIndex((box.currentIndex() + 1) % box.count())
            self._sorted()

    def _sorted(self) -> None:
        self.state.set_order(
            by_scan=self.sort.currentIndex() == 1,
            partition=self.partition.currentData(),
            suggested=self.suggested.currentData(),
        )

    def _follow(self, *_: object) -> None:
        """Select the item that is asked."""
        line = self.state.order.line_of(self.state.cursor)
        if line is not None:
            index = self.model.index(line)
            self.list.setCurrentIndex(index)
            self.list.scrollTo(index)
        else:
            self.list.clearSelection()

    def set_theme(self, theme: Theme) -> None:
        self.delegate.theme = theme
        self.list.viewport().update()
