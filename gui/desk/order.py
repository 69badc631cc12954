"""The order in which the open query's items are shown and asked: by rank or scan, all or some."""

from __future__ import annotations

from core.data.items import scan_of
from core.project.project import Project
from gui.desk.guesses import Guesses


class Order:
    """Places of items in the open query, filtered and sorted.

    Attributes
    ----------
    places : the items' places, in order
    by_scan : scan by scan, else by rank
    partition : the one partition that is kept, or None
    suggested : the class that is suggested first for the open items that are kept, or None
    """

    def __init__(self, project: Project, guesses: Guesses) -> None:
        self._project, self._guesses = project, guesses
        self.places: list[int] = []
        self.by_scan = False
        self.partition: str | None = None
        self.suggested: int | None = None

    def refill(self) -> None:
        """Read the query anew; until then the list stays while suggestions change."""
        found, units, self.places = self._project.open_round, self._project.units, []
        if found is None or units is None:
            return
        query = found.query
        for place, item in enumerate(query.items):
            if (
                units.find(item) is not None
                and self.partition in (None, query.group[place])
                and self.suggested in (None, self._guesses.first.get(item))
            ):
                self.places.append(place)
        if self.by_scan:
            self.places.sort(key=lambda place: (scan_of(query.items[place]), place))

    def is_open(self, place: int) -> bool:
        """Whether an item still waits for its answer."""
        found, effective = self._project.open_round, self._project.answers.effective
        return found is not None and found.query.items[place] not in effective

    def after(self, place: int) -> int | None:
        """The next open item behind one, going round at the end; None where no other is open."""
        at = self.places.index(place) + 1 if place in self.places else 0
        following = (*self.places[at:], *self.places[:at])
        return next((p for p in following if p != place and self.is_open(p)), None)

    def before(self, place: int) -> int | None:
        """The item before one, answered or not, going round; None where there is none."""
        if not self.places:
            return None
        at = self.places.index(place) if place in self.places else 0
        return self.places[at - 1]
