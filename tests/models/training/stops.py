"""A job that is cancelled in the middle."""

from __future__ import annotations

from core.base.errors import Cancelled
from core.base.jobs import Job


class Stops(Job):
    """A job that is cancelled at its n-th report, as a kill between two steps would."""

    def __init__(self, at: int) -> None:
        super().__init__()
        self.left = at

    def progress(self, *_: object, **__: object) -> None:
        self.left -= 1
        if self.left < 0:
            raise Cancelled


class StopsIn(Job):
    """A job that is cancelled in a stage, before its step `at`."""

    def __init__(self, stage: str, at: int = 0) -> None:
        super().__init__()
        self.stage, self.at = stage, at

    def progress(self, done: int, total: int, text: str, **more: object) -> None:
        if text == self.stage and done == self.at:
            raise Cancelled
