"""The history of one annotator: what undo and redo take next, over all kinds of entries."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from core.answers.act import Act, act_of
from core.answers.entry import Head
from core.answers.journal import Journal
from core.answers.ledger import Ledger


class History:
    """One's own entries. `journal` is one's own, None where one has none; `ledger_of` gives the
    ledger that an entry's kind is kept in.

    Attributes
    ----------
    heads : the entries, in their order
    """

    def __init__(self, journal: Journal | None, ledger_of: Callable[[Head], Ledger]) -> None:
        self.heads: list[Head] = []
        self._journal = journal
        self._ledger_of = ledger_of

    def undoable(self) -> list[Head]:
        """What the next undo takes back: the newest entry that was not taken back, with all others
        of its act; empty where there is none."""
        mine = (head for head in reversed(self.heads) if head.verb != "undo")
        last = next((head for head in mine if self._holds(head)), None)
        return [] if last is None else self._held_act(last)

    def redoable(self) -> list[Head]:
        """The undos that the next redo takes back: the oldest still in force since one's last new
        answer, with all others of its act; empty where there is none."""
        for head in reversed(self.heads):
            if head.verb != "undo":
                return []
            # None: lost with a damaged page
            target = self._ledger_of(head).get((head.annotator, head.cancels or 0))
            if target is not None and target.verb != "undo" and self._holds(head):
                return self._held_act(head)
        return []

    def act(self, head: Head) -> list[Head]:
        """The entries that were made by the same key as an entry, itself among them, in their
        order."""
        act = self._act_of(head)
        return [head] if act is None else list(self._within(act.numbers(head.seq)))[::-1]

    def asked_at(self, head: Head) -> str:
        """The unit that was asked when an entry was made: its own, or its act's."""
        act = self._act_of(head)
        return act.at if act is not None else head.unit

    @property
    def written(self) -> int:
        """How many entries there are."""
        return len(self.heads)

    def since(self, written: int) -> list[Head]:
        """The entries behind the first `written`."""
        return self.heads[written:]

    def _within(self, numbers: range) -> Iterator[Head]:
        """Those of these numbers, the newest first."""
        for head in reversed(self.heads):
            if head.seq < numbers.start:
                return
            if head.seq < numbers.stop:
                yield head

    def _held_act(self, head: Head) -> list[Head]:
        return [one for one in self.act(head) if self._holds(one)]

    def _holds(self, head: Head) -> bool:
        return not self._ledger_of(head).is_undone(head)

    def _act_of(self, head: Head) -> Act | None:
        entry = self._journal.entry(head.seq) if self._journal is not None else None
        return act_of(entry.body) if entry is not None else None
