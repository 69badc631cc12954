"""What the next query would ask: dry runs of it in the background, each kept until something that
it was drawn from changes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from concurrent.futures import Future
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, Signal

from core import steps
from core.base.errors import ProjectError
from core.base.words import duration
from core.project.project import Project
from gui.desk.background import Background, Turn


class Estimates(QObject):
    """Signals
    -------
    changed() : another estimate is there
    """

    changed = Signal()
    _done = Signal(object, object)

    def __init__(
        self, project: Project, background: Background, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._project, self._background = project, background
        self._found: dict[tuple, steps.Estimate | ProjectError] = {}
        self._running: dict[tuple, Future] = {}
        self._done.connect(self._take)

    def of(self, options: Mapping[str, Any] | None = None) -> steps.Estimate | ProjectError | None:
        """What `steps.ask` would ask with these arguments, or why not; None while that is drawn."""
        asked = {name: value for name, value in (options or {}).items() if value is not None}
        key = tuple(sorted(asked.items()))
        if key not in self._found and key not in self._running:
            dry_run = partial(steps.estimate, self._project, **asked)
            future = self._running[key] = self._background.submit(dry_run, Turn.SOON)
            future.add_done_callback(lambda done: self._done.emit(key, done))
        return self._found.get(key)

    def words(self, options: Mapping[str, Any] | None = None) -> str:
        """The same in words."""
        found = self.of(options)
        if found is None:
            return "Counting what that would ask …"
        if isinstance(found, ProjectError):
            return f"{found.what} {found.do}"
        scans = f"in {found.scans:,} scan{'s' * (found.scans != 1)}"
        if math.isnan(found.seconds):
            return f"Asks {found.units:,} units, {found.points:,} points, {scans}"
        pace = found.seconds / found.units
        source = "as measured so far" if found.timed else "a guess until your pace is measured"
        return (
            f"Asks {found.units:,} units, {found.points:,} points, {scans}: about "
            f"{duration(found.seconds)} at {pace:.1f} s each, {source}"
        )

    def forget(self) -> None:
        """Answers, units or rounds have changed."""
        for future in self._running.values():
            future.cancel()
        self._found, self._running = {}, {}

    def _take(self, key: tuple, done: Future) -> None:
        if self._running.get(key) is not done or done.cancelled():
            return  # drawn from what has changed since
        del self._running[key]
        try:
            self._found[key] = done.result()
        except ProjectError as error:
            self._found[key] = error
        self.changed.emit()

    def shut(self) -> None:
        """Take nothing that is drawn any more."""
        self._done.disconnect()
