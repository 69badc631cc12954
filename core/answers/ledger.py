"""The ledger of one kind of entries: all annotators' heads, and which of them were taken back.

A kind that this program does not know has no more than this: its entries are kept and can be
undone. What answers of a kind come to is a fold, which adds to it (core.answers.fold).
"""

from __future__ import annotations

from core.answers.entry import Entry, Head

Key = tuple[str, int]  # annotator, seq


class Ledger:
    """Heads of one kind.

    Attributes
    ----------
    undone : entries that were taken back
    """

    def __init__(self) -> None:
        self._heads: dict[Key, Head] = {}
        self.undone: set[Key] = set()

    def get(self, key: Key) -> Head | None:
        return self._heads.get(key)

    def all(self) -> list[Head]:
        """A copy, since training reads on another thread while labelling adds."""
        return list(self._heads.values())

    def is_undone(self, entry: Head | Entry) -> bool:
        return (entry.annotator, entry.seq) in self.undone

    def add(self, head: Head) -> Head | None:
        """Take in an entry; an annotator's come in their order. Return the entry that now counts
        otherwise: itself or, of an undo, what it takes back or brings back; None if none does."""
        self._heads[head.annotator, head.seq] = head
        if head.verb != "undo":
            return head
        target = self._heads.get((head.annotator, head.cancels or 0))
        undoes = True
        while target is not None:  # an undo of an undo brings back what that one took
            key = (target.annotator, target.seq)
            changes = (key in self.undone) != undoes
            (self.undone.add if undoes else self.undone.discard)(key)
            if target.verb != "undo":
                return target if changes else None
            undoes = not undoes
            target = self._heads.get((target.annotator, target.cancels or 0))
        return None
