"""Drawing on what is asked: a tool in hand, what its shape covers, a click that fills a part."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QApplication

from gui.desk.scene import visible
from gui.desk.state import State
from gui.look.theme import Theme
from gui.points.colours import Colours
from gui.points.labelling import Labelling
from gui.view.draw_tool import DrawTool, Shape
from gui.view.view import CloudView

HINTS = {
    "lasso": "Draw around points, then press their class. Ctrl takes away; Shift takes what has "
    "a class too; Esc ends.",
    "polygon": "Click corners; a double click or Enter closes. Then press the class.",
    "box": "Drag a box over points, then press their class.",
    "brush": "Paint over points, then press their class. The wheel changes the size.",
    "cut": "Draw the cut with the mouse; then one class for each side. A second cut parts what has "
    "no class yet.",
    "fill": "Click a part of the unit, then press its class.",
}


class Drawing(QObject):
    """The tool in hand. What it covers is selected in the draft of `labelling`.

    Attributes
    ----------
    draw_tool : the sheet over the view, visible while a tool is in hand
    filling : whether the next click fills a part of the target
    through : whether shapes take points too that something hides
    rests : whether clicks are somebody else's

    Signals
    -------
    taken(row) : a click with Ctrl, on what is to be asked with the target; row -1 on no point
    """

    taken = Signal(int)

    def __init__(
        self, view: CloudView, state: State, labelling: Labelling, colours: Colours, theme: Theme
    ) -> None:
        super().__init__(view)
        self.view, self.state = view, state
        self.labelling, self.colours = labelling, colours
        self.through = True
        self.filling = self.rests = False
        self.draw_tool = DrawTool(view, view.canvas.native, theme.picked)
        self.draw_tool.moved.connect(self._sketch)
        self.draw_tool.drawn.connect(self._drawn)
        view.clicked.connect(self._clicked)
        state.target_changed.connect(self._retarget)

    def _retarget(self, fly: bool) -> None:
        if self.state.target is None or fly:
            self._rest()

    def _rest(self) -> None:
        self.draw_tool.hide()
        self.filling = False

    def set_theme(self, theme: Theme) -> None:
        self.draw_tool.set_colour(theme.picked)

    def begin(self, tool: str) -> None:
        """Let the person draw on the target with one of the tools."""
        if self.state.target is None:
            self.state.told.emit("Nothing is asked here to draw on.")
            return
        self.filling = False
        self.draw_tool.begin(tool)
        self.state.told.emit(HINTS[tool])

    def begin_fill(self) -> None:
        """Let the person click a part of the target."""
        if self.state.target is None:
            self.state.told.emit("Nothing is asked here to fill.")
            return
        self.draw_tool.hide()
        self.filling = True
        self.state.told.emit(HINTS["fill"])

    def put_away(self) -> bool:
        """Put the tool away; return whether one was in hand."""
        held = self.held
        if held:
            self._rest()
            self.colours.show_preview(None)
        return held

    @property
    def held(self) -> bool:
        """Whether a tool is in hand."""
        return self.draw_tool.isVisible() or self.filling

    def set_through(self, through: bool) -> None:
        """Draw on all points of the unit, or on those in sight only."""
        self.through = through
        self.state.told.emit(
            "Shapes take hidden points too." if through else "Shapes take what is in sight only."
        )

    def resize(self, by: int) -> bool:
        """A larger brush, smaller for -1; return whether one is in hand."""
        held = self.draw_tool.isVisible() and self.draw_tool.tool == "brush"
        if held:
            self.draw_tool.resize_brush(1.25**by)
        return held

    def close(self) -> bool:
        """Close a polygon that is being drawn; return whether there was one."""
        return self.draw_tool.isVisible() and self.draw_tool.close_polygon()

    def missed(self) -> bool:
        """Whether the tool in hand has taken no point: then a key is not for the whole unit."""
        missed = self.draw_tool.isVisible() and self.labelling.draft is None
        if missed:
            self.state.told.emit("No point is drawn yet. Esc puts the tool away.")
        return missed

    def _clicked(self, row: int, x: float, y: float) -> None:
        if self.rests:
            return
        held = QApplication.keyboardModifiers()
        if self.filling:
            self.labelling.fill(row, over=bool(held & Qt.KeyboardModifier.ShiftModifier))
        elif held & Qt.KeyboardModifier.ControlModifier:
            self.taken.emit(row)
        else:
            self.labelling.pick(row)

    def covered(self, shape: Shape) -> np.ndarray:
        """(R,) bool: the target's rows that a shape covers."""
        content, target = self.state.content, self.state.target
        assert content is not None
        assert target is not None
        points = visible(content.points[target.rows])
        size = (self.view.width(), self.view.height())
        covered = shape.covers(self.view.picker.screen_xy(points), size)
        if not self.through and covered.any():
            covered &= self.view.picker.in_sight(points, visible(content.points))
        return covered

    def _sketch(self, shape: Shape, take_away: bool, over: bool) -> None:
        if self.state.target is None:
            return
        covered = self.covered(shape)
        draft = self.labelling.draft
        if draft is not None:
            covered = draft.select(covered, take_away=take_away, over=over, title="").selected
        self.colours.show_preview(covered)

    def _drawn(self, shape: Shape, take_away: bool, over: bool) -> None:
        if self.state.target is None:
            return
        covered = self.covered(shape)
        self.labelling.select(covered, shape.tool, take_away=take_away, over=over)
