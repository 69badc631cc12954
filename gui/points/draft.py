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
    """

    classes: np.ndarray
    selected: np.ndarray
    part: np.ndarray | None = None
    guessed: bool = False
    title: str = "start"

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
            return rest & (self.part == np.bincount(self.part[rest]).argmax())
        return rest

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
