"""Joins the state and the 3D view: which scan, where the camera flies, a box around what is asked.

What is asked and answered does not matter here; a painter colours the points.
"""

from __future__ import annotations

from concurrent.futures import Future
from typing import Protocol

import numpy as np
from PySide6.QtCore import QObject, Signal

from core.assist.surroundings import Surroundings, surroundings
from core.base.errors import ProjectError
from core.data.classes import UNLABELLED
from gui.desk.background import Turn
from gui.desk.state import State
from gui.look.colours import class_table
from gui.look.theme import Theme
from gui.view.view import CloudView

POINT_PX = (1.0, 8.0)
REACH = 5  # scans before and behind


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

    _around = Signal(str, object)

    def __init__(self, view: CloudView, state: State, painter: Painter, theme: Theme) -> None:
        super().__init__(view)
        self.view, self.state, self.painter, self.theme = view, state, painter, theme
        self.point_px = 2.5
        self.reach = 0  # scans before and behind that are shown too
        self._asked_around: Future[Surroundings] | None = None
        self._around.connect(self._show_around)
        self.classes = class_table(state.project.classes)
        view.set_spot(1.4)
        view.set_point_size(self.point_px)
        state.scan_shown.connect(self.show_scan)
        state.target_changed.connect(self._retarget)
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        self.theme = theme
        self.view.set_background(theme.rgb("canvas"))
        self._halo()

    def set_point_size(self, pixels: float) -> None:
        """Size of points in logical pixels, within limits."""
        self.point_px = min(max(pixels, POINT_PX[0]), POINT_PX[1])
        self.view.set_point_size(self.point_px)

    def show_scan(self) -> None:
        """Show the state's scan."""
        content = self.state.content
        if content is None:
            return
        if self.reach:
            self._ask_around()
        self.view.show_scan(visible(content.points), self.painter.begin())
        self.painter.paint()

    # -- the target ---------------------------------------------------------------------------

    def _retarget(self, fly: bool) -> None:
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
        if self._asked_around is not None:
            self._asked_around.cancel()
        if content is None or not self.reach:
            return
        scan, reach = content.scan, self.reach
        done = self.state.background.submit(lambda: surroundings(project, scan, reach), Turn.NOW)
        self._asked_around = done
        done.add_done_callback(lambda future: self._around.emit(scan, future))

    def _show_around(self, scan: str, done: Future[Surroundings]) -> None:
        content = self.state.content
        if done.cancelled() or content is None or content.scan != scan or not self.reach:
            return
        try:
            near = done.result()
        except ProjectError as error:
            self.reach = 0
            self.state.told.emit(f"{error.what} {error.do}")
            return
        hidden = self.state.hides_labels
        labels = np.full_like(near.labels, UNLABELLED) if hidden else near.labels
        self.view.show_around([(near.points[at], labels[at]) for at in near.levels], self.classes)

    def shut(self) -> None:
        """Show nothing more."""
        self._around.disconnect()


def visible(points: np.ndarray) -> np.ndarray:
    """Points with what is not finite moved far below, where it is never seen."""
    finite = np.isfinite(points[:, :3]).all(axis=1)
    if finite.all():
        return points
    shown = points.copy()
    shown[~finite, :3] = (0, 0, -1e4)
    return shown
