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
    QPushButton,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from core.base.words import duration, size_range
from core.data.items import point_of
from gui.desk.advice import advice
from gui.desk.chosen import choice_of
from gui.desk.rows import Row, Rows
from gui.desk.state import State
from gui.look.colours import class_table, partition_colours
from gui.look.combo import Combo
from gui.look.theme import Theme
from gui.panels.budget import Budget
from gui.panels.highlight import Highlight

Index = QModelIndex | QPersistentModelIndex
_LETTERS = 60  # of a long reason


class QueueModel(QAbstractListModel):
    """The lines of the state's queue."""

    def __init__(self, state: State) -> None:
        super().__init__()
        self.state, self.lines = state, Rows(state)

    def rowCount(self, parent: Index | None = None) -> int:
        return len(self.lines)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid() or index.row() >= len(self.lines):
            return None
        place = self.lines.place(index.row())
        if role == Qt.ItemDataRole.UserRole:
            return place
        if role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return None
        row = self.lines.at(place)
        if role == Qt.ItemDataRole.DisplayRole:
            return f"{row.number}  {row.points:,} points  {row.reason}"
        return "\n".join(part for part in (row.unit, row.reason, row.detail) if part)

    def reset(self) -> None:
        self.beginResetModel()
        self.endResetModel()


