"""A sample that is asked blind, units that others answered or points: a list with an end."""

from __future__ import annotations

from collections.abc import Sequence


class Sample:
    """Units in the order in which they are asked.

    Attributes
    ----------
    units : unit_ids, or points
    name : what it is, in words
    after_all : what to do once it is answered
    done : those that were answered
    place : which of them is asked
    """

    def __init__(
        self,
        units: Sequence[str],
        name: str = "Second opinion",
        after: str = "see Review for the agreement",
    ) -> None:
        self.units = tuple(units)
        self.name, self.after_all = name, after
        self._units = frozenset(self.units)
        self.done: set[str] = set()
        self.place = 0

    def __len__(self) -> int:
        return len(self.units)

    def __contains__(self, unit: str) -> bool:
        return unit in self._units

    @property
    def unit(self) -> str:
        """The one that is asked."""
        return self.units[self.place]

    def number(self, place: int) -> str:
        """Which question that is, in words."""
        return f"{place + 1:,} of {len(self.units):,}"

    def go(self, unit: str) -> None:
        """Ask a unit of the sample."""
        self.place = self.units.index(unit)

    def reopen(self, unit: str) -> None:
        """Ask a unit again: its answer was taken back."""
        self.done.discard(unit)
        self.go(unit)

    def after(self) -> int | None:
        """The next place without an answer, going round; None where no other is left."""
        count = len(self.units)
        behind = [(self.place + step) % count for step in range(1, count)]
        return next((place for place in behind if self.units[place] not in self.done), None)

    def before(self) -> int:
        """The place before, answered or not, going round."""
        return (self.place - 1) % len(self.units)
