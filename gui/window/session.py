"""An open project in the window: its state, view and panels."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from core.answers.annotator import annotator_name
from core.quality.agreement import blind_sample, others_answered
from gui.desk.activity import Activity
from gui.desk.state import State
from gui.desk.tally import Tally
from gui.look.theme import Theme
from gui.panels.context import Context
from gui.panels.partitions import Partitions
from gui.panels.queue import Queue
from gui.panels.review import Review
from gui.panels.rounds import Rounds
from gui.panels.scans import Browser
from gui.points.class_palette import Palette
from gui.points.work import PointsWork
from gui.view import opengl
from gui.view.view import CloudView
from gui.window import rescue
from gui.window.banner import Banner
from gui.window.box_detectors import BoxDetectors
from gui.window.box_exchange import BoxExchange
from gui.window.exchange import Exchange
from gui.window.gate import Gate
from gui.window.jobs import Jobs
from gui.window.opening import open_project
from gui.window.statusbar import StatusBar
from gui.window.steps import Steps

if TYPE_CHECKING:  # it is loaded when boxes are first drawn
    from gui.boxes.work import BoxesWork

SAMPLE = 50  # units of a blind second opinion


class Session(QObject):
    """Everything of one open project. `view` is None where OpenGL does not work; `work` is how what
    is asked there is answered.
    """

    def __init__(self, path: Path, activity: Activity, jobs: Jobs, theme: Theme) -> None:
        super().__init__()
        self.project, why = open_project(path)
        self.jobs = jobs
        self.state = State(self.project, activity)
        self.banner = Banner()
        self.steps = Steps(self.project, self.state, jobs, self.banner)
        self.no = self.steps.no
        self.steps.at_work = lambda: self.work.at_work
        self.exchange = Exchange(self.project, self.steps.run_and_tell)
        self.box_exchange = BoxExchange(
            self.project, self.steps.run_and_tell, self.state.background
        )
        self.detectors = BoxDetectors(
            self.project, self.steps.run_and_tell, self.state.background, theme
        )
        self.page = QWidget()
        self.page.setMinimumSize(300, 240)
        layout = QVBoxLayout(self.page)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.banner)
        self.view: CloudView | None = None
        (problem, renderer), drawing = opengl.opengl(), ""
        self.software = False
        if problem is None:
            self.view = CloudView()
            layout.addWidget(self.view, 1)
            if any(name in renderer for name in opengl.SOFTWARE):
                drawing = "software drawing"
                self.software = self.view.instant = True  # two frames are no flight
        else:
            layout.addWidget(_no_view(problem), 1)
        self.points = PointsWork(self.page, self.view, self.state, theme)
        self.boxes: BoxesWork | None = None  # made when they are first drawn
        self.work: PointsWork | BoxesWork = self.points
        self.gate = Gate(self.page, self.view, self.state, self.points.sheet)
        self.banner.waits = lambda: self.work.in_stroke
        self.queue = Queue(self.state, theme)
        self.palette = QWidget()
        self.partitions = Partitions(self.state, theme)
        self.rounds = Rounds(self.state, theme)
        self.browser = Browser(self.state)
        self.review = Review(self.state, theme)
        self.context = Context(self.state, theme, self.view or self.page)
        if self.points.in_view is not None:
            self.context.yield_to(self.points.in_view.drawing.draw_tool)
        self.review.chosen.connect(self.state.show_unit)
        self.status = StatusBar(self.state, writable=self.project.writable, drawing=drawing)
        self.status.who.clicked.connect(self.explain_name)
        self.queue.chosen.connect(self.state.go)
        self.browser.chosen.connect(self.state.show_scan)
        self.state.failed.connect(partial(rescue.show_error, self.banner, self.project))
        jobs.failed.connect(self.banner.show_error)
        jobs.broke.connect(self.banner.show_fault)
        jobs.started.connect(self.status.starting)
        jobs.started.connect(self.rounds.started)
        self.steps.stopping.connect(self.status.stopping)
        jobs.progressed.connect(self.status.progressed)
        jobs.progressed.connect(self.rounds.progressed)
        jobs.finished.connect(lambda _: self.status.idle())
        jobs.finished.connect(self.steps.finished)
        if why is not None:
            self.banner.show_note(why.what, f"Opened for reading only. {why.do}")
        elif (damage := self.project.answers.damage) is not None:
            self.banner.show_note(damage, "All else is as it was.")
        elif notes := self.project.notes:
            do = (
                "Mend project.toml if it matters."
                if self.project.file.notes
                else "Nothing is lost."
            )
            self.banner.show_note(" ".join(notes), do)

    def make_palette(self, theme: Theme, run: Any) -> Palette:
        """The class palette; `run` does an action by its id."""
        made = Palette(self.project.classes, theme, run, Tally(self.project.answers).words)
        self.palette = made
        return made

    def show_keys(self, key_of: Callable[[str], str]) -> None:
        """Write the keys that actions have now, by their ids."""
        if isinstance(self.palette, Palette) and self.work is self.points:
            self.palette.set_keys(key_of)
        self.work.show_keys(key_of)

    def begin(self) -> None:
        """Go on with a drawing that was left open, else show the first open item."""
        if self.boxes is not None and self.work is self.boxes:
            self.boxes.begin()
        elif self.work.resume():
            self.banner.show_note("This drawing was left open: it is as it was.", "")
        else:
            self.state.begin()

    def use(self, task: str, theme: Theme) -> bool:
        """Answer by "points" or "boxes" from now on; False, and words, where that cannot be."""
        if task == "points":
            self.work = self.points
            if self.boxes is not None:
                self.boxes.turn(False)
            self.points.rest(False)
            self.status.facts = None
            self.status.refresh()
            return True
        if self.view is None:
            self.banner.show_note("Boxes are drawn in the 3D view, which cannot be shown here.", "")
            return False
        self.points.rest(True)
        if self.boxes is None:
            from gui.boxes.work import BoxesWork

            self.boxes = BoxesWork(self.page, self.view, self.state, theme)
            self.boxes.gate.hidden = lambda: self.gate.hidden("")
            self.boxes.panels.frames.asked.connect(self.steps.ask_frames)
            for asking in (self.boxes.finishing, self.boxes.lost):
                asking.asks.connect(self.banner.show_choice)
                asking.told_off.connect(self.banner.withdraw)
        self.work = self.boxes
        self.boxes.turn(True)
        self.status.facts = self.boxes.queue.spent
        self.status.refresh()
        return True

    def toggle_suggestions(self) -> None:
        """Show suggestions, or none."""
        guesses = self.state.guesses
        guesses.shown = not guesses.shown
        guesses.changed.emit()

    def second_opinion(self) -> None:
        """Ask a sample of what others answered again, labels and suggestions hidden; or end it."""
        if self.boxes is not None and self.work is self.boxes:
            self.boxes.second_opinion()
            return
        if self.state.second is not None:
            self.state.end_second()
            return
        sample = blind_sample(self.project, SAMPLE)
        if sample:
            self.state.begin_second(sample)
            self.state.told.emit(f"Blind: {len(sample):,} units that others answered. Esc ends it.")
        elif others_answered(self.project):
            self.state.told.emit("The sample for a second opinion is answered: see Review.")
        else:
            self.state.told.emit("Nobody else has answered here: merge their journals first.")

    def leave(self) -> None:
        """Put away the large picture, else what was drawn; else go back to what is asked, or end a
        second opinion."""
        if self.context.put_away():
            return
        left = self.work.leave() or self.work is not self.points
        if not left and not self.state.return_to_asked():
            self.state.end_second()

    def explain_name(self) -> None:
        """Say whose answers these are, and how to answer under another name."""
        self.banner.show_note(
            f"Your answers are kept under the name {annotator_name()}, in a file of their own.",
            "To answer as somebody else, set LIDARLOOP_ANNOTATOR to their name before you start "
            "LidarLoop.",
        )

    # -- the rest -----------------------------------------------------------------------------

    def set_theme(self, theme: Theme) -> None:
        self.detectors.theme = theme
        for part in (
            self.queue,
            self.partitions,
            self.rounds,
            self.review,
            self.context,
            self.points,
        ):
            part.set_theme(theme)
        if self.boxes is not None:
            self.boxes.set_theme(theme)
        if isinstance(self.palette, Palette):
            self.palette.set_theme(theme)

    def picture(self) -> str:
        """Save a small picture of the view for the start page; return its path, or ""."""
        if self.view is None or not self.view.isVisible() or not self.project.writable:
            return ""
        path = self.project.path / "cache" / "view.png"
        try:
            path.parent.mkdir(exist_ok=True)
        except OSError:  # the project's folder may be gone: a picture is not worth a word
            return ""
        saved = self.view.grab().scaledToWidth(320).save(str(path))
        return str(path.resolve()) if saved else ""

    def shut(self) -> None:
        """Stop everything and close the project. What was answered is on disk already."""
        self.jobs.shut_step()
        for signal in (
            self.jobs.failed,
            self.jobs.broke,
            self.jobs.started,
            self.jobs.progressed,
            self.jobs.finished,
        ):
            signal.disconnect()
        self.gate.shut()
        self.banner.shut()
        self.points.shut()
        if self.boxes is not None:
            self.boxes.shut()
        self.review.shut()
        self.context.shut()
        self.state.shut()
        if self.view is not None:
            self.view.shut()
        rescue.at_the_end(self.project)
        self.project.close()
        # Qt keeps what a signal is connected to as long as the sender: all of this, else.
        self.state.deleteLater()
        self.deleteLater()


def _no_view(problem: str) -> QLabel:
    label = QLabel(f"The 3D view cannot be shown.\n{problem}\n\nEverything else works.")
    label.setMargin(40)
    label.setObjectName("quiet")
    return label
