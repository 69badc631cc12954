"""Joins the state and the 3D view: which scan, from where, in which light, what to measure it by.

What is asked and answered does not matter here; a painter colours the points.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from PySide6.QtCore import QObject

from core.data.classes import UNLABELLED
from core.data.items import point_of
from gui.desk.neighbours import Neighbours
from gui.desk.state import State
from gui.look.colours import class_table
from gui.look.relief import CELL, CLUSTER, levels, light_on, relief_table
from gui.look.theme import DARK, Theme
from gui.view import marks
from gui.view.cloud import Layer
from gui.view.form import Form, cell_heights
from gui.view.pose import Pose, pose_of
from gui.view.view import OUTLINE_PX, THIN_PX, CloudView

POINT_PX = (1.0, 8.0)
_FAINT = 167  # brightness of neighbouring scans
_HIDES = 300  # points of ground; fewer are lost under a line of full width


class Painter(Protocol):
    """Colours the points of the state's scan by the view's table of colours."""

    def begin(self) -> np.ndarray:
        """Take up the scan; (N,) place in the table of each of its points."""
        ...

    def paint(self) -> None:
        """Fill the table."""
        ...


class Scene(QObject):
    """What the view shows of the state."""

    def __init__(self, view: CloudView, state: State, painter: Painter, theme: Theme) -> None:
        super().__init__(view)
        self.view, self.state, self.painter, self.theme = view, state, painter, theme
        self.point_px = 2.5
        self.classes = class_table(state.project.classes)
        self.neighbours = Neighbours(state, self)
        self.neighbours.changed.connect(self._show_around)
        self._leveled = False  # whether the ground's height is drawn larger than it is
        view.set_point_size(self.point_px)
        state.scan_shown.connect(self.show_scan)
        state.form_shown.connect(self.show_form)
        state.target_changed.connect(self._retarget)
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        self.theme = theme
        self.view.set_look(theme.rgb("canvas"), relief_table(dark=theme is DARK))
        self._mark()

    def set_point_size(self, pixels: float) -> None:
        """Size of points in logical pixels, within limits."""
        self.point_px = min(max(pixels, POINT_PX[0]), POINT_PX[1])
        self.view.set_point_size(self.point_px)

    def show_scan(self) -> None:
        """Show the state's scan."""
        content = self.state.content
        if content is None:
            return
        form = content.form
        self._leveled = False
        slots = self.painter.begin()
        points = visible(content.points)
        self.view.show_scan(Layer(points, slots, look_of(form), levels(form.height), form.normal))
        self.painter.paint()

    def show_form(self) -> None:
        """The sketch gives way to the form; nothing moves."""
        content = self.state.content
        if content is not None:
            self.view.set_form(look_of(content.form), content.form.normal)
            self._mark()

    # -- the target ---------------------------------------------------------------------------

    def _retarget(self, fly: bool) -> None:
        self._light()
        pose = self._mark()
        if fly and pose is not None:
            self.view.fly_to(pose)
        elif fly and self.state.content is not None:
            self.view.overview()

    def _box(self) -> tuple[np.ndarray, np.ndarray] | None:
        content, target = self.state.content, self.state.target
        if content is None or target is None:
            return None
        xyz = content.points[target.rows, :3]
        xyz = xyz[np.isfinite(xyz).all(axis=1)]
        return (xyz.min(axis=0), xyz.max(axis=0)) if len(xyz) else None

    def _pose(self) -> Pose | None:
        content, target, box = self.state.content, self.state.target, self._box()
        if content is None or target is None or box is None:
            return None
        return pose_of(*box, content.form.ground, flat=target.flat)

    def _light(self) -> None:
        """Light the scan for the target; of a piece of ground show unevenness, so that a kerb is
        seen."""
        content, target, box = self.state.content, self.state.target, self._box()
        if content is None:
            return
        flat = target is not None and target.flat
        middle = np.array([1.0, 0.0]) if box is None else (box[0] + box[1])[:2] / 2
        self.view.set_light(light_on(middle), CELL if flat else CLUSTER)
        if target is not None and flat:
            self.view.set_levels(levels(cell_heights(content.points, content.form, target.rows)))
        elif self._leveled:
            self.view.set_levels(levels(content.form.height))
        self._leveled = flat

    def _mark(self) -> Pose | None:
        """Draw the outline, the grid and the person of the target; return its pose."""
        view, content, target = self.view, self.state.content, self.state.target
        pose, box = self._pose(), self._box()
        if content is None or target is None or pose is None or box is None:
            view.show_outline(None, np.zeros(0), (0, 0, 0))
            view.show_marks(None)
            view.set_asked(None)
            return None
        ground, theme = content.form.ground, self.theme
        outline = theme.rgb("outline")
        rows = target.rows[np.isfinite(content.points[target.rows, :3]).all(axis=1)]
        lines = [(marks.person(pose, *box, ground), _rgba(theme.rgb("text"), 1.0))]
        if point_of(target.unit) is not None:
            lines.append((marks.around_point(pose, box[0]), _rgba(outline, 1.0)))
        if target.flat:
            hull = marks.footprint(content.points[rows], ground)
            lines.append((hull, _rgba(outline, 1.0)))
        if target.flat and len(rows) >= _HIDES:
            view.show_outline(None, np.zeros(0), outline)
        else:
            pixels = THIN_PX if target.flat else OUTLINE_PX
            view.show_outline(content.points[rows], content.form.splat[rows], outline, pixels)
        faint = 0.13 if theme is DARK else 0.15
        shade = (255, 255, 255) if theme is DARK else (0, 0, 0)
        view.show_marks((marks.grid(pose, ground), _rgba(shade, faint)), *lines)
        view.set_asked(float(np.linalg.norm(box[1] - box[0])))
        return pose

    def frame(self) -> None:
        """Fly to the target, closer where it is framed already; or see the whole scan."""
        pose = self._pose()
        if pose is None:
            self.view.overview()
        else:
            self.view.fly_to(pose, closer=True)

    # -- neighbouring scans -------------------------------------------------------------------

    def _show_around(self) -> None:
        table = self.classes.copy()
        table[UNLABELLED] = 0  # by height
        if self.state.hides_labels:
            table[:] = 0
        faint = np.full(256, _FAINT, np.uint8)
        self.view.show_around(self.neighbours.levels, table, faint)

    def shut(self) -> None:
        """Show nothing more."""
        self.neighbours.shut()


def look_of(form: Form) -> np.ndarray:
    """(N, 3) as a layer has it."""
    return np.column_stack([form.reflection, form.kind, form.splat])


def _rgba(rgb: tuple[int, int, int], alpha: float) -> tuple[float, float, float, float]:
    red, green, blue = (part / 255 for part in rgb)
    return red, green, blue, alpha


def visible(points: np.ndarray) -> np.ndarray:
    """Points with what is not finite moved far below, where it is never seen."""
    finite = np.isfinite(points[:, :3]).all(axis=1)
    if finite.all():
        return points
    shown = points.copy()
    shown[~finite, :3] = (0, 0, -1e4)
    return shown
