"""What is on its way to be shown, while its scan is read."""

from __future__ import annotations

from typing import NamedTuple

from gui.desk.target import Target


class Coming(NamedTuple):
    """A scan; the unit or target that is asked there, "" for none; whether to fly."""

    scan: str
    place: str | Target
    fly: bool

    @property
    def unit(self) -> str:
        """The unit that will be the target; "" for none."""
        return self.place.unit if isinstance(self.place, Target) else self.place
