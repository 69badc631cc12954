"""What lies on the table while boxes are drawn: the frame, its points, and what is done to them."""

from __future__ import annotations

from PySide6.QtCore import QObject

from gui.boxes.answering import Answering
from gui.boxes.copying import Copying
from gui.boxes.editing import Editing
from gui.boxes.frame import Frame
from gui.boxes.making import Making
from gui.boxes.queue import FrameQueue
from gui.boxes.scan_points import ScanPoints, sizes_of
from gui.desk.content import Content
from gui.desk.state import State


class Bench(QObject):
    """The parts that know nothing of view and panels.

    Attributes
    ----------
    on : whether boxes are drawn now, and not points labelled
    """

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

    @property
    def points(self) -> ScanPoints | None:
        """The points of the shown scan, None while none is."""
        content = self.state.content
        if content is None or self.state.coming is not None:
            return None
        if self._points is None or self._points[0] is not content:
            self._points = content, ScanPoints.of(content)
        return self._points[1]

    def show(self, scan: str, *, fly: bool = False) -> None:
        """Show a frame; the camera stays where it is, but for `fly`."""
        self.state.show_scan(scan, fly=fly)

    def show_frame(self, scan: str) -> None:
        """Show a frame that somebody chose."""
        if scan != self.state.shown_scan:
            self.show(scan)

    def shut(self) -> None:
        """Take nothing more from the background."""
        self.making.shut()
        self.copying.shut()
