"""What is asked is on screen, or nothing is labelled.

Every action that answers or leaves what is asked passes here. While the unit is on its way, its
scan being read or its frame not drawn yet, actions are kept and done in their order, each once its
own unit is in sight: a key is never for another unit than the one that follows the last. Where
something lies over the unit they are refused, aloud.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from statistics import median

import numpy as np
from PySide6.QtCore import QObject, QPoint, Qt, QTimer, Signal
from PySide6.QtWidgets import QApplication, QFrame, QWidget

from gui.desk.scene import visible
from gui.desk.state import State
from gui.view.view import CloudView
from gui.window.actions import Action

MOST = 8  # actions that are kept; more were no answers to anything
TAKES_KEYS = "takes keys"  # property of a sheet over the window whose keys are its own
_ANSWERS = ("accept", "decline")
_ON_SHEET = ("accept", "alike", "skip", "back", "label")  # the sheet goes with its question
_FLIGHT_MS = 30
_SAMPLED = 49  # points by which it is seen how much of the unit is covered
_MEASURED = 50  # changes of scan, and steps within one, by which their cost is told
_FIRST_TOLD = 4  # changes of scan; then at twice as many, so that what is told stands still


class Gate(QObject):
    """Lets an action be done once what it is about can be seen.

    Signals
    -------
    passed() : nothing is kept any more
    """

    passed = Signal()

    def __init__(
        self,
        page: QWidget,
        view: CloudView | None,
        state: State,
        sheet: QWidget,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`page` is the middle of the window, `sheet` the contact sheet over it."""
        super().__init__(page)
        self.page, self.view, self.state, self.sheet = page, view, state, sheet
        self._kept: deque[tuple[str, str, Callable[[], object]]] = deque()  # id, title, what
        self._for = ""  # the unit that the first of them is for
        self._seen = ""  # the unit whose frame was drawn last
        self._doing = False
        self._clock = clock
        self._asked: tuple[str, float] | None = None  # what is to be drawn, and since when
        self._scan = ""  # whose frame was drawn last
        self._changes = 0  # of scan, that were measured
        self._times: dict[bool, deque[float]] = {
            one: deque(maxlen=_MEASURED) for one in (False, True)
        }
        self._next = QTimer(self)
        self._next.setSingleShot(True)
        self._next.timeout.connect(self._go_on)
        state.target_changed.connect(self._retarget)
        state.failed.connect(lambda error: self._drop(error.what.rstrip(".")))
        if view is not None:
            view.canvas.events.draw.connect(self._drawn, position="last")
            state.after(self._awaits_frame)

    # -- what is on screen --------------------------------------------------------------------

    @property
    def rested(self) -> bool:
        """Whether nothing is kept."""
        return not self._kept

    @property
    def in_sight(self) -> bool:
        """Whether the frame of what is asked, or of no more than a scan, is drawn."""
        if self.state.coming is not None:
            return False
        unseen = self.view is not None and self._seen != self.state.announced
        return self.state.target is None or not unseen

    def _awaits_frame(self) -> bool:
        """Whether a frame of what is asked must come, and soon."""
        view, state = self.view, self.state
        seen = view is not None and view.isVisible() and not view.flying
        return seen and state.coming is None and not self.in_sight

    def _drawn(self, _: object) -> None:
        state, view = self.state, self.view
        assert view is not None
        if state.coming is not None or state.target is None or not view.isVisible():
            return
        if view.flying:
            self._next.start(_FLIGHT_MS)  # look again: its last frame may be drawn already
            return
        self._seen = state.announced
        if self._asked is not None and self._asked[0] == self._seen:
            assert state.content is not None
            if self._scan:
                self._measure(self._clock() - self._asked[1], state.content.scan != self._scan)
            self._asked, self._scan = None, state.content.scan
        if self._kept:
            self._next.start(0)  # not inside a frame

    def _measure(self, seconds: float, other_scan: bool) -> None:
        """Take in how long it took from one unit to the frame of the next."""
        self._times[other_scan].append(seconds)
        self._changes += other_scan
        other, same = self._times[True], self._times[False]
        doubled = self._changes & (self._changes - 1) == 0
        if other_scan and self._changes >= _FIRST_TOLD and doubled:
            cost = max(0.0, median(other) - (median(same) if same else 0.0))
            self.state.change = (cost, len(other))

    def _retarget(self, _: bool) -> None:
        unit = self.state.announced
        if self._seen != unit and (self._asked is None or self._asked[0] != unit):
            self._asked = (unit, self._clock()) if unit else None
        if self._kept and not self._doing and unit != self._for:
            self._drop("another unit is shown")

    def hidden(self, action: str) -> str | None:
        """Why the person cannot see what an action would be about, or None."""
        window = self.page.window()
        if QApplication.activeModalWidget() is not None:
            return "A dialog is open"
        if QApplication.activePopupWidget() is not None:
            return "A menu is open"
        for part in window.findChildren(QFrame, options=Qt.FindChildOption.FindDirectChildrenOnly):
            if part.property(TAKES_KEYS) and part.isVisible():
                return f"{part.accessibleName()} is open"
        if window.isMinimized() or not self.page.isVisible():
            return "The view is not on screen"
        if self.sheet.isVisible():
            own = action.startswith("class ") or action in _ON_SHEET
            return None if own else "The sheet of like units is open"
        if self.view is None:
            return None
        if not self.view.isVisible():
            return "The view is not on screen"
        return self._covered()

    def _covered(self) -> str | None:
        """What covers more than half of the target's points, or None."""
        state, view = self.state, self.view
        if state.target is None or state.content is None or view is None:
            return None
        rows = state.target.rows[:: max(1, len(state.target.rows) // _SAMPLED)]
        window, others = view.window(), _windows_over(view.window())
        places = view.picker.screen_xy(visible(state.content.points[rows]))
        inside = (places >= 0).all(axis=1) & (places < (view.width(), view.height())).all(axis=1)
        if not inside.any():  # the camera looks elsewhere; the unit was seen before
            return None
        over: list[str] = []
        for x, y in np.floor(places[inside]).astype(int).tolist():
            at = view.mapTo(window, QPoint(x, y))
            part = next((w for w in others if w.geometry().contains(window.mapToGlobal(at))), None)
            part = part or window.childAt(at)
            if part is not None and part is not view and not view.isAncestorOf(part):
                over.append(_name(part, window))
        return f"{over[0]} lies over the unit" if 2 * len(over) > int(inside.sum()) else None

    # -- actions ------------------------------------------------------------------------------

    def guard(self, action: Action) -> Action:
        """The same action, done only where what it is about can be seen, and once for a key however
        long it is held."""
        return replace(
            action,
            run=lambda: self.do(action.id, action.title, action.run),
            repeats=action.group == "Go",
        )

    def do(self, id: str, title: str, run: Callable[[], object]) -> None:
        """Do something to what is asked now, or as soon as it is in sight."""
        why = self.hidden(id)
        if why is not None:
            self._drop(why)
            self.state.told.emit(f"{why}: {title} did nothing. Esc puts it away.")
        elif self.in_sight and not self._kept:
            run()
        elif self.view is not None and not self._seen and not self.state.at_work():
            # Just opened: nobody was told of a unit yet that a key could be for.
            self.state.told.emit(f"No unit is on screen yet: {title} did nothing.")
        elif len(self._kept) >= MOST:
            self.state.told.emit(f"{title} did nothing: {MOST} keys wait for their units already.")
        else:
            if not self._kept:
                self._for = self.state.announced
            self._kept.append((id, title, run))
            self._tell()
            if self.view is not None:
                self.view.canvas.update()

    def _tell(self) -> None:
        titles = ", ".join(title for _, title, _ in self._kept)
        one = len(self._kept) == 1
        self.state.told.emit(
            f"{titles}: {'waits for its unit' if one else 'wait for their units'} to be in sight."
        )

    def _go_on(self) -> None:
        """Do the first that is kept; the next one waits for the frame of its own unit."""
        if self.view is not None and self.view.flying:
            self._next.start(_FLIGHT_MS)
            return
        if self.view is not None and not self.in_sight:
            self.view.canvas.update()  # its frame follows, and this again
            return
        if not self._kept:
            return
        why = self.hidden("")
        if why is not None or self.state.announced != self._for:
            self._drop(why or "another unit is shown")
            return
        id, title, run = self._kept.popleft()
        self._doing = True
        try:
            run()
        finally:
            self._doing = False
        if self.state.announced == self._for and (id in _ANSWERS or id.startswith("class ")):
            self._drop(f"{title} left the unit open")  # they were for those behind it
        self._for = self.state.announced
        if not self._kept:
            self.passed.emit()
        elif self.in_sight:
            self._next.start(0)
        elif self.view is not None:
            self.view.canvas.update()

    def _drop(self, why: str) -> None:
        """Give up what is kept, aloud."""
        if self._kept:
            titles = ", ".join(title for _, title, _ in self._kept)
            self._kept.clear()
            self.state.told.emit(f"{titles}: not done, since {why[0].lower()}{why[1:]}.")
            self.passed.emit()

    def shut(self) -> None:
        """Do nothing more."""
        self._kept.clear()
        self._next.stop()


def _windows_over(window: QWidget) -> list[QWidget]:
    """Other windows of the program that may lie over one: floating panels, dialogs."""
    return [
        other
        for other in QApplication.topLevelWidgets()
        if other is not window
        and other.isVisible()
        and other.windowType() != Qt.WindowType.ToolTip
        and (parent := other.parentWidget()) is not None
        and parent.window() is window
    ]


def _name(part: QWidget, window: QWidget) -> str:
    """What a widget belongs to, in words."""
    whole = part
    while not (whole.accessibleName() or whole.windowTitle()):
        parent = whole.parentWidget()
        if parent is None or parent is window:
            return "Something"
        whole = parent
    return whole.accessibleName() or whole.windowTitle()
