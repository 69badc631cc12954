"""Joins the state and the 3D view: what is bright, which colours, where the camera flies."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import replace

import numpy as np
from PySide6.QtCore import QObject, Signal

from core.assist.surroundings import Surroundings, surroundings
from core.base.errors import ProjectError
from core.data.classes import UNLABELLED
from gui.desk.content import Content
from gui.desk.state import State
from gui.desk.target import Target
from gui.look.colours import class_table, measure_table, partition_colours, spread
from gui.look.theme import Theme
from gui.points import paint
from gui.points.draft import Draft
from gui.points.labelling import Labelling
from gui.view.draw_tool import DrawTool, Shape
from gui.view.view import CloudView

POINT_PX = (1.0, 8.0)
REACH = 5  # scans before and behind


class Scene(QObject):
    """What the view shows of the state.

    Signals
    -------
    mode_changed() : another colouring
    """

    mode_changed = Signal()
    _around = Signal(str, object)

    def __init__(self, view: CloudView, state: State, labelling: Labelling, theme: Theme) -> None:
        super().__init__(view)
        self.view, self.state, self.theme = view, state, theme
        self.labelling = labelling
        self.mode = "unit" if state.project.units is not None else "height"
        self.point_px = 2.5
        self._slot: np.ndarray | None = None
        self.through = True
        self.reach = 0  # scans before and behind that are shown too
        self._around.connect(self._show_around)
        self.filling = False
        self._preview: np.ndarray | None = None
        self.draw_tool = DrawTool(view, view.canvas.native, theme.accent)
        self.draw_tool.moved.connect(self._sketch)
        self.draw_tool.drawn.connect(self._drawn)
        labelling.preview.connect(self._show_preview)
        self.classes = class_table(state.project.classes)
        view.clicked.connect(self._clicked)
        view.set_spot(1.4)
        view.set_point_size(self.point_px)
        state.scan_shown.connect(self.show_scan)
        state.target_changed.connect(self._retarget)
        self.set_theme(theme)

    def modes(self) -> tuple[str, ...]:
        """The colourings that have something to show now."""
        content, project = self.state.content, self.state.project
        known = {
            "unit": project.units is not None,
            "partition": project.units is not None,
            "prediction": content is not None and content.prediction is not None,
            "entropy": content is not None and content.entropy is not None,
            "truth": content is not None and content.truth is not None,
        }
        return tuple(mode for mode in paint.MODES if known.get(mode, True))

    def set_mode(self, mode: str) -> None:
        """Colour by one of `modes`."""
        if mode in self.modes():
            self.mode = mode
            self.paint_values()
            self.paint_units()
            self.mode_changed.emit()

    def set_theme(self, theme: Theme) -> None:
        self.theme = theme
        self.view.set_background(theme.rgb("canvas"))
        self._halo()

    def enlarge(self, by: int) -> None:
        """Larger points, or a larger brush while one is in hand; smaller for -1."""
        if self.draw_tool.isVisible() and self.draw_tool.tool == "brush":
            self.draw_tool.resize_brush(1.25**by)
        else:
            self.set_point_size(self.point_px + by * 0.5)

    def set_point_size(self, pixels: float) -> None:
        """Size of points in logical pixels, within limits."""
        self.point_px = min(max(pixels, POINT_PX[0]), POINT_PX[1])
        self.view.set_point_size(self.point_px)

    # -- painting -----------------------------------------------------------------------------

    def show_scan(self) -> None:
        """Show the state's scan."""
        content = self.state.content
        if content is None:
            return
        lost = self.mode not in self.modes()
        if lost:
            self.mode = self.modes()[0]
        self._slot = content.slots.slot
        if self.reach:
            self._ask_around()
        self.view.show_scan(_visible(content.points), self._slot)
        self.paint_values()
        self.paint_units()
        if lost:
            self.mode_changed.emit()

    def paint_values(self) -> None:
        """Colour points by a value of their own, or by their unit."""
        content = self.state.content
        if content is None:
            return
        if self.mode not in paint.BY_VALUE:
            self.view.set_values(None)
        elif self.mode in ("prediction", "truth"):
            values = content.prediction if self.mode == "prediction" else content.truth
            assert values is not None
            self.view.set_values(values.astype(np.float32), self.classes)
        else:
            self.view.set_values(spread(self._measure(content)), measure_table())

    def _measure(self, content: Content) -> np.ndarray:
        if self.mode == "entropy":
            assert content.entropy is not None
            return content.entropy
        return content.points[:, 2 if self.mode == "height" else 3]

    def paint_units(self) -> None:
        """Colour the units and light the target."""
        content, target, draft = self.state.content, self.state.target, self.labelling.draft
        if content is None:
            return
        units = self.state.project.units
        partition = np.zeros(0, np.int8)
        ramp = partition_colours(1)
        if units is not None:
            mine = units.range_of(content.scan)
            partition = units.partition[mine.start : mine.stop]
            ramp = partition_colours(len(units.cuts))
        slots = content.slots
        if self.state.hides_labels:
            slots = replace(slots, label=np.full_like(slots.label, UNLABELLED))
        rgb = paint.colours(slots, self.mode, partition, ramp, self.classes)
        level = paint.brightness(slots, asked=target is not None)
        slot = slots.slot
        if target is not None:
            sketched = draft is not None or self._preview is not None or target.blind
            if not sketched and target.slot is not None:
                level[slots.of_unit == target.slot] = paint.FULL
            else:
                drawn = draft if draft is not None else Draft.empty(len(target.rows))
                places = paint.draft_slots(drawn, self._preview)
                table, bright = self._draft_colours(target, asked=bool((places == 256).any()))
                slot = slot.copy()
                slot[target.rows] = len(level) + places
                rgb, level = np.vstack([rgb, table]), np.concatenate([level, bright])
        if slot is not self._slot:
            self._slot = slot
            self.view.set_slots(slot)
        self.view.set_units(rgb, level, front=paint.DRAFT if target is not None else 256)

    def _draft_colours(self, target: Target, *, asked: bool) -> tuple[np.ndarray, np.ndarray]:
        """Colours (257, 3) and brightness (257,) of a draft's points: by class, half bright while
        others are asked; last the asked ones; where none has a class yet the unit's own colour."""
        own = self._spot_colour(target)
        table = self.classes.copy()
        table[UNLABELLED] = own * 0.6  # still the unit, not asked this time
        bright = np.full(len(table) + 1, paint.DRAFT if asked else paint.FULL, np.uint8)
        bright[-1] = paint.FULL
        return np.vstack([table, own]), bright

    def _spot_colour(self, target: Target) -> np.ndarray:
        assert self.state.content is not None
        label = int(self.state.content.labels[target.rows[0]])
        label = UNLABELLED if target.blind else label
        own = self.theme.rgb("accent") if label == UNLABELLED else self.classes[label]
        return np.array(own, np.uint8)

    # -- the target ---------------------------------------------------------------------------

    def _retarget(self, fly: bool) -> None:
        if self.state.target is None or fly:
            self.draw_tool.hide()
            self.filling = False
        self._preview = None
        self.paint_units()
        self._halo()
        box = self._box()
        if fly and box is not None:
            self.view.fly_to(*box)
        elif fly and self.state.content is not None:
            self.view.overview()

    def _box(self) -> tuple[np.ndarray, np.ndarray] | None:
        content, target = self.state.content, self.state.target
        if content is None or target is None:
            return None
        xyz = content.points[target.rows, :3]
        xyz = xyz[np.isfinite(xyz).all(axis=1)]
        return (xyz.min(axis=0), xyz.max(axis=0)) if len(xyz) else None

    def _halo(self) -> None:
        low, high = self._box() or (None, None)
        self.view.set_halo(low, high, self.theme.rgb("accent"))

    def frame(self) -> None:
        """Fly to the target, closer where it is framed already; or see the whole scan."""
        box = self._box()
        if box is None:
            self.view.overview()
        else:
            self.view.fly_to(*box, closer=True)

    # -- neighbouring scans -------------------------------------------------------------------

    def toggle_around(self) -> None:
        """Show the scans before and behind this one too, or only this one."""
        self.reach = 0 if self.reach else REACH
        self._ask_around()

    def _ask_around(self) -> None:
        content, project = self.state.content, self.state.project
        self.view.show_around([], self.classes)
        if content is None or not self.reach:
            return
        scan, reach = content.scan, self.reach
        done = self.state.guesses.submit(lambda: surroundings(project, scan, reach))
        done.add_done_callback(lambda future: self._around.emit(scan, future))

    def _show_around(self, scan: str, done: Future) -> None:
        content = self.state.content
        if content is None or content.scan != scan or not self.reach or done.cancelled():
            return
        try:
            found: Surroundings = done.result()
        except ProjectError as error:
            self.reach = 0
            self.state.told.emit(f"{error.what} {error.do}")
            return
        hidden = self.state.hides_labels
        labels = np.full_like(found.labels, UNLABELLED) if hidden else found.labels
        self.view.show_around([(found.points[at], labels[at]) for at in found.levels], self.classes)

    # -- drawing ------------------------------------------------------------------------------

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

    def end(self) -> None:
        """Put the tool away; if none is in hand, the selection, then the draft."""
        if self.draw_tool.isVisible() or self.filling:
            self.draw_tool.hide()
            self.filling = False
            self._show_preview(None)
        else:
            self.labelling.put_away()

    def set_through(self, through: bool) -> None:
        """Draw on all points of the unit, or on those in sight only."""
        self.through = through
        self.state.told.emit(
            "Shapes take hidden points too." if through else "Shapes take what is in sight only."
        )

    def accept(self) -> None:
        """Close a polygon that is being drawn, else confirm."""
        if self.draw_tool.isVisible() and self.draw_tool.close_polygon():
            return
        if not self._missed():
            self.labelling.accept()

    def answer(self, found: int) -> None:
        """Give a class or code; while a tool is in hand only to what was drawn with it."""
        if not self._missed():
            self.labelling.answer(found)

    def _missed(self) -> bool:
        """Whether the tool in hand has taken no point: then a key is not for the whole unit."""
        missed = self.draw_tool.isVisible() and self.labelling.draft is None
        if missed:
            self.state.told.emit("No point is drawn yet. Esc puts the tool away.")
        return missed

    def _clicked(self, row: int, x: float, y: float) -> None:
        if self.filling:
            self.labelling.fill(row)
        else:
            self.state.pick(row)

    def _covered(self, shape: Shape) -> np.ndarray:
        """(R,) bool: the target's rows that a shape covers."""
        content, target = self.state.content, self.state.target
        assert content is not None
        assert target is not None
        points = _visible(content.points[target.rows])
        size = (self.view.width(), self.view.height())
        covered = shape.covers(self.view.picker.screen_xy(points), size)
        if not self.through and covered.any():
            covered &= self.view.picker.in_sight(points, _visible(content.points))
        return covered

    def _sketch(self, shape: Shape, take_away: bool) -> None:
        if self.state.target is None:
            return
        covered = self._covered(shape)
        draft = self.labelling.draft
        if draft is not None:
            covered = draft.select(covered, take_away=take_away, title="").selected
        self._show_preview(covered)

    def _show_preview(self, rows: np.ndarray | None) -> None:
        self._preview = rows
        self.paint_units()

    def _drawn(self, shape: Shape, take_away: bool) -> None:
        if self.state.target is None:
            return
        self._preview = None
        self.labelling.select(self._covered(shape), shape.tool, take_away=take_away)


HINTS = {
    "lasso": "Draw around points, then press their class. Ctrl takes away; Esc ends.",
    "polygon": "Click corners; a double click or Enter closes. Then press the class.",
    "box": "Drag a box over points, then press their class.",
    "brush": "Paint over points, then press their class. The wheel changes the size.",
    "cut": "Draw the cut with the mouse; then one class for each side.",
    "fill": "Click a part of the unit, then press its class.",
}


def _visible(points: np.ndarray) -> np.ndarray:
    """Points with what is not finite moved far below, where it is never seen."""
    finite = np.isfinite(points[:, :3]).all(axis=1)
    if finite.all():
        return points
    shown = points.copy()
    shown[~finite, :3] = (0, 0, -1e4)
    return shown
