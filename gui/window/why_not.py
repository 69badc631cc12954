"""Why a step cannot be started now, in a sentence; None where it can."""

from __future__ import annotations

from core.base.errors import ProjectError
from core.project.project import Project
from gui.desk.summary import Summary
from gui.window.jobs import Jobs


class Reasons:
    """Asked for each action, whenever something changed."""

    def __init__(self, project: Project, summary: Summary, jobs: Jobs) -> None:
        self._project, self._summary, self._jobs = project, summary, jobs

    def _busy(self) -> str | None:
        if not self._project.writable:
            return "The project is open for reading only."
        return f"{self._jobs.running} is running." if self._jobs.running else None

    def prepare(self) -> str | None:
        return self._busy()

    def report(self) -> str | None:
        return "Prepare the scans first." if self._project.units is None else None

    def ask(self) -> str | None:
        if self._project.units is None:
            return "Prepare the scans first."
        waiting = self._summary.waiting
        if waiting and not self._summary.frozen:
            return f"{waiting:,} items still wait for an answer; train to put them back."
        return self._busy()

    def ask_with(self) -> str | None:
        """As `ask`; where items are open a branch may still begin at another round."""
        if self._project.units is None or not self._project.rounds:
            return self.ask()
        return self._busy()

    def train(self) -> str | None:
        if self._summary.tip is None:
            return "Ask a first query."
        if self._summary.done:
            return "This round is trained: ask the next query."
        if not self._summary.frozen and not self._project.answers.effective:
            return "Answer something first."
        return self._busy()

    def change(self) -> str | None:
        return self._busy()

    def rank(self) -> str | None:
        return "Prepare the scans first." if self._project.units is None else self._busy()

    def evaluate(self) -> str | None:
        if not self._summary.ever_trained:
            return "Train a round first."
        return self._busy()

    def oracle(self) -> str | None:
        if not self._project.research:
            return "Only research projects answer from ground truth."
        if self._summary.round is None or not self._summary.waiting:
            return "No question is open."
        return self._busy()

    def ask_frames(self) -> str | None:
        try:
            waiting = self._open_frames()
        except ProjectError as error:
            return error.what
        if waiting:
            many = "1 frame is" if waiting == 1 else f"{waiting:,} frames are"
            return f"{many} still open: finish them first, or say that they cannot be labelled."
        return self._busy()

    def box_oracle(self) -> str | None:
        if not self._project.research:
            return "Only research projects answer from ground truth."
        try:
            return self._busy() if self._open_frames() else "No frame is asked for."
        except ProjectError as error:
            return error.what

    def _open_frames(self) -> int:
        """How many frames of the last query are open. Raises ProjectError where it is damaged."""
        rounds = self._project.frame_rounds
        return len(self._project.open_frames(rounds[-1])) if rounds else 0

    def train_boxes(self) -> str | None:
        if not self._project.boxes.finished:
            return "Finish a frame first."
        return self._busy()

    def label_points(self) -> str | None:
        return "Prepare the scans first." if self._project.units is None else self.train_boxes()

    def deliver(self) -> str | None:
        return self.train_boxes()

    def bank(self, folder: object) -> str | None:
        return None if folder is not None else "No detector was trained with pseudo scenes yet."

    def export(self) -> str | None:
        return f"{self._jobs.running} is running." if self._jobs.running else None

    def cancel(self) -> str | None:
        return None if self._jobs.running else "Nothing is running."

    def label(self) -> str | None:
        return None if self._project.writable else "The project is open for reading only."

    def same(self) -> str | None:
        if not self._project.settings.label.instances:
            return "Things are not told apart here: label.instances in project.toml is false."
        return self.label()
