"""The order in which the open query's items are shown and asked: by scan or rank, all or some.

By scan, the default, scans come in the order of their best rank, and each one's items by rank:
another scan is read and taken in far less often.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Protocol

import numpy as np

from core.data.items import scan_of
from core.project.project import Project
from gui.desk.guesses import Guesses
from gui.desk.summary import Summary


class Chosen(Protocol):
    """Units that were chosen elsewhere (gui.desk.chosen)."""

    @property
    def fingerprint(self) -> str: ...
    def holds(self, numbers: np.ndarray) -> np.ndarray: ...


class Order:
    """Places of items in the open query, filtered and sorted.

    Attributes
    ----------
    places : the items' places, in order
    numbers : place -> which question it is, from 1; a filter changes none
    saved : changes of scan that the order by scan spared when the list was made
    by_scan : scan by scan, else by rank
    partition : the one partition that is kept, or None
    suggested : the class that is suggested first for the open items that are kept, or None
    chosen : the units that are kept, or None
    """

    def __init__(self, project: Project, summary: Summary, guesses: Guesses) -> None:
        self._project, self._summary, self._guesses = project, summary, guesses
        self.places: list[int] = []
        self.numbers: dict[int, int] = {}
        self.saved = 0
        self._lines: dict[int, int] = {}
        self.by_scan = True
        self.partition: str | None = None
        self.suggested: int | None = None
        self.chosen: Chosen | None = None

    def refill(self) -> None:
        """Read the query anew; until then the list stays while suggestions change."""
        current, units, places = self._summary.round, self._project.units, []
        self.numbers, self.saved = {}, 0
        if current is not None and units is not None:
            query = current.query
            first = self._guesses.first
            scans = [scan_of(item) for item in query.items]
            numbers = units.find_all(query.items)
            ranked = (numbers >= 0).nonzero()[0].tolist()
            among = self.chosen is None or self.chosen.fingerprint != units.fingerprint
            kept_units = np.full(len(numbers), among)
            if not among and self.chosen is not None:
                kept_units = self.chosen.holds(numbers)
            grouped = by_scan(ranked, scans)
            effective = self._project.answers.effective
            waiting = {place for place in ranked if query.items[place] not in effective}
            self.saved = changes([scans[place] for place in ranked if place in waiting])
            self.saved -= changes([scans[place] for place in grouped if place in waiting])
            order = grouped if self.by_scan else ranked
            self.numbers = {place: number for number, place in enumerate(order, start=1)}
            for place in order:
                kept = self.partition in (None, query.group[place]) and kept_units[place]
                if kept and self.suggested in (None, first.get(query.items[place])):
                    places.append(place)
        self.places = places
        self._lines = {place: line for line, place in enumerate(places)}

    def line_of(self, place: int) -> int | None:
        """Where a place stands in the order, None where it is left out."""
        return self._lines.get(place)

    def is_open(self, place: int) -> bool:
        """Whether an item still waits for its answer."""
        current, effective = self._summary.round, self._project.answers.effective
        return current is not None and current.query.items[place] not in effective

    def after(self, place: int) -> int | None:
        """The next open item behind one, going round at the end; None where no other is open."""
        line, count = self._lines.get(place, -1), len(self.places)
        for step in range(1, count + 1):
            following = self.places[(line + step) % count]
            if following != place and self.is_open(following):
                return following
        return None

    def scans_behind(self, place: int, count: int) -> list[str]:
        """Other scans of the next `count` open items behind one, in their order."""
        current = self._summary.round
        scans: list[str] = []
        for _ in range(count):
            following = self.after(place)
            if current is None or following is None:
                break
            place = following
            scans.append(scan_of(current.query.items[place]))
        return list(dict.fromkeys(scans))

    def before(self, place: int) -> int | None:
        """The item before one, answered or not, going round; None where there is none."""
        return self.places[self._lines.get(place, 0) - 1] if self.places else None


def by_scan(places: Sequence[int], scans: Sequence[str]) -> list[int]:
    """Ascending places, scan by scan; scans (Q,) by place, each where its first place stands."""
    best: dict[str, int] = {}
    for place in places:
        best.setdefault(scans[place], place)
    return sorted(places, key=lambda place: (best[scans[place]], place))


def changes(scans: Sequence[str]) -> int:
    """How often the next scan is another one."""
    return sum(one != other for one, other in pairwise(scans))
