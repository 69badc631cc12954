"""Long steps on one thread that lives as long as the window."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from PySide6.QtCore import QObject, Signal

from core.base.errors import Cancelled, ProjectError
from core.base.jobs import Job, Progress

Step = Callable[[Job], object]


class Jobs(QObject):
    """Runs one step at a time; others are refused while it runs.

    Signals
    -------
    started(name), progressed(Progress) : at most ten times a second
    finished(name) : also after a failure or a cancel, when the window may start the next one
    failed(error) : a ProjectError
    broke(text) : a fault of ours, with its traceback
    """

    started = Signal(str)
    progressed = Signal(object)
    finished = Signal(str)
    failed = Signal(object)
    broke = Signal(str)
    _ended = Signal(object, str, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.running: str | None = None
        self._job: Job | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="jobs")
        self._ended.connect(self._end)

    def run(self, name: str, step: Step) -> bool:
        """Start a step under a name for the person; False while another runs."""
        if self.running is not None:
            return False
        self.running = name
        job = self._job = Job(self._report)
        self.started.emit(name)  # before the step can change anything
        self._thread.submit(self._work, name, step, job)
        return True

    def cancel(self) -> None:
        """Tell the running step to stop; it does so at its next report."""
        if self._job is not None:
            self._job.cancel()

    def shut_step(self) -> None:
        """Stop the running step and wait for it; what it finished is saved."""
        self.cancel()
        self._thread.submit(lambda: None).result()
        self.running = self._job = None

    def shut(self) -> None:
        """Stop the running step and the thread."""
        self.cancel()
        self._thread.shutdown(wait=True)

    def _report(self, report: Progress) -> None:
        self.progressed.emit(report)

    def _work(self, name: str, step: Step, job: Job) -> None:
        try:
            step(job)
            self._ended.emit(job, name, None)
        except Cancelled:
            self._ended.emit(job, name, None)
        except ProjectError as error:
            self._ended.emit(job, name, error)
        except BaseException:  # the last place to tell of it: a thread's errors reach nobody
            self._ended.emit(job, name, traceback.format_exc())

    def _end(self, job: Job, name: str, problem: object) -> None:
        if job is not self._job:  # of a project that was closed meanwhile
            return
        self.running = self._job = None
        if isinstance(problem, ProjectError):
            self.failed.emit(problem)
        elif problem is not None:
            self.broke.emit(str(problem))
        self.finished.emit(name)
