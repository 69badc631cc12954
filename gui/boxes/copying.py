"""Boxes of one frame taken to others: copied along the poses, and set between keyframes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple

import numpy as np
from PySide6.QtCore import QObject, Qt, Signal

from core.answers.box import COPY, INTERPOLATE, Box
from core.answers.boxes import Drawn
from core.answers.effort import Effort
from core.answers.entry import ScanRef
from core.base.errors import ProjectError
from core.boxes.tracks import Poses, copied, heading, interpolated, settled
from core.data.scans import Dataset
from core.project.project import Project
from gui.boxes.answering import Answering
from gui.boxes.frame import Frame, Kind
from gui.boxes.scan_points import ScanPoints
from gui.desk.background import Turn
from gui.desk.content import Content, load
from gui.desk.state import State

_TRACK = "track"  # the tool of a box that somebody vouches for, and that only got a track
_BEFORE = 6  # frames in which a thing's earlier places are looked for

_State = tuple[ScanRef, str | None, Box]  # a box's scan, its name (None for a new one), its state


class _Asked(NamedTuple):
    """What was shown when a copy was asked for, and how many changes of boxes there were."""

    scan: str
    changes: int


@dataclass(frozen=True)
class _Copies:
    """What a copy comes to: `into` the frame it leads to, `held` how many things have a box there
    already; `given` the tracks that boxes of the frame `of` get meanwhile, by name."""

    states: Sequence[_State]
    of: str
    given: Mapping[str, str]
    into: str
    held: int
    chosen: str | None  # the track to choose there
    tool: str  # of those that nobody looked at yet
    words: str


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
        if not self.answering.may():
            return
        frames = frames_of(self.state.project.dataset, self.frame.scan)
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
        frames = frames_of(self.state.project.dataset, self.frame.scan)
        place = frames.index(self.frame.scan) - 1
        drawn = self.state.project.boxes.counts_by_scan()
        return frames[place] if place >= 0 and frames[place] in drawn else None

    def copy_here(self) -> None:
        """Copy the boxes of the frame before whose things have none here yet."""
        if not self.answering.may():
            return
        before = self.before
        if before is None:
            self.state.told.emit(
                "A frame that is drawn blind takes no boxes over."
                if self.frame.blind
                else "The frame before has no boxes, or there is none in this sequence."
            )
            return
        if self._is_closed(self.frame.scan):
            return
        kept = self.state.loader.kept(self.frame.scan)
        self._submit(partial(missing, self.state.project, before, self.frame.scan, kept))

    def _is_closed(self, into: str) -> bool:
        """Whether what is on a frame is to stay as it is; says so."""
        boxes = self.state.project.boxes
        if not boxes.is_settled(into):
            return False
        there = "This frame" if into == self.frame.scan else "The frame that it leads to"
        if boxes.is_finished(into):
            there += " is finished"
            way = ": “Open a finished frame again”, in the menu Go, lets it take more"
        else:
            there += " cannot be labelled, it was said"
            way = ""
        self.state.told.emit(f"Nothing is copied. {there}{way}.")
        return True

    def interpolate(self, *, everything: bool = False) -> None:
        """Give the chosen box's thing, or each one of the frame, a box in all frames between those
        that a person set."""
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

    def _take(self, asked: _Asked, done: Future[_Copies]) -> None:
        if asked is not self._asked:
            return
        self._asked = None
        if done.cancelled():
            return
        try:
            found = done.result()
            if self.frame.blind or asked.scan != self.frame.scan:
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
            words = f"{_many(len(states))} set; {_many(left)} changed meanwhile and not touched."
        else:
            words = found.words
        self.state.told.emit(words)

    def _of_track(self, track: str) -> str:
        return next((row.name for row in self.frame.standing if row.box.track == track), "")

    def _as_they_are(
        self, found: _Copies, changes: int
    ) -> tuple[Sequence[_State], Sequence[_State]]:
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

    def _drawn(self, states: Sequence[_State], tool: str) -> list[Drawn]:
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


def frames_of(dataset: Dataset, scan: str) -> list[str]:
    """The scans of a scan's sequence, in their order."""
    sequence = dataset.sequence(scan)
    return [name for name in dataset.scans if dataset.sequence(name) == sequence]


