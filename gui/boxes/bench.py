"""What lies on the table while boxes are drawn: the frame, its points, and what is done to them."""

from __future__ import annotations

from concurrent.futures import Future
from functools import partial

from PySide6.QtCore import QObject, Qt, Signal

from core.answers.box import Box
from core.base.errors import ProjectError
from core.boxes.kinds import sizes_of
from core.exchange.boxes_found import FoundBoxes
from core.project.one_answer import unboxed_things
from gui.boxes.answering import Answering
from gui.boxes.copying import Copying
from gui.boxes.editing import Editing
from gui.boxes.frame import Frame, Kind
from gui.boxes.making import Making
from gui.boxes.queue import FrameQueue
from gui.boxes.scan_points import ScanPoints
from gui.desk.background import Turn
from gui.desk.content import Content
from gui.desk.state import State


class Bench(QObject):
    """The parts that know nothing of view and panels.

    Attributes
    ----------
    on : whether boxes are drawn now, and not points labelled

    Signals
    -------
    left() : somebody chose another frame
    led(before, scan) : what was done to a frame leads to another one
    """

    left = Signal()
    led = Signal(str, str)
    _read = Signal(object)
    _labelled = Signal(str, object)

    def __init__(self, state: State) -> None:
        super().__init__(state)
        self.state, self.on = state, False
        self.sizes = sizes_of(state.project.classes)
        self.queue = FrameQueue(state)
        self.frame = Frame(state)
        self.answering = Answering(state, self.frame)
        self.making = Making(state, self.frame, self.answering, lambda: self.points, self.sizes)
        self.editing = Editing(state, self.frame, self.answering, lambda: self.points, self.sizes)
        self.copying = Copying(state, self.frame, self.answering)
        self._points: tuple[Content, ScanPoints] | None = None
        self._read.connect(self._take_found, Qt.ConnectionType.QueuedConnection)
        self._labelled.connect(self._take_labelled, Qt.ConnectionType.QueuedConnection)

    @property
    def points(self) -> ScanPoints | None:
        """The points of the shown scan, None while none is."""
        content = self.state.content
        if content is None or self.state.coming is not None:
            return None
        if self._points is None or self._points[0] is not content:
            self._points = content, ScanPoints.of(content)
        return self._points[1]

    def look_for_found(self) -> None:
        """Read what a detector found in all scans, on another thread."""
        future = self.state.background.submit(lambda: FoundBoxes(self.state.project), Turn.SOON)
        future.add_done_callback(self._read.emit)

    def _take_found(self, done: Future[FoundBoxes]) -> None:
        if done.cancelled():
            return
        try:
            found = done.result()
        except ProjectError as error:
            self.state.failed.emit(error)
            return
        before = self.frame.detector
        self.frame.take_detector(found)
        if self.on and self.frame.scan and (len(found) or (before is not None and len(before))):
            self.frame.read(self.frame.scan)

    def look_for_labelled(self) -> None:
        """Offer boxes around the things of the frame that are labelled by their points, unless it
        is finished or drawn blind."""
        frame, project = self.frame, self.state.project
        if project.units is None or frame.finished or frame.blind or frame.why is not None:
            return
        work = partial(unboxed_things, project, frame.scan)
        future = self.state.background.submit(work, Turn.SOON)
        future.add_done_callback(partial(self._labelled.emit, frame.scan))

    def _take_labelled(self, scan: str, done: Future[list[Box]]) -> None:
        frame = self.frame
        if done.cancelled() or scan != frame.scan or frame.blind or frame.finished:
            return
        try:
            frame.offer(done.result(), Kind.LABELLED)
        except ProjectError as error:
            self.state.failed.emit(error)

    def show(self, scan: str) -> bool:
        """Show a frame, while some are drawn blind only one of those; the camera stays where it
        is. Returns whether it may be shown."""
        if self.queue.sample and scan not in self.queue.sample:
            self.state.told.emit("Only what is asked blind is drawn now; Esc ends it.")
            return False
        self.state.show_scan(scan, fly=False)
        return True

    def lead(self, scan: str) -> None:
        """Show the frame that what was done to the shown one leads to."""
        before = self.state.shown_scan
        if self.show(scan):
            self.led.emit(before, scan)

    def show_frame(self, scan: str) -> None:
        """Show a frame that somebody chose."""
        if scan != self.state.shown_scan and self.show(scan):
            self.left.emit()

    def shut(self) -> None:
        """Take nothing more from the background."""
        self._read.disconnect()
        self._labelled.disconnect()
        self.making.shut()
        self.copying.shut()
