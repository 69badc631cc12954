"""What is asked: an item of the query, a repeat in the row of one, or a unit of a sample."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from core.data.items import scan_of
from core.project.project import Project
from core.quality.agreement import Repeats
from gui.desk.order import Order
from gui.desk.sample import Sample
from gui.desk.summary import Summary
from gui.desk.target import Target

_AHEAD = 3


class Way(NamedTuple):
    """Where to go: a unit, or "" for none; `stays`: nowhere at all. `words` are told."""

    to: str = ""
    words: str = ""
    stays: bool = False


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

    def turn_to(self, unit: str) -> bool:
        """Let a unit, or "" for points without one, be the target: of a sample it is asked then,
        and in its row a repeat is no more. Return whether it may: in a sample nothing else."""
        if self.second is None:
            if unit != self.again and self.place_of(unit) == self.cursor:
                self._leave_repeat()
            return True
        if unit in self.second:
            self.second.go(unit)
        return unit in self.second

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

    def place_of(self, unit: str) -> int | None:
        """Place of a unit in the query, or in the sample; None where it is in neither. What is seen
        again stands where the query stands."""
        if self.second is not None:
            return self.second.place if unit == self.second.unit else None
        if self.is_blind(unit):
            return self.cursor if self._summary.round is not None and self.cursor >= 0 else None
        return self._summary.place_of(unit)

    def as_asked(self, target: Target) -> Target:
        """A target as the query, a repeat or the sample asks it, if one of them does."""
        if self.is_blind(target.unit):
            return replace(target, blind=True)
        return replace(target, item=self._summary.place_of(target.unit))

    def placed(self, target: Target) -> Target:
        """A target with its place in the query that is on the table now."""
        place = None if target.blind else self._summary.place_of(target.unit)
        if place is not None and self.cursor < 0:
            self.go(place)
        return replace(target, item=place)

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

    def begin(self) -> Way:
        """To the first open item."""
        if self.second is not None:
            return Way(self.second.unit)
        self.forget()
        place = self._order.after(-1)
        return self.go(place) if place is not None else Way()

    def go(self, place: int) -> Way:
        """Ask an item of the query, or of the sample, in place of the last one."""
        if self.second is not None:
            self.second.place = place
            return Way(self.second.unit)
        self._leave_repeat()
        self._owed[-1:] = [place]
        return self._to(place)

    def _leave_repeat(self) -> None:
        """Another item is asked: in its row stands what is its own; the repeat comes later."""
        if self.again:
            self._repeats.postpone(self.again)
            self.again = ""

    def _to(self, place: int, words: str = "") -> Way:
        """To an item, which there is only where a query is on the table."""
        assert self._summary.round is not None
        return Way(self._summary.round.query.items[place], words)

    def ask_too(self, unit: str) -> None:
        """Ask a unit first, where it is an item, and then what was asked before."""
        place = self._summary.place_of(unit)
        if place is not None:
            self._leave_repeat()
            self._owed = [*(one for one in self._owed if one != place), place]

    def home(self, unit: str) -> Way | None:
        """From a unit back to what is asked; None where that is it, or nothing is owed."""
        if self.asks(unit):
            return None
        if self.second is not None or (self.again and self.cursor >= 0):
            return Way(self.second.unit if self.second is not None else self.again)
        return self._to(self.cursor) if self.owes else None

    def skip(self, unit: str) -> Way:
        """From a unit to the next open item; from a detour, back to what is asked."""
        home = self.home(unit)
        if home is not None:
            return home
        if self.second is not None:
            following = self.second.after()
            if following is None:
                return Way(words="This is the last of the sample.", stays=True)
            return self.go(following)
        self._leave_repeat()
        place = self._behind(self.cursor)
        if place is not None:
            return self.go(place)
        if self.owes:
            return self._to(self.cursor, "This is the last open item.")
        return Way(words=self._all_done(), stays=True)

    def back(self) -> Way:
        """To the item before, answered or not."""
        if self.second is not None:
            return self.go(self.second.before())
        place = self._order.before(self.cursor)
        return self.go(place) if place is not None else Way(stays=True)

    def advance(self, unit: str, item: int | None, *, blind: bool) -> Way:
        """After an answer to a unit, an item or not: to the next open item from what was asked;
        from a detour nowhere, so that more can be clicked."""
        if self.second is not None:
            if unit in self.second:  # else points that a new preparation left without their unit
                self.second.done.add(unit)
            following = self.second.after()
            return self.go(following) if following is not None else self.end_second()
        if blind:
            self.again = ""
            return self._ask(self.cursor if self.owes else self._order.after(self.cursor))
        if item is not None:
            self._repeats.note(unit)
        if item is None or item != self.cursor:
            return Way(words=f"Tab: back to {self.number}." if self.owes else "")
        place = self._behind(item)
        if place is not None and self._repeat_before(place, scan_of(unit)):
            return Way(self.again)
        way = self._ask(place)
        return way if way.words else way._replace(words=self._boxes_next(scan_of(unit)))

    def _ask(self, place: int | None) -> Way:
        return self.go(place) if place is not None else Way(words=self._all_done())

    def _behind(self, place: int) -> int | None:
        """What comes after an item: what was left to undo it, else the next open one."""
        rest = self._owed[:-1]
        while rest and not self._order.is_open(rest[-1]):
            rest.pop()
        if rest:
            self._owed = rest
            return rest[-1]
        return self._order.after(place)

    def _boxes_next(self, scan: str) -> str:
        """That boxes can be made of what was answered in a scan, once that is all and where boxes
        are drawn too."""
        if not self._project.frame_rounds or scan in self._summary.waiting_in:
            return ""
        return (
            f"All asked in {scan} is answered: among the boxes its things are offered to be boxed."
        )

    def _all_done(self) -> str:
        waiting = self._summary.waiting
        if self._summary.round is not None and waiting:
            return f"This list is answered; {waiting:,} more wait outside of it: show all."
        if self._summary.scored:
            return "Every item is answered: ask the next query."
        return "Every item is answered: train the round."

    @property
    def ahead(self) -> list[str]:
        """Scans that are asked next."""
        if self.second is not None:
            following = self.second.after()
            return [] if following is None else [scan_of(self.second.units[following])]
        return self._order.scans_behind(self.cursor, _AHEAD)

    # -- blind answers ------------------------------------------------------------------------

    def _repeat_before(self, place: int, here: str) -> bool:
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
        self.go(place)
        self.again = again
        return True

    def see_again(self, unit: str) -> None:
        """A blind answer was taken back."""
        if self.second is not None and unit in self.second:
            self.second.reopen(unit)
        else:
            self.again = unit

    def answered_again(self, unit: str) -> Way:
        """A blind answer was brought back: on from its unit, as after it was given."""
        if self.second is not None and unit in self.second:
            self.second.go(unit)
        return self.advance(unit, None, blind=True)

    def begin_second(self, units: Sequence[str], **about: str) -> Way:
        """Ask a sample instead of the query."""
        self._leave_repeat()
        self.second = Sample(units, **about)
        return Way(self.second.unit)

    def end_second(self) -> Way:
        """Back to what the query asks, with how far the sample came."""
        assert self.second is not None
        second, self.second = self.second, None
        done, count = len(second.done), len(second)
        rest = second.after_all if done == count else "asked anew it goes on there"
        words = f"The {second.name.lower()} has ended after {done:,} of {count:,}: {rest}."
        return self._to(self.cursor, words) if self.owes else Way(words=words)
