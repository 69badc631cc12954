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
    """

    classes: np.ndarray
    selected: np.ndarray
    part: np.ndarray | None = None
    guessed: bool = False
    title: str = "start"
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
    def asked(self) -> np.ndarray:
        """(R,) bool: the rows that the next class is for: what is selected, else the largest part
        without a class, else all that has none, else everything."""
        if self.selected.any():
            return self.selected
        rest = self.open
        if not rest.any():
            return np.ones(len(rest), bool)
        if self.part is not None:
            return rest & (self.part == self._largest)
        return rest

    @property
    def _largest(self) -> int:
        """The part with the most points without a class."""
        assert self.part is not None
        return int(np.bincount(self.part[self.open]).argmax())

    def in_parts(self, tree: Parts) -> Draft:
        """Ask for the two parts of the unit, one after the other."""
        return replace(self, part=tree.cut(2), tree=tree, title="split in two")

    def divide(self) -> Draft:
        """Ask for the two parts of the asked part; the same draft where it cannot be divided."""
        if self.tree is None or self.part is None or self.selected.any() or self.complete:
            return self
        part = self.tree.divided(self.part, self._largest)
        return self if part is self.part else replace(self, part=part, title="split further")

    def select(self, rows: np.ndarray, *, take_away: bool = False, title: str) -> Draft:
        """Add rows (R,) bool to what is selected, or take them away."""
        selected = self.selected & ~rows if take_away else self.selected | rows
        return replace(self, selected=selected, title=title)

    def give(self, label: int, name: str) -> Draft:
        """Give the asked rows a class or code."""
        classes = np.where(self.asked, label, self.classes).astype(np.uint8)
        return replace(
            self, classes=classes, selected=np.zeros(len(classes), bool), title=f"{name} given"
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
        classes = np.where(self.classes == self.replaced, label, self.classes).astype(np.uint8)
        return replace(
            self, classes=classes, selected=np.zeros(len(classes), bool), title=f"swap to {name}"
        )

    def drop(self) -> Draft:
        """Nothing selected."""
        return replace(self, selected=np.zeros(len(self.classes), bool), title="selection put away")
