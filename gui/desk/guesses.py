"""Suggestions for what is on the table, learnt anew in the background after every few answers."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial

import numpy as np
from PySide6.QtCore import QObject, Signal

from core.assist.by_neighbours import carried
from core.assist.by_network import predicted
from core.assist.by_shape import fit, is_bare, shapes_of
from core.assist.calibration import ENOUGH, NOTHING_KNOWN, Calibrations
from core.assist.measured import calibrations
from core.assist.same_thing import same_things
from core.assist.suggestion import Suggestion, suggested
from core.base.errors import ProjectError
from core.project.project import Project
from gui.desk.background import Background, Turn

_EVERY = 3  # answers, and at least a twentieth more than at the last fit


class Guesses(QObject):
    """What may be suggested for units of the open query and of the scan that is shown.

    Signals
    -------
    changed() : there are new guesses
    failed(text) : there are none, and why
    """

    changed = Signal()
    failed = Signal(str)
    _fitted = Signal(object)

    def __init__(
        self, project: Project, background: Background, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.project, self._background = project, background
        self.shown = True
        self._shape: dict[str, dict[int, float]] = {}
        self._network: dict[str, tuple[int, float]] = {}
        self._carried: dict[str, tuple[int, float]] = {}
        self.things: dict[str, str] = {}  # by unit, the thing that a neighbouring scan has there
        self._known = NOTHING_KNOWN
        self._held: tuple[str, Suggestion | None] = ("", None)
        self.first: dict[str, int] = {}  # of open items that show a suggestion, their first one
        self._running: Future | None = None
        self._fitted_at = 0
        self._scan = ""
        self._fitted.connect(self._take)

    def follow(self, scan: str) -> None:
        """Learn anew if it is time to, or if another scan's units are shown."""
        answers = len(self.project.answers.effective)
        due = abs(answers - self._fitted_at) >= max(_EVERY, self._fitted_at // 20)
        idle = self._running is None and self.project.units is not None
        if idle and (due or scan != self._scan):
            self._fitted_at, self._scan = answers, scan
            learn = partial(_learn, self.project, scan)
            self._running = self._background.submit(learn, Turn.LATER)
            self._running.add_done_callback(self._fitted.emit)

    @property
    def rested(self) -> bool:
        """Whether something was learnt for what is shown, and nothing is being learnt."""
        return self._running is None and bool(self._scan)

    def forget(self) -> None:
        """Units or predictions have changed."""
        self._shape, self._network, self._carried, self.first = {}, {}, {}, {}
        self.things = {}
        self._known, self._held = NOTHING_KNOWN, ("", None)
        self._fitted_at, self._scan = 0, ""

    def renew(self) -> None:
        """Learn anew; until then what is suggested stays."""
        self._fitted_at, self._scan = 0, ""

    def of(self, unit: str) -> Suggestion | None:
        """The suggestion for a unit, None where nothing is known of it."""
        if not unit:
            return None
        return suggested(
            self._shape.get(unit, {}),
            self._network.get(unit),
            self._carried.get(unit),
            shown=self.shown and not is_bare(self.project, unit),
            known=self._known,
        )

    def refusal(self, likely: Suggestion | None) -> str:
        """Why a suggestion cannot be confirmed by one key, in a sentence; "" where it can."""
        if likely is None or not likely.shown:
            return "Nothing is suggested for this one: press its class."
        if likely.acceptable:
            return ""
        kind = self._known.shape if likely.network is None else self._known.network
        return (
            f"Too early to confirm a suggestion: {kind.answers} of {ENOUGH} answers have measured "
            f"how often it is right. Press the class itself."
        )

    def held(self, unit: str) -> Suggestion | None:
        """The same for the unit that is asked; its first class stays as long as it is asked, so
        that what Enter means never changes under a hand."""
        (before, said), now = self._held, self.of(unit)
        if before == unit and said is not None and now is not None:
            if said.shown and now.shown and said.classes[0] != now.classes[0]:
                return said
        self._held = unit, now
        return now

    def _take(self, done: Future) -> None:
        self._running = None
        if done.cancelled():
            return
        try:
            learnt: Learnt = done.result()
        except ProjectError as error:
            self.failed.emit(f"No suggestions: {error.what} {error.do}")
            return
        self._shape.update(learnt.shape)
        self._network.update(learnt.network)
        self._carried.update(learnt.carried)
        self.things.update(learnt.things)
        self._known = learnt.known
        self.first = learnt.first
        self.changed.emit()

    def shut(self) -> None:
        """Take nothing that is learnt any more."""
        self._fitted.disconnect()


@dataclass(frozen=True)
class Learnt:
    """By unit: shape, class -> probability; network and carried, a class and a share; first, the
    class suggested first for an open item that may show one; things, their names; known, how often
    suggestions were right."""

    shape: dict[str, dict[int, float]]
    network: dict[str, tuple[int, float]]
    carried: dict[str, tuple[int, float]]
    first: dict[str, int]
    things: dict[str, str]
    known: Calibrations


def _learn(project: Project, scan: str) -> Learnt:
    """On the thread: guesses by shape, and predictions, for the open items and a scan's units."""
    units = project.need_units()
    current = project.open_round
    open_items = project.open_items(current) if current is not None else []
    asked = units.find_all(open_items)
    numbers = np.union1d(asked[asked >= 0], np.array(units.range_of(scan), np.int64))
    names = units.names(numbers)
    shape: dict[str, dict[int, float]] = {}
    suggester = fit(project)
    if suggester is not None:
        guesses = suggester.guess(shapes_of(project, numbers))
        shape = {
            name: dict(zip(guess.classes, guess.shares, strict=True))
            for name, guess in zip(names, guesses, strict=True)
        }
    network = predicted(project, names)
    seen = carried(project, scan) if scan in project.dataset.train else {}
    first = {}
    for name in open_items:
        likely = suggested(shape.get(name, {}), network.get(name), seen.get(name), shown=True)
        if likely is not None and not is_bare(project, name):
            first[name] = likely.classes[0]
    apart = project.settings.label.instances and scan in project.dataset.train
    things = same_things(project, scan) if apart else {}
    return Learnt(shape, network, seen, first, things, calibrations(project))
