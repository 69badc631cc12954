"""The review: how well suggestions and annotators agree, and every answer, disputed ones first."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QPersistentModelIndex,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from core.answers.labels import CARRIED
from core.assist.suggestion import HitRates, hit_rates
from core.base.errors import ProjectError
from core.base.words import DASH, round_name
from core.project.project import Project
from core.quality.agreement import Agreement, agreements
from core.quality.box_agreement import box_agreements, in_words
from core.quality.review import Reviewed, reviewed
from gui.desk.background import Turn
from gui.desk.state import State
from gui.look.combo import Combo
from gui.look.tables import Fit
from gui.look.theme import Theme
from gui.panels.highlight import Highlight

Index = QModelIndex | QPersistentModelIndex
Pair = tuple[str, str]
Read = tuple[list[Reviewed], str]  # the rows, and how well all agree in words
_COLUMNS = ("Class", "Votes", "Model", "Unit", "Who", "Round", "s", "Tool", "When")
_NEEDED = (0, 1, 2, 4, 8, 5, 3, 6, 7)  # those that matter most first
_LATER_MS = 1200
_KINDS: dict[str, Callable[[Reviewed], bool]] = {
    "All answers": lambda row: True,
    "Annotators differ": lambda row: bool(row.others),
    "The network differs": lambda row: row.disputed,
    "Carried over": lambda row: row.tool == CARRIED,
}


class ReviewModel(QAbstractTableModel):
    """A row per answer that counts."""

    def __init__(self, state: State, theme: Theme) -> None:
        super().__init__()
        self.state, self.theme = state, theme
        self.rows: list[Reviewed] = []
        self._lines: dict[str, int] = {}

    def set_rows(self, rows: list[Reviewed]) -> None:
        self.beginResetModel()
        self.rows = rows
        self._lines = {row.unit: line for line, row in enumerate(rows)}
        self.endResetModel()

    def index_of(self, unit: str) -> QModelIndex:
        """The row of a unit; not valid where it has none."""
        return self.index(self._lines.get(unit, -1), 0)

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
        row = self.rows[index.row()]
        if role == Qt.ItemDataRole.UserRole:
            return row.unit
        if role == Qt.ItemDataRole.ForegroundRole:
            doubtful = (index.column() == 0 and row.others) or (
                index.column() == _COLUMNS.index("Model") and row.disputed
            )
            return QColor(self.theme.warning) if doubtful else None
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{row.unit}\n{self._words(row)}"
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        return (
            self.state.class_name(row.found),
            self._votes(row.others) or DASH,
            DASH if row.model is None else self.state.class_name(row.model),
            row.unit.rpartition("/")[2],
            row.annotator,
            round_name(row.round).removeprefix("round ") or DASH,
            f"{row.seconds:.1f}",
            row.tool,
            time.strftime("%d %b %H:%M", time.localtime(row.time)),
        )[index.column()]

    def _votes(self, votes: Mapping[str, int]) -> str:
        """Votes side by side."""
        return "  |  ".join(f"{who}: {self.state.class_name(votes[who])}" for who in sorted(votes))

    def _words(self, row: Reviewed) -> str:
        when = time.strftime("%d %b %H:%M", time.localtime(row.time))
        lines = [
            f"{row.annotator}, {when}, {round_name(row.round) or 'not asked'}: "
            f"{row.seconds:.1f} s by {row.tool}"
        ]
        if row.others:
            lines.append(self._votes({**row.others, row.annotator: row.found}))
        if row.disputed and row.model is not None:
            lines.append(f"The network sees {self.state.class_name(row.model)}.")
        return "\n".join([*lines, "It is shown; a key gives another class."])


class Review(QWidget):
    """The panel.

    Signals
    -------
    chosen(unit) : the person went to an answer
    """

    chosen = Signal(str)
    _read = Signal(int, object)

    def __init__(self, state: State, theme: Theme) -> None:
        super().__init__()
        self.state = state
        self.model = ReviewModel(state, theme)
        self.summary = QLabel()
        self.summary.setWordWrap(True)
        self.summary.setObjectName("quiet")
        self.summary.setContentsMargins(10, 2, 10, 2)
        self.kind = Combo()
        self.kind.addItems(list(_KINDS))
        self.kind.setToolTip("Which answers are listed")
        self.kind.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.kind.currentIndexChanged.connect(self._list)
        self._rows: list[Reviewed] = []
        self._asked: Future[Read] | None = None
        self._hidden = False  # whether no answer is listed, for a second opinion
        self._left_out = -1  # the row of what is seen again
        self._reads = self._shown = 0  # how many were begun, and which of them is shown
        self.table = QTableView()
        self.table.setModel(self.model)
        self.table.verticalHeader().hide()
        self.table.setShowGrid(False)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setStretchLastSection(True)
        self.fit = Fit(self.table, _NEEDED)
        self.highlight = Highlight(self.table)
        self.highlight.chosen.connect(
            lambda index: self.chosen.emit(index.data(Qt.ItemDataRole.UserRole))
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 2, 0, 0)
        layout.addWidget(self.summary)
        bar = QHBoxLayout()
        bar.setContentsMargins(8, 2, 8, 4)
        bar.addWidget(self.kind)
        layout.addLayout(bar)
        layout.addWidget(self.table, 1)
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(_LATER_MS)
        self._later.timeout.connect(self.refill)
        self._read.connect(self._show)
        state.project_changed.connect(self._follow_project)
        state.answers_changed.connect(self._soon)
        state.target_told.connect(self._follow)
        self._soon()

    def _soon(self) -> None:
        # Reading all answers takes time: only while somebody looks at them.
        if self.isVisible() and not self._later.isActive():
            self._later.start()

    def _follow_project(self) -> None:
        if self.state.hides_labels != self._hidden:
            self._list()
        self._soon()

    def showEvent(self, event: object) -> None:
        self._soon()

    def refill(self) -> None:
        """Read every answer anew, on another thread."""
        project = self.state.project

        def work() -> Read:
            heads = list(project.answers.effective.values())
            rates = hit_rates(heads, project.classes.now)
            return reviewed(project), "\n".join([*_rates(rates), *_compared(project)])

        if self._asked is not None:
            self._asked.cancel()
        self._asked = self.state.background.submit(work, Turn.SOON)
        self._reads = number = self._reads + 1
        self._asked.add_done_callback(lambda done: self._read.emit(number, done))

    def _show(self, number: int, done: Future[Read]) -> None:
        if done.cancelled() or number < self._shown:
            return  # a later one came first
        self._shown = number
        try:
            self._rows, words = done.result()
        except ProjectError as error:
            self.summary.setText(f"{error.what} {error.do}")
            return
        for place, (name, belongs) in enumerate(_KINDS.items()):
            self.kind.setItemText(place, f"{name} ({sum(map(belongs, self._rows)):,})")
        self._list()
        self.summary.setText(words)

    def _list(self) -> None:
        belongs = list(_KINDS.values())[self.kind.currentIndex()]
        before = self.table.currentIndex()
        unit, line = before.data(Qt.ItemDataRole.UserRole), before.row()
        self._hidden = self.state.hides_labels  # a second opinion shows nobody's answer
        rows = () if self._hidden else self._rows
        self.model.set_rows([row for row in rows if belongs(row)])
        votes = any(row.others for row in self.model.rows)
        self.table.setColumnHidden(_COLUMNS.index("Votes"), not votes)
        stand = self.model.index_of(unit or "")
        if not stand.isValid():  # it left the list: the arrow down goes to what came after it
            stand = self.model.index(min(line, len(self.model.rows)) - 1, 0)
        self.highlight.stand(stand)
        self._highlight(scroll=False)
        self.fit.again()

    def _follow(self) -> None:
        """Highlight what is asked, where it is listed."""
        self._highlight(scroll=True)

    def _highlight(self, *, scroll: bool) -> None:
        """Leave out what is seen again: its answer would tell what it is, and its line that it is
        no item."""
        row = self.model.index_of(self.state.agenda.again).row()
        if row != self._left_out:
            self.table.setRowHidden(self._left_out, False)
            self.table.setRowHidden(row, True)
            self._left_out = row
        index = self.model.index_of(self.state.aimed_at)
        self.highlight.follow(QModelIndex() if index.row() == row else index, scroll=scroll)

    def set_theme(self, theme: Theme) -> None:
        self.model.theme = theme
        self.table.viewport().update()

    def shut(self) -> None:
        """Read nothing more."""
        self._later.stop()
        self._read.disconnect()


def _share(right: tuple[int, int]) -> str:
    return f"{right[0] / right[1]:.0%}" if right[1] else DASH


def _rates(rates: HitRates) -> list[str]:
    if not rates.shown[1] and not rates.bare[1]:
        return ["Suggestions: none was measured yet."]
    return [
        f"Suggested by shape: right first {_share(rates.shape_first)}, among three "
        f"{_share(rates.shape_three)} of {rates.shape_first[1]:,}; by the network "
        f"{_share(rates.network)} of {rates.network[1]:,}.",
        f"First suggestion taken where shown {_share(rates.shown)} of {rates.shown[1]:,}, "
        f"right where hidden {_share(rates.bare)} of {rates.bare[1]:,}.",
    ]


def _compared(project: Project) -> list[str]:
    """How well annotators agree; why that is not known where a scan cannot be read."""
    try:
        agree, boxes = agreements(project), box_agreements(project)
    except ProjectError as error:
        return [f"{error.what} {error.do}"]
    drawn = [f"Boxes: {in_words(pair, one)}." for pair, one in sorted(boxes.items())]
    return [*_agreements(agree), *drawn]


def _agreements(agree: Mapping[Pair, Agreement]) -> list[str]:
    lines = []
    for (second, first), one in sorted(agree.items()):
        who = f"{second} with themselves" if second == first else f"{second} with {first}"
        same = DASH if one.same is None else f"{one.same:.0%}"
        kappa = DASH if one.kappa is None else f"{one.kappa:.2f}"
        lines.append(f"{who}: {same} of points, kappa {kappa}, {one.units:,} units.")
    return lines