def copies(
    project: Project, scan: str, wanted: Mapping[str, Box], into: str, kept: Content | None
) -> _Copies:
    """Boxes of a scan as they stand in another one of its sequence. What has no track gets one, in
    both."""
    frames = frames_of(project.dataset, scan)
    here, there = frames.index(scan), frames.index(into)
    content = kept if kept is not None else load(project, into)
    points = ScanPoints.of(content)
    standing = points.points[points.standing]
    poses = _poses(project, frames, range(min(here, there) - _BEFORE, max(here, there) + 1), here)
    before = {
        place: project.boxes_of(frames[place])
        for place in range(max(here - _BEFORE, 0), here)
        if frames[place] in project.boxes.counts_by_scan()
    }
    ref = project.scan_ref(into)
    tracked = {box.track: (name, box) for name, box in project.boxes_of(into).items() if box.track}
    states: list[_State] = []
    given: dict[str, str] = {}
    held, fresh = 0, _new_tracks(project, frames)
    chosen: str | None = None
    for name, box in wanted.items():
        track = box.track or next(fresh)
        chosen = track
        if track in tracked and tracked[track][1].sure:
            held += 1
            continue
        if not box.track:
            given[name] = track
        keys = {here: box.box} | {
            place: one.box
            for place, boxes in before.items()
            for one in boxes.values()
            if one.track == track
        }
        moving = heading(keys, here, poses) is not None
        moved = copied(keys, there, poses, moving=moving)
        at = settled(moved, standing, points.ground_at(moved[:2]))
        made = replace(box.edited(box=at), track=track, sure=False)
        own = tracked[track][0] if track in tracked else None
        states.append((ref, own, made))
    count = len(states)
    words = f"{_many(count)} copied; Space confirms each."
    if held:
        words = f"{words} {_many(held)} had a box there already."
    if not count:
        words = "Every one has a box there already."
    if into != scan and here not in poses:
        words += " There are no poses: they stand where the sensor saw them."
    return _Copies(states, scan, given, into, held, chosen, COPY, words)


def missing(project: Project, before: str, into: str, kept: Content | None) -> _Copies:
    """The boxes of a scan as they stand in a later one that has none of their tracks."""
    here = {box.track for box in project.boxes_of(into).values() if box.track}
    wanted = {n: box for n, box in project.boxes_of(before).items() if box.track not in here}
    if not wanted:
        words = "Every box of the frame before is here already."
        return _Copies([], before, {}, into, 0, None, COPY, words)
    return copies(project, before, wanted, into, kept)


def between(project: Project, scan: str, tracks: frozenset[str]) -> _Copies:
    """Boxes of things in all frames of a scan's sequence between those that a person set."""
    frames = frames_of(project.dataset, scan)
    have = project.boxes.counts_by_scan()
    found: dict[str, dict[int, tuple[str, Box]]] = {track: {} for track in tracks}
    for place, name in enumerate(frames):
        if name in have:
            for own, box in project.boxes_of(name).items():
                if box.track in tracks:
                    found[box.track][place] = own, box
    poses = _poses(project, frames, range(len(frames)), frames.index(scan))
    states: list[_State] = []
    settled_frames = project.boxes.settled
    for boxes in found.values():
        keys = {place: box.box for place, (_, box) in boxes.items() if box.sure}
        if len(keys) < 2:
            continue
        first = boxes[min(keys)][1]
        for place in range(min(keys) + 1, max(keys)):
            if place in keys or frames[place] in settled_frames:
                continue
            box = replace(first.edited(box=interpolated(keys, place, poses)), sure=False)
            before = boxes[place][0] if place in boxes else None
            # Its file may be read for this, so it is looked at here and not in the window.
            states.append((project.scan_ref(frames[place]), before, box))
    if not states:
        words = "Nothing lies between: a thing needs boxes in two frames that you set yourself."
    else:
        words = f"{_many(len(states))} set between the keyframes; dashed until you confirm them."
    return _Copies(states, scan, {}, scan, 0, None, INTERPOLATE, words)


def _many(count: int) -> str:
    return "1 box" if count == 1 else f"{count:,} boxes"


def _poses(project: Project, frames: Sequence[str], places: range, here: int) -> Poses:
    """By place of a frame the way from its coordinates to those of the shown one, where it is
    known."""
    found: dict[int, np.ndarray] = {}
    for place in places:
        if 0 <= place < len(frames):
            move = project.dataset.move(frames[place], frames[here])
            if move is not None:
                found[place] = move
    return found


def _new_tracks(project: Project, frames: Sequence[str]) -> Iterator[str]:
    """Tracks that no box of the sequence has: the numbers behind the largest one."""
    have = project.boxes.counts_by_scan()
    used = {box.track for scan in frames if scan in have for box in project.boxes_of(scan).values()}
    number = max((int(track) for track in used if track.isdecimal()), default=0)
    while True:
        number += 1
        yield str(number)
