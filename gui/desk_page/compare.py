"""Two rounds side by side: the same scan as each network sees it, cameras linked, and what differs
in figures and queries."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from functools import partial

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from core.base.errors import Cancelled, ProjectError
from core.base.jobs import Job
from core.base.words import round_name
from core.desk.compare import Compared, Differing, compare, differing, said_and_entropy
from core.project.project import Project
from gui.desk.background import Background, Turn, bring
from gui.desk.scene import look_of, visible
from gui.desk.state import State
from gui.desk_page.compared import ClassTable, summary
from gui.desk_page.painted import (
    DIFFERENT,
    ENTROPY,
    ONLY,
    RIGHT,
    SAID,
    SURER,
    WITH_TRUTH,
    Read,
    paint,
)
from gui.look.colours import class_table
from gui.look.combo import Combo
from gui.look.flow import Flow
from gui.look.relief import levels, light_on, relief_table
from gui.look.theme import DARK, Theme
from gui.look.words import Wrapped, breakable, tip
from gui.view.cloud import Layer
from gui.view.form import sketch_of
from gui.view.opengl import opengl
from gui.view.view import CloudView

_LEAST_ACROSS = 20.0  # metres, of a scan with little in it


def read(project: Project, rounds: tuple[str, str], scan: str) -> Read:
    """Read a scan and what two rounds say of it. Raises ProjectError."""
    points = project.dataset.scan(scan).points
    a, b = (said_and_entropy(project, project.round(id), scan) for id in rounds)
    truth = project.dataset.ground_truth(scan, project.classes) if project.research else None
    return Read(scan, points, sketch_of(points, None), (a[0], b[0]), (a[1], b[1]), truth)


def _across(points: np.ndarray) -> float:
    """Metres that a view has to show of points (N, >= 2): but for the farthest 5 %, all of them."""
    if not len(points):
        return _LEAST_ACROSS
    return max(_LEAST_ACROSS, 2 * float(np.percentile(np.hypot(points[:, 0], points[:, 1]), 95)))


class ComparePage(QDialog):
    """A window beside that of the project.

    Attributes
    ----------
    values : (N,) class or place in the table of colours of each row, of both sides

    Signals
    -------
    wanted(id) : the predictions of a round are to be made again
    """

    wanted = Signal(str)

    def __init__(self, over, state: State, theme: Theme, first: str, second: str) -> None:
        super().__init__(over, Qt.WindowType.Window)
        self.setWindowTitle(f"Compare rounds of {state.project.path.name}")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.state, self.theme = state, theme
        self.read: Read | None = None
        self.compared: Compared | None = None
        self.values: tuple[np.ndarray, ...] = ()
        self._background = Background(1, "compare")
        self._job = Job()
        self._futures: set[Future] = set()
        self._linking = False
        self._scan = ""  # that was looked at
        self._missing = ""  # a round whose predictions are not kept
        self.rounds = (Combo(), Combo())
        for combo, id in zip(self.rounds, (first, second), strict=True):
            for one in state.project.rounds:
                name = state.project.tree.of(one.id).name or one.query.strategy
                combo.addItem(f"{round_name(one.id)}, {name}", one.id)
            combo.setCurrentIndex(max(0, combo.findData(id)))
            combo.currentIndexChanged.connect(lambda *_: self._turn())
        self.scans, self.how = Combo(), Combo()
        self.scans.setAccessibleName("Which scan")
        self.how.setAccessibleName("What the colours show")
        for text in (SAID, DIFFERENT, RIGHT, ONLY, ENTROPY, SURER):
            if state.project.research or text not in WITH_TRUTH:
                self.how.addItem(text, text)
        self.how.setCurrentIndex(1)
        self.again = QPushButton("Make them again")
        self.again.setAutoDefault(False)
        self.again.clicked.connect(lambda: self.wanted.emit(self._missing))
        bar = Flow()
        for widget in (self.rounds[0], QLabel("beside"), self.rounds[1], self.scans, self.how):
            bar.add(widget)
        bar.add(self.again, right=True)
        self.words, self.told = Wrapped(), Wrapped(name="quiet")
        self.titles = (QLabel(), QLabel())
        self.views: tuple[CloudView, ...] = ()
        sides = QHBoxLayout()
        problem, _ = opengl()
        if problem is None:
            self.views = (CloudView(), CloudView())
        for title, view in zip(self.titles, self.views or (QWidget(), QWidget()), strict=True):
            title.setObjectName("heading")
            title.setTextFormat(Qt.TextFormat.PlainText)  # people name rounds
            column = QVBoxLayout()
            column.addWidget(title)
            column.addWidget(view, 1)
            sides.addLayout(column, 1)
        for number, view in enumerate(self.views):
            view.instant = True
            view.moved.connect(partial(self._link, number))
        self.table = ClassTable()
        sides.addWidget(self.table)
        layout = QVBoxLayout(self)
        layout.addWidget(bar)
        layout.addWidget(self.words)
        layout.addLayout(sides, 1)
        layout.addWidget(self.told)
        self.resize(over.size())
        self.scans.currentIndexChanged.connect(lambda *_: self._read_scan())
        self.how.currentIndexChanged.connect(lambda *_: self._paint())
        state.project_changed.connect(self.renew)
        self.set_theme(theme)
        self.renew()

    # -- reading ------------------------------------------------------------------------------

    @property
    def rested(self) -> bool:
        """Whether nothing is being read."""
        return not self._futures

    @property
    def ids(self) -> tuple[str, str]:
        """The two rounds."""
        first, second = (str(combo.currentData()) for combo in self.rounds)
        return first, second

    def _submit(self, work: Callable, then: Callable) -> None:
        future = self._background.submit(work, Turn.SOON)
        self._futures.add(future)
        bring(future, self, partial(self._take, then))

    def _take(self, then: Callable, done: Future) -> None:
        self._futures.discard(done)
        if done.cancelled():
            return
        try:
            found = done.result()
        except ProjectError as error:
            self._say(f"{error.what} {error.do}")
        except Cancelled:
            pass
        else:
            then(found)

    def _say(self, text: str) -> None:
        """Say why nothing can be shown; offer to make predictions again where that is why."""
        self.told.setText(breakable(text))
        self._missing = next((id for id in self.ids if f"What {id} predicts" in text), "")
        self.again.setVisible(bool(self._missing))

    def _turn(self) -> None:
        """Other rounds are chosen: nothing of those before stays in sight."""
        self._scan = self.scans.currentData() or self._scan
        self.scans.blockSignals(True)
        self.scans.clear()
        self.scans.blockSignals(False)
        for view in self.views:
            view.set_units(np.zeros((1, 3), np.uint8), np.zeros(1, np.uint8))
            view.canvas.update()
        self.renew()

    def renew(self) -> None:
        """Other rounds, or other files of them."""
        project, ids = self.state.project, self.ids
        self.read = None
        self._say("")
        self.table.clear_rows()
        self.words.setText("")
        for title, id in zip(self.titles, ids, strict=True):
            about = project.tree.of(id)
            title.setText(f"{round_name(id).capitalize()} {about.name}".strip())
            title.setToolTip(tip(about.note) if about.note else "")
        a, b = (project.round(id) for id in ids)
        self._submit(lambda: compare(project, a, b), partial(self._compared, ids))
        if a != b:
            self._submit(
                lambda: differing(project, a, b, self._job), partial(self._list_scans, ids)
            )

    def _compared(self, ids: tuple[str, str], found: Compared) -> None:
        if ids == self.ids:
            self.compared = found
            self.words.setText(summary(found))
            self.table.set_rows(found)

    def _list_scans(self, ids: tuple[str, str], rows: list[Differing]) -> None:
        if ids != self.ids:
            return
        before = self.scans.currentData() or self._scan
        self.scans.blockSignals(True)
        self.scans.clear()
        for row in rows:
            self.scans.addItem(f"{row.scan}: {row.points / max(row.of, 1):.0%} differ", row.scan)
        self.scans.setCurrentIndex(max(0, self.scans.findData(before)))
        self.scans.blockSignals(False)
        every = len(self.state.project.dataset.scans)
        self.scans.setToolTip(f"{len(rows):,} of {every:,} scans, where most points differ first")
        self._read_scan()

    def _read_scan(self) -> None:
        scan, ids = self.scans.currentData(), self.ids
        if scan is None:
            return
        self._say(f"Reading {scan} …")
        project = self.state.project
        self._submit(lambda: read(project, ids, scan), partial(self._show, ids))

    # -- showing ------------------------------------------------------------------------------

    def _show(self, ids: tuple[str, str], found: Read) -> None:
        if ids != self.ids or found.scan != self.scans.currentData():
            return
        fresh = self.read is None or self.read.scan != found.scan
        self.read = found
        points = visible(found.points)
        slots = np.zeros(len(points), np.int32)
        for view in self.views:
            form = found.form
            view.show_scan(Layer(points, slots, look_of(form), levels(form.height), form.normal))
            view.set_units(np.zeros((1, 3), np.uint8), np.array([255], np.uint8))
            view.set_light(light_on(np.array([1.0, 0.0])))
        if fresh and self.views:
            self.views[0].overview(_across(points))
        self._paint()

    def _paint(self) -> None:
        """Colour both sides by what is chosen."""
        found = self.read
        if found is None:
            return
        painted = paint(str(self.how.currentData()), found, self._classes, self.theme)
        self.values = painted.values
        for view, one in zip(self.views, painted.values, strict=bool(self.views)):
            view.set_values(one.astype(np.float32), painted.table, painted.by)
            view.canvas.update()
        self.told.setText(f"{painted.words}.")
        self.again.hide()

    def _link(self, number: int) -> None:
        """The camera of one view was moved: the other follows."""
        if self._linking:
            return
        self._linking = True
        mine, other = self.views[number].camera, self.views[1 - number].camera
        other.place(
            np.array(mine.center), float(mine.scale_factor), float(mine.azimuth),
            float(mine.elevation),
        )  # fmt: skip
        self._linking = False

    def set_theme(self, theme: Theme) -> None:
        self.theme = theme
        self._classes = class_table(self.state.project.classes)
        for view in self.views:
            view.set_look(theme.rgb("canvas"), relief_table(dark=theme is DARK))
        self._paint()

    def closeEvent(self, event: QCloseEvent) -> None:
        self._job.cancel()
        self.state.project_changed.disconnect(self.renew)
        self._background.shut()
        for view in self.views:
            view.shut()
        super().closeEvent(event)
