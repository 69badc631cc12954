"""Frames in an order that costs something to find: known as far as somebody looks."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import chain
from typing import overload


class Ranked(Sequence[str]):
    """Scans in their order. How many, and which, is known at once; their places one by one.

    Attributes
    ----------
    scans : which they are; at_once : whether their order costs nothing
    """

    def __init__(self, scans: Collection[str], steps: Iterable[tuple[str, str]]) -> None:
        """`steps`: each of `scans` once with its reason, in the order."""
        self.scans, self._steps, self.at_once = frozenset(scans), iter(steps), False
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
        places = range(len(self))[at]
        if isinstance(places, range):
            self._reach(max(places, default=-1) + 1)
            return [self._order[place] for place in places]
        self._reach(places + 1)
        return self._order[places]

    def __iter__(self) -> Iterator[str]:
        return iter(self._order) if self.at_once else super().__iter__()

    def behind(self, first: Sequence[str]) -> Ranked:
        """The same behind other scans, which have no reason."""
        if self.at_once:
            reasons = [*[""] * len(first), *(self._why[scan] for scan in self)]
            return in_order([*first, *self], reasons)
        mine = ((scan, self.reason(scan)) for scan in self)
        return Ranked([*first, *self.scans], chain(((scan, "") for scan in first), mine))

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
    found = Ranked(scans, ())
    found._order, found.at_once = list(scans), True
    found._why = dict(zip(scans, reasons or [""] * len(scans), strict=True))
    return found
