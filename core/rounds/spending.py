"""What the answers to one query have cost, followed as they come."""

from __future__ import annotations

from collections.abc import Iterable

from core.answers.entry import Head
from core.answers.fold import Fold
from core.query.query import Query


class Spending:
    """Of one query's answers: `done` items, answered or declined; `units`, `points` and active
    1/100 seconds, `hundredths`, of the answers that count: whole ones, so that taking an answer
    back leaves nothing. Counted from what was answered; the query's costs were estimates."""

    def __init__(self, query: Query, fold: Fold) -> None:
        self.query, self._fold = query, fold
        self._heads: dict[str, Head] = {}
        self.done = self.units = self.points = self.hundredths = 0
        self._seen = len(fold.changed)
        self._count(query.items)

    @property
    def waiting(self) -> int:
        """Items without an answer."""
        return len(self.query.items) - self.done

    @property
    def seconds(self) -> float:
        return self.hundredths / 100

    def follow(self) -> None:
        """Count what has changed since the last call: of 100,000 answers one."""
        changed = self._fold.changed[self._seen :]
        self._seen += len(changed)
        self._count(dict.fromkeys(unit for unit in changed if unit in self.query.place_of))

    def _count(self, units: Iterable[str]) -> None:
        for unit in units:
            before, after = self._heads.pop(unit, None), self._fold.effective.get(unit)
            if after is not None:
                self._heads[unit] = after
            for head, sign in ((before, -1), (after, 1)):
                if head is not None:
                    self.done += sign
                    self.hundredths += sign * round(head.active_s * 100)
                    if head.verb == "answer":
                        self.units += sign
                        self.points += sign * head.points
