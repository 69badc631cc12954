"""The Desk: what the data, the answers and the networks are, as charts that follow each other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from functools import partial
from typing import TypeVar

import numpy as np
from PySide6.QtCore import QByteArray, Qt, Signal
from PySide6.QtGui import QCloseEvent, QShowEvent
from PySide6.QtWidgets import (
    QApplication,
    QDialog,
    QDockWidget,
    QMainWindow,
    QPushButton,
    QVBoxLayout,
)

from core.base.errors import Cancelled, ProjectError
from core.base.jobs import Job
from core.base.words import round_name
from core.desk import behind
from core.desk.ask_these import ask_these
from core.desk.asked import Asked, asked
from core.desk.class_parts import ANSWERS, TRUTH, ClassParts, class_parts
from core.desk.explained import CONFUSION, NOT_PREPARED
from core.desk.matrix import find, matrix_of
from core.desk.measured import Place
from core.desk.sizes import sizes_of
from core.desk.steps import Step, steps_of
from core.rounds.round import Round
from gui.charts.asked import AskedChart
from gui.charts.chart import Chart
from gui.charts.class_parts import ClassPartsChart
from gui.charts.confusion import Confusion
from gui.charts.iou_rounds import IouRounds
from gui.charts.learning import Learning
from gui.charts.sizes import SizesChart
from gui.desk.background import Turn
from gui.desk.chosen import choice_of
from gui.desk.later import Later
from gui.desk.state import State
from gui.desk_page.clicks import Clicks
from gui.desk_page.more import More
from gui.desk_page.reader import Reader
from gui.look.docks import hide_left_over_tabs
from gui.look.flow import Flow
from gui.look.theme import Theme
from gui.look.words import Wrapped, breakable
from gui.start.recent import store

Found = TypeVar("Found")
_LATER_MS = 1500  # answers come in quickly
_LAYOUT, _VERSION = "desk", 2


class DeskPage(QDialog):
    """A window beside that of the project; its charts can be moved, put behind each other, closed.

    Signals
    -------
    round_chosen(id) : a round was clicked
    ask(step) : a query that a person chose is wanted; `step` takes a job
    """

    round_chosen = Signal(str)
    ask = Signal(object)

    def __init__(self, over, state: State, theme: Theme) -> None:
        super().__init__(over, Qt.WindowType.Window)
        self.setWindowTitle(f"Desk of {state.project.path.name}")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.state, self.theme = state, theme
        self.reader = Reader(self)
        self._known: tuple[object, ...] | None = None  # what was read
        self.round = ""  # that is chosen
        self.learning, self.sizes = Learning(theme), SizesChart(theme)
        self.parts, self.iou, self.confusion = (
            ClassPartsChart(theme),
            IouRounds(theme),
            Confusion(theme),
        )
        self.asked = AskedChart(theme)
        self.charts: dict[str, Chart] = {
            "Learning": self.learning,
            "Classes": self.parts,
            "Sizes": self.sizes,
            "Asked": self.asked,
            "IoU": self.iou,
            "Confusion": self.confusion,
        }
        self.more = More(self, state, self.reader, theme)
        self.charts |= self.more.charts
        self.body = QMainWindow()
        self.body.setWindowFlags(Qt.WindowType.Widget)
        self.body.setDockNestingEnabled(True)
        self.docks: dict[str, QDockWidget] = {}
        self.bar = Flow()
        self.shows: dict[str, QPushButton] = {}
        for name, chart in self.charts.items():
            dock = QDockWidget(name)
            dock.setObjectName(name)
            dock.setWidget(chart)
            chart.without_heading()
            self.docks[name] = dock
            self.shows[name] = self._switch(name, dock)
        quality = QPushButton("Quality …")
        quality.setToolTip("Accuracy and IoU without ground truth, from points that chance chose.")
        quality.setAutoDefault(False)
        quality.clicked.connect(over.open_quality)
        self.bar.add(quality, right=True)
        first = QPushButton("As at first")
        first.setToolTip("Put every chart back where it was at first.")
        first.setAutoDefault(False)
        first.clicked.connect(self.arrange)
        self.bar.add(first, right=True)
        self.chosen = QPushButton()
        self.chosen.setAutoDefault(False)
        self.chosen.setToolTip("Choose nothing any more: queue and view show all again.")
        self.chosen.clicked.connect(choice_of(state).clear)
        self.bar.add(self.chosen, right=True)
        self.said = Wrapped(name="quiet")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.setSpacing(6)
        layout.addWidget(self.bar)
        layout.addWidget(self.body, 1)
        layout.addWidget(self.said)
        self.resize(over.size())
        self.arrange()
        kept = store().value(_LAYOUT)
        if isinstance(kept, QByteArray):
            self.body.restoreState(kept, _VERSION)
        self.more.watch(self.docks)
        self.more.find.connect(self._look_for)
        self.more.ask.connect(self._ask)
        self.learning.picked.connect(self.choose)
        self.confusion.picked.connect(self._show_points)
        self.clicks = Clicks(self)
        self.asked.which.currentIndexChanged.connect(lambda *_: self._show_asked())
        self._soon = Later(self, _LATER_MS, self._renew_answers)
        self._laid_out = Later(self, 0, self._tidy)
        state.answers_changed.connect(self._soon.soon)
        state.project_changed.connect(self._renew_if_changed)
        self.renew()

    # -- layout -------------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        # Qt makes tabs as the first arrangement is shown, of those before it too.
        self._laid_out.start()

    def _tidy(self) -> None:
        hide_left_over_tabs(self.body, list(self.docks.values()))

    def _switch(self, name: str, dock: QDockWidget) -> QPushButton:
        """A button that shows a chart, or closes it."""
        made = QPushButton(name)
        made.setObjectName("tab")
        made.setCheckable(True)
        made.setAutoDefault(False)
        made.clicked.connect(lambda on: self._turn(dock, on))
        dock.visibilityChanged.connect(lambda _: made.setChecked(not dock.isHidden()))
        self.bar.add(made)
        return made

    def _turn(self, dock: QDockWidget, on: bool) -> None:
        dock.setVisible(on)
        if on:
            dock.raise_()

    def arrange(self) -> None:
        """Every chart where it is at first: the tall ones on the right, behind each other."""
        area = Qt.DockWidgetArea.TopDockWidgetArea
        if self.isVisible():
            for dock in self.docks.values():
                self.body.removeDockWidget(dock)
            QApplication.processEvents()  # else Qt leaves the old tabs in sight
        learning, classes, sizes, asked_, iou, confusion, *more = self.docks.values()
        self.body.addDockWidget(area, learning)
        self.body.splitDockWidget(learning, confusion, Qt.Orientation.Horizontal)
        self.body.splitDockWidget(learning, classes, Qt.Orientation.Vertical)
        self.body.tabifyDockWidget(classes, sizes)
        self.body.tabifyDockWidget(sizes, asked_)
        self.body.tabifyDockWidget(confusion, iou)
        certainty, effort, scans, features, experiment = more
        for dock in (certainty, features, scans):
            self.body.tabifyDockWidget(iou, dock)
        for dock in (effort, experiment):
            self.body.tabifyDockWidget(asked_, dock)
        for dock in self.docks.values():
            dock.setFloating(False)
            dock.show()
        for dock in (classes, confusion):
            dock.raise_()
        wide, high = self.width() // 2, self.height() // 2
        self.body.resizeDocks([learning, confusion], [wide, wide], Qt.Orientation.Horizontal)
        self.body.resizeDocks([learning, classes], [high, high], Qt.Orientation.Vertical)

    # -- what is shown ------------------------------------------------------------------------

    @property
    def rested(self) -> bool:
        """Whether nothing is being read."""
        waits = self._soon.isActive() or not choice_of(self.state).rested
        return self.reader.rested and not waits

    def _renew_if_changed(self) -> None:
        """Another order of the queue is told as a change of the project too."""
        if self._state_of_now() != self._known:
            self.renew()

    def _state_of_now(self) -> tuple[object, ...]:
        """What tells whether there is anything new to read, without opening a file."""
        project = self.state.project
        rounds = [(one.id, one.frozen, one.scored, one.done) for one in project.rounds]
        units = project.units
        return (units.fingerprint if units is not None else "", rounds, project.classes,
                project.given.scored, project.tip)  # fmt: skip

    def renew(self) -> None:
        """Read everything anew."""
        project = self.state.project
        known, self._known = self._known, self._state_of_now()
        if known is not None and known[0] != self._known[0]:  # units have other numbers
            self.parts.found = self.more.features.plane = None
            old: Sequence[Chart] = (self.parts, self.asked, self.more.effort, self.more.features)
            for one in old:
                one.wait("Counting the new units …")
        if project.units is None:
            unknown: Sequence[Chart] = (self.sizes, self.parts, self.asked)
            for chart in unknown:
                chart.wait(NOT_PREPARED)
        else:
            cuts = project.units.cuts
            self.reader.read(
                partial(sizes_of, project.units),
                lambda found: self.sizes.set_sizes(found, cuts),
                self.sizes,
            )
            if project.research:
                self._read_classes(TRUTH)
        self.more.renew()
        self._renew_answers()

    def _renew_answers(self) -> None:
        """Read what answers change."""
        project = self.state.project
        self.more.renew_answers()
        self.reader.read(partial(steps_of, project), self._set_steps, self.learning)
        if project.units is not None and not project.research:
            self._read_classes(ANSWERS)

    def _read_classes(self, source: str) -> None:
        project = self.state.project
        self.parts.wait(f"Counting by {source} …") if self.parts.found is None else None

        def then(found: ClassParts) -> None:
            if source == TRUTH and not found.counts.any():  # none is beside these scans
                self._read_classes(ANSWERS)
            else:
                self.parts.set_parts(found, project.need_units().partition)
                self._show_asked()  # beside the pool's classes

        self.reader.read(partial(class_parts, project, source, self.reader.job), then, self.parts)

    def _set_steps(self, steps: list[Step]) -> None:
        self.learning.set_steps(steps)
        self.iou.set_steps(steps)
        measured = [step.id for step in steps if step.miou is not None]
        if self.round not in measured:
            self.round = measured[-1] if measured else ""
        self._show_matrix()
        which = self.asked.which
        items = [("all rounds", "")]
        items += [(f"{round_name(step.id)}, {step.strategy}", step.id) for step in steps]
        if [(which.itemText(n), which.itemData(n)) for n in range(which.count())] != items:
            chosen = which.currentData()
            which.blockSignals(True)
            which.clear()
            for item in items:
                which.addItem(*item)
            which.setCurrentIndex(max(which.findData(chosen), 0))
            which.blockSignals(False)
        self._show_asked()

    def _show_asked(self) -> None:
        """What the chosen rounds asked, beside the pool."""
        project = self.state.project
        if project.units is None:
            return
        rounds = self.asked_rounds
        counted = self.parts.found
        pool = None
        if counted is not None and counted.source == TRUTH:
            pool = counted.counts.sum(axis=1) + counted.outside

        def then(found: Asked) -> None:
            names = project.need_units().partition_names
            self.asked.set_asked(found, names, project.classes.names, pool)

        self.reader.read(partial(asked, project, rounds), then, self.asked)

    def show_class(self, name: str) -> None:
        """A class is chosen: the learning curve is of its IoU."""
        at = self.learning.what.findText(name)
        if at >= 0:
            self.learning.what.setCurrentIndex(at)

    def choose(self, id: str) -> None:
        """A round is chosen, with what it asked."""
        self.turn_to(id)
        project = self.state.project
        if project.units is not None:
            found = project.round(id)
            choice_of(self.state).choose(
                f"units asked in {round_name(id)}", behind.of_rounds(project, [found])
            )

    def turn_to(self, id: str) -> None:
        """The confusion is a round's, and the project's panel shows it."""
        self.round = id
        self._show_matrix()
        self.round_chosen.emit(id)

    def _show_matrix(self) -> None:
        project = self.state.project
        self.more.set_round(self.round)
        if not self.round:
            self.confusion.wait(CONFUSION.waits)
            return
        found, name = project.round(self.round), round_name(self.round)

        def then(matrix) -> None:
            if matrix is None:
                self.confusion.wait(
                    f"{name.capitalize()} was measured by another class list, or is not measured: "
                    "Evaluate measures it anew."
                )
            else:
                self.docks["Confusion"].setWindowTitle(f"Confusion, {name}")
                self.confusion.set_matrix(found.id, list(project.classes.names), matrix)

        self.reader.read(partial(matrix_of, project, found), then, self.confusion)

    def _show_points(self, key: tuple[int, int]) -> None:
        """The points behind a cell of the confusion, in the 3D view."""
        truth, said = self.confusion.of(key)
        project = self.state.project
        found, names = project.round(self.confusion.round), project.classes.names
        kind = f"of {names[truth]} taken for {names[said]}"
        if truth == said:
            kind = f"of {names[truth]}, found"
        self.show_class(names[truth])
        self._look_for(
            f"points {kind}", partial(find, project, found, truth, said, self.reader.job)
        )

    def _look_for(self, words: str, work: Callable[[], Place | None]) -> None:
        """Look for validation points and show those of the scan that holds most."""
        self.said.setText("Looking for these points …")
        self.look(work, partial(self._found, words))

    def look(self, work: Callable[[], Found], then: Callable[[Found], object]) -> None:
        """Read what a click asks for, before all else; say why where it cannot be read."""

        def arrived(done: Future[Found]) -> None:
            try:
                found = done.result()
            except ProjectError as error:
                self.said.setText(breakable(f"{error.what} {error.do}"))
            except Cancelled:
                pass
            else:
                then(found)

        self.reader.submit(work, arrived, Turn.NOW)

    def _found(self, words: str, place: Place | None) -> None:
        if place is None:
            self.said.setText(f"There are no {words} in the validation scans.")
            return
        self.state.show_rows(place.scan, "", place.rows)
        self.said.setText(
            breakable(
                f"{len(place.rows):,} of {place.points:,} {words} are marked in the view: "
                f"{place.scan}, the one of {place.scans:,} scans that holds most."
            )
        )

    # -- choosing -----------------------------------------------------------------------------

    @property
    def asked_rounds(self) -> Sequence[Round]:
        """Those that the chart of what was asked shows."""
        chosen = self.asked.which.currentData()
        return [one for one in self.state.project.rounds if chosen in ("", None, one.id)]

    def _ask(self, units: np.ndarray) -> None:
        """Ask for chosen units, as a step of the window."""
        self.ask.emit(lambda job: ask_these(self.state.project, job, units))

    def set_theme(self, theme: Theme) -> None:
        self.theme = theme
        for chart in self.charts.values():
            chart.set_theme(theme)

    def closeEvent(self, event: QCloseEvent) -> None:
        store().setValue(_LAYOUT, self.body.saveState(_VERSION))
        self._soon.stop()
        self.state.answers_changed.disconnect(self._soon.soon)
        self.state.project_changed.disconnect(self._renew_if_changed)
        self.reader.shut()
        super().closeEvent(event)


def show_desk(
    over,
    state: State,
    theme: Theme,
    chosen: Callable[[str], object],
    ask: Callable[[Callable[[Job], object]], object],
) -> DeskPage:
    """Show the Desk of a project, the same as before where it is open; `chosen` follows rounds,
    `ask` runs a step that asks."""
    shown = over.findChild(DeskPage)
    if shown is None:
        shown = DeskPage(over, state, theme)
        shown.round_chosen.connect(chosen)
        shown.ask.connect(ask)
    shown.show()
    shown.raise_()
    shown.activateWindow()
    return shown
