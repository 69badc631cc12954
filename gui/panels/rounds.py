"""The rounds panel: what each cost, its mIoU, the IoU per class, the loss while training."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QEvent, QModelIndex, Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QHeaderView,
    QLabel,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from core.base.errors import ProjectError
from core.base.jobs import Progress
from core.base.words import DASH, round_name
from core.project.branches import in_tree
from core.project.status import figures_of
from core.rounds import figures
from core.rounds.round import Round
from core.rounds.spending import Spending
from gui.charts.lines import Lines
from gui.desk.counted import points, units_words
from gui.desk.later import Later, WhileSeen
from gui.desk.state import State
from gui.look.flow import Flow
from gui.look.tables import Fit
from gui.look.theme import Theme
from gui.panels.highlight import Highlight

_ACTS = (
    ("here", "Go on here", "Put this round on the table: the next query is asked after it."),
    ("compare", "Compare …", "Put it beside another one: figures, queries, every point."),
    ("name", "Name …", "Give it a name, and note something about it."),
    ("away", "Put away", "List it no more, nor the rounds after it; nothing is deleted."),
)
_ROUND_COLUMNS = ("Round", "Answered", "Points", "mIoU")
_LATER_MS = 700  # behind an answer


class Rounds(QWidget):
    """A row per round, a branch's below the round it begins at; a click shows the IoU of its
    classes. Rounds are read only while somebody sees them.

    Signals
    -------
    wanted(what, id) : "here": put it on the table; "name", "away", "back", "compare"
    """

    wanted = Signal(str, str)

    def __init__(self, state: State, theme: Theme) -> None:
        super().__init__()
        self._styled = Later(self, 0, self._fit)
        self.state = state
        self.rows: list[dict[str, Any]] = []
        self.spent = QLabel()
        self.spent.setObjectName("quiet")
        self.spent.setWordWrap(True)
        self.spent.setContentsMargins(10, 0, 10, 0)
        self.table = _table(_ROUND_COLUMNS)
        self.table.itemSelectionChanged.connect(self._show_classes)
        self.highlight = Highlight(self.table)
        self.highlight.chosen.connect(self._choose)
        self.acts = self._make_acts()
        self._chosen = ""  # the round that the person went to; else the newest that is measured
        self.chart = Lines("mIoU of each round", theme, percent=True)
        self.loss = Lines("Loss of each epoch", theme)
        self.labelled = Lines("mIoU of each epoch on the labelled points", theme, percent=True)
        self.curves = (self.loss, self.labelled)
        for curve in self.curves:
            curve.hide()
        self.measured = QLabel()  # of the chosen round, over which classes, and the benchmark's
        self.measured.setObjectName("quiet")
        self.measured.setWordWrap(True)
        self.measured.setContentsMargins(10, 0, 10, 0)
        self.classes = _table(("Class", "IoU", "Change"))
        self.fits = (Fit(self.table, (0, 3, 1, 2)), Fit(self.classes, (0, 1, 2)))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 2, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(self.spent)
        layout.addWidget(self.table)
        layout.addWidget(self.acts)
        layout.addWidget(self.chart)
        layout.addWidget(self.loss)
        layout.addWidget(self.labelled)
        layout.addWidget(self.measured)
        layout.addWidget(self.classes)
        layout.addStretch()
        self._epochs: dict[str, dict[int, float]] = {}
        self._spending: dict[str, Spending] = {}  # by round, each counted once
        self._cells: list[list[QTableWidgetItem]] = []
        self.seen = WhileSeen(self, self.refill, self.count)
        self._later = Later(self, _LATER_MS, self.seen.follow)
        state.project_changed.connect(self.seen.renew)
        state.answers_changed.connect(self._later.soon)
        self._show_classes()

    def _make_acts(self) -> Flow:
        """What can be done with the chosen round."""
        acts = Flow()
        self.buttons: dict[str, QPushButton] = {}
        for what, text, tip in _ACTS:
            made = self.buttons[what] = QPushButton(text)
            made.setToolTip(tip)
            made.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            made.clicked.connect(lambda _=False, what=what: self._act(what))
            acts.add(made)
        self.all = QCheckBox("All")
        self.all.setToolTip("List rounds that were put away too.")
        self.all.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.all.toggled.connect(lambda _: self.seen.renew())
        acts.add(self.all, right=True)
        return acts

    def _act(self, what: str) -> None:
        place = self.table.currentRow()
        if 0 <= place < len(self.rows):
            id = self.rows[place]["id"]
            if what == "away" and self.state.project.tree.of(id).archived:
                what = "back"
            self._chosen = id
            self.wanted.emit(what, id)

    def _show_acts(self) -> None:
        """Which of them can be done with the chosen round."""
        project, place = self.state.project, self.table.currentRow()
        chosen = self.rows[place]["id"] if 0 <= place < len(self.rows) else ""
        tip = project.tip
        away = bool(chosen) and project.tree.of(chosen).archived
        self.buttons["away"].setText("Bring back" if away else "Put away")
        for what, button in self.buttons.items():
            may = bool(chosen) and (project.writable or what == "compare")
            may &= what != "here" or (not away and (tip is None or chosen != tip.id))
            may &= what != "compare" or len(project.rounds) > 1
            button.setEnabled(may)
        self.acts.setVisible(bool(project.rounds))
        self.all.setVisible(any(project.tree.of(one.id).archived for one in project.rounds))

    def refill(self) -> bool:
        """Read every round anew, the items of each once only; return whether they can be read."""
        project = self.state.project
        try:
            listed = in_tree(project, all=self.all.isChecked())
            self.rows = [self._row(one) for one, _ in listed]
        except ProjectError as error:
            self.state.failed.emit(error)
            return False
        self._cells = []
        self.table.setRowCount(len(self.rows))
        for place, (row, (one, depth)) in enumerate(zip(self.rows, listed, strict=True)):
            miou = DASH if row["miou"] is None else f"{row['miou']:.1%}"
            texts = (self._title(one, depth), "", "", miou)
            cells = [_cell(text, right=column > 0) for column, text in enumerate(texts)]
            self._cells.append(cells)
            for column, cell in enumerate(cells):
                self.table.setItem(place, column, cell)
        self.count()
        line = {one.id for one in project.branch(project.tip)}  # a line through two would lie
        mine = [row for row in self.rows if row["id"] in line]
        self.chart.set_values(
            [row["miou"] for row in mine], [round_name(row["id"]) for row in mine]
        )
        if self.rows:
            measured = [n for n, row in enumerate(self.rows) if row["miou"] is not None]
            chosen = [n for n, row in enumerate(self.rows) if row["id"] == self._chosen]
            with self.highlight.quiet():
                self.table.selectRow([len(self.rows) - 1, *measured, *chosen][-1])
        self._show_classes()
        self._show_acts()
        self._fit()
        return True

    def _row(self, one: Round) -> dict[str, Any]:
        """What is known of a round but its answers, which are followed as they come."""
        project = self.state.project
        if one.id not in self._spending:
            self._spending[one.id] = Spending(one.query, project.answers.fold)
        about = {"id": one.id, "parent": one.parent, "stage": one.stage(answered=False)}
        return {**about, **figures_of(project, one)}

    def _title(self, one: Round, depth: int) -> str:
        """A round in its place in the tree; what is on the table is marked."""
        about, tip = self.state.project.tree.of(one.id), self.state.project.tip
        name = f" {about.name}" if about.name else ""
        mark = " ●" if tip is not None and one == tip and len(self.rows) > 1 else ""
        return f"{'    ' * depth}{round_name(one.id).capitalize()}{name}{mark}"

    def _fit(self) -> None:
        """The panel scrolls; its tables are as high as their rows, the first up to five."""
        for table, fit, most in zip((self.table, self.classes), self.fits, (5, 99), strict=True):
            fit.again()
            rows = max(min(table.rowCount(), most), 1)
            header = table.horizontalHeader().sizeHint().height()
            table.setFixedHeight(header + rows * table.verticalHeader().defaultSectionSize() + 6)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.StyleChange, QEvent.Type.FontChange):
            self._styled.start()

    def count(self) -> None:
        """Count the new answers."""
        spent = self.state.project.answers.spent()
        self.spent.setText(
            f"In all rounds: {points(spent):,} points, {units_words(spent)}, "
            f"{spent.minutes:.1f} min"
        )
        for row, cells in zip(self.rows, self._cells, strict=True):
            spending = self._spending[row["id"]]
            spending.follow()
            stage = row["stage"]
            if stage == "asked" and not spending.waiting:
                stage = "answered"
            answered = f"{spending.done:,} of {len(spending.query.items):,}"
            cells[1].setText(answered)
            cells[2].setText(f"{spending.points:,}")
            for cell in cells:
                cell.setToolTip(
                    f"{row['id']}: {stage}, {answered} units, {spending.points:,} points"
                    f"{self._about(row['id'])}"
                )

    def _about(self, id: str) -> str:
        """What people say of a round, for its tooltip."""
        about = self.state.project.tree.of(id)
        told = [about.name, about.note, "put away" if about.archived else ""]
        return "".join(f"\n{text.replace('<', '‹')}" for text in told if text)

    def choose(self, id: str) -> None:
        """Show a round's classes, as a click on it does."""
        self._chosen = id
        self.seen.renew()

    def _choose(self, index: QModelIndex) -> None:
        self._chosen = self.rows[index.row()]["id"]

    def _show_classes(self) -> None:
        """IoU per class of the selected round, and the change from its parent."""
        self._show_acts()
        place = self.table.currentRow()
        if not 0 <= place < len(self.rows):
            self.classes.setRowCount(0)
            self.measured.hide()
            return
        row = self.rows[place]
        self.measured.setVisible(row["miou"] is not None)
        self.measured.setText(f"{round_name(row['id']).capitalize()}: mIoU {figures.words(row)}")
        parent = next((r for r in self.rows if r["id"] == row["parent"]), None)
        self.classes.setRowCount(len(row["iou"]))
        for line, (name, value) in enumerate(row["iou"].items()):
            before = parent["iou"].get(name) if parent else None
            both = value is not None and before is not None
            texts = (
                name,
                DASH if value is None else f"{value:.1%}",
                f"{(value - before) * 100:+.1f}" if both else DASH,
            )
            for column, text in enumerate(texts):
                self.classes.setItem(line, column, _cell(text, right=column > 0))
        self._fit()

    def progressed(self, report: Progress) -> None:
        """Follow a training: loss and mIoU of each epoch."""
        epoch = int(report.values.get("epoch", 0))
        for curve, name in zip(self.curves, ("loss", "labelled_miou"), strict=True):
            value = report.values.get(name)
            if value is not None:
                told = self._epochs.setdefault(name, {})
                told[epoch] = value
                curve.set_values([told.get(e) for e in range(1, epoch + 1)])
                curve.show()

    def started(self, name: str) -> None:
        """A step began: a training has new curves."""
        if name == "Train":
            self._epochs.clear()

    def set_theme(self, theme: Theme) -> None:
        self.chart.set_theme(theme)
        for curve in self.curves:
            curve.set_theme(theme)


def _table(columns: tuple[str, ...]) -> QTableWidget:
    table = QTableWidget(0, len(columns))
    table.setHorizontalHeaderLabels(list(columns))
    table.verticalHeader().hide()
    table.setShowGrid(False)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
    header = table.horizontalHeader()
    header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
    header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
    header.setMinimumSectionSize(40)
    return table


def _cell(text: str, *, right: bool) -> QTableWidgetItem:
    cell = QTableWidgetItem(text)
    side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
    cell.setTextAlignment(side | Qt.AlignmentFlag.AlignVCenter)
    return cell
