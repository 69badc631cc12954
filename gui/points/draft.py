"""A draft: the classes of a unit's points while they are drawn, before anything is answered."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from core.assist.split import Parts
from core.data.classes import UNLABELLED


@dataclass(frozen=True)
class Draft:
    """Immutable, so that each step can be taken back.

    Attributes
    ----------
    classes : (R,) uint8 given so far to the target's rows, UNLABELLED where none is
    selected : (R,) bool drawn, waiting for its class
    part : (R,) int32 parts of like points, asked one after the other, or None
    tree : what they are parts of, and what each can be divided into
    guessed : whether the classes began as a guess, so that only the person may say it is done
    title : the last step in words
    turn : (R,) int32 in which turn each row's class was given, so that two things of a class stay
        two; 0 for none, or None before the first
    own : (R,) bool of a guess: whose class the person gave or confirmed; None before the first
    """

    classes: np.ndarray
    selected: np.ndarray
    part: np.ndarray | None = None
    guessed: bool = False
    title: str = "start"
    own: np.ndarray | None = None
    turn: np.ndarray | None = None
    tree: Parts | None = None

    @classmethod
    def empty(cls, count: int) -> Draft:
        """Of `count` rows without a class."""
        return cls(np.full(count, UNLABELLED, np.uint8), np.zeros(count, bool))

    @property
    def open(self) -> np.ndarray:
        """(R,) bool: rows without a class."""
        return self.classes == UNLABELLED

    @property
    def complete(self) -> bool:
        return not self.open.any()

    @property
    def given(self) -> np.ndarray:
        """(R,) bool: rows whose class the person gave; what is only guessed is not."""
        if not self.guessed:
            return ~self.open
        return np.zeros(len(self.classes), bool) if self.own is None else self.own

    @property
    def free(self) -> np.ndarray:
        """(R,) bool: the rows that a tool takes by itself: those whose class nobody gave, so that
        it never takes one back; where all have theirs, all, as nothing else can be meant."""
        free = ~self.given
        return free if free.any() else ~free

    @property
    def asked(self) -> np.ndarray:
        """(R,) bool: the rows that the next class is for: what is selected, else the largest part
        whose class nobody gave, else all such rows; none where the person gave each its class."""
        if self.selected.any():
            return self.selected
        rest = ~self.given
        if self.part is not None and rest.any():
            return rest & (self.part == self._largest)
        return rest

    @property
    def _largest(self) -> int:
        """The part with the most points whose class nobody gave."""
        assert self.part is not None
        return int(np.bincount(self.part[~self.given]).argmax())

    def guess(self, classes: np.ndarray, title: str) -> Draft:
        """Begin with classes (R,) uint8 for all rows but those that the person gave; the same draft
        where it began so already, or a row would have none."""
        classes = np.where(self.given, self.classes, classes).astype(np.uint8)
        if self.guessed or (classes == UNLABELLED).any():
            return self
        nothing = np.zeros(len(classes), bool)
        return Draft(classes, nothing, None, True, title, self.given, self.turn)

    def unguessed(self) -> Draft:
        """Without its guess: what the person said stays."""
        classes = np.where(self.given, self.classes, UNLABELLED).astype(np.uint8)
        return replace(self, classes=classes, guessed=False, own=None)

    def in_parts(self, tree: Parts) -> Draft:
        """Ask for the two parts of the unit, one after the other."""
        return replace(self, part=tree.cut(2), tree=tree, title="split in two")

    def divide(self) -> Draft:
        """Ask for the two parts of the asked part; the same draft where it cannot be divided."""
        if self.tree is None or self.part is None or self.selected.any() or self.given.all():
            return self
        part = self.tree.divided(self.part, self._largest)
        return self if part is self.part else replace(self, part=part, title="split further")

    def select(
        self, rows: np.ndarray, *, take_away: bool = False, over: bool = False, title: str
    ) -> Draft:
        """Add rows (R,) bool to what is selected, or take them away; of rows whose class was given
        already only where `over`."""
        if take_away:
            selected = self.selected & ~rows
        else:
            selected = self.selected | (rows if over else rows & self.free)
        return replace(self, selected=selected, title=title)

    def give(self, label: int, name: str, *, same: bool = False) -> Draft:
        """Give the asked rows a class or code; `same`: in the last turn, as more of its thing."""
        turn = self.turn if self.turn is not None else np.zeros(len(self.classes), np.int32)
        number = max(int(turn.max(initial=0)) + (not same), 1)
        return replace(
            self._with(self.asked, label, f"{name} given"),
            turn=np.where(self.asked, number, turn).astype(np.int32),
        )

    @property
    def last(self) -> int | None:
        """The class that the last turn gave, None before the first."""
        if self.turn is None or not self.turn.any():
            return None
        return int(self.classes[self.turn == self.turn.max()][0])

    def _with(self, rows: np.ndarray, label: int, title: str) -> Draft:
        return replace(
            self,
            classes=np.where(rows, label, self.classes).astype(np.uint8),
            selected=np.zeros(len(rows), bool),
            own=self.given | rows if self.guessed else None,
            title=title,
        )

    @property
    def replaced(self) -> int:
        """The class that a swap replaces: that of most selected points, else of most points."""
        given = self.classes[~self.open & self.selected]
        if not len(given):
            given = self.classes[~self.open]
        return int(np.bincount(given).argmax())

    def swap(self, label: int, name: str) -> Draft:
        """Give every point of the replaced class another one."""
        return self._with(self.classes == self.replaced, label, f"swap to {name}")

    def drop(self) -> Draft:
        """Nothing selected."""
        return replace(self, selected=np.zeros(len(self.classes), bool), title="selection put away")
