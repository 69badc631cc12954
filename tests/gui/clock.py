"""A clock that tests turn."""

from __future__ import annotations

from gui.desk.activity import Activity


class Clock:
    """A clock that stands where the activity's stood, until the test turns it."""

    def __init__(self, activity: Activity) -> None:
        activity.take()
        self.now = activity._last
        activity._clock = lambda: self.now
