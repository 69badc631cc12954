"""An open project in the window: its state, view and panels, and the steps it can start."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from core import steps
from core.answers.annotator import annotator_name
from core.base.errors import ProjectError
from core.base.jobs import Job, Progress
from core.quality.agreement import blind_sample, others_answered
from core.quality.disagreements import disagreements, reopen
from core.rounds.round import Round
from gui.desk.activity import Activity
from gui.desk.state import State
from gui.desk.tally import Tally
from gui.look.theme import Theme
from gui.look.words import breakable
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
from gui.window import endings, rescue
from gui.window.banner import Banner, Choice
from gui.window.box_detectors import BoxDetectors
from gui.window.box_exchange import BoxExchange
from gui.window.exchange import Exchange, Told
from gui.window.gate import Gate
from gui.window.jobs import Jobs
from gui.window.opening import open_project
from gui.window.statusbar import StatusBar
from gui.window.why_not import Reasons

if TYPE_CHECKING:  # it is loaded when boxes are first drawn
    from gui.boxes.work import BoxesWork

SAMPLE = 50  # units of a blind second opinion


class Session(QObject):
    """Everything of one open project. `view` is None where OpenGL does not work; `work` is how what
    is asked there is answered.

    Signals
    -------
    prepared() : the scans were prepared, to the end
    report_asked() : the person wants to see what became of the points
    """

    prepared = Signal()
    report_asked = Signal()

    def __init__(self, path: Path, activity: Activity, jobs: Jobs, theme: Theme) -> None:
        super().__init__()
        self.project, why = open_project(path)
        self.jobs = jobs
        self._outcome: Told | None = None
        self._training: Round | None = None
        self._tip = self.project.tip  # before a query is asked
        self._stopped = False
        self._prepared = False
        self.state = State(self.project, activity)
        self.exchange = Exchange(self.project, self._run_and_tell)
        self.box_exchange = BoxExchange(self.project, self._run_and_tell, self.state.background)
        self.detectors = BoxDetectors(
            self.project, self._run_and_tell, self.state.background, theme
        )
        self.no = Reasons(self.project, self.state.summary, jobs)
        self.banner = Banner()
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
        jobs.started.connect(self._started)
        jobs.started.connect(self.status.starting)
        jobs.progressed.connect(self.status.progressed)
        jobs.progressed.connect(self.rounds.progressed)
        jobs.progressed.connect(self._progressed)
        jobs.finished.connect(self._finished)
        if why is not None:
            self.banner.show_note(why.what, f"Opened for reading only. {why.do}")
        elif (damage := self.project.answers.damage) is not None:
            self.banner.show_note(damage, "All else is as it was.")
        elif self.project.notes:
            self.banner.show_note(" ".join(self.project.notes), "Mend project.toml if it matters.")

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
            self.boxes.panels.frames.asked.connect(self.ask_frames)
            self.boxes.finishing.asks.connect(self.banner.show_choice)
            self.boxes.finishing.told_off.connect(self.banner.withdraw)
        self.work = self.boxes
        self.boxes.turn(True)
        self.status.facts = self.boxes.queue.spent
        self.status.refresh()
        return True

    # -- steps --------------------------------------------------------------------------------

    def prepare(self) -> None:
        """Split the scans in units, in the background."""

        def work(job: Job) -> Told:
            steps.prepare(self.project, job)
            self._prepared = True
            report = self.project.report()
            odd = report.warnings if report is not None else ()
            what = (
                f"Prepared, but {breakable(odd[0])}" if odd else "Prepared: nothing odd was found."
            )
            more = f"And {len(odd) - 1} more." if len(odd) > 1 else ""
            return Told(what, more, (("Look at the report", self.report_asked.emit),))

        self._run_and_tell("Prepare", work)

    def ask(self, options: dict[str, Any] | None = None) -> None:
        """Choose and freeze the next query, in the background."""
        self._tip = self.project.tip
        self.start("Ask", lambda job: steps.ask(self.project, job, **(options or {})))

    def ask_by(self, step: Callable[[Job], object]) -> None:
        """Ask by another step, of units that somebody chose."""
        self._tip = self.project.tip
        self.start("Ask", step)

    def ask_frames(self, options: dict[str, Any]) -> None:
        """Choose and freeze the next frames to draw boxes in, in the background."""
        from core.frame_steps import ask_frames

        self.start("Ask for frames", lambda job: ask_frames(self.project, job, **options))

    def ask_next(self, options: dict[str, Any] | None = None) -> None:
        """The same; where items are still open, first say what becomes of them."""
        waiting = self.state.summary.waiting
        if not waiting or (options or {}).get("after") is not None:  # a branch takes none away
            self.ask(options)
            return
        one = waiting == 1
        self.banner.show_choice(
            f"{waiting:,} item{' is' if one else 's are'} still open: the next query puts "
            f"{'it' if one else 'them'} back in the pool.",
            "What is answered and drawn is kept either way.",
            [
                ("Ask the next query now", lambda: self._ask_if_may(options)),
                ("Finish these first", lambda: None),
            ],
        )

    def train(self) -> None:
        """Train, score and evaluate, in the background."""

        def work(job: Job) -> None:
            from models.steps import train

            train(self.project, job)

        self.rounds.job_started()
        self._training = self.project.tip
        self.start("Train", work)

    def cancel(self) -> None:
        """Stop the running step, which ends at its next report."""
        self._stopped = True
        self.jobs.cancel()
        self.status.stopping()

    def evaluate(self) -> None:
        """Measure mIoU anew, in the background."""

        def work(job: Job) -> None:
            from models.steps import evaluate

            evaluate(self.project, job)

        self.start("Evaluate", work)

    def oracle(self) -> None:
        """Answer the open query from ground truth, in the background."""
        self.start("Oracle", lambda job: steps.annotate(self.project, job, oracle="per-point"))

    def box_oracle(self) -> None:
        """Draw the dataset's own boxes in the open frames, in the background."""
        from core.frame_steps import annotate_frames

        oracle = steps.BOX_ORACLE
        self.start("Oracle", lambda job: annotate_frames(self.project, job, oracle=oracle))

    def merge(self, other: Path) -> None:
        """Bring the journals of another project in."""

        def work(_: Job) -> Told:
            from core.exchange.merge import merge

            said = merge(self.project, [other])
            differ = len(disagreements(self.project))
            return Told(
                f"{'; '.join(said)}. Annotators differ on {differ:,} units, listed in Review."
            )

        self._run_and_tell("Merge", work)

    def reopen(self) -> None:
        """Ask again where annotators differ."""

        def work(_: Job) -> Told:
            count = reopen(self.project)
            if not count:
                return Told("Annotators agree on every unit.")
            return Told(f"{count:,} units wait again: in the open queue, or first in the next one.")

        self._run_and_tell("Reopen", work)

    def start(self, name: str, step: Callable[[Job], object]) -> None:
        """Run a step in the background; while another runs, offer to try again."""
        if not self.jobs.run(name, step):
            again: Choice = ("Try again", partial(self.start, name, step))
            self.banner.show_choice(
                f"{self.jobs.running} is running: {name} was not started.",
                "Try again once it has ended.",
                [again, ("Leave it", lambda: None)],
            )

    def _run_and_tell(self, name: str, step: Callable[[Job], Told]) -> None:
        """Run a step whose outcome stays in sight."""

        def work(job: Job) -> None:
            self._outcome = step(job)

        self.start(name, work)

    def _progressed(self, _: Progress) -> None:
        self.state.summary.look()

    def _started(self, name: str) -> None:
        self.state.running = name
        if self.project.units is None or self.state.round is None:  # what to do next is another
            self.state.project_changed.emit()

    def _finished(self, name: str) -> None:
        self.state.running = None
        self.status.idle()
        if name != "Export":
            self.state.reload()
        if self._outcome:
            self.banner.show_choice(*self._outcome)
            self._outcome = None
        if self._prepared:
            self._prepared = False
            self.prepared.emit()
        if name == "Train" and self._training is not None and self._training.done:
            self._tell_of(self._training)
        if name == "Ask" and self.project.tip != self._tip:
            self._begin_asked()
        if self._stopped:
            self.state.told.emit(f"{name} was stopped; what it finished is kept.")
        self._stopped, self._training = False, None

    def _tell_of(self, found: Round) -> None:
        """Tell how training ended; nothing on the table changes by it."""
        try:
            result = endings.trained(self.project, found)
        except ProjectError as error:
            self.banner.show_error(error)
            return
        waiting = self.state.summary.waiting
        choices: list[Choice] = [("Ask the next query now", self._ask_if_may)]
        rest = ""
        if waiting:
            rest = (
                f"{waiting:,} items are still open. What you answer now counts from the next "
                "training on; the next query puts the rest back in the pool."
            )
            choices.append(("Finish these first", lambda: None))
        self.banner.show_choice(result, rest, choices)

    def _ask_if_may(self, options: dict[str, Any] | None = None) -> None:
        reason = self.no.ask()
        if reason is None:
            self.ask(options)
        else:
            self.banner.show_note(reason, "")

    def _begin_asked(self) -> None:
        """Show the first item of a new query, unless somebody is drawing."""
        if self.work.busy and self.state.round is not None:
            asked = len(self.state.round.query.items)
            self.banner.show_note(
                f"{asked:,} units are asked. Your drawing stays: finish it, then Tab goes on.", ""
            )
        else:
            self.state.begin()

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
