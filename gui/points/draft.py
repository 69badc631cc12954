"""A draft: the classes of a unit's points while they are drawn, before anything is answered."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from core.data.classes import UNLABELLED


@dataclass(frozen=True)
class Draft:
    """Immutable, so that each step can be taken back.

    Attributes
    ----------
    classes : (R,) uint8 given so far to the target's rows, UNLABELLED where none is
    selected : (R,) bool drawn, waiting for its class
    part : (R,) int32 parts of like points, asked one after the other, or None
    guessed : whether the classes began as a guess, so that only the person may say it is done
    title : the last step in words
    own : (R,) bool of a guess: whose class the person gave or confirmed; None before the first
    """

    classes: np.ndarray
    selected: np.ndarray
    part: np.ndarray | None = None
    guessed: bool = False
    title: str = "start"
    own: np.ndarray | None = None

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
            return rest & (self.part == np.bincount(self.part[rest]).argmax())
        return rest

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

    def give(self, label: int, name: str) -> Draft:
        """Give the asked rows a class or code."""
        return self._with(self.asked, label, f"{name} given")

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
