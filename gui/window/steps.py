"""What an open project does in the background, a step at a time, and what is told of its end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from core import steps
from core.base.errors import ProjectError
from core.base.jobs import Job, Progress
from core.project.project import Project
from core.quality.disagreements import disagreements, reopen
from core.rounds.round import Round
from gui.desk.state import State
from gui.look.words import breakable
from gui.window import endings
from gui.window.banner import Banner, Choice
from gui.window.exchange import Told
from gui.window.jobs import Jobs
from gui.window.why_not import Reasons


def _again(name: str) -> str:
    """The name of an offer to try a step again."""
    return f"{name} again"


def _end(name: str) -> str:
    """The name of what is told of a step's end."""
    return f"end of {name}"


class Steps(QObject):
    """Starts a project's steps on `jobs`, and goes on from their end.

    Signals
    -------
    prepared() : the scans were prepared, to the end
    report_asked() : the person wants to see what became of the points
    stopping() : the running step was told to stop
    """

    prepared = Signal()
    report_asked = Signal()
    stopping = Signal()

    def __init__(self, project: Project, state: State, jobs: Jobs, banner: Banner) -> None:
        super().__init__(state)
        self.project, self.state, self.jobs, self.banner = project, state, jobs, banner
        self.no = Reasons(project, state.summary, jobs)
        # What is told who draws when others are asked, "" where nobody draws: then they are shown.
        self.at_work: Callable[[], str] = lambda: ""
        self._outcome: Told | None = None
        self._before: Round | None = None  # what was on the table when the step began
        self._offers: dict[str, str] = {}  # what is offered -> in which words
        self._stopped = False
        self._prepared = False
        jobs.started.connect(self._started)
        jobs.progressed.connect(self._progressed)

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

        self.run_and_tell("Prepare", work)

    def ask(self, options: dict[str, Any] | None = None) -> None:
        """Choose and freeze the next query, in the background."""
        self.start("Ask", lambda job: steps.ask(self.project, job, **(options or {})))

    def ask_by(self, step: Callable[[Job], object]) -> None:
        """Ask by another step, of units that somebody chose."""
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
        self._offer_next(
            f"{waiting:,} item{' is' if one else 's are'} still open: the next query puts "
            f"{'it' if one else 'them'} back in the pool.",
            "What is answered and drawn is kept either way.",
            options,
        )

    def _offer_next(self, what: str, do: str, options: dict[str, Any] | None = None) -> None:
        """Offer the next query, or the rest of this one first."""
        choices: list[Choice] = [("Ask the next query now", lambda: self._ask_if_may(options))]
        if self.state.summary.waiting:
            choices.append(("Finish these first", lambda: None))
        self._offer("Ask", what, do, choices)

    def train(self) -> None:
        """Train, score and evaluate, in the background."""

        def work(job: Job) -> None:
            from models.steps import train

            train(self.project, job)

        self.start("Train", work)

    def cancel(self) -> None:
        """Stop the running step, which ends at its next report."""
        self._stopped = True
        self.jobs.cancel()
        self.stopping.emit()

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

        self.run_and_tell("Merge", work)

    def reopen(self) -> None:
        """Ask again where annotators differ."""

        def work(_: Job) -> Told:
            count = reopen(self.project)
            if not count:
                return Told("Annotators agree on every unit.")
            return Told(f"{count:,} units wait again: in the open queue, or first in the next one.")

        self.run_and_tell("Reopen", work)

    def start(self, name: str, step: Callable[[Job], object]) -> None:
        """Run a step in the background; while another runs, offer to try again."""
        if not self.jobs.run(name, step):
            again: Choice = ("Try again", partial(self.start, name, step))
            self._offer(
                _again(name),
                f"{self.jobs.running} is running: {name} was not started.",
                "Try again once it has ended.",
                [again, ("Leave it", lambda: None)],
            )

    def _offer(self, name: str, what: str, do: str, choices: Sequence[Choice]) -> None:
        """Offer to start a step, until it has started, or tell how one ended; what stood there
        of the same name does no more."""
        self._take_back(name)
        self._offers[name] = what
        self.banner.show_choice(what, do, choices)

    def _take_back(self, name: str) -> None:
        self.banner.withdraw(self._offers.pop(name, ""))

    def run_and_tell(self, name: str, step: Callable[[Job], Told]) -> None:
        """Run a step whose outcome stays in sight."""

        def work(job: Job) -> None:
            self._outcome = step(job)

        self.start(name, work)

    def _progressed(self, _: Progress) -> None:
        self.state.summary.look()

    def _started(self, name: str) -> None:
        self.state.running, self._before = name, self.project.tip
        for offer in (name, _again(name), _end("Prepare")):  # the last is news of what was
            self._take_back(offer)
        if self.project.units is None or self.state.round is None:  # what to do next is another
            self.state.project_changed.emit()

    def finished(self, name: str) -> None:
        """A step has ended, well or not: show what it changed, and tell of it."""
        self.state.running = None
        if name != "Export":
            self.state.reload()
        if self._outcome:
            self._offer(_end(name), *self._outcome)
            self._outcome = None
        if self._prepared:
            self._prepared = False
            self.prepared.emit()
        if name == "Train" and self._before is not None and self._before.done:
            self._tell_of(self._before)
        if name == "Ask" and self.project.tip != self._before:
            self._begin_asked()
        if self._stopped:
            self.state.told.emit(f"{name} was stopped; what it finished is kept.")
        self._stopped = False

    def _tell_of(self, found: Round) -> None:
        """Tell how training ended; nothing on the table changes by it."""
        try:
            result = endings.trained(self.project, found)
        except ProjectError as error:
            self.banner.show_error(error)
            return
        waiting, rest = self.state.summary.waiting, ""
        if waiting:
            rest = (
                f"{waiting:,} items are still open. What you answer now counts from the next "
                "training on; the next query puts the rest back in the pool."
            )
        self._offer_next(result, rest)

    def _ask_if_may(self, options: dict[str, Any] | None = None) -> None:
        reason = self.no.ask()
        if reason is None:
            self.ask(options)
        else:
            self.banner.show_note(reason, "")

    def _begin_asked(self) -> None:
        """Show the first item of a new query, unless somebody is drawing."""
        at_work = self.at_work()
        if at_work and self.state.round is not None:
            asked = len(self.state.round.query.items)
            self.banner.show_note(f"{asked:,} units are asked. {at_work}", "")
        else:
            self.state.begin()
