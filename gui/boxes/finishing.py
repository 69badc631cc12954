"""Finishing a frame: what is still open, what may have been missed, what is asked next."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import NamedTuple

import numpy as np
from PySide6.QtCore import QObject, Qt, Signal

from core.answers.box import Box
from core.base.errors import ProjectError
from core.project.one_answer import labels_by_boxes
from gui.boxes.bench import Bench
from gui.boxes.blind import Blind
from gui.boxes.frame import Kind
from gui.boxes.missed import missed
from gui.desk.background import Turn

_ALL_DONE = "Every frame that is asked is finished."
_LABEL = "Label points by boxes, in the menu Round, gives it"


class _Looked(NamedTuple):
    """What may have been missed in a frame, and how many points in its boxes have no class."""

    missed: list[Box]
    bare: int


class Finishing(QObject):
    """Says of frames that they are complete, and goes on.

    Signals
    -------
    looked() : it was looked for what may have been missed
    chose() : a box is chosen that the person is to judge
    asks(what, more, choices) : the person is to choose how to go on
    told_off(what) : that question stands no more
    """

    looked = Signal()
    chose = Signal()
    asks = Signal(str, str, object)
    told_off = Signal(str)
    _found = Signal(object, object)

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self.bench, self.state = bench, bench.state
        self.frame, self.queue, self.answering = bench.frame, bench.queue, bench.answering
        self.blind = Blind(bench)
        self._asked: object = None  # the frame in which is looked for what was missed
        self._walked = False  # whether what may have been missed in the frame was shown
        self._warned: frozenset[str] = frozenset()  # open boxes of the frame that were told of
        self._question = ""  # what of open boxes is being asked
        bench.frame.changed.connect(self._follow)
        self._found.connect(self._take_missed, Qt.ConnectionType.QueuedConnection)

    def begin_frame(self) -> None:
        """Another frame is shown."""
        self._walked, self._warned = False, frozenset()
        self._asked = None
        self._end_question()

    @property
    def looking(self) -> bool:
        """Whether it is being looked for what may have been missed."""
        return self._asked is not None

    def finish(self) -> None:
        """Say that all things of the frame have their boxes, show what may be missed, then go
        to the next open frame."""
        scan, frame = self.frame.scan, self.frame
        waiting = [row for row in frame.open if row.kind is not Kind.GHOST]
        if not self._warned.issuperset(row.name for row in waiting):
            self._warned = frozenset(row.name for row in waiting)
            frame.choose(waiting[0].name)
            self.chose.emit()
            self._offer(len(waiting))
            return
        if self._walked and frame.finished:
            self.go_on(self._none_drawn())
            return
        self._end_question()
        if not self.answering.finish():
            return
        if frame.blind:
            self.queue.tick(scan)
            self.go_on("")
        else:
            self.blind.repeats.note(scan)
            frame.changed.emit()
            self._look_for_missed()

    def _none_drawn(self) -> str:
        """What is to be said of a finished frame without any box, else ""."""
        if self.frame.standing:
            return ""
        return f"{self.frame.scan} is finished without a box; undo takes it back."

    def _offer(self, many: int) -> None:
        """Say that boxes of the frame wait for a person, and how to go on."""
        self._end_question()
        one, scan = many == 1, self.frame.scan
        boxes = "1 box is" if one else f"{many:,} boxes are"
        self._question = f"{boxes} still open: nobody confirmed {'it' if one else 'them'}."
        rest = (
            "it stays dashed and exports leave it"
            if one
            else "they stay dashed and exports leave them"
        )

        def here(act: Callable[[], object]) -> Callable[[], object]:
            return lambda: act() if scan == self.frame.scan else None

        self.asks.emit(
            self._question,
            f"The frame is not finished yet. Finished without, {rest} out.",
            [
                ("Accept it, finish" if one else "Accept all, finish", here(self._accept_all)),
                ("Look at it" if one else "Go through them", here(self.chose.emit)),
                ("Finish without it" if one else "Finish without them", here(self.finish)),
            ],
        )
        self.state.told.emit(
            f"{boxes} still open: Space accepts one, Ctrl+A all. Finishing again leaves them out."
        )

    def _accept_all(self) -> None:
        self.bench.editing.accept_all()
        if not self.frame.open:
            self.finish()

    def _end_question(self) -> None:
        """The question is answered, by a key or otherwise."""
        if self._question:
            self.told_off.emit(self._question)
            self._question = ""

    def _follow(self) -> None:
        if self._question and not self.frame.open:
            self._end_question()

    def decline(self) -> None:
        """Say that the frame cannot be labelled; it is asked no more until it is opened again."""
        if self.frame.blind:
            self.state.told.emit("A second opinion is about frames that others could label.")
        elif self.state.reached != self.state.shown_scan:
            self.state.told.emit(
                f"{self.state.reached} could not be read, and {self.state.shown_scan} is on "
                "screen: choose the one that is meant in the list of frames."
            )
        elif self.answering.decline(self.frame.scan):
            self.go_on(f"{self.frame.scan} is asked no more.")

    def reopen(self) -> None:
        """Put a frame back in the queue that is finished, or that cannot be labelled."""
        settled = self.state.project.boxes.is_settled(self.frame.scan)
        if self.frame.blind or not settled:
            self.state.told.emit("This frame is open.")
        elif self.answering.reopen():
            self._walked = False
            self.state.told.emit("The frame is open again; its boxes stay.")
            self.frame.changed.emit()

    def go_on(self, words: str) -> None:
        """Show the next open frame."""
        after = self.queue.after(self.state.reached)
        again = self.blind.due()
        if again is not None:
            self.blind.see_again(again, after)
        elif after is not None:
            self.bench.lead(after)
            self.state.told.emit(words)
        elif self.queue.sample:
            one = bool(self.blind.again)
            self.blind.end()
            self.state.told.emit("" if one else "The second opinion has ended.")
        else:
            self.frame.offer([], Kind.GHOST)
            self.state.told.emit(f"{_ALL_DONE} {words}".strip())

    def begin_open(self) -> None:
        """Show the first open frame of those that are asked."""
        first = self.queue.after("")
        if first is None:
            self.state.told.emit(_ALL_DONE)
        else:
            self.bench.show(first)

    # -- what may have been missed ------------------------------------------------------------

    def _look_for_missed(self) -> None:
        points, scan = self.bench.points, self.frame.scan
        if points is None:
            return
        asked = self._asked = object()
        boxes = np.array([row.box.box for row in self.frame.standing]).reshape(-1, 7)
        project, sizes = self.state.project, self.bench.sizes
        asked_too = bool(project.rounds) and project.units is not None  # points are labelled too

        def work() -> _Looked:
            given = labels_by_boxes(project, scan) if asked_too else []
            found = missed(points, boxes, sizes, project.dataset.from_files)
            return _Looked(found, sum(len(one.rows) for one in given))

        future = self.state.background.submit(work, Turn.NOW)
        future.add_done_callback(lambda done: self._found.emit((asked, scan), done))

    def _take_missed(self, asked: tuple[object, str], done: Future[_Looked]) -> None:
        if asked[0] is not self._asked:
            return
        self._asked = None
        if done.cancelled() or not asked[1] == self.frame.scan == self.state.shown_scan:
            return  # the person went elsewhere
        self._walked = True
        try:
            ghosts, bare = done.result()
        except ProjectError as error:  # the frame is finished all the same
            self.state.failed.emit(error)
            ghosts, bare = [], 0
        if ghosts:
            self.frame.offer(ghosts, Kind.GHOST)
            self.bench.editing.next_open()
            self.chose.emit()
            many = "One thing" if len(ghosts) == 1 else f"{len(ghosts)} things"
            self.state.told.emit(f"Finished. {many} may have been missed; finish again to go on.")
        else:
            words = f"{bare:,} points in its boxes have no class: {_LABEL}." if bare else ""
            self.go_on(words or self._none_drawn())
        self.looked.emit()

    def shut(self) -> None:
        """Take nothing more from the background."""
        self._found.disconnect()
