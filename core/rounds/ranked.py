"""Frames in an order that costs something to find: known as far as somebody looks."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Sequence
from itertools import chain
from typing import overload


class Ranked(Sequence[str]):
    """Scans in their order. How many, and which, is known at once; their places one by one.

    Attributes
    ----------
    scans : which they are; at_once : whether their order costs nothing
    """

    def __init__(
        self, scans: Collection[str], steps: Iterable[tuple[str, str]], *, at_once: bool = False
    ) -> None:
        """`steps`: each of `scans` once with its reason, in the order."""
        self.scans, self._steps, self.at_once = frozenset(scans), iter(steps), at_once
        self._order: list[str] = []
        self._why: dict[str, str] = {}
        self._turn = threading.Lock()  # jobs look from a thread of their own

    def __len__(self) -> int:
        return len(self.scans)

    def __contains__(self, scan: object) -> bool:
        return scan in self.scans

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> list[str]: ...
    def __getitem__(self, at: int | slice) -> str | list[str]:
        if isinstance(at, slice):
            return [self[place] for place in range(len(self))[at]]
        place = range(len(self))[at]
        self._reach(place + 1)
        return self._order[place]

    def behind(self, first: Sequence[str]) -> Ranked:
        """The same behind other scans, which have no reason."""
        mine = ((scan, self.reason(scan)) for scan in self)
        steps = chain(((scan, "") for scan in first), mine)
        return Ranked([*first, *self.scans], steps, at_once=self.at_once)

    def reason(self, scan: str) -> str:
        """Why one of the scans stands where it does, in words. Raises KeyError for another scan."""
        if scan not in self.scans:
            raise KeyError(scan)
        while scan not in self._why:
            self._reach(len(self._order) + 1)
        return self._why[scan]

    def _reach(self, count: int) -> None:
        with self._turn:
            while len(self._order) < count:
                scan, why = next(self._steps)
                self._why[scan] = why
                self._order.append(scan)


def in_order(scans: Sequence[str], reasons: Sequence[str] = ()) -> Ranked:
    """Scans whose order costs nothing to find."""
    steps = zip(scans, reasons or [""] * len(scans), strict=True)
    return Ranked(scans, steps, at_once=True)
