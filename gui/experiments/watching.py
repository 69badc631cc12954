"""Watching an experiment: progress, curves, results, cells; stop it, go on with it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, QTimer, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QHideEvent, QShowEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from core.base.errors import ProjectError
from core.base.jobs import Job
from core.base.words import duration
from core.experiment.attached import kill_tree
from core.experiment.lines import Line, lines_of
from core.experiment.measures import MIOU
from core.experiment.plots import AXIS_WORDS
from core.experiment.report import REPORT, write_report
from core.experiment.unscored import write_table
from core.experiment.watch import FAILED, FINISHED, RUNNING, Seen, Watch, holder_of
from gui.charts.curves import Curves
from gui.desk.background import Background, Turn, bring
from gui.experiments.cells import Cells
from gui.experiments.plan import remember, state_words
from gui.experiments.process import LOG, Order, Run, told
from gui.experiments.results import Results, Told, told_of
from gui.look.combo import Combo
from gui.look.theme import Theme
from gui.look.words import Wrapped, breakable

LOOK_MS = 2000  # between two looks at the files


class Watching(QWidget):
    """One experiment's folder, whoever runs it.

    Signals
    -------
    left() : back to the list
    again(Order) : the run was refused: change what was typed
    opened(path) : the folder of a round, to be shown as a project
    """

    left = Signal()
    again = Signal(object)
    opened = Signal(Path)

    def __init__(self, out: Path, run: Run | None, background: Background, theme: Theme) -> None:
        super().__init__()
        self.out, self.run = out, run
        self._background = background
        self._watch = Watch(out)
        self.seen: Seen | None = None
        self._looking: Future | None = None
        self._summing: Future | None = None
        self._drawing: Future | None = None
        self._summed: tuple = ()  # of which records the results are
        self._wanted: tuple = ()  # of which records, over what and of what lines are asked
        self._lines: tuple[tuple, list[Line]] = ((), [])  # those that are made, of what
        self._drawn: tuple = ()
        self._laid = False
        back = QPushButton("‹ Back")
        back.setToolTip("To the list; a run goes on.")
        back.clicked.connect(self.left)
        self.title = Wrapped(name="title")
        self.stop_button = QPushButton("Stop")
        self.stop_button.setToolTip("What is finished stays; Go on takes it up again.")
        self.stop_button.clicked.connect(self.stop)
        self.go_button = QPushButton("Go on")
        self.go_button.setProperty("primary", True)
        self.go_button.clicked.connect(self.go_on)
        self.report_button = QPushButton("Report")
        self.report_button.setToolTip("Draw all tables and figures of now and open them as HTML.")
        self.report_button.clicked.connect(self.open_report)
        head = QHBoxLayout()
        head.addWidget(back, 0, Qt.AlignmentFlag.AlignTop)
        head.addWidget(self.title, 1)
        for button in (self.report_button, self.stop_button, self.go_button):
            head.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
        self.state = Wrapped()
        self.bar = QProgressBar()
        self.bar.setRange(0, 1000)
        self.bar.setTextVisible(False)
        self.problem = Wrapped(name="problem")
        self.problem.hide()
        self.chart = Curves(theme)
        self.axis, self.what = Combo(), Combo()
        self._measure = MIOU
        self._offer()
        for label, box in (("over", self.axis), ("of", self.what)):
            beside_it = QLabel(label)
            beside_it.setObjectName("quiet")
            self.chart.choices.add(beside_it)
            self.chart.choices.add(box)
            box.setAccessibleName(f"Curves {label}")
            box.currentIndexChanged.connect(lambda *_: self._draw())
        self.chart.picked.connect(self._pick)
        self.cells, self.results = Cells(theme), Results()
        self.cells.opened.connect(self.opened)
        self.pages = QStackedWidget()
        self.tabs: list[QPushButton] = []
        row = QHBoxLayout()
        row.setSpacing(0)
        for name, part in (("Cells", self.cells), ("Results", self.results)):
            tab = QPushButton(name)
            tab.setObjectName("tab")
            tab.setCheckable(True)
            tab.setAutoExclusive(True)
            tab.clicked.connect(partial(self.pages.setCurrentWidget, part))
            self.tabs.append(tab)
            self.pages.addWidget(part)
            row.addWidget(tab)
        row.addStretch()
        self.tabs[0].setChecked(True)
        right = QWidget()
        beside = QVBoxLayout(right)
        beside.setContentsMargins(6, 0, 0, 0)
        beside.addLayout(row)
        beside.addWidget(self.pages, 1)
        self.split = QSplitter(Qt.Orientation.Horizontal)
        self.split.setChildrenCollapsible(False)
        self.split.addWidget(self.chart)
        self.split.addWidget(right)
        self.split.setStretchFactor(0, 3)
        self.split.setStretchFactor(1, 2)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(18, 14, 18, 14)
        layout.setSpacing(8)
        layout.addLayout(head)
        for line in (self.state, self.bar, self.problem):
            layout.addWidget(line)
        layout.addWidget(self.split, 1)
        self._clock = QTimer(self)
        self._clock.setInterval(LOOK_MS)
        self._clock.timeout.connect(self.look)
        self._buttons()
        self.state.setText("Looking …" if run is None else "Starting …")
        self.title.setText(out.name)

    # -- looking ------------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if not self._laid:
            self._laid = True
            self.split.setSizes([3 * self.width() // 5, 2 * self.width() // 5])
        self._clock.start()
        self.look()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._clock.stop()  # what nobody sees costs nothing

    def look(self) -> None:
        """Look at the files, beside the window."""
        if self._looking is None:
            self._looking = self._submit(self._watch.look, Turn.NOW, self._looked)

    def _submit(self, work: Callable, turn: Turn, then: Callable[[Future], None]) -> Future:
        future = self._background.submit(work, turn)
        bring(future, self, partial(self._take, then))
        return future

    def _take(self, then: Callable[[Future], None], done: Future) -> None:
        if not done.cancelled():
            then(done)

    def _looked(self, done: Future) -> None:
        self._looking = None
        try:
            self.seen = done.result()
        except ProjectError as error:
            self._no_experiment(error)
            return
        self._tell()
        self._draw()
        self._sum()

    def _no_experiment(self, error: ProjectError) -> None:
        """The folder holds none, or none yet."""
        self._buttons()
        if self.run is not None and self.run.code is None:
            self.state.setText("Starting: the spec, the scans and the units are looked at.")
            return
        refused = self.run.problem() if self.run is not None else ""
        self._say(refused or f"{error.what} {error.do}")
        if refused and self.run is not None:
            self.again.emit(self.run.order)

    def _tell(self) -> None:
        seen = self.seen
        assert seen is not None
        spec = seen.experiment.spec
        self.title.setText(spec.title)
        self.title.setToolTip(str(self.out))
        running = self.running
        words = "Running" if running else "Nobody runs it"
        done = bool(seen.shown) and seen.count(FINISHED) == len(seen.shown) and not running
        if spec.table:
            ready = (self.out / REPORT).exists()
            now = "its tables are in Results" if ready else "its tables are not made yet"
            words = f"{words}: nothing is trained, {now}."
            self.bar.setValue(1000 if ready else 0)
        else:
            counts = {state: seen.count(state) for state in (FINISHED, RUNNING, FAILED)}
            counted = f"{state_words(counts, len(seen.shown))}{self._left(running)}"
            words = f"{words}: {counted}."
            if done:
                words = f"All {len(seen.shown):,} cells are finished."
            self.bar.setValue(round(1000 * seen.share))
            if running and not any(one.rounds for one in seen.cells):
                words = f"{words} The scans are made and split in units first."
        if running and not self._mine:
            by = "one by one (--only)" if seen.runner is None else f"by {seen.runner.words}"
            words = f"{words} {'Its cells are' if seen.runner is None else 'It is'} run {by}."
        self.state.setText(words)
        refused = self.run.problem() if self.run is not None else ""
        if not running and self.run is None and counts_open(seen):
            refused = told(self.out / LOG)
        self._say(refused)
        self._buttons()
        self.cells.show_seen(seen)
        self._choices(seen)

    def _left(self, running: bool) -> str:
        seen = self.seen
        assert seen is not None
        if not running or not seen.experiment.cells:
            return ""
        if seen.seconds_left is None:
            return "; how long it takes is known after the first round"
        return f"; about {duration(seen.seconds_left)} left" if seen.seconds_left else ""

    def _choices(self, seen: Seen) -> None:
        """The classes that a curve can be of, once they are known."""
        if seen.experiment.spec.measure != self._measure:
            self._measure = seen.experiment.spec.measure
            self._offer()
        first = next((c.records[0] for c in seen.curves if c.records), None)
        if first is None or self.what.count() > 1:
            return
        for name in self._measure.class_names(first):
            self.what.addItem(name, name)

    def _offer(self) -> None:
        """Put what curves can be of, and over, in the two boxes."""
        for box in (self.axis, self.what):
            box.blockSignals(True)
            box.clear()
        for name in self._measure.axes:
            self.axis.addItem(AXIS_WORDS[name][0], name)
        self.what.addItem(self._measure.name, "")
        for box in (self.axis, self.what):
            box.blockSignals(False)

    def _say(self, sentence: str) -> None:
        self.problem.setText(breakable(sentence))
        self.problem.setVisible(bool(sentence))

    # -- curves and results -------------------------------------------------------------------

    def _records(self) -> tuple:
        """What lines and results are of. A record that was read is kept, so this is quick to
        compare."""
        assert self.seen is not None
        return self.seen.experiment, self.seen.curves

    def _draw(self) -> None:
        """Make the lines that are wanted, beside the window: intervals take longer than a frame."""
        if self.seen is None:
            return
        if self.seen.experiment.spec.table:
            self.chart.wait("Nothing is trained in this experiment: see Results.")
            return
        axis, what = str(self.axis.currentData()), str(self.what.currentData())
        wanted = (self._records(), axis, what)
        if wanted == self._wanted:
            return
        self._wanted = wanted
        work = partial(lines_of, self.seen.by_arm, axis, what)
        self._submit(work, Turn.NOW, partial(self._lined, wanted))

    def _lined(self, wanted: tuple, done: Future) -> None:
        if wanted == self._wanted:  # else others are wanted meanwhile
            self._lines = (wanted, done.result())
            self._show_lines()

    def _show_lines(self) -> None:
        """Draw the lines that are made, and the goal, where one of them is new."""
        of, lines = self._lines
        if not of:
            return
        _, axis, what = of
        goal = self.results.told.goal if self.results.told is not None and not what else None
        if (of, goal) != self._drawn:
            self._drawn = (of, goal)
            self.chart.set_lines(lines, axis, what, goal, self._measure)

    def _sum(self) -> None:
        """What may be said of the records, where there are other ones."""
        seen = self.seen
        assert seen is not None
        table = bool(seen.experiment.spec.table)
        key = (*self._records(), table and (self.out / REPORT).exists())
        some = table or any(curve.records for curve in seen.curves)
        if self._summing is not None or key == self._summed or not some:
            return
        self._summed = key
        work = partial(told_of, seen.experiment, seen.curves)
        self._summing = self._submit(work, Turn.LATER, self._summed_up)

    def _summed_up(self, done: Future) -> None:
        self._summing = None
        try:
            found: Told = done.result()
        except ProjectError as error:
            self._summed = ()  # what is wrong may be mended: try again at the next look
            self.results.wait(f"{error.what} {error.do}")
            return
        self.results.show_told(found)
        self._show_lines()

    def _pick(self, key: tuple[str, int, Path]) -> None:
        arm, seed, _ = key
        self.pages.setCurrentWidget(self.cells)
        self.tabs[0].setChecked(True)
        self.cells.choose(arm, seed)

    # -- acts ---------------------------------------------------------------------------------

    @property
    def _mine(self) -> bool:
        return self.run is not None and self.run.code is None

    @property
    def running(self) -> bool:
        """Whether anybody runs it, as far as is known."""
        if self._mine:
            return True
        return self.seen is not None and (
            self.seen.runner is not None or bool(self.seen.count(RUNNING))
        )

    def _buttons(self) -> None:
        running, seen = self.running, self.seen
        here = self._mine or (seen is not None and seen.runner is not None and seen.runner.here)
        self.stop_button.setVisible(running)
        self.stop_button.setEnabled(here)
        elsewhere = (
            "It runs on another machine: stop it there."
            if seen is not None and seen.runner is not None
            else "Its cells are run one by one: stop them where they were begun."
        )
        self.stop_button.setToolTip(
            "What is finished stays; Go on takes it up again." if here else elsewhere
        )
        unfinished = seen is not None and counts_open(seen)
        self.go_button.setVisible(not running and unfinished)
        some = seen is not None and (
            bool(seen.experiment.spec.table) or any(curve.records for curve in seen.curves)
        )
        self.report_button.setEnabled(some and self._drawing is None)

    def stop(self) -> None:
        """Kill the run; what it finished stays."""
        if self._mine:
            assert self.run is not None
            self.run.stop()
        elif self.seen is not None and self.seen.runner is not None and self.seen.runner.here:
            now = holder_of(self.out)  # its number may be another program's since the last look
            if now != self.seen.runner:
                self.look()
                return
            kill_tree(now.process)
        self.state.setText("Stopped; what is finished stays.")
        self.look()

    def go_on(self) -> None:
        """Run what is not finished."""
        seen = self.seen
        if seen is None or self.running:
            return
        workers = self.run.order.workers if self.run is not None else 1
        self.start(Order.to_go_on(self.out, workers))

    def start(self, order: Order) -> None:
        """Run it in a process of its own, unless one that was begun here is at it already."""
        if self._mine:
            return
        try:
            self.run = Run(order)
        except ProjectError as error:
            self._say(f"{error.what} {error.do}")
            return
        remember(self.out)
        self._say("")
        self.state.setText("Starting …")
        self._buttons()
        self.look()

    def open_report(self) -> None:
        """Draw the report of what is recorded so far, and open it in the browser."""
        seen = self.seen
        if seen is None or self._drawing is not None:
            return
        found = seen.experiment
        if found.spec.table:
            made = self.out / REPORT
            work = (lambda: made) if made.exists() else partial(write_table, found, Job())
        else:
            work = partial(write_report, found)
        self._drawing = self._submit(work, Turn.NOW, self._report_drawn)
        self.report_button.setText("Drawing …")
        self._buttons()

    def _report_drawn(self, done: Future) -> None:
        self._drawing = None
        self.report_button.setText("Report")
        self._buttons()
        try:
            path: Path = done.result()
        except ProjectError as error:
            self._say(f"{error.what} {error.do}")
            return
        show_in_browser(path)

    def set_theme(self, theme: Theme) -> None:
        self.chart.set_theme(theme)
        self.cells.set_theme(theme)


def counts_open(seen: Seen) -> bool:
    """Whether anything is left to run."""
    if seen.experiment.spec.table:
        return not (seen.experiment.out / REPORT).exists()
    return any(one.state != FINISHED for one in seen.cells)


def show_in_browser(path: Path) -> None:
    """Open a file as the person's system opens its kind."""
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))
