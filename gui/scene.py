"""Joins the state and the 3D view: what is bright, which colours, where the camera flies."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QObject, QPointF, Signal

from core.classes import UNLABELLED
from gui.loader import Content
from gui.state import State
from gui.target import Target
from gui.theme import Theme
from gui.view import paint
from gui.view.colours import class_table, measure_table, partition_colours, spread
from gui.view.tools.cut import CutTool, sides
from gui.view.view import CloudView

POINT_PX = (1.0, 8.0)


class Scene(QObject):
    """What the view shows of the state.

    Signals
    -------
    mode_changed() : another colouring
    """

    mode_changed = Signal()

    def __init__(self, view: CloudView, state: State, theme: Theme) -> None:
        super().__init__(view)
        self.view, self.state, self.theme = view, state, theme
        self.mode = "unit" if state.project.units is not None else "height"
        self.point_px = 2.5
        self._slot: np.ndarray | None = None
        self.cut_tool = CutTool(view, theme.accent)
        self.cut_tool.drawn.connect(self._cut)
        self.classes = class_table(state.project.classes)
        view.clicked.connect(lambda row, x, y: state.pick(row))
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
        if self.mode not in self.modes():
            self.mode = self.modes()[0]
        self._slot = content.slots.slot
        self.view.show_scan(_visible(content.points), self._slot)
        self.paint_values()
        self.paint_units()
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
        content, target, split = self.state.content, self.state.target, self.state.split
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
        rgb = paint.colours(slots, self.mode, partition, ramp, self.classes)
        level = paint.brightness(slots, asked=target is not None)
        slot = slots.slot
        if target is not None:
            bright = target.rows if split is None else target.rows[split.asked]
            if split is None and target.slot is not None:
                level[slots.of_unit == target.slot] = paint.FULL
            else:
                slot = slot.copy()
                slot[bright] = len(level)
                rgb = np.vstack([rgb, self._spot_colour(target)])
                level = np.append(level, np.uint8(paint.FULL))
            if split is not None and split.first is not None:
                slot[target.rows[split.side]] = len(level)
                rgb = np.vstack([rgb, self.classes[split.first]])
                level = np.append(level, np.uint8(paint.ANSWERED))
        if slot is not self._slot:
            self._slot = slot
            self.view.set_slots(slot)
        self.view.set_units(rgb, level)

    def _spot_colour(self, target: Target) -> np.ndarray:
        assert self.state.content is not None
        label = int(self.state.content.labels[target.rows[0]])
        own = self.theme.rgb("accent") if label == UNLABELLED else self.classes[label]
        return np.array(own, np.uint8)

    # -- the target ---------------------------------------------------------------------------

    def _retarget(self, fly: bool) -> None:
        self.cut_tool.hide()
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
        """Fly to the target, or see the whole scan."""
        box = self._box()
        if box is None:
            self.view.overview()
        else:
            self.view.fly_to(*box)

    # -- the cut ------------------------------------------------------------------------------

    def begin_cut(self) -> None:
        """Let the person draw the line that splits the target."""
        if self.state.target is None:
            self.state.told.emit("Nothing is asked here to cut.")
            return
        self.state.uncut()
        self.cut_tool.begin()
        self.state.told.emit("Draw the cut with the mouse; then one class for each side.")

    def end_cut(self) -> None:
        """Put the line away and make the target whole again."""
        self.cut_tool.hide()
        self.state.uncut()

    def _cut(self, start: QPointF, end: QPointF) -> None:
        content, target = self.state.content, self.state.target
        if content is None or target is None:
            return
        xy = self.view.screen_xy(_visible(content.points[target.rows]))
        ends = (start.x(), start.y()), (end.x(), end.y())
        self.state.cut(sides(xy, *ends))


def _visible(points: np.ndarray) -> np.ndarray:
    """Points with what is not finite moved far below, where it is never seen."""
    finite = np.isfinite(points[:, :3]).all(axis=1)
    if finite.all():
        return points
    shown = points.copy()
    shown[~finite, :3] = (0, 0, -1e4)
    return shown
