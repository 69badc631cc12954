"""The boxes of the shown frame, which of them is chosen, and what is about to become one."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import Enum

from PySide6.QtCore import QObject, Signal

from core.answers.box import INTERPOLATE, Box
from core.base.errors import ProjectError
from core.exchange.boxes_found import FoundBoxes
from gui.desk.state import State

_LEAST = 0.3  # the least score that is shown at first


class Kind(Enum):
    """What a box of a frame is so far: `rank` is the order in which the open ones are asked."""

    DRAWN = "drawn"  # a person vouches for it
    UNSURE = "copied"  # it was copied or interpolated, and nobody looked at it yet
    FOUND = "found"  # a detector's, not answered yet
    REJECTED = "rejected"  # a detector's, and nothing is there
    LABELLED = "labelled"  # a thing by the classes of its points, without a box yet
    GHOST = "missed?"  # something that may have been missed

    @property
    def open(self) -> bool:
        """Whether it waits for a person."""
        return self in (Kind.UNSURE, Kind.FOUND, Kind.LABELLED, Kind.GHOST)

    @property
    def offered(self) -> bool:
        """Whether it is in no file: accepted, it is a new box."""
        return self in (Kind.LABELLED, Kind.GHOST)


@dataclass(frozen=True, eq=False)
class Row:
    """One box: `name` as the journal has it, of what is offered its own; `score` 0..1, NaN of no
    detector's."""

    name: str
    box: Box
    kind: Kind
    score: float = math.nan


