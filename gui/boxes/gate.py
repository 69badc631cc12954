"""A key is for the box that is on screen: it waits for the frame that shows it, and is for no other
frame than the one that was on its way, or that the key before it led to. That a frame is finished
is for the one that was on screen, since nobody has looked at another one."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from PySide6.QtCore import QObject, QTimer, Signal

from gui.boxes.frame import Frame
from gui.desk.state import State
from gui.view.view import CloudView

MOST = 8  # keys that are kept


class _Key(NamedTuple):
    """A key that waits; `seen`: the frame that was on screen where it says something of that as a
    whole, else None."""

    title: str
    run: Callable[[], object]
    seen: str | None


class BoxGate(QObject):
    """Does what a key asks once what it is about is drawn; keys that come before are kept in their
    order. `hidden` says what lies over the window, or None.

    Signals
    -------
    passed() : nothing is kept any more
    """

    passed = Signal()

    def __init__(self, view: CloudView, state: State, frame: Frame) -> None:
        super().__init__(frame)
        self.view, self.state, self.frame = view, state, frame
        self.hidden: Callable[[], str | None] = lambda: None
        self.busy: Callable[[], bool] = lambda: False  # whether what a key began is not there yet
        self._kept: deque[_Key] = deque()
        self._for = ""  # the frame that the first of them is for
        self._drawn = True
        self._unsaid = ""  # what was given up
        self._tell = QTimer(self)
        self._tell.setSingleShot(True)
        self._tell.timeout.connect(self._say)
        self._next = QTimer(self)
        self._next.setSingleShot(True)
        self._next.timeout.connect(self._go_on)
        for signal in (frame.changed, frame.chose, state.scan_shown):
            signal.connect(self._await)
        view.canvas.events.draw.connect(self._on_draw, position="last")
        state.failed.connect(lambda _: self.drop("something failed"))

    @property
    def rested(self) -> bool:
        """Whether nothing is kept."""
        return not self._kept

    @property
    def in_sight(self) -> bool:
        """Whether the boxes are on screen as they are, and the frame is not on its way."""
        here = self.state.coming is None and self.frame.scan == self.state.shown_scan
        return here and not self.busy() and (self._drawn or not self.view.isVisible())

    def _await(self) -> None:
        self._drawn = False
        self.view.canvas.update()

    def _on_draw(self, _: object) -> None:
        if self.state.coming is None:
            self._drawn = True
            self._tell.start(0)
        if self._kept:
            self._next.start(0)  # not inside a frame

    def again(self) -> None:
        """What was not there yet is: go on."""
        if self._kept:
            self._next.start(0)

    def do(self, title: str, run: Callable[[], object], *, whole: bool = False) -> None:
        """Do something to the frame's boxes now, or as soon as they are in sight; `whole`: say
        something of the frame as a whole."""
        why = self.hidden()
        if why is not None:
            self.drop(why)
            self.state.told.emit(f"{why}: {title} did nothing. Esc puts it away.")
        elif self.in_sight and not self._kept:
            run()
        elif len(self._kept) >= MOST:
            self.state.told.emit(f"{title} did nothing: {MOST} keys wait for their frame already.")
        else:
            if not self._kept:
                self._for = self.state.shown_scan
            self._kept.append(_Key(title, run, self.frame.scan if whole else None))
            self.view.canvas.update()

    def lead(self, before: str, scan: str) -> None:
        """What was done to a frame leads to another one, and the keys behind it do."""
        if self._for == before:
            self._for = scan

    def _go_on(self) -> None:
        if not self._kept:
            return
        if not self.in_sight:
            self.view.canvas.update()
            return
        why = self.hidden()
        if why is not None:
            self.drop(why)
            return
        if self._for != self.frame.scan:
            self.drop("another frame was chosen")
            return
        if self._kept[0].seen not in (None, self.frame.scan):
            self.drop("nobody had seen this frame yet")
            return
        self._kept.popleft().run()
        self._for = self.state.shown_scan
        if not self._kept:
            self.passed.emit()
        elif self.in_sight:
            self._next.start(0)
        else:
            self.view.canvas.update()

    def drop(self, why: str) -> None:
        """Give up what is kept, aloud: behind what else is told, also of a frame on its way."""
        if self._kept:
            titles = ", ".join(key.title for key in self._kept)
            self._kept.clear()
            self._unsaid = f"{titles}: not done, since {why[0].lower()}{why[1:]}."
            self._tell.start(0)
            self.passed.emit()

    def _say(self) -> None:
        if self._unsaid and self.state.coming is None:
            self.state.told.emit(self._unsaid)
            self._unsaid = ""

    def shut(self) -> None:
        """Do nothing more."""
        self._kept.clear()
        self._next.stop()
        self._tell.stop()
