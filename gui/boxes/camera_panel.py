"""The camera's picture of the shown frame, below the view, its boxes kept up to date."""

from __future__ import annotations

from concurrent.futures import Future
from functools import partial

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QWidget

from gui.boxes.bench import Bench
from gui.boxes.camera_view import CameraView, Drawn
from gui.boxes.frame import Kind
from gui.desk.background import Turn
from gui.desk.pictures import Picture, read_picture
from gui.look.colours import class_table
from gui.look.theme import Theme
from gui.view.contrast import told_apart

_HEIGHT_PX = 190


class CameraPanel(QObject):
    """Shown or hidden by a key; while it is hidden no picture is read.

    Attributes
    ----------
    wanted : whether somebody wants to see pictures
    """

    _read = Signal(str, object)

    def __init__(self, page: QWidget, bench: Bench, theme: Theme) -> None:
        super().__init__(bench)
        self.bench, self.state = bench, bench.state
        self.wanted = False
        self.view = CameraView(theme)
        self.view.setFixedHeight(_HEIGHT_PX)
        self.view.hide()
        layout = page.layout()
        assert layout is not None
        layout.addWidget(self.view)
        self._scan = ""  # whose picture is shown, or on its way
        self._colours = told_apart(class_table(self.state.project.classes), (0, 0, 0))
        self._read.connect(self._show, Qt.ConnectionType.QueuedConnection)
        frame = bench.frame
        for signal in (frame.changed, frame.chose, frame.moved):
            signal.connect(self._draw)
        self.view.chosen.connect(frame.choose)

    def toggle(self) -> None:
        """Show the pictures, or hide them."""
        self.wanted = not self.wanted
        self.turn(self.bench.on)

    def turn(self, on: bool) -> None:
        """Boxes are drawn, or points labelled."""
        self.view.setVisible(on and self.wanted)
        self.show_scan()

    def show_scan(self) -> None:
        """Another frame is shown: its picture follows."""
        scan = self.bench.frame.scan
        if not (self.wanted and self.bench.on) or scan == self._scan:
            return
        self._scan = scan
        self.view.set_boxes(())
        work = partial(read_picture, self.state.project.dataset, scan)
        future = self.state.background.submit(work, Turn.SOON)
        future.add_done_callback(lambda done: self._read.emit(scan, done))

    def _show(self, scan: str, done: Future[Picture]) -> None:
        if scan != self._scan or done.cancelled():
            return
        found = done.result()
        projection = found.camera.projection if found.camera is not None else None
        self.view.set_picture(found.image, projection, found.text)
        self._draw()

    def _draw(self) -> None:
        """The boxes as they are now."""
        frame = self.bench.frame
        if not self.view.isVisible() or frame.scan != self._scan:
            return
        drawn = []
        for row in frame.shown:
            live = frame.live if row.name == frame.chosen and frame.live is not None else row.box
            red, green, blue = self._colours[row.box.label].tolist()
            dashed = row.kind is not Kind.DRAWN
            drawn.append(Drawn(row.name, live.box, (red, green, blue), dashed))
        self.view.set_boxes(drawn, frame.chosen)

    def set_theme(self, theme: Theme) -> None:
        self.view.set_theme(theme)

    def shut(self) -> None:
        """Take no more pictures."""
        self._read.disconnect()
