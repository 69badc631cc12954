"""What is on its way to be shown, while its scan is read."""

from __future__ import annotations

from typing import NamedTuple

from core.rounds.round import Round
from gui.desk.target import Target


class Coming(NamedTuple):
    """A scan; the item, unit or target that is asked there, None for none; whether to fly."""

    scan: str
    place: int | str | Target | None
    fly: bool

    def unit(self, current: Round | None) -> str:
        """The unit that will be the target, by the round on the table; "" for none."""
        if isinstance(self.place, int):
            return current.query.items[self.place] if current is not None else ""
        return self.place.unit if isinstance(self.place, Target) else self.place or ""
