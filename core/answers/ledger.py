"""The ledger of one kind of entries: all annotators' heads, and which of them were taken back.

A kind that this program does not know has no more than this: its entries are kept and can be
undone. What answers of a kind come to is a fold, which adds to it (core.answers.fold).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from core.answers.entry import Entry, Head

Key = tuple[str, int]  # annotator, seq


class Ledger:
    """Heads of one kind.

    An entry is undone while an undo that is not undone itself takes it back. An undo takes back an
    earlier entry; one that names itself or a later one, as no LidarLoop writes it, takes back
    nothing, so that nothing goes in circles.

    Attributes
    ----------
    undone : entries that were taken back
    """

    def __init__(self) -> None:
        self._heads: dict[Key, Head] = {}
        self._undos: dict[Key, list[Key]] = {}  # entry -> what takes it back
        self.undone: set[Key] = set()

    def get(self, key: Key) -> Head | None:
        return self._heads.get(key)

    def all(self) -> list[Head]:
        """A copy, since training reads on another thread while labelling adds."""
        return list(self._heads.values())

    def is_undone(self, entry: Head | Entry) -> bool:
        return (entry.annotator, entry.seq) in self.undone

    def add_all(self, heads: Sequence[Head]) -> None:
        """Take in one annotator's entries, in their order, later than those that are here: each
        undo is looked at once, however long they are a chain."""
        for head in heads:
            self._take_in(head)
        undone: set[Key] = set()
        mine = {head.annotator for head in heads}
        # Latest first: what may take back an undo is settled before it.
        for head in sorted(self._heads.values(), key=lambda head: -head.seq):
            if head.annotator in mine and head.verb == "undo" and _key(head) not in undone:
                target = _target(head)
                if target is not None:
                    undone.add(target)
        # In place, and nothing for a moment otherwise: a standing on another thread reads it.
        self.undone.difference_update(
            [key for key in self.undone if key[0] in mine and key not in undone]
        )
        self.undone |= undone

    def add(self, head: Head) -> Head | None:
        """Take in one entry, later than its annotator's others. Return the entry that now counts
        otherwise: itself or, of an undo, what it takes back or brings back; None if none does."""
        self._take_in(head)
        if head.verb != "undo":
            return head
        key = _target(head)
        while key is not None:  # an undo of an undo brings back what that one took
            taken = any(undo not in self.undone for undo in self._undos.get(key, ()))
            if taken == (key in self.undone):
                return None
            (self.undone.add if taken else self.undone.discard)(key)
            target = self._heads.get(key)
            if target is None or target.verb != "undo":
                return target
            key = _target(target)
        return None

    def _take_in(self, head: Head) -> None:
        self._heads[_key(head)] = head
        target = _target(head)
        if target is not None:
            self._undos.setdefault(target, []).append(_key(head))


def circles(heads: Iterable[Head]) -> list[Head]:
    """The undos that name themselves or a later entry: they take back nothing."""
    return [head for head in heads if head.cancels is not None and head.cancels >= head.seq]


def _key(head: Head) -> Key:
    return head.annotator, head.seq


def _target(head: Head) -> Key | None:
    """What an undo takes back, None where it takes back nothing."""
    if head.verb != "undo" or head.cancels is None or head.cancels >= head.seq:
        return None
    return head.annotator, head.cancels
