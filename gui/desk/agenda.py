"""What is asked: an item of the query, a repeat in the row of one, or a unit of a sample."""

from __future__ import annotations

from collections.abc import Sequence

from core.data.items import scan_of
from core.project.project import Project
from core.quality.agreement import Repeats
from gui.desk.order import Order
from gui.desk.sample import Sample
from gui.desk.summary import Summary


class Agenda:
    """Whatever else is looked at, what the queue asks stays owed.

    Attributes
    ----------
    again : a unit that is seen a second time, in the row of the item behind it; "" for none
    second : the sample of others' units that is asked for a second opinion, or None
    """

    def __init__(self, project: Project, summary: Summary, order: Order) -> None:
        self._project, self._summary, self._order = project, summary, order
        self._repeats = Repeats(project)
        # Places of the query to come back to, the newest last: undo leaves one to redo another.
        self._owed: list[int] = []
        self.again = ""
        self.second: Sample | None = None

    @property
    def cursor(self) -> int:
        """Place of the item that the queue asks, -1 before the first."""
        return self._owed[-1] if self._owed else -1

    @property
    def owes(self) -> bool:
        """Whether the item at the cursor waits for its answer."""
        asked = self._summary.round is not None and self.cursor >= 0
        return asked and self._order.is_open(self.cursor)

    def asks(self, unit: str) -> bool:
        """Whether that unit is what is asked."""
        if self.second is not None:
            return unit == self.second.unit
        current = self._summary.round
        if not unit or current is None or self.cursor < 0:
            return False
        return unit in (current.query.items[self.cursor], self.again)

    def is_blind(self, unit: str) -> bool:
        """Whether an answer to a unit is only compared."""
        sampled = self.second is not None and unit in self.second
        return bool(unit) and (unit == self.again or sampled)

    def number_of(self, place: int) -> str:
        """Which question that is, in words: "3 of 50", of the query or of the sample."""
        if self.second is not None:
            return self.second.number(place)
        return f"{self._order.numbers.get(place, place + 1):,} of {self._summary.asked:,}"

    @property
    def number(self) -> str:
        """Which question is owed, in words; "" where none is."""
        if self.second is not None:
            return self.number_of(self.second.place)
        return self.number_of(self.cursor) if self.owes else ""

    # -- going on -----------------------------------------------------------------------------

    def forget(self) -> None:
        """Nothing is owed any more."""
        self._owed = []

    def ask(self, place: int) -> None:
        """Ask an item in place of the last one."""
        self._owed[-1:] = [place]

    def ask_too(self, place: int) -> None:
        """Ask an item first, and then what was asked before."""
        self._owed = [*(one for one in self._owed if one != place), place]

    def behind(self, place: int) -> int | None:
        """What comes after an item: what was left to undo it, else the next open one."""
        rest = self._owed[:-1]
        while rest and not self._order.is_open(rest[-1]):
            rest.pop()
        if rest:
            self._owed = rest
            return rest[-1]
        return self._order.after(place)

    # -- blind answers ------------------------------------------------------------------------

    def note(self, unit: str) -> None:
        """An item was answered."""
        self._repeats.note(unit)

    def repeat_before(self, place: int, here: str) -> bool:
        """Ask a repeat in the row of an item, if one is due and looks like any other there: it is
        in the shown scan, or the item is not either."""
        again, units, current = self._repeats.due(), self._project.units, self._summary.round
        if again is None or units is None or current is None:
            return False
        if units.find(again) is None:  # a new preparation dropped it
            self._repeats.postpone(again)
            return False
        if scan_of(again) != here and scan_of(current.query.items[place]) == here:
            return False
        self.ask(place)
        self.again = again
        return True

    def leave_repeat(self) -> None:
        """The repeat is skipped: it comes later."""
        if self.again:
            self._repeats.postpone(self.again)
            self.again = ""

    def see_again(self, unit: str) -> None:
        """A blind answer was taken back."""
        if self.second is not None and unit in self.second:
            self.second.reopen(unit)
        else:
            self.again = unit

    def begin_second(self, units: Sequence[str]) -> None:
        """Ask a sample instead of the query."""
        self.second, self.again = Sample(units), ""
