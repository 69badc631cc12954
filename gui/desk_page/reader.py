"""What charts need is read beside the window: one thread, what is chosen goes first."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from functools import partial

from PySide6.QtCore import QObject

from core.base.errors import Cancelled, ProjectError
from core.base.jobs import Job
from gui.charts.chart import Chart
from gui.desk.background import Background, Turn, bring


class Reader(QObject):
    """Reads for a page. `job` is told to stop when the page closes."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.job = Job()
        self._background = Background(1, "desk")
        self._futures: set[Future] = set()

    @property
    def rested(self) -> bool:
        return not self._futures

    def read(self, work: Callable, then: Callable, chart: Chart) -> None:
        """Read something and hand it on; where it cannot be read, the chart says why."""

        def arrived(done: Future) -> None:
            try:
                found = done.result()
            except ProjectError as error:
                chart.wait(f"{error.what} {error.do}")
            except Cancelled:
                pass
            else:
                then(found)

        self.submit(work, arrived, Turn.SOON)

    def submit(self, work: Callable, then: Callable[[Future], object], turn: Turn) -> None:
        """The same; `then` takes the result, or what went wrong, itself."""
        future = self._background.submit(work, turn)
        self._futures.add(future)
        bring(future, self, partial(self._take, then))

    def _take(self, then: Callable[[Future], object], done: Future) -> None:
        self._futures.discard(done)
        if not done.cancelled():
            then(done)

    def shut(self) -> None:
        self.job.cancel()
        self._background.shut()
