"""Boxes in the 3D view: how they look, what the mouse does to them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np
from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication

from core.answers.box import Box
from core.answers.box_history import lines_of
from core.boxes.geometry import corners
from gui.boxes.card import BoxCard
from gui.boxes.frame import Frame, Kind, Row
from gui.boxes.making import Making
from gui.desk.scene import visible
from gui.desk.state import State
from gui.look.colours import class_table
from gui.look.theme import Theme
from gui.view.boxes import BoxLines, Colour, Look, at_place
from gui.view.contrast import told_apart
from gui.view.draw_tool import DrawTool, Shape
from gui.view.pose import pose_of
from gui.view.view import CloudView

_HOVER_S = 0.03
_REST_MS = 350
_OVERVIEW_M, _OVERVIEW_UP = (20.0, 70.0), 40.0
_AHEAD = -90.0  # degrees of the camera that looks as the car drives
_SMALLEST_PX, _INSIDE = 26.0, 0.08  # of a box in sight; share of the view that is its edge


class BoxView(QObject):
    """Draws the frame's boxes and takes clicks, while `on`."""

    def __init__(
        self, view: CloudView, state: State, frame: Frame, making: Making, theme: Theme
    ) -> None:
        super().__init__(frame)
        self.view, self.state, self.frame, self.making = view, state, frame, making
        self.theme = theme
        self.on = self.hidden = False
        self.lines = BoxLines(view)
        self.card = BoxCard(state, frame, making, lambda: making.points())
        self.card.setParent(view)
        self.card.hide()
        self.draw_tool = DrawTool(view, view.canvas.native, theme.picked)
        self.draw_tool.drawn.connect(self._drawn)
        self._drawing = False
        self._hovered = ""
        self._looked = 0.0
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(_REST_MS)
        self._rest.timeout.connect(self._tell_history)
        frame.changed.connect(self.paint)
        frame.chose.connect(self.paint)
        frame.moved.connect(self._paint_live)
        making.turned.connect(self._turned)
        view.clicked.connect(self._clicked)
        view.held.connect(self._held)
        view.canvas.events.mouse_move.connect(self._moved)
        view.canvas.native.installEventFilter(self)
        view.installEventFilter(self)
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        self.theme = theme
        table = class_table(self.state.project.classes)
        self._table = told_apart(table, theme.rgb("canvas"))
        red, green, blue = theme.rgb("panel")
        self.card.setStyleSheet(
            f"QFrame {{ background: rgba({red},{green},{blue},215); border-radius: 8px; }}"
            f"QLabel {{ background: transparent; }}"
        )
        self.draw_tool.set_colour(theme.picked)
        self.paint()

    def turn(self, on: bool) -> None:
        """Show the boxes and take clicks, or leave the view to others."""
        self.on = on
        if not on:
            self.lines.hide()
            self.card.hide()
            self.view.canvas.native.unsetCursor()
        self.paint()

    def toggle_overlays(self) -> None:
        """Hide the card, or show it."""
        self.hidden = not self.hidden
        self.paint()

    # -- looks --------------------------------------------------------------------------------

    def _colour(self, row: Row, alpha: float = 1.0) -> Colour:
        rgb: Sequence[int]
        if row.kind is Kind.GHOST:
            rgb = self.theme.rgb("picked")
        elif row.kind is Kind.REJECTED or row.box.ignore:
            rgb = self.theme.rgb("quiet")
        else:
            rgb = self._table[row.box.label]
        red, green, blue = (float(part) / 255 for part in rgb)
        return red, green, blue, alpha

    def _look(self, row: Row, box: Box | None = None) -> Look:
        box = box or row.box
        finished = self.frame.finished
        dashed = row.kind.open and not (row.kind is Kind.UNSURE and finished)
        alpha = 0.45 if row.kind is Kind.REJECTED else 1.0
        return Look(box.box, self._colour(row, alpha), dashed, box.ignore)

    def paint(self) -> None:
        """Draw what the frame's boxes are now."""
        if not self.on:
            return
        rows = [row for row in self.frame.shown if row.name != self.frame.chosen]
        self.lines.show([self._look(row) for row in rows])
        self._hovered = ""
        self.view.canvas.native.setToolTip("")  # it was of a box that may be gone
        self.lines.show_hovered(None)
        self._paint_live()

    def _paint_live(self) -> None:
        row = self.frame.row
        if not self.on:
            return
        if row is None:
            self.lines.show_chosen(None)
        else:
            red, green, blue = (part / 255 for part in self.theme.rgb("text"))
            look = self._look(row, self.frame.live)
            self.lines.show_chosen(look._replace(colour=(red, green, blue, 1.0)))
        self.tell()

    def tell(self) -> None:
        """Write the card anew."""
        shown = self.on and not self.hidden and bool(self.frame.scan)
        if shown:
            self.card.refresh()
            self.card.place(self.view.width())
        self.card.setVisible(shown)

    # -- the camera ---------------------------------------------------------------------------

    def bring(self) -> None:
        """Move the camera to the chosen box where it is out of sight or too small to be judged."""
        row = self.frame.row
        if row is None or not self.on:
            return
        places = self.view.picker.screen_xy(corners(row.box.box[None])[0])
        low, high = places.min(axis=0), places.max(axis=0)
        room = np.array([self.view.width(), self.view.height()])
        edge = room * _INSIDE
        within = np.isfinite(places).all() and (low >= edge).all() and (high <= room - edge).all()
        if not within or (high - low).max() < _SMALLEST_PX:
            self.frame_chosen()

    def overview(self) -> None:
        """See the scan from behind the sensor, as far as most of its points lie."""
        content = self.state.content
        if content is None:
            return
        xyz = content.points[:, :3]
        xyz = xyz[np.isfinite(xyz).all(axis=1)]
        low, high = np.quantile(xyz, (0.03, 0.97), axis=0) if len(xyz) else np.zeros((2, 3))
        size = float(np.clip((high - low)[:2].max(), *_OVERVIEW_M))
        up = 90.0 if self.view.top_down else _OVERVIEW_UP
        self.view.camera.place((low + high) / 2, size, _AHEAD, up)

    def frame_chosen(self, *, closer: bool = False) -> None:
        """Fly to the chosen box; over the scan where none is chosen."""
        row, content = self.frame.row, self.state.content
        if row is None or content is None:
            self.overview()
            return
        at = corners(row.box.box[None])[0]
        pose = pose_of(at.min(axis=0), at.max(axis=0), content.form.ground, flat=False)
        self.view.fly_to(pose, closer=closer)

    # -- the mouse ----------------------------------------------------------------------------

    def _clicked(self, row: int, x: float, y: float) -> None:
        if not self.on or self.state.coming is not None:
            return
        held = QApplication.keyboardModifiers()
        if self.making.armed or held & Qt.KeyboardModifier.ControlModifier:
            self.making.click(row)
            return
        hit = self._at(x, y)
        self.frame.choose("" if hit is None else hit.name)

    def _held(self, row: int, x: float, y: float) -> None:
        """A slow click makes a box like any other, where clicks make boxes."""
        if self.making.armed:
            self._clicked(row, x, y)

    def _at(self, x: float, y: float) -> Row | None:
        rows = self.frame.shown
        boxes = np.array([row.box.box for row in rows]).reshape(-1, 7)
        place = at_place(self.view, boxes, x, y)
        return None if place is None else rows[place]

    def _moved(self, event: Any) -> None:
        now = time.monotonic()
        pressed = getattr(event, "press_event", None) is not None
        if not self.on or pressed or now - self._looked < _HOVER_S or self.making.armed:
            return
        self._looked = now
        x, y = (float(value) for value in event.pos[:2])
        hit = self._at(x, y)
        name = hit.name if hit is not None else ""
        if name == self._hovered:
            return
        self._hovered = name
        native = self.view.canvas.native
        native.setToolTip("")
        if hit is None:
            native.unsetCursor()
            self._rest.stop()
        else:
            native.setCursor(Qt.CursorShape.PointingHandCursor)
            self._rest.start()
        shown = hit is not None and hit.name != self.frame.chosen
        self.lines.show_hovered(self._look(hit) if hit is not None and shown else None)

    def _tell_history(self) -> None:
        """The mouse rests on a box: say what it is and who made it."""
        row = self.frame.rows.get(self._hovered)
        if row is None or not self.on:
            return
        said = [self.state.class_name(row.box.label).capitalize()]
        if row.box.track:
            said[0] += f", track {row.box.track}"
        if row.kind in (Kind.DRAWN, Kind.UNSURE) and not self.frame.blind:
            project = self.state.project
            names = project.classes.names
            said += lines_of(project.answers, self.frame.scan, row.name, names)[-6:]
        self.view.canvas.native.setToolTip("\n".join(said))

    def _turned(self) -> None:
        native = self.view.canvas.native
        if self.making.armed and self.on:
            native.setCursor(Qt.CursorShape.CrossCursor)
        else:
            native.unsetCursor()
        self.tell()

    # -- the rectangle ------------------------------------------------------------------------

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.view:
            if event.type() == QEvent.Type.Resize:
                self.tell()
            return False
        if not self.on or not isinstance(event, QMouseEvent):
            return False
        return self._draws(event)

    def _draws(self, event: QMouseEvent) -> bool:
        """Whether a mouse event is of a rectangle: Ctrl and a drag, seen from above."""
        kind = event.type()
        ctrl = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        left = event.button() == Qt.MouseButton.LeftButton
        if kind == QEvent.Type.MouseButtonPress and left and ctrl and self.view.top_down:
            self._drawing = True
            self.draw_tool.begin("box")
            self.draw_tool.mousePressEvent(event)
            return True
        if not self._drawing:
            return False
        if kind == QEvent.Type.MouseMove:
            self.draw_tool.mouseMoveEvent(event)
            return True
        if kind == QEvent.Type.MouseButtonRelease and left:
            self._drawing = False
            start = self.draw_tool.start
            self.draw_tool.mouseReleaseEvent(event)
            self.draw_tool.hide()
            x, y = event.position().x(), event.position().y()
            if start is not None and max(abs(x - start[0]), abs(y - start[1])) <= 4:
                self.making.click(self.view.picker.pick(x, y))
            return True
        return False

    def _drawn(self, shape: Shape, *_: bool) -> None:
        content = self.state.content
        if content is None or not self.on or self.state.coming is not None:
            return
        places = self.view.picker.screen_xy(visible(content.points))
        self.making.around(shape.covers(places, (self.view.width(), self.view.height())))

    def shut(self) -> None:
        """Take no more events."""
        self._rest.stop()
        self.view.canvas.native.removeEventFilter(self)
        self.view.removeEventFilter(self)
