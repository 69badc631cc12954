"""Things told apart: which thing of its class an answer is about, where the project asks for it."""

from __future__ import annotations

from collections import deque

import numpy as np

from core.answers.entry import Head
from core.answers.instances import Things, named
from gui.desk.state import State

_REMEMBERED = 100


class Apart:
    """Names for the things that one person answers."""

    def __init__(self, state: State) -> None:
        self._state = state
        # With class and name of the thing; so many of the last ones may be taken back.
        self._answered: deque[tuple[Head, int, str]] = deque(maxlen=_REMEMBERED)

    @property
    def last(self) -> tuple[int, str] | None:
        """Class and name of the thing that was answered last and not taken back, None before the
        first."""
        fold = self._state.project.answers.fold
        held = (one for one in reversed(self._answered) if not fold.is_undone(one[0]))
        return next(((label, name) for _, label, name in held), None)

    @property
    def on(self) -> bool:
        """Whether answers tell things apart."""
        return self._state.project.settings.label.instances

    def name(self, later: int = 0, part: int = 1) -> str:
        """A new name, of the thing in the entry that comes `later` entries after the next one."""
        answers = self._state.project.answers
        name = named(answers.annotator, answers.next_number + later)
        return name if part == 1 else f"{name}.{part}"

    def followed(self, unit: str, label: int) -> str | None:
        """The thing that a unit of a class is in a neighbouring scan, None where it is none."""
        guesses = self._state.guesses
        likely = guesses.of(unit)
        carried = likely is not None and likely.carried == label
        return guesses.things.get(unit) if carried else None

    def whole(self, label: int, count: int, name: str) -> Things | None:
        """Of `count` rows of one class, one thing; None where its things are not told apart."""
        if not self.on or label not in self._state.project.classes.countable:
            return None
        return Things((name,), np.ones(count, np.int32))

    def of_unit(self, unit: str, classes: np.ndarray, turn: np.ndarray | None) -> Things | None:
        """Of a unit's rows with classes (R,), given in turns (R,): what one turn gave is one thing.
        A unit of one class is the thing that it is in a neighbouring scan."""
        if turn is None and len(classes) and (classes == classes[0]).all():
            label = int(classes[0])
            name = self.followed(unit, label) or self.name()
            return self.whole(label, len(classes), name)
        countable = np.isin(classes, list(self._state.project.classes.countable))
        if not self.on or not countable.any():
            return None
        given = turn if turn is not None else np.zeros(len(classes), np.int64)
        key = given.astype(np.int64) << 8 | classes
        keys, of_row = np.unique(key[countable], return_inverse=True)
        found = np.zeros(len(classes), np.int32)
        found[countable] = of_row + 1
        return Things(tuple(self.name(part=part + 1) for part in range(len(keys))), found)

    def answered(self, head: Head, classes: np.ndarray, things: Things | None) -> None:
        """Remember which classes (R,) were answered, should the next one be the same thing."""
        if things is not None and len(things.names) == 1:
            (place,) = np.flatnonzero(things.of_row)[:1]
            self._answered.append((head, int(classes[place]), things.names[0]))
