"""The camera's picture of the shown frame: read on another thread, with the boxes as they are."""

from __future__ import annotations

from concurrent.futures import Future
from functools import partial

import numpy as np
from PySide6.QtCore import QObject, Qt, Signal

from gui.boxes.bench import Bench
from gui.boxes.camera_view import CameraView, Drawn
from gui.boxes.frame import Kind, Row
from gui.desk.background import Turn
from gui.desk.pictures import Picture, read_picture
from gui.look.theme import Theme


class FramePicture(QObject):
    """Shows the picture while it is in sight; nothing is read for a panel that nobody sees."""

    _read = Signal(str, object)

    def __init__(self, bench: Bench, colours: np.ndarray, theme: Theme) -> None:
        """`colours` (C, 3) uint8 by class id."""
        super().__init__(bench)
        self.bench, self.frame, self._colours = bench, bench.frame, colours
        self.view = CameraView(theme)
        self._scan = ""  # whose picture is shown, or on its way
        self._read.connect(self._take, Qt.ConnectionType.QueuedConnection)
        self.frame.changed.connect(self.paint)
        self.frame.chose.connect(self.paint)
        self.frame.moved.connect(self.paint)
        self.view.shown.connect(self.follow)

    def follow(self) -> None:
        """Show the picture of the frame."""
        scan = self.frame.scan
        if not scan or scan == self._scan or not self.view.isVisible():
            return
        self._scan = scan
        read = partial(read_picture, self.bench.state.project.dataset, scan)
        future = self.bench.state.background.submit(read, Turn.SOON)
        future.add_done_callback(lambda done: self._read.emit(scan, done))

    def _take(self, scan: str, done: Future[Picture]) -> None:
        if done.cancelled() or scan != self._scan:
            return
        found = done.result()
        projection = found.camera.projection if found.camera is not None else None
        self.view.set_picture(found.image, projection, found.text)
        self.paint()

    def paint(self) -> None:
        """Draw the boxes into it."""
        if not self.view.isVisible():
            return
        frame = self.frame
        if frame.scan != self._scan:
            self.view.set_boxes(())
            return
        rows = [row for row in frame.shown if row.kind is not Kind.REJECTED]
        self.view.set_boxes([self._drawn(row) for row in rows], frame.chosen)

    def _drawn(self, row: Row) -> Drawn:
        live = self.frame.live if row.name == self.frame.chosen else None
        red, green, blue = (int(part) for part in self._colours[row.box.label])
        return Drawn(row.name, (live or row.box).box, (red, green, blue), row.kind.open)

    def shut(self) -> None:
        """Take nothing more."""
        self._read.disconnect()
