"""The Desk: what the data, the answers and the networks are, as charts that follow each other."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from functools import partial

from PySide6.QtCore import QByteArray, Qt, Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import (
    QApplication,
    QDialog,
    QDockWidget,
    QMainWindow,
    QPushButton,
    QVBoxLayout,
)
from shiboken6 import isValid

from core.base.errors import Cancelled, ProjectError
from core.base.jobs import Job
from core.base.words import round_name
from core.desk.asked import Asked, asked
from core.desk.class_parts import ANSWERS, TRUTH, ClassParts, class_parts
from core.desk.matrix import Place, find, matrix_of
from core.desk.sizes import sizes_of
from core.desk.steps import Step, steps_of
from gui.charts.asked import AskedChart
from gui.charts.chart import Chart
from gui.charts.class_parts import ClassPartsChart
from gui.charts.confusion import Confusion
from gui.charts.iou_rounds import IouRounds
from gui.charts.learning import Learning
from gui.charts.sizes import SizesChart
from gui.desk.background import Background, Turn
from gui.desk.later import Later
from gui.desk.state import State
from gui.look.flow import Flow
from gui.look.theme import Theme
from gui.look.words import Wrapped, breakable
from gui.start.recent import store

_LATER_MS = 1500  # answers come in quickly
_LAYOUT, _VERSION = "desk", 1
_NOT_PREPARED = "Prepare the scans first: there are no units yet."


class DeskPage(QDialog):
    """A window beside that of the project; its charts can be moved, put behind each other, closed.

    Signals
    -------
    round_chosen(id) : a round was clicked
    """

    round_chosen = Signal(str)
    _done = Signal(object, object)

    def __init__(self, over, state: State, theme: Theme) -> None:
        super().__init__(over, Qt.WindowType.Window)
        self.setWindowTitle(f"Desk of {state.project.path.name}")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.state, self.theme = state, theme
        self._background = Background(1, "desk")
        self._job = Job()
        self._futures: set[Future] = set()
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
        self._done.connect(self._take)
        self.learning.picked.connect(self.choose)
        self.iou.picked.connect(lambda key: self.choose(self.iou.steps[key[1]].id))
        self.confusion.picked.connect(self._show_points)
        self.asked.picked.connect(self._show_class)
        self.parts.picked.connect(lambda key: self._show_class(self.parts.rows[key[0]]))
        self.iou.picked.connect(lambda key: self._show_class(self.iou.rows[key[0]]))
        self.asked.which.currentIndexChanged.connect(lambda *_: self._show_asked())
        self._soon = Later(self, _LATER_MS, self._renew_answers)
        state.answers_changed.connect(self._soon.soon)
        state.project_changed.connect(self.renew)
        self.renew()

    # -- layout -------------------------------------------------------------------------------

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
        learning, classes, sizes, asked_, iou, confusion = self.docks.values()
        self.body.addDockWidget(area, learning)
        self.body.splitDockWidget(learning, confusion, Qt.Orientation.Horizontal)
        self.body.splitDockWidget(learning, classes, Qt.Orientation.Vertical)
        self.body.tabifyDockWidget(classes, sizes)
        self.body.tabifyDockWidget(sizes, asked_)
        self.body.tabifyDockWidget(confusion, iou)
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
        return not self._futures and not self._soon.isActive()

    def _read(self, work: Callable, then: Callable, chart: Chart) -> None:
        """Read something beside the window; where it cannot be, the chart says why."""
        future = self._background.submit(work, Turn.SOON)
        self._futures.add(future)
        future.add_done_callback(partial(self._ended, partial(self._arrived, then, chart)))

    def _ended(self, then: Callable[[Future], None], done: Future) -> None:
        if isValid(self):  # on the thread that read
            self._done.emit(done, then)

    def _take(self, done: Future, then: Callable[[Future], None]) -> None:
        self._futures.discard(done)
        if not done.cancelled():
            then(done)

    def _arrived(self, then: Callable, chart: Chart, done: Future) -> None:
        try:
            found = done.result()
        except ProjectError as error:
            chart.wait(f"{error.what} {error.do}")
        except Cancelled:
            pass
        else:
            then(found)

    def renew(self) -> None:
        """Read everything anew."""
        project = self.state.project
        if project.units is None:
            for chart in (self.sizes, self.parts, self.asked):
                chart.wait(_NOT_PREPARED)
        else:
            cuts = project.units.cuts
            self._read(partial(sizes_of, project.units), lambda f: self.sizes.set_sizes(f, cuts),
                       self.sizes)  # fmt: skip
            if project.research:
                self._read_classes(TRUTH)
        self._renew_answers()

    def _renew_answers(self) -> None:
        """Read what answers change."""
        project = self.state.project
        self._read(partial(steps_of, project), self._set_steps, self.learning)
        if project.units is not None and not project.research:
            self._read_classes(ANSWERS)

    def _read_classes(self, source: str) -> None:
        project = self.state.project
        self.parts.wait(f"Counting by {source} …") if self.parts.found is None else None

        def then(found: ClassParts) -> None:
            if source == TRUTH and not found.counts.any():  # none is beside these scans
                self._read_classes(ANSWERS)
            else:
                self.parts.set_parts(found)
                self._show_asked()  # beside the pool's classes

        self._read(partial(class_parts, project, source, self._job), then, self.parts)

    def _set_steps(self, steps: list[Step]) -> None:
        self.learning.set_steps(steps)
        self.iou.set_steps(steps)
        measured = [step.id for step in steps if step.miou is not None]
        if self.round not in measured:
            self.round = measured[-1] if measured else ""
        self._show_matrix()
        which = self.asked.which
        if which.count() != len(steps) + 1:
            which.blockSignals(True)
            which.clear()
            which.addItem("all rounds", "")
            for step in steps:
                which.addItem(f"{round_name(step.id)}, {step.strategy}", step.id)
            which.blockSignals(False)
        self._show_asked()

    def _show_asked(self) -> None:
        """What the chosen rounds asked, beside the pool."""
        project = self.state.project
        if project.units is None:
            return
        chosen = self.asked.which.currentData()
        rounds = [one for one in project.rounds if chosen in ("", None, one.id)]
        counted = self.parts.found
        pool = None
        if counted is not None and counted.source == TRUTH:
            pool = counted.counts.sum(axis=1) + counted.outside

        def then(found: Asked) -> None:
            names = project.need_units().partition_names
            self.asked.set_asked(found, names, project.classes.names, pool)

        self._read(partial(asked, project, rounds), then, self.asked)

    def _show_class(self, name: str) -> None:
        """A class is chosen: the learning curve is of its IoU."""
        at = self.learning.what.findText(name)
        if at >= 0:
            self.learning.what.setCurrentIndex(at)

    def choose(self, id: str) -> None:
        """A round is chosen: the confusion is its, and the project's panel shows it."""
        self.round = id
        self._show_matrix()
        self.round_chosen.emit(id)

    def _show_matrix(self) -> None:
        project = self.state.project
        if not self.round:
            self.confusion.wait(
                "A confusion is there once a round is trained and validation scans with ground "
                "truth measure it."
            )
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

        self._read(partial(matrix_of, project, found), then, self.confusion)

    def _show_points(self, key: tuple[int, int]) -> None:
        """The points behind a cell of the confusion, in the 3D view."""
        truth, said = self.confusion.of(key)
        project = self.state.project
        found = project.round(self.confusion.round)
        self.said.setText("Looking for these points …")
        work = partial(find, project, found, truth, said, self._job)
        names = project.classes.names
        future = self._background.submit(work, Turn.NOW)
        self._futures.add(future)
        then = partial(self._found, names[truth], names[said])
        future.add_done_callback(partial(self._ended, then))

    def _found(self, truth: str, said: str, done: Future[Place | None]) -> None:
        try:
            place = done.result()
        except ProjectError as error:
            self.said.setText(breakable(f"{error.what} {error.do}"))
            return
        if place is None:
            self.said.setText(f"No validation point of {truth} is taken for {said}.")
            return
        self.state.show_rows(place.scan, "", place.rows)
        kind = f"of {truth} taken for {said}" if truth != said else f"of {truth}, found"
        self.said.setText(
            breakable(
                f"{len(place.rows):,} of {place.points:,} points {kind} are marked in the view: "
                f"{place.scan}, the one of {place.scans:,} scans that holds most."
            )
        )

    def set_theme(self, theme: Theme) -> None:
        self.theme = theme
        for chart in self.charts.values():
            chart.set_theme(theme)

    def closeEvent(self, event: QCloseEvent) -> None:
        store().setValue(_LAYOUT, self.body.saveState(_VERSION))
        self._soon.stop()
        self._job.cancel()
        self.state.answers_changed.disconnect(self._soon.soon)
        self.state.project_changed.disconnect(self.renew)
        self._background.shut()
        super().closeEvent(event)


def show_desk(over, state: State, theme: Theme, chosen: Callable[[str], object]) -> DeskPage:
    """Show the Desk of a project, the same as before where it is open; `chosen` follows rounds."""
    shown = over.findChild(DeskPage)
    if shown is None:
        shown = DeskPage(over, state, theme)
        shown.round_chosen.connect(chosen)
    shown.show()
    shown.raise_()
    shown.activateWindow()
    return shown
