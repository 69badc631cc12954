"""Frames that are drawn blind: those of others, and now and then one's own again."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from core.quality.box_agreement import FrameRepeats
from gui.boxes.bench import Bench


class Blind(QObject):
    """Hides the boxes of frames that are drawn again, to be compared.

    Attributes
    ----------
    again : the frame of one's own that is drawn again, else ""

    Signals
    -------
    asks_others() : other frames are asked
    hid() : the same frame is shown, without anybody's boxes or with them again
    """

    asks_others = Signal()
    hid = Signal()

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self.bench, self.state = bench, bench.state
        self.frame, self.queue = bench.frame, bench.queue
        self.repeats = FrameRepeats(bench.state.project)
        self.again = self._after = ""  # the frame that is seen again, and the one behind it

    def turn(self) -> None:
        """Draw frames again that others finished, without seeing their boxes; or end it."""
        if self.queue.sample:
            self.end()
        elif self.queue.begin_sample():
            self._begin()
            many = len(self.queue.sample)
            self.state.told.emit(f"Blind: {many:,} frames that others finished. Esc ends it.")
        else:
            self.state.told.emit("Nobody else has finished a frame here: merge their journals.")

    def due(self) -> str | None:
        """The frame of one's own that is to be drawn again now."""
        return None if self.queue.sample else self.repeats.due()

    def see_again(self, scan: str, after: str | None) -> None:
        """Ask a frame again that one finished oneself, then go on with another."""
        self.again, self._after = scan, after or ""
        self.queue.ask_blind([scan])
        self._begin()
        self.state.told.emit(
            "This frame comes again without your boxes: draw them anew, to be compared. Esc: later."
        )

    def _begin(self) -> None:
        self.frame.blind = True
        self.frame.clear()
        self.asks_others.emit()
        self.bench.show(self.queue.sample[0])
        if self.state.coming is None:  # it was shown already
            self.hid.emit()

    def end(self) -> None:
        """Show everybody's boxes again, and go on where one was."""
        if not self.queue.sample:
            return
        if self.again and not self.queue.settled(self.again):
            self.repeats.postpone(self.again)
        after, self.again, self._after = self._after, "", ""
        self.queue.end_sample()
        self.frame.blind = False
        self.frame.clear()  # its rows are those that were drawn blind
        self.asks_others.emit()
        if after and self.bench.on:
            self.bench.show_frame(after)
        if self.state.coming is None:
            self.hid.emit()
