"""A whole thing at once: what is asked, grown step by step over what belongs to it.

What a class key then answers is one act: the unit, each other unit that lies in it wholly, and the
points around them as volunteered ones. One undo takes all of it back.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial

import numpy as np
from PySide6.QtCore import QObject, Signal

from core.answers.answers import Given
from core.answers.effort import NO_EFFORT
from core.assist.grow import STEPS, Superpoints, grown, piece_at, superpoints
from core.base.errors import ProjectError
from core.data.classes import UNLABELLED
from core.prepare.units import Units
from gui.desk.background import Turn
from gui.desk.content import Content
from gui.desk.state import State
from gui.desk.target import Target
from gui.points.labelling import Labelling

TOOL = "grow"
_KEPT = 4  # scans whose superpoints are kept
_NO_ROWS = np.zeros(0, np.int64)


class Growing(QObject):
    """The selection around the state's target: grown by steps, and by clicks on what belongs to it.

    Attributes
    ----------
    step : steps it was grown by, 0 for the target and what was clicked
    beyond : (B,) int64 ascending rows of the scan that are selected beyond the target's

    Signals
    -------
    lit(rows) : these rows are to be lit beside the target, None for none
    """

    lit = Signal(object)
    _found = Signal(object, object)

    def __init__(self, state: State, labelling: Labelling) -> None:
        super().__init__(state)
        self.state, self.labelling = state, labelling
        self.step = 0
        self.beyond = self._clicked = self._let_go = _NO_ROWS
        self._target: Target | None = None
        self._labels: np.ndarray | None = None
        self._shut: tuple[np.ndarray, int, np.ndarray] | None = None
        self._known: OrderedDict[str, tuple[Content, Superpoints]] = OrderedDict()
        self._looking: Future[Superpoints] | None = None
        self._looked: Content | None = None  # the scan whose superpoints were asked for last
        self._waiting: Callable[[], None] | None = None  # for superpoints, to go on with
        self._found.connect(self._take)
        state.target_told.connect(self._look_ahead)
        state.target_changed.connect(self._follow)

    # -- superpoints --------------------------------------------------------------------------

    def _superpoints(self) -> Superpoints | None:
        """Those of the shown scan, None while they are not known."""
        content = self.state.content
        known = self._known.get(content.scan) if content is not None else None
        return known[1] if known is not None and known[0] is content else None

    def _look_ahead(self) -> None:
        """Find the superpoints of another scan before anybody asks for them."""
        content = self.state.content
        if content is not self._looked and self._superpoints() is None:
            self._look(Turn.SOON)

    def _look(self, turn: Turn) -> None:
        content, project = self.state.content, self.state.project
        units = project.units
        if content is None or units is None or content.scan not in project.dataset.train:
            return
        mine = units.range_of(content.scan)
        kind = units.kind[mine.start : mine.stop]
        if content.unit.max(initial=-1) >= len(kind):  # prepared anew; it is read again soon
            return
        points = project.dataset.normalised(content.points)
        work = partial(superpoints, points, content.unit, kind, content.prediction)
        if self._looking is not None:
            self._looking.cancel()
        self._looked = content
        self._looking = self.state.background.submit(work, turn)
        self._looking.add_done_callback(lambda done: self._found.emit(content, done))

    def _take(self, content: Content, done: Future[Superpoints]) -> None:
        if done.cancelled():
            return
        self._known[content.scan] = content, done.result()
        self._known.move_to_end(content.scan)
        while len(self._known) > _KEPT:
            self._known.popitem(last=False)
        waiting = self._waiting
        if waiting is not None and content is self.state.content:
            self._waiting = None
            waiting()

    # -- growing ------------------------------------------------------------------------------

    def _follow(self, _: bool) -> None:
        """Another target, a drawing on it, or other labels: what was grown holds no more."""
        state, content = self.state, self.state.content
        labels = content.labels if content is not None else None
        same = state.target is self._target and labels is self._labels
        if not same or self.labelling.draft is not None:
            self._target, self._labels = state.target, labels
            self._waiting = None
            self._clear()

    def _clear(self) -> None:
        self._clicked = self._let_go = _NO_ROWS
        self._set(0, _NO_ROWS)

    @property
    def held(self) -> bool:
        """Whether more is selected than the target."""
        return len(self.beyond) > 0

    def _set(self, step: int, beyond: np.ndarray) -> None:
        changed = len(beyond) or len(self.beyond)
        self.step, self.beyond = step, beyond
        if changed:
            self.lit.emit(beyond if len(beyond) else None)

    def _why_not(self) -> str | None:
        state = self.state
        if state.target is None or state.content is None:
            return "Nothing is asked here to grow."
        if state.target.blind or state.hides_labels:
            return "A blind answer is for the unit alone."
        if self.labelling.draft is not None:
            return "Growing is for the whole unit: Esc puts the drawing away."
        if state.project.units is None:
            return "Prepare the scans first."
        return None

    def _ready(self, then: Callable[[], None]) -> Superpoints | None:
        """The superpoints where the target can be grown; where they are not known yet, they are
        looked for and `then` is called."""
        reason, found = self._why_not(), self._superpoints()
        if reason is not None:
            self.state.told.emit(reason)
            return None
        if found is None:
            self._waiting = then
            self.state.told.emit("Looking at what stands around …")
            self._look(Turn.NOW)
        return found

    def grow(self) -> None:
        """Take in what belongs to the selection, a step further than it is."""
        found = self._ready(self.grow)
        if found is None:
            return
        for step in range(self.step + 1, STEPS + 1):
            beyond = self._at(found, step)
            if len(beyond) > len(self.beyond):
                self._select(step, beyond)
                return
        self.state.told.emit(
            "It grows no further." if self.held else "Nothing beside it belongs to it."
        )

    def shrink(self) -> None:
        """Let go of what the last step took in, else of what was clicked; where nothing was grown,
        the unit itself holds too much: ask for its parts."""
        found = self._superpoints()
        if not self.held or found is None:
            self.labelling.split()
            return
        for step in range(self.step - 1, -1, -1):
            beyond = self._at(found, step)
            if 0 < len(beyond) < len(self.beyond):
                self._select(step, beyond)
                return
        self.put_away()

    def click(self, row: int) -> None:
        """Take in what a row of the shown scan is of; let go of it where it is selected already.
        A row of the target itself selects its part of like points, to be answered alone."""
        state, target = self.state, self.state.target
        if row < 0:
            state.told.emit("No point is here.")
            return
        found = self._ready(partial(self.click, row))
        if found is None:
            return
        content = state.content
        assert target is not None
        assert content is not None
        if row in target.rows:
            if self.held:
                state.told.emit("This point is of the unit itself: Esc lets go of the rest first.")
            else:
                self.labelling.fill(row)
            return
        closed = self._closed(content)
        if closed[row]:
            state.told.emit("This point has its answer already: it stays as it is.")
            return
        piece = np.setdiff1d(piece_at(found, target.rows, row, closed=closed), target.rows)
        if not len(piece):
            state.told.emit("This point has no valid coordinates.")
        elif row in self.beyond:
            self._clicked = np.setdiff1d(self._clicked, piece)
            self._let_go = np.union1d(self._let_go, piece)
            beyond = np.setdiff1d(self.beyond, piece)
            if len(beyond):
                self._select(self.step, beyond)
            else:
                self.put_away()
        else:
            self._clicked = np.union1d(self._clicked, piece)
            self._let_go = np.setdiff1d(self._let_go, piece)
            self._select(self.step, np.union1d(self.beyond, piece))

    def _at(self, found: Superpoints, step: int) -> np.ndarray:
        """(B,) int64 rows beyond the target after so many steps, with what was clicked and without
        what was let go; none that has a class already."""
        target, content = self.state.target, self.state.content
        assert target is not None
        assert content is not None
        whole = np.union1d(target.rows, self._clicked)
        if step:
            closed = self._closed(content).copy()
            closed[self._let_go] = True
            whole = grown(found, whole, step, closed=closed)
        return np.setdiff1d(whole, target.rows, assume_unique=True)

    def _closed(self, content: Content) -> np.ndarray:
        """(N,) bool: rows that growing takes no more: answered, or of a declined unit."""
        written = self.state.project.answers.history.written
        if self._shut is None or self._shut[0] is not content.labels or self._shut[1] != written:
            closed = (content.labels != UNLABELLED) | self._declined(content)
            self._shut = content.labels, written, closed
        return self._shut[2]

    def _declined(self, content: Content) -> np.ndarray:
        """(N,) bool: rows of units of which somebody said that it cannot be told what they are."""
        units, effective = self.state.project.need_units(), self.state.project.answers.effective
        heads = (effective.get(name) for name in units.names(units.range_of(content.scan)))
        declined = [head is not None and head.verb == "decline" for head in heads]
        found: np.ndarray = np.isin(content.unit, np.flatnonzero(declined))
        return found

    def _select(self, step: int, beyond: np.ndarray) -> None:
        self._set(step, beyond)
        self.state.told.emit(self.words())
        self.state.target_changed.emit(False)

    def words(self) -> str:
        """What a class key answers now, "" where nothing was grown."""
        if not self.held or self.state.target is None:
            return ""
        return (
            f"Press the class of all that is lit: the unit and {len(self.beyond):,} points around "
            "it. Ctrl + click takes more, or lets go; Esc: the unit alone."
        )

    def put_away(self) -> bool:
        """Select the target alone again; return whether more was selected."""
        held = self.held or self._waiting is not None
        self._waiting = None
        if held:
            self._clear()
            self.state.told.emit("")
            self.state.target_changed.emit(False)
        return held

    # -- answering ----------------------------------------------------------------------------

    def give(self, label: int) -> bool:
        """Give all that is selected one class or code; False where nothing was grown."""
        if self._waiting is not None:
            self.state.told.emit("It is about to grow: press the class once its points are bright.")
            return True
        if not self.held:
            return False
        self._write(label, TOOL)
        return True

    def accept(self) -> bool:
        """Give all that is selected the class suggested first; False where nothing was grown."""
        suggestion = self.state.suggestion
        if not self.held and self._waiting is None:
            return False
        refusal = self.state.guesses.refusal(suggestion)
        if self._waiting is not None:
            self.state.told.emit("It is about to grow: press Enter once its points are bright.")
        elif suggestion is None or refusal:
            self.state.told.emit(refusal)
        else:
            self._write(suggestion.classes[0], f"accept+{TOOL}")
        return True

    def same(self) -> bool:
        """Give all that is selected the class of the last answer, as more of the same thing; False
        where nothing was grown."""
        last = self.labelling.apart.last
        if not self.held:
            return False
        if last is None:
            self.state.told.emit("There is no thing before this one that it could be more of.")
        else:
            self._write(last[0], f"{TOOL}+same", last[1])
        return True

    def _write(self, label: int, tool: str, name: str = "") -> None:
        """Answer all that is selected, as a new thing where no name is given."""
        state, project = self.state, self.state.project
        target, content, suggestion = state.target, state.content, state.suggestion
        assert target is not None
        assert content is not None
        suggested = suggestion.to_text() if suggestion is not None else ""
        effort = state.activity.take()._replace(suggested=suggested, tool=tool)
        parts = [(target.unit, target.rows), *_parts(content, project.need_units(), self.beyond)]
        current, apart = state.round, self.labelling.apart
        name = name or apart.followed(target.unit, label) or apart.name()
        try:
            scan = project.scan_ref(content.scan)
            given = [
                Given(
                    scan,
                    rows,
                    np.full(len(rows), label, np.uint8),
                    current.id if current and state.summary.place_of(unit) is not None else "",
                    unit,
                    NO_EFFORT._replace(tool=TOOL) if place else effort,
                    apart.whole(label, len(rows), name),
                )
                for place, (unit, rows) in enumerate(parts)
            ]
            first, *_ = project.answers.answer_together(given, at=target.unit)
        except ProjectError as error:
            state.activity.give_back(effort)
            state.failed.emit(error)
            return
        apart.answered(first, given[0].classes, given[0].things)
        everything = np.concatenate([target.rows, self.beyond])
        content.set_labels(everything, np.full(len(everything), label, np.uint8))
        self._follow(False)
        state.advance(target)

    def shut(self) -> None:
        """Take no superpoints any more."""
        self._found.disconnect()


def _parts(content: Content, units: Units, rows: np.ndarray) -> list[tuple[str, np.ndarray]]:
    """Rows (B,) of a scan by what they answer: units that lie in them wholly, by unit_id, and the
    rest, which is no unit, by ""."""
    of_row = content.unit[rows]
    mine = units.range_of(content.scan)
    inside = np.bincount(of_row[of_row >= 0], minlength=len(mine))
    whole = np.flatnonzero((inside > 0) & (inside == units.points[mine.start : mine.stop]))
    names = units.names(whole + mine.start)
    found = [
        (name, rows[of_row == number]) for name, number in zip(names, whole.tolist(), strict=True)
    ]
    rest = rows[~np.isin(of_row, whole)]
    return [*found, ("", rest)] if len(rest) else found
