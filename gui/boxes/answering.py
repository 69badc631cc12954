"""Writing what a person does to boxes: it is on the disk before anything else is shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from PySide6.QtCore import QObject, Signal

from core.answers.box import Box
from core.answers.boxes import Drawn
from core.answers.entry import ScanRef
from core.base.errors import ProjectError
from gui.boxes.frame import Frame, Kind
from gui.desk.state import State


class Answering(QObject):
    """The frame's boxes get new states here, and only here.

    Signals
    -------
    wrote() : something is in the journal that was not
    """

    wrote = Signal()

    def __init__(self, state: State, frame: Frame) -> None:
        super().__init__(frame)
        self.state, self.frame = state, frame

    @property
    def round(self) -> str:
        """The round that asks the shown frame, "" where none does."""
        return self.round_of(self.frame.scan)

    def round_of(self, scan: str) -> str:
        """The round that asks a frame, "" where none does."""
        project = self.state.project
        tip = project.frame_rounds[-1] if project.frame_rounds else None
        return tip.id if tip is not None and scan in tip.query.place_of else ""

    def may(self) -> bool:
        """Whether the frame's boxes are known; says why not."""
        why = self.frame.why
        if why is not None:
            self.state.failed.emit(why)
        return why is None and bool(self.frame.scan)

    def change(self, states: Mapping[str, Box | None], tool: str, choose: str = "") -> bool:
        """Give boxes of the frame new states, None to take them away, as one act; return whether it
        is written. What is offered becomes a new box. `choose`: another box is chosen then."""
        if not states or not self.may() or self._moves_a_rejected(states):
            return False
        project, frame = self.state.project, self.frame
        offered = [n for n in states if n in frame.rows and frame.rows[n].kind.offered]
        effort = self.state.activity.take()
        try:
            ref = project.scan_ref(frame.scan)
            fresh = dict(zip(offered, self._names(frame.scan, states, offered), strict=True))
            parts = effort._replace(tool=tool).shares(len(states))
            drawn = [
                Drawn(ref, fresh.get(name, name), box, part)
                for (name, box), part in zip(states.items(), parts, strict=True)
            ]
            project.boxes.draw(drawn, round=self.round, blind=frame.blind, at=frame.scan)
        except ProjectError as error:
            self.state.activity.give_back(effort)
            self.state.failed.emit(error)
            return False
        for name in offered:
            frame.rows.pop(name, None)
        chosen = choose or fresh.get(frame.chosen, frame.chosen)
        frame.put([(one.name, one.box) for one in drawn], chosen)
        self.wrote.emit()
        return True

    def _moves_a_rejected(self, states: Mapping[str, Box | None]) -> bool:
        """Whether a state gives what is rejected another place or size; says why it may not."""
        for name, box in states.items():
            row = self.frame.rows.get(name)
            if row is None or box is None or row.kind is not Kind.REJECTED:
                continue
            if not np.array_equal(box.box, row.box.box):
                self.state.told.emit(
                    "It is rejected: nothing stands there to be moved. Space takes it in after all."
                )
                return True
        return False

    def _names(
        self, scan: str, states: Mapping[str, Box | None], offered: Sequence[str]
    ) -> list[str]:
        """New names for those of some states that are about what is offered."""
        boxes, new = self.state.project.boxes, set(offered)
        return [boxes.new_name(scan, place) for place, name in enumerate(states) if name in new]

    def make(self, boxes: Sequence[Box], tool: str) -> list[str]:
        """Draw new boxes in the frame as one act, the last of them chosen; return their names, none
        where they could not be written."""
        if not boxes or not self.may():
            return []
        names = self.state.project.boxes.new_names(self.frame.scan, len(boxes))
        made = self.change(dict(zip(names, boxes, strict=True)), tool, choose=names[-1])
        return names if made else []

    def write(self, drawn: Sequence[Drawn], at: str) -> bool:
        """Draw boxes in several frames as one act; those of the shown one are shown. `at` is the
        frame that was shown meanwhile."""
        effort = self.state.activity.take()
        parts = effort.shares(len(drawn))
        shared = [
            one._replace(effort=part._replace(tool=one.effort.tool))
            for one, part in zip(drawn, parts, strict=True)
        ]
        try:
            self.state.project.boxes.draw(shared, round=self.round_of(at), at=at)
        except ProjectError as error:
            self.state.activity.give_back(effort)
            self.state.failed.emit(error)
            return False
        self.frame.follow()
        self.wrote.emit()
        return True

    def ref(self, scan: str) -> ScanRef:
        return self.state.project.scan_ref(scan)

    def finish(self) -> bool:
        """Say that all things of the frame have their boxes; return whether it is written."""
        if not self.may():
            return False
        project, scan = self.state.project, self.frame.scan
        effort = self.state.activity.take()
        try:
            blind = self.frame.blind
            project.boxes.finish(
                self.ref(scan),
                round=self.round,
                effort=effort._replace(tool="finish"),
                regions=None if blind else project.boxes.regions(scan),
                blind=blind,
            )
        except ProjectError as error:
            self.state.activity.give_back(effort)
            self.state.failed.emit(error)
            return False
        self.wrote.emit()
        return True

    def decline(self, scan: str) -> bool:
        """Say that a frame cannot be labelled, be it that it cannot be read; return whether it is
        written."""
        if not scan:
            return False
        effort = self.state.activity.take()
        try:
            ref = self.ref(scan)
        except ProjectError:
            ref = ScanRef(scan, 0, "")
        try:
            self.state.project.boxes.decline(ref, round=self.round_of(scan), effort=effort)
        except ProjectError as error:
            self.state.activity.give_back(effort)
            self.state.failed.emit(error)
            return False
        self.wrote.emit()
        return True

    def reopen(self) -> bool:
        """Put the frame back in the queue; its boxes stay. Return whether it is written."""
        try:
            self.state.project.boxes.reopen(self.ref(self.frame.scan))
        except ProjectError as error:
            self.state.failed.emit(error)
            return False
        self.wrote.emit()
        return True