class Frame(QObject):
    """What is known of the shown frame's boxes. It writes nothing.

    Attributes
    ----------
    scan : whose boxes they are, "" before the first
    rows : by name, in the order in which they were made; what is offered last
    chosen : the name of the box that keys are about, "" for none
    live : that box while a handle is dragged, None else
    why : why the boxes of the scan cannot be shown, None where they are
    least : the score below which a detector's boxes are left out

    Signals
    -------
    changed() : other boxes, or other states of them; another may be chosen, too
    chose() : another box is chosen, or none
    moved() : the chosen box is being dragged
    """

    changed = Signal()
    chose = Signal()
    moved = Signal()

    def __init__(self, state: State) -> None:
        super().__init__(state)
        self.state = state
        self.scan = ""
        self.rows: dict[str, Row] = {}
        self.chosen = ""
        self.live: Box | None = None
        self.why: ProjectError | None = None
        self.least = _LEAST
        self._by_hand = False  # whether a person chose that
        self.blind = False
        self._told = 0  # entries of the journal that are taken in
        self._found: dict[str, Row] = {}  # what a detector found here, by name
        self.detector: FoundBoxes | None = None  # what it found in all scans

    # -- reading ------------------------------------------------------------------------------

    def read(self, scan: str) -> None:
        """Take up a scan's boxes as the journal has them; what is chosen stays."""
        project = self.state.project
        another = scan != self.scan
        self.scan, self.live, self.why = scan, None, None
        self._told = self._written()
        offered = [row for row in self.rows.values() if row.kind.offered and not another]
        try:
            found = project.boxes.blind_of if self.blind else project.boxes.of
            ref, now = project.scan_ref(scan), project.dataset.from_files
            boxes = found(ref, now)
            rows = [Row(name, box, _kind(box)) for name, box in boxes.items()]
            self._found = {} if self.blind else self._look_up(scan)
            rows += [row for row in self._found_rows() if row.name not in boxes]
        except ProjectError as error:
            self.why, rows = error, []
        self.rows = {row.name: row for row in (*rows, *offered)}
        if another or self.chosen not in self.rows:
            self.chosen = ""
        self.changed.emit()
        self.chose.emit()

    def clear(self) -> None:
        """Have no boxes, and be of no scan, until one is read: nothing acts on what was shown."""
        self.scan, self.rows, self._found = "", {}, {}
        self.chosen, self.live, self.why = "", None, None
        self.changed.emit()
        self.chose.emit()

    def _look_up(self, scan: str) -> dict[str, Row]:
        """What a detector found in a scan."""
        if self.detector is None:
            return {}
        found = self.detector.of(scan)
        return {one.name: Row(one.name, one.box, Kind.FOUND, one.score) for one in found}

    def _found_rows(self) -> Iterator[Row]:
        """Those of them that are no boxes of a person's: open, or rejected."""
        boxes = self.state.project.boxes
        for row in self._found.values():
            yield replace(row, kind=Kind.REJECTED) if boxes.is_told(row.name) else row

    @property
    def detected(self) -> bool:
        """Whether a detector's boxes are known of the scan."""
        return bool(self._found)

    def take_detector(self, found: FoundBoxes) -> None:
        """Show what another detector found, at first from the score on of which half are right;
        where that is not known from the score that a person chose, else the usual one."""
        if self.detector is None or self.detector.key != found.key:
            if found.half_right_from is not None:
                self.least, self._by_hand = found.half_right_from, False
            elif not self._by_hand:
                self.least = _LEAST
        self.detector = found

    def set_least(self, score: float) -> None:
        """Leave out what a detector found with a smaller score."""
        self.least, self._by_hand = score, True
        row = self.row
        if row is not None and not self.in_sight(row):
            self.choose("")
        self.changed.emit()

    def follow(self) -> None:
        """Read anew where entries came by another way than `put`."""
        if self.scan and self._written() != self._told:
            self.read(self.scan)

    def _written(self) -> int:
        return self.state.project.boxes.changes

    # -- changing -----------------------------------------------------------------------------

    def put(self, states: Iterable[tuple[str, Box | None]], choose: str) -> None:
        """Take in new states of boxes that were written just now, and make one the chosen one; all
        of it is told once, by `changed`."""
        for name, box in states:
            if box is None:
                self.rows.pop(name, None)
                if name in self._found:
                    self.rows[name] = replace(self._found[name], kind=Kind.REJECTED)
            else:
                self.rows[name] = Row(name, box, _kind(box))
        self.chosen = choose if choose in self.rows else ""
        self.live = None
        self._told = self._written()
        self.changed.emit()

    def offer(self, boxes: Iterable[Box], kind: Kind) -> None:
        """Offer boxes of things that may have been missed, or that are labelled, in place of those
        of that kind so far."""
        kept = {name: row for name, row in self.rows.items() if row.kind is not kind}
        rows = [Row(f"?{kind.name} {n}", box, kind) for n, box in enumerate(boxes, start=1)]
        self.rows = kept | {row.name: row for row in rows}
        if self.chosen not in self.rows:
            self.chosen = ""
        self.changed.emit()

    def drop(self, name: str) -> None:
        """Offer a box no more."""
        self.rows.pop(name, None)
        if self.chosen == name:
            self.chosen = ""
        self.changed.emit()
        self.chose.emit()

    def choose(self, name: str) -> None:
        """Make a box the one that keys are about; "" for none."""
        if name != self.chosen or self.live is not None:
            self.chosen, self.live = name, None
            self.chose.emit()

    def drag(self, box: Box | None) -> None:
        """Show the chosen box as it is being dragged; None as it is."""
        self.live = box
        self.moved.emit()

    # -- asking -------------------------------------------------------------------------------

    @property
    def row(self) -> Row | None:
        """What is chosen, as it is written."""
        return self.rows.get(self.chosen)

    @property
    def shown(self) -> list[Row]:
        """The boxes in sight: a detector's from the least score on."""
        return [row for row in self.rows.values() if self.in_sight(row)]

    def is_interpolated(self, row: Row) -> bool:
        """Whether an unconfirmed box was set between keyframes, and not copied."""
        unsure = row.kind is Kind.UNSURE
        return unsure and self.state.project.boxes.made_with(row.name) == INTERPOLATE

    def in_sight(self, row: Row) -> bool:
        """Whether a box is shown."""
        return row.kind is not Kind.FOUND or row.score >= self.least

    @property
    def open(self) -> list[Row]:
        """Those in sight that wait for a person, the surest first."""
        waiting = [row for row in self.shown if row.kind.open]
        return sorted(waiting, key=lambda row: -row.score if row.score == row.score else 0.0)

    @property
    def finished(self) -> bool:
        """Whether somebody said that all things of the frame have their boxes."""
        return not self.blind and self.state.project.boxes.is_finished(self.scan)

    @property
    def standing(self) -> list[Row]:
        """Those that are in the journal."""
        return [row for row in self.rows.values() if row.kind in (Kind.DRAWN, Kind.UNSURE)]


def _kind(box: Box) -> Kind:
    return Kind.DRAWN if box.sure else Kind.UNSURE
