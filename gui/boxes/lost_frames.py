"""Frames whose files cannot be read: the work goes on without them."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject, Signal

from core.base.errors import ProjectError
from gui.boxes.finishing import Finishing


class LostFrames(QObject):
    """Passes over a frame that cannot be read. Where it is asked, it can be declined, or its round
    would never end.

    Signals
    -------
    asks(what, more, choices) : the person is to choose how to go on
    told_off(what) : that question stands no more
    """

    asks = Signal(str, str, object)
    told_off = Signal(str)

    def __init__(self, finishing: Finishing) -> None:
        super().__init__(finishing)
        self.finishing, self.bench = finishing, finishing.bench
        self.state, self.queue = finishing.state, finishing.queue
        self._lost: dict[str, str] = {}  # frames that could not be read, what is asked about each
        self.state.loader.failed.connect(self._pass_over)  # behind the state, which says so

    def begin_frame(self) -> None:
        """Another frame is shown: it can be read, whatever was asked about it before."""
        what = self._lost.pop(self.state.shown_scan, "")
        if what:
            self.told_off.emit(what)

    def _pass_over(self, scan: str, error: ProjectError) -> None:
        if scan != self.state.reached or scan == self.state.shown_scan:
            return  # it was only read ahead
        blind = self.finishing.blind
        if blind.again:
            blind.end()
        elif scan in self.queue.sample:  # it is as if it were not asked
            self.queue.tick(scan)
            self.finishing.go_on("")
        else:
            if self.bench.on and self.queue.why(scan) and not self.queue.settled(scan):
                self._lost[scan] = error.what
                choice = ("Ask it no more", partial(self._decline, scan))
                self.asks.emit(error.what, f"{error.do} Or let the round end without it.", [choice])
            if self.bench.frame.scan != self.state.shown_scan:
                blind.hid.emit()  # blind work was left while it was read

    def _decline(self, scan: str) -> None:
        """Ask a frame no more that could not be read, unless it was settled or read since."""
        if scan not in self._lost or self.queue.settled(scan):
            return
        reached = self.state.reached
        if self.bench.answering.decline(scan):
            words = f"{scan} is asked no more."
            if self.bench.on and reached == scan:
                self.finishing.go_on(words)
            else:
                self.state.told.emit(words)
