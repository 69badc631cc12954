"""The order in which the open query's items are shown and asked: by rank or scan, all or some."""

from __future__ import annotations

from core.data.items import scan_of
from core.project.project import Project
from gui.desk.guesses import Guesses
from gui.desk.summary import Summary


class Order:
    """Places of items in the open query, filtered and sorted.

    Attributes
    ----------
    places : the items' places, in order
    by_scan : scan by scan, else by rank
    partition : the one partition that is kept, or None
    suggested : the class that is suggested first for the open items that are kept, or None
    """

    def __init__(self, project: Project, summary: Summary, guesses: Guesses) -> None:
        self._project, self._summary, self._guesses = project, summary, guesses
        self.places: list[int] = []
        self._lines: dict[int, int] = {}
        self.by_scan = False
        self.partition: str | None = None
        self.suggested: int | None = None

    def refill(self) -> None:
        """Read the query anew; until then the list stays while suggestions change."""
        current, units, places = self._summary.round, self._project.units, []
        if current is not None and units is not None:
            query = current.query
            first = self._guesses.first
            known = units.find_all(query.items) >= 0
            for place in known.nonzero()[0].tolist():
                kept = self.partition in (None, query.group[place])
                if kept and self.suggested in (None, first.get(query.items[place])):
                    places.append(place)
            if self.by_scan:
                places.sort(key=lambda place: (scan_of(query.items[place]), place))
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

    def before(self, place: int) -> int | None:
        """The item before one, answered or not, going round; None where there is none."""
        return self.places[self._lines.get(place, 0) - 1] if self.places else None
