"""The selected box from above, from its right and from its front, with handles to pull at.

Drag a side, a corner, the middle or the knob before the front. Shift: the opposite side goes as
far. Ctrl: the side stops at the outermost point inside, the lower one on the ground. A double click
moves a side, or in the middle all of them, in to the points. The wheel comes closer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QHideEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from core.answers.box import Box
from core.boxes.edit import in_box
from core.boxes.fit import ground_height
from gui.boxes.cursors import cursor_over
from gui.boxes.grips import Grip, Pull, changed, grip_at, near_rows, pulled, tightened
from gui.boxes.sheets import ASPECTS, Aspect, Frame, Sheet, arranged
from gui.boxes.sketch import ROOM_M, Sketch, beside, class_colour, points_about, room_about
from gui.look.theme import Theme

_MOST_OFF = 0.3  # of the room: how far a box may be from a view's middle before it is put there
_STILL_PX = 2.0  # a hand that only clicks moves less
_ZOOM, _ZOOMS = 1.2, (0.3, 6.0)
_TIP = (
    "Drag a side, a corner, the middle, or the knob that turns it. Shift: the other side too. "
    "Ctrl: up to the points inside, or onto the ground. Double click: in to the points. Wheel: "
    "closer, or more around it. Esc while dragging: as it was."
)


@dataclass
class _Drag:
    """A box in the hand: what is held, in which view, from where, and as it was then."""

    sheet: Sheet
    grip: Grip
    start: Box
    x: float
    y: float
    at: tuple[float, float] = (0.0, 0.0)
    moved: bool = False


class SideViews(QWidget):
    """Three views of one box in one canvas.

    Signals
    -------
    edited(Box) : it is being dragged, and looks like this now; as it was, where that is taken back
    committed(Box) : it was let go, or changed by a double click
    rested() : it was let go as it was
    """

    edited = Signal(object)
    committed = Signal(object)
    rested = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.theme = theme
        self.box: Box | None = None
        self.points = np.zeros((0, 3), np.float32)
        self.is_ground = np.zeros(0, bool)
        self.colours = np.zeros((0, 3), np.uint8)
        self.sheets: tuple[Sheet, ...] = ()
        self.ground: float | None = None
        self._zoom, self._room = 1.0, ROOM_M
        self._drag: _Drag | None = None
        self._hover: tuple[Aspect, Grip] | None = None
        self.setMouseTracking(True)
        self.setMinimumSize(180, 120)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setToolTip(_TIP)
        self.setAccessibleName("Top, side and front view of the selected box")

    # -- what is shown ------------------------------------------------------------------------

    def set_points(self, points: np.ndarray, is_ground: np.ndarray) -> None:
        """The points (N, >= 3) of the frame, and which (N,) bool are ground."""
        self.points, self.is_ground = points, is_ground
        self._let_go()
        self._lay()

    def set_colours(self, colours: np.ndarray) -> None:
        """Of the classes, (C, 3) uint8 by id."""
        self.colours = colours
        self.update()

    def set_theme(self, theme: Theme) -> None:
        self.theme = theme
        self.update()

    def set_box(self, box: Box | None) -> None:
        """Show a box, None for none. The views stay where they are while it stays about in their
        middle; a drag of another box ends."""
        if self._drag is not None:
            if box is not None and self.box is not None and box.equals(self.box):
                return
            self._let_go()
        self.box = box
        self._lay()

    @property
    def dragging(self) -> bool:
        return self._drag is not None

    # -- where the views are ------------------------------------------------------------------

    def _lay(self) -> None:
        """Put the views where the box is, without a jump where they can stay."""
        self.update()
        if self.box is None:
            self.sheets, self.ground = (), None
            return
        box = self.box.box
        self.ground = ground_height(self.points, self.is_ground, box[:2])
        self._room = room_about(box, self.points, self.is_ground)
        rooms = box[3:6] + 2 * self._room
        frames, pixels = arranged(self.width(), self.height(), rooms)
        pixels *= self._zoom
        at = box[:3].copy()
        if self.sheets:
            old = self.sheets[0]
            off = np.abs(in_box(box, old.middle[None])[0])
            about = 0.8 < pixels / old.pixels < 1.25
            if about and (off <= _MOST_OFF * rooms / self._zoom).all() and self._fits(frames):
                at, pixels = old.middle, old.pixels
        self.sheets = tuple(
            Sheet(aspect, *frame, at, float(box[6]), pixels)
            for aspect, frame in zip(ASPECTS, frames, strict=True)
        )

    def _fits(self, frames: tuple[Frame, ...]) -> bool:
        """Whether the views have the places that they had."""
        return all(sheet[1:5] == frame for sheet, frame in zip(self.sheets, frames, strict=True))

    def _seen(self) -> tuple[Sheet, ...]:
        """The views as they are drawn: while a box turns, only that from above stands still."""
        if self.box is None or self._drag is None:
            return self.sheets
        yaw = float(self.box.box[6])
        return tuple(s if s.aspect.from_above else s._replace(yaw=yaw) for s in self.sheets)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.sheets = ()
        self._lay()

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self._drag is None:
            times = self._zoom * _ZOOM ** (event.angleDelta().y() / 120)
            times = min(max(times, _ZOOMS[0]), _ZOOMS[1])
            by, self._zoom = times / self._zoom, times
            self.sheets = tuple(s._replace(pixels=s.pixels * by) for s in self.sheets)
            self._lay()
        event.accept()

    # -- the mouse ----------------------------------------------------------------------------

    def _under(self, x: float, y: float) -> tuple[Sheet, Grip] | None:
        if self.box is None:
            return None
        for sheet in self.sheets:
            if sheet.holds(x, y):
                grip = grip_at(sheet, self.box.box, x, y)
                return None if grip is None else (sheet, grip)
        return None

    def mousePressEvent(self, event: QMouseEvent) -> None:
        x, y = event.position().x(), event.position().y()
        if event.button() != Qt.MouseButton.LeftButton:
            if self._drag is not None:
                self.cancel()
            return
        found = self._under(x, y)
        if found is not None and self.box is not None:
            self._drag = _Drag(*found, self.box, x, y, (x, y))
            self.grabKeyboard()  # for Esc, and for Shift and Ctrl while the mouse rests

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        x, y = event.position().x(), event.position().y()
        if self._drag is None:
            found = self._under(x, y)
            self._point_at(None if found is None else (found[0].aspect, found[1]))
            return
        self._drag.at = (x, y)
        self._pull(event.modifiers())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton or self._drag is None:
            return
        drag = self._drag
        self._let_go()
        if drag.moved and self.box is not None and not self.box.equals(drag.start):
            self._commit(self.box)
        else:
            self.rested.emit()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton or self.box is None:
            return
        found = self._under(event.position().x(), event.position().y())
        if found is None:
            return
        box = self.box.box
        made = tightened(box, found[1], self._things(box), self.ground)
        if not np.array_equal(made, box):
            self._commit(self.box.edited(box=made))

    def leaveEvent(self, event: QEvent) -> None:
        if self._drag is None:
            self._point_at(None)

    def event(self, event: QEvent) -> bool:
        """Esc takes back what is in the hand; it is no shortcut then."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride:
            if self._drag is not None and event.key() == Qt.Key.Key_Escape:
                event.accept()
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        self._key(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        self._key(event)

    def _key(self, event: QKeyEvent) -> None:
        if self._drag is None:
            event.ignore()
            return
        if event.key() == Qt.Key.Key_Escape:
            self.cancel()
        elif event.key() in (Qt.Key.Key_Shift, Qt.Key.Key_Control) and self._drag.moved:
            held = event.modifiers()
            own = {
                Qt.Key.Key_Shift: Qt.KeyboardModifier.ShiftModifier,
                Qt.Key.Key_Control: Qt.KeyboardModifier.ControlModifier,
            }[Qt.Key(event.key())]
            down = event.type() == QEvent.Type.KeyPress
            self._pull(held | own if down else held & ~own)

    def cancel(self) -> None:
        """Take back what is being dragged."""
        if self._drag is None:
            return
        start = self._drag.start
        self._let_go()
        self.box = start
        self._lay()
        self.edited.emit(start)
        self.rested.emit()

    def _let_go(self) -> None:
        if self._drag is not None:
            self._drag = None
            self.releaseKeyboard()

    def hideEvent(self, event: QHideEvent) -> None:
        self.cancel()  # nobody would let it go

    def _commit(self, box: Box) -> None:
        self.box = box
        self._lay()
        self.committed.emit(box)

    def _pull(self, held: Qt.KeyboardModifier) -> None:
        """Let the box follow the mouse."""
        drag = self._drag
        assert drag is not None
        dx, dy = drag.at[0] - drag.x, drag.at[1] - drag.y
        if not drag.moved and np.hypot(dx, dy) < _STILL_PX:
            return
        drag.moved = True
        box = drag.start.box
        pull = Pull(
            *drag.sheet.metres(dx, dy),
            turn=self._turn(drag),
            both=bool(held & Qt.KeyboardModifier.ShiftModifier),
            snap=bool(held & Qt.KeyboardModifier.ControlModifier),
        )
        points = self._things(box, max(abs(pull.across), abs(pull.upward)))
        made = pulled(box, drag.sheet.aspect, drag.grip, pull, points, self.ground)
        self.box = drag.start.edited(box=made)
        self.update()
        self.edited.emit(self.box)

    def _turn(self, drag: _Drag) -> float:
        """The angle by which the mouse went around the box, counter-clockwise."""
        middle = drag.sheet.places(drag.start.box[None, :3])[0]
        first, now = ((x - middle[0], middle[1] - y) for x, y in ((drag.x, drag.y), drag.at))
        return float(np.arctan2(now[1], now[0]) - np.arctan2(first[1], first[0]))

    def _things(self, box: np.ndarray, room: float = 0.0) -> np.ndarray:
        """(n, 3) points within a box and some room, none of the ground."""
        rows = near_rows(box, self.points, room + ROOM_M)
        return self.points[rows[~self.is_ground[rows]], :3]

    def _point_at(self, found: tuple[Aspect, Grip] | None) -> None:
        if found == self._hover:
            return
        self._hover = found
        self.setCursor(cursor_over(found))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if self.box is None:
            painter.fillRect(self.rect(), QColor(self.theme.canvas))
            painter.setPen(QColor(self.theme.quiet))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, "No box is selected")
            return
        box, sheets = self.box, self._seen()
        size, ratio = (self.width(), self.height()), self.devicePixelRatioF()
        points = (box.box, self.points, self.is_ground)
        image = points_about(size, ratio, self.theme, sheets, *points, self._room)
        painter.drawImage(QPointF(0, 0), image)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colour = class_colour(self.colours, box.label, self.theme)
        for sheet in sheets:
            held = self._held(sheet.aspect)
            Sketch(painter, self.theme, sheet, box, colour, held).draw(self.ground)
        drag = self._drag
        if drag is not None and drag.moved:
            text = changed(drag.start.box, box.box, drag.grip)
            beside(painter, self.theme, text, QPointF(*drag.at), QRectF(self.rect()))

    def _held(self, aspect: Aspect) -> Grip | None:
        """What the mouse holds, or would, in a view."""
        if self._drag is not None:
            return self._drag.grip if self._drag.sheet.aspect is aspect else None
        if self._hover is not None and self._hover[0] is aspect:
            return self._hover[1]
        return None
