"""Quality without ground truth: draw a sample of points, answer it blind, see what it tells."""

from __future__ import annotations

from concurrent.futures import Future

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QDialog, QPushButton, QSpinBox, QVBoxLayout

from core.base.errors import ProjectError
from core.project.project import Project
from core.quality.answered import Quality, quality
from core.quality.draw import MOST, POINTS
from core.quality.frame import LABELS, NETWORK
from core.quality.hunted import hunted, words
from core.quality.sample import newest
from gui.charts.quality import QualityChart
from gui.desk.background import Background, Turn, bring
from gui.desk.later import Later
from gui.desk.state import State
from gui.look.combo import Combo
from gui.look.flow import Flow
from gui.look.spin import pad
from gui.look.theme import Theme
from gui.look.words import Wrapped

_LATER_MS = 400
_WAITS = {
    NETWORK: "Nothing is drawn yet. A sample of validation points tells how good the newest "
    "network is, also where no ground truth is.",
    LABELS: "Nothing is drawn yet. A sample of the imported labels tells how many are wrong.",
}


def read(project: Project) -> tuple[dict[str, Quality], str]:
    """The newest sample of each kind with what its answers come to, and what the hunt for label
    errors found, in words. Raises ProjectError."""
    drawn = [newest(project, of) for of in (NETWORK, LABELS)]
    found = {one.of: quality(project, one) for one in drawn if one is not None}
    return found, words(hunted(project))


class QualityPage(QDialog):
    """A window beside that of the project.

    Signals
    -------
    drawn(of, points) : the person wants a sample of so many points
    answered(of, items) : the person wants to answer these
    """

    drawn = Signal(str, int)
    answered = Signal(str, object)

    def __init__(self, over, state: State, theme: Theme) -> None:
        super().__init__(over, Qt.WindowType.Window)
        self.setWindowTitle(f"Quality of {state.project.path.name}")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.state = state
        self.found: dict[str, Quality] = {}
        self._hunted = ""
        self._background = Background(1, "quality")
        self._reading: Future | None = None
        self.of = Combo()
        self.of.addItem("The newest network", NETWORK)
        self.of.addItem("Imported labels", LABELS)
        self.of.setAccessibleName("What is judged")
        self.points = QSpinBox()
        self.points.setRange(10, MOST)
        self.points.setSingleStep(50)
        self.points.setValue(POINTS)
        self.points.setSuffix(" points")
        self.points.setAccessibleName("Size of the sample")
        pad(self.points)
        self.draw, self.answer = QPushButton("Draw the sample"), QPushButton("Answer it, blind")
        for button in (self.draw, self.answer):
            button.setAutoDefault(False)
        self.answer.setProperty("primary", True)
        bar = Flow()
        for widget in (self.of, self.points, self.draw):
            bar.add(widget)
        bar.add(self.answer, right=True)
        self.chart = QualityChart(theme)
        layout = QVBoxLayout(self)
        layout.addWidget(bar)
        layout.addWidget(self.chart, 1)
        self.mended = Wrapped(name="quiet")
        layout.addWidget(self.mended)
        self.resize(760, 640)
        self._soon = Later(self, _LATER_MS, self.renew)
        self.of.currentIndexChanged.connect(lambda *_: self._fill())
        self.draw.clicked.connect(
            lambda: self.drawn.emit(self.of.currentData(), self.points.value())
        )
        self.answer.clicked.connect(self._answer)
        state.answers_changed.connect(self._soon.soon)
        state.project_changed.connect(self.renew)
        self.renew()

    @property
    def rested(self) -> bool:
        """Whether nothing is being read."""
        return self._reading is None and not self._soon.isActive()

    def renew(self) -> None:
        """Read samples and answers anew."""
        if self._reading is not None:
            self._soon.soon()
            return
        project = self.state.project
        self._reading = self._background.submit(lambda: read(project), Turn.SOON)
        bring(self._reading, self, self._show)

    def _show(self, done: Future) -> None:
        self._reading = None
        if done.cancelled():
            return
        try:
            self.found, self._hunted = done.result()
        except ProjectError as error:
            self.chart.wait(f"{error.what} {error.do}")
            return
        self._fill()

    def _fill(self) -> None:
        of = self.of.currentData()
        found = self.found.get(of)
        self.draw.setText("Draw the sample" if found is None else "Enlarge the sample")
        waiting = 0 if found is None else len(found.waiting)
        self.answer.setText(f"Answer {waiting:,}, blind" if waiting else "Answer it, blind")
        self.answer.setEnabled(bool(waiting) and self.state.project.writable)
        self.draw.setEnabled(self.state.project.writable)
        if found is None:
            self.chart.said.hide()
            self.chart.wait(_WAITS[of])
        else:
            self.chart.set_quality(found)
        self.mended.setText(self._hunted if of == LABELS else "")

    def _answer(self) -> None:
        of = self.of.currentData()
        if of in self.found:
            waiting = self.found[of].waiting
            self.close()  # or it would lie over what is asked
            self.answered.emit(of, waiting)

    def set_theme(self, theme: Theme) -> None:
        self.chart.set_theme(theme)

    def closeEvent(self, event: QCloseEvent) -> None:
        self._soon.stop()
        self.state.answers_changed.disconnect(self._soon.soon)
        self.state.project_changed.disconnect(self.renew)
        self._background.shut()
        super().closeEvent(event)
