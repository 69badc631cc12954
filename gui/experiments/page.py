"""The Experiments window: the list and what starts one, or one that is watched."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QMessageBox, QStackedWidget, QVBoxLayout, QWidget

from core.experiment.names import RESUME
from gui.charts.taken import Enlarged
from gui.desk.background import Background
from gui.experiments.new import NewExperiment
from gui.experiments.plan import remember
from gui.experiments.process import Order, Run
from gui.experiments.watching import Watching
from gui.look.theme import Theme


class Experiments(QWidget):
    """A window beside the one of projects: it stays open while they come and go. A run goes on
    while this one is closed, and ends with the program unless the person lets it go on.

    Signals
    -------
    opened(path) : the folder of a round, to be shown as a project
    """

    opened = Signal(Path)

    def __init__(self, over: QWidget, theme: Theme) -> None:
        super().__init__(over, Qt.WindowType.Window)
        self.setWindowTitle("Experiments – LidarLoop")
        self.setMinimumSize(760, 520)
        self.resize(over.size())
        self.theme = theme
        self.runs: dict[Path, Run] = {}
        self._background = Background(2, "experiments")
        self.destroyed.connect(self._background.shut)
        self.new = NewExperiment(self._background)
        self.new.started.connect(self.start)
        self.new.chosen.connect(self.watch)
        self.watching: Watching | None = None
        self.pages = QStackedWidget()
        self.pages.addWidget(self.new)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.pages)

    def start(self, order: Order) -> None:
        """Run an experiment and watch it."""
        page = self.watch(order.out)
        page.start(order)

    def watch(self, out: Path) -> Watching:
        """Show an experiment's folder."""
        self._keep_run()
        out = out.resolve()
        self._drop()
        page = Watching(out, self.runs.get(out), self._background, self.theme)
        page.left.connect(self.show_list)
        page.again.connect(self._refused)
        page.opened.connect(self.opened)
        self.watching = page
        self.pages.addWidget(page)
        self.pages.setCurrentWidget(page)
        remember(out)
        return page

    def show_list(self) -> None:
        """Back to the list; what runs goes on."""
        self._keep_run()
        self._drop()
        self.new.refill()
        self.new.look_again()
        self.pages.setCurrentWidget(self.new)

    def _refused(self, order: Order) -> None:
        """Nothing was begun: what was typed is there to be changed."""
        if order.name != RESUME:
            self.new.fill(order)

    def _keep_run(self) -> None:
        page = self.watching
        if page is not None and page.run is not None:
            self.runs[page.out] = page.run

    def _drop(self) -> None:
        if self.watching is not None:
            for large in self.findChildren(Enlarged):  # it has what is inside its chart
                large.close()
            self.pages.removeWidget(self.watching)
            self.watching.deleteLater()
            self.watching = None

    @property
    def running(self) -> list[Run]:
        """The runs that this window began and that have not ended."""
        self._keep_run()
        return [run for run in self.runs.values() if run.code is None]

    def may_end(self) -> bool:
        """Before the program ends: ask what becomes of runs; False where it is not to end."""
        running = self.running
        if not running:
            return True
        names = ", ".join(run.out.name for run in running)
        box = QMessageBox(self)
        box.setWindowTitle("LidarLoop")
        box.setText(f"An experiment is running: {names}.")
        box.setInformativeText(
            "Stopped, it keeps what is finished and goes on from there later. Let go, it runs on "
            "without the window; open its folder here to watch it again."
        )
        stop = box.addButton("Stop it", QMessageBox.ButtonRole.DestructiveRole)
        let = box.addButton("Let it run", QMessageBox.ButtonRole.AcceptRole)
        stay = box.addButton("Stay here", QMessageBox.ButtonRole.RejectRole)
        box.setDefaultButton(stay)
        box.setEscapeButton(stay)
        box.exec()
        chosen = box.clickedButton()
        if chosen not in (stop, let):
            return False
        for run in running:
            if chosen is stop:
                run.stop()
            else:
                run.let_go()
        return True

    def shut(self) -> None:
        """End all threads."""
        self._drop()
        self._background.shut()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close()
        else:
            super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange:
            theme = getattr(self.parentWidget(), "theme", self.theme)
            if theme is not self.theme:
                self.theme = theme
                if self.watching is not None:
                    self.watching.set_theme(theme)
