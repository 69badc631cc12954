"""Boxes of one frame taken to others: copied along the poses, and set between keyframes."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import replace
from functools import partial
from typing import NamedTuple

from PySide6.QtCore import QObject, Qt, Signal

from core.answers.boxes import Drawn
from core.answers.effort import Effort
from core.base.errors import ProjectError
from gui.boxes.answering import Answering
from gui.boxes.copies import BoxState, Copies, between, copies, many, missing
from gui.boxes.frame import Frame, Kind
from gui.desk.background import Turn
from gui.desk.state import State

_TRACK = "track"  # the tool of a box that somebody vouches for, and that only got a track


class _Asked(NamedTuple):
    """What was shown when a copy was asked for, and how many changes of boxes there were."""

    scan: str
    changes: int


class Copying(QObject):
    """Copies boxes of the shown frame on, and fills tracks between keyframes.

    Signals
    -------
    arrived(scan, track) : boxes are written in another frame: show it, with a thing's box chosen
    """

    arrived = Signal(str, str)
    _made = Signal(object, object)

    def __init__(self, state: State, frame: Frame, answering: Answering) -> None:
        super().__init__(frame)
        self.state, self.frame, self.answering = state, frame, answering
        self._asked: _Asked | None = None
        self._made.connect(self._take, Qt.ConnectionType.QueuedConnection)

    @property
    def copying(self) -> bool:
        """Whether something is being copied."""
        return self._asked is not None

    def copy(self, by: int, *, everything: bool = False) -> None:
        """Copy the chosen box, or every one, to the frame `by` places later in its sequence."""
        if self._is_blind() or not self.answering.may():
            return
        frames = self.state.project.dataset.frames(self.frame.scan)
        place = frames.index(self.frame.scan) + by
        if not 0 <= place < len(frames):
            self.state.told.emit("There is no frame behind this one in its sequence.")
            return
        standing, row = self.frame.standing, self.frame.row
        if row is not None and row not in standing and not everything:
            self.state.told.emit(
                "It is rejected: nothing stands there to be copied."
                if row.kind is Kind.REJECTED
                else "Accept it first, with Space: only boxes are copied."
            )
            return
        rows = standing if everything else [row] if row is not None else []
        if not rows:
            self.state.told.emit("No box is chosen to be copied: click one, or press Tab.")
            return
        wanted = {one.name: one.box for one in rows}
        into = frames[place]
        if self._is_closed(into):
            return
        kept = self.state.loader.kept(into)
        work = partial(copies, self.state.project, self.frame.scan, wanted, into, kept)
        self._submit(work)

    @property
    def before(self) -> str | None:
        """The frame before the shown one in its sequence, where it has boxes; else None."""
        if not self.frame.scan or self.frame.blind:
            return None
        frames = self.state.project.dataset.frames(self.frame.scan)
        place = frames.index(self.frame.scan) - 1
        drawn = self.state.project.boxes.counts_by_scan()
        return frames[place] if place >= 0 and frames[place] in drawn else None

    def copy_here(self) -> None:
        """Copy the boxes of the frame before whose things have none here yet."""
        if self._is_blind() or not self.answering.may():
            return
        before = self.before
        if before is None:
            self.state.told.emit(
                "The frame before has no boxes, or there is none in this sequence."
            )
            return
        if self._is_closed(self.frame.scan):
            return
        kept = self.state.loader.kept(self.frame.scan)
        self._submit(partial(missing, self.state.project, before, self.frame.scan, kept))

    def _is_blind(self) -> bool:
        """Whether the frame is drawn blind; says that it neither takes nor gives boxes."""
        if self.frame.blind:
            self.state.told.emit("A frame that is drawn blind takes no boxes over and gives none.")
        return self.frame.blind

    def _is_closed(self, into: str) -> bool:
        """Whether what is on a frame is to stay as it is; says so."""
        boxes = self.state.project.boxes
        if not boxes.is_settled(into):
            return False
        there = "This frame" if into == self.frame.scan else "The frame that it leads to"
        there += " is finished" if boxes.is_finished(into) else " cannot be labelled, it was said"
        way = "“Open a finished frame again”, in the menu Go, lets it take more"
        self.state.told.emit(f"Nothing is copied. {there}: {way}.")
        return True

    def interpolate(self, *, everything: bool = False) -> None:
        """Give the chosen box's thing, or each one of the frame, a box in all frames between those
        that a person set."""
        if self._is_blind():
            return
        row = self.frame.row
        tracks = {one.box.track for one in self.frame.standing} if everything else set()
        if row is not None and not everything:
            tracks = {row.box.track}
        tracks.discard("")
        if not tracks:
            self.state.told.emit(
                "No box with a track is chosen: V copies one to the next frame and gives it one."
            )
            return
        self._submit(partial(between, self.state.project, self.frame.scan, frozenset(tracks)))

    def _submit(self, work: partial) -> None:
        if self._asked is not None:
            self.state.told.emit("The last copy is still being made.")
            return
        asked = self._asked = _Asked(self.frame.scan, self.state.project.boxes.changes)
        future = self.state.background.submit(work, Turn.NOW)
        future.add_done_callback(lambda done: self._made.emit(asked, done))

    def _take(self, asked: _Asked, done: Future[Copies]) -> None:
        if asked is not self._asked:
            return
        self._asked = None
        if done.cancelled():
            return
        try:
            found = done.result()
            there = asked.scan == self.frame.scan == self.state.shown_scan
            if self.frame.blind or not there:
                self.state.told.emit("Not copied: another frame is shown by now.")
                return
            states, given = self._as_they_are(found, asked.changes)
            drawn = self._drawn([*states, *given], found.tool)
        except ProjectError as error:
            self.state.failed.emit(error)
            return
        if drawn and not self.answering.write(drawn, asked.scan):
            return
        if found.into == asked.scan and found.chosen:
            self.frame.choose(self._of_track(found.chosen))
        elif found.into != asked.scan and (states or found.held):
            self.arrived.emit(found.into, found.chosen or "")
        left = len(found.states) - len(states)
        if left:
            words = f"{many(len(states))} set; {many(left)} changed meanwhile and not touched."
        else:
            words = found.words
        self.state.told.emit(words)

    def _of_track(self, track: str) -> str:
        return next((row.name for row in self.frame.standing if row.box.track == track), "")

    def _as_they_are(
        self, found: Copies, changes: int
    ) -> tuple[Sequence[BoxState], Sequence[BoxState]]:
        """The copies, and the boxes of which they are with the tracks that those get, without what
        somebody changed while they were made: since there were so many `changes` of boxes."""
        project = self.state.project
        now = project.boxes_of(found.of) if found.given else {}
        given = {
            name: track
            for name, track in found.given.items()
            if name in now and not now[name].track
        }
        gone = set(found.given.values()) - set(given.values())
        changed = project.boxes.changed_since(changes)
        states = [one for one in found.states if one[1] not in changed and one[2].track not in gone]
        of = self.answering.ref(found.of)
        return states, [(of, n, replace(now[n], track=track)) for n, track in given.items()]

    def _drawn(self, states: Sequence[BoxState], tool: str) -> list[Drawn]:
        """States with their names, new ones as the journal will have them; `tool` of those that
        nobody looked at. The copies are first: an act is called after its first entry."""
        boxes = self.state.project.boxes
        return [
            Drawn(
                ref,
                name if name is not None else boxes.new_name(ref.name, place),
                box,
                Effort(tool=_TRACK if box.sure else tool),
            )
            for place, (ref, name, box) in enumerate(states)
        ]

    def shut(self) -> None:
        """Take nothing more."""
        self._made.disconnect()
