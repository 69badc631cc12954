"""The lines of the queue, and what the card says of one: what a person may know of each item.

A repeat stands in the row of the item that comes after it, with what is its own: size, points,
reason. In a second opinion the lines are the sample's, without what others said.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from core.answers.entry import Head
from core.data.items import point_of
from core.query.why import thing_of, why
from gui.desk.state import State


class Row(NamedTuple):
    """One line.

    Attributes
    ----------
    unit, number : unit_id; which question it is, "3 of 50"
    partition : of the unit, -1 where it is not prepared
    points : of the unit
    reason, detail : why it is asked, in words and in numbers
    head : the answer that is shown beside it, or None
    done : whether it is answered
    """

    unit: str
    number: str
    partition: int
    points: int
    reason: str
    detail: str
    head: Head | None
    done: bool


class Rows:
    """The lines of a state's queue."""

    def __init__(self, state: State) -> None:
        self.state = state
        self._things: tuple[str, list[str]] = ("", [])

    def __len__(self) -> int:
        second = self.state.second
        return len(second) if second is not None else len(self.state.order.places)

    def place(self, line: int) -> int:
        """The place in the query, or in the sample, of a line."""
        return line if self.state.second is not None else self.state.order.places[line]

    def line(self) -> int | None:
        """The line of what is shown, None where it has none."""
        state, place = self.state, self.state.place
        if place is None or state.second is not None:
            return place
        return state.order.line_of(place)

    def at(self, place: int) -> Row:
        """What there is to know of a place in the query, or in the sample."""
        state, second = self.state, self.state.second
        if second is not None:
            unit = second.units[place]
            return self._row(place, unit, None, done=unit in second.done)
        assert state.round is not None
        unit = state.round.query.items[place]
        if state.agenda.again and place == state.cursor:
            return self._row(place, state.agenda.again, None, done=False)
        head = state.project.answers.effective.get(unit)
        return self._row(place, unit, head, done=head is not None)

    def _row(self, place: int, unit: str, head: Head | None, *, done: bool) -> Row:
        state, units = self.state, self.state.project.units
        index = units.find(unit) if units is not None else None
        partition = int(units.partition[index]) if units is not None and index is not None else -1
        points = int(units.costs[index]) if units is not None and index is not None else 0
        number = state.agenda.number_of(place)
        if state.second is not None:
            thing = self._thing(partition) + "."
            if point_of(unit) is not None:
                thing, points = "A point that chance chose, to estimate the quality.", 1
            return Row(unit, number, partition, points, thing, "",
                       head, done)  # fmt: skip
        assert state.round is not None
        query, own = state.round.query, state.summary.place_of(unit)
        source = place if own is None else own
        numbers = {name: float(values[source]) for name, values in query.columns.items()}
        detail = query.reason[source]
        if own is None and units is not None and partition >= 0:
            # The words are those of another unit: only its partition would not fit.
            mine = f"partition {units.partition_names[partition]}"
            detail = re.sub(r"partition \w+", mine, detail)
        reason = why(
            query.strategy, detail, numbers, self._thing(partition), self._doubts(unit, partition)
        )
        rank = f"Rank {place + 1:,} of {len(query.items):,}: {detail}."
        return Row(unit, number, partition, points, reason, rank, head, done)

    def _thing(self, partition: int) -> str:
        units = self.state.project.units
        if units is None or partition < 0:
            return "A unit"
        if self._things[0] != units.fingerprint:
            count = len(units.partition_names)
            self._things = (units.fingerprint, [thing_of(units, one) for one in range(count)])
        return self._things[1][partition]

    def _doubts(self, unit: str, partition: int) -> Sequence[str]:
        """What the network hesitates between, as far as the person may be told."""
        state = self.state
        content, target = state.content, state.target
        if not state.guesses.shown or unit == state.agenda.again:
            return ()
        likely = state.guesses.of(unit)
        if likely is None or not likely.shown:
            return ()
        on_screen = target is not None and target.unit == unit and content is not None
        if on_screen and target is not None and content is not None:
            if content.prediction is not None:
                return [state.class_name(c) for c in _most(content.prediction[target.rows])]
        return [] if likely.network is None else [state.class_name(likely.network)]


def _most(classes: np.ndarray) -> list[int]:
    """The two most frequent of classes (R,), the lower one first among equals."""
    counts = np.bincount(classes, minlength=256)
    order = np.argsort(-counts, kind="stable")[:2]
    return [int(c) for c in order if counts[c]]