class ItemDelegate(QStyledItemDelegate):
    """Paints one item: a stripe in its partition's colour, two lines, its class once answered."""

    def __init__(self, lines: Rows, theme: Theme) -> None:
        super().__init__()
        self.lines, self.theme = lines, theme
        self.classes = class_table(lines.state.project.classes)

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        # The same for all: of 10,000 rows none is measured.
        big, small = option.fontMetrics, QFontMetrics(_small(option.font))
        wide = max(option.rect.width() - 26, 100)
        lines = min(max(-(-_LETTERS * small.averageCharWidth() // wide), 2), 4)
        return QSize(180, big.height() + lines * small.height() + 8)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        units = self.lines.state.project.units
        place = index.data(Qt.ItemDataRole.UserRole)
        if units is None or place is None:
            return
        row, theme = self.lines.at(place), self.theme
        box: QRect = option.rect
        state = option.state
        painter.save()
        if state & QStyle.StateFlag.State_Selected:
            painter.fillRect(box, QColor(theme.raised))
            painter.fillRect(QRect(box.right() - 2, box.top(), 3, box.height()), theme.accent)
        ramp = partition_colours(len(units.cuts))
        colour = ramp[row.partition] if row.partition >= 0 else (123, 131, 141)
        painter.fillRect(
            QRect(box.left() + 6, box.top() + 5, 4, box.height() - 10),
            QColor(*(int(c) for c in colour)),
        )
        size = size_range(units.cuts, row.partition) if row.partition >= 0 else "not prepared"
        one = point_of(row.unit) is not None
        size = "one point" if one else f"{size}, {row.points:,} pts"
        high = painter.fontMetrics().height()
        top = QRect(box.left() + 17, box.top() + 3, box.width() - 26, high)
        bottom = QRect(
            box.left() + 17, box.top() + 3 + high, box.width() - 26, box.height() - high - 6
        )
        painter.setPen(QColor(theme.quiet if row.done else theme.text))
        number = row.number.partition(" of ")[0]
        painter.drawText(top, Qt.AlignmentFlag.AlignVCenter, f"{number}   {size}")
        text = self._answer(painter, box, row) or row.reason
        painter.setFont(_small(painter.font()))
        painter.setPen(QColor(theme.quiet))
        flags = Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap
        painter.drawText(bottom, flags, text)
        painter.restore()

    def _answer(self, painter: QPainter, box: QRect, row: Row) -> str:
        """Paint the colour of what an item was answered with; return it in words, "" for none."""
        if row.head is None:
            return "✓ answered" if row.done else ""
        counts = row.head.class_counts()
        if not counts:
            return "declined"
        most, high = row.head.main_class(), painter.fontMetrics().height()
        painter.fillRect(
            QRect(box.right() - 18, box.top() + 4 + (high - 10) // 2, 10, 10),
            QColor(*(int(c) for c in self.classes[most])),
        )
        more = f" and {len(counts) - 1} more" if len(counts) > 1 else ""
        return f"✓ {self.lines.state.class_name(most)}{more}"


def _small(font: QFont) -> QFont:
    made = QFont(font)
    made.setPointSizeF(max(8.5, font.pointSizeF() * 0.85))
    return made


class Queue(QWidget):
    """The panel.

    Signals
    -------
    chosen(place) : the person went to an item
    sorted_by_scan(on) : the person chose another order
    """

    chosen = Signal(int)
    sorted_by_scan = Signal(bool)

    def __init__(self, state: State, theme: Theme) -> None:
        super().__init__()
        self.state = state
        self.model = QueueModel(state)
        self.delegate = ItemDelegate(self.model.lines, theme)
        self.list = QListView()
        self.list.setModel(self.model)
        self.list.setItemDelegate(self.delegate)
        self.list.setUniformItemSizes(True)
        self.list.setResizeMode(QListView.ResizeMode.Adjust)  # reasons wrap anew
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.list.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.list.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.highlight = Highlight(self.list)
        self.highlight.chosen.connect(
            lambda index: self.chosen.emit(index.data(Qt.ItemDataRole.UserRole))
        )
        self.sort = Combo()
        self.sort.addItem("By scan", True)
        self.sort.addItem("By rank", False)
        self.saving = QLabel()
        self.saving.setObjectName("quiet")
        self.saving.setWordWrap(True)
        self.saving.setContentsMargins(10, 0, 10, 4)
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
        self.only = QPushButton()
        self.only.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.only.clicked.connect(choice_of(state).clear)
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
        layout.addWidget(self.saving)
        layout.addWidget(self.only)
        layout.addWidget(self.empty, 1)
        layout.addWidget(self.list, 10)
        layout.addWidget(self.budget)
        state.project_changed.connect(self.refill)
        # Painted anew; told of changed data, a QListView would lay out every line again.
        state.answers_changed.connect(self.list.viewport().update)
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
        asked = self.state.round is not None or self.state.second is not None
        text = "" if asked else advice(self.state)
        for box in (self.sort, self.partition, self.suggested):
            box.setEnabled(self.state.second is None)
        self.empty.setText(text)
        self.empty.setVisible(bool(text))
        self._tell_chosen()
        self._follow()

    def _tell_chosen(self) -> None:
        """Say that the list keeps to what was chosen on the Desk; a click shows all again."""
        state, chosen = self.state, choice_of(self.state).now
        self.only.setVisible(chosen is not None and state.round is not None)
        if chosen is not None:
            kept, asked = len(state.order.places), state.summary.asked
            self.only.setText(f"Chosen on the Desk: {kept:,} of {asked:,}  ✕")
            self.only.setToolTip(f"Only {chosen.words}. A click lists every item again.")

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

    def sort_by_scan(self, on: bool) -> None:
        """Order the queue by scan, or by rank."""
        self.sort.setCurrentIndex(self.sort.findData(on))
        self._sorted()

    def _tell_saving(self) -> None:
        """Say what the order by scan spares: the changes of scan, and their measured cost."""
        saved, measured = self.state.order.saved, self.state.change
        self.saving.setVisible(self.state.second is None and saved > 0)
        spares = "spares" if self.sort.currentData() else "would spare"
        text, tip = f"By scan {spares} {saved:,} changes of scan", ""
        if measured is not None:
            each, count = measured
            text += f": {duration(saved * each)}"
            tip = (
                f"Of the items that were open when the list was made. Another scan takes "
                f"{each:.2f} s more to be seen than another unit of the same scan: the medians "
                f"of the last {count:,} changes and of the last steps within a scan, in this "
                f"window."
            )
        if self.saving.text() != f"{text}.":
            self.saving.setText(f"{text}.")
            self.saving.setToolTip(tip)

    def step(self, box: QComboBox) -> None:
        """Choose the next entry of one of the boxes, the first after the last."""
        if box.count():
            box.setCurrentIndex((box.currentIndex() + 1) % box.count())
            self._sorted()

    def _sorted(self) -> None:
        self.sorted_by_scan.emit(bool(self.sort.currentData()))
        self.state.set_order(
            by_scan=bool(self.sort.currentData()),
            partition=self.partition.currentData(),
            suggested=self.suggested.currentData(),
        )

    def _follow(self, *_: object) -> None:
        """Highlight the item that is asked; arrows go on from it while another unit is."""
        self._tell_saving()
        line = self.model.lines.line()
        self.highlight.follow(self.model.index(-1 if line is None else line))
        if line is None:
            stand = self.state.order.line_of(self.state.cursor)
            self.highlight.stand(self.model.index(-1 if stand is None else stand))

    def set_theme(self, theme: Theme) -> None:
        self.delegate.theme = theme
        self.list.viewport().update()
