"""Neighbouring scans around what is asked: read with the scan, cut out after the target's frame."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from functools import partial

import numpy as np
from PySide6.QtCore import QObject, Signal

from core.assist.surroundings import Surroundings, surroundings
from core.base.errors import ProjectError
from core.base.loading import loading
from gui.desk.background import Turn
from gui.desk.content import Content
from gui.desk.state import State
from gui.desk.target import Target
from gui.look.relief import levels
from gui.view.cloud import Layer
from gui.view.form import ranks

REACH = 4  # scans before and behind
NEAR_M = 25.0
_SPLAT = 0.5  # of the gaps of one scan: several lie over each other
_BESIDE_M = 0.6  # what lies nearer is of the same thing


class Neighbours(QObject):
    """Shown unless the person turns them off; nothing is shown where there are no poses.

    Attributes
    ----------
    on : whether they are wanted
    levels : what is to be shown, the finest first; empty where nothing is

    Signals
    -------
    changed() : other levels
    """

    changed = Signal()
    _read = Signal(object, object)
    _cut = Signal(object, object)

    def __init__(self, state: State, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.state, self.on = state, True
        self.levels: tuple[Layer, ...] = ()
        self._found: Surroundings | None = None
        self._asked: Future | None = None
        self._why_not: ProjectError | None = None
        self._wanted = False  # and not asked for yet
        self._read.connect(self._keep)
        self._cut.connect(self._show)
        state.scan_shown.connect(self._begin)
        state.form_shown.connect(self._follow)
        state.target_told.connect(self._follow)

    def toggle(self) -> None:
        """Show them, or only the scan itself; say why where there are none."""
        if self.on and self._why_not is not None:
            self.state.told.emit(f"{self._why_not.what} {self._why_not.do}")
            return
        self.on = not self.on
        self._begin()
        self._follow()

    def _begin(self) -> None:
        """Another scan: what was around the last one goes."""
        self._found = self._why_not = None
        self._set(())
        self._wanted = self.on

    def _submit(self, work: partial, then: Callable[[Future], object]) -> None:
        if self._asked is not None:
            self._asked.cancel()
        self._asked = self.state.background.submit(work, Turn.SOON)
        self._asked.add_done_callback(then)

    def _keep(self, content: Content, done: Future[Surroundings]) -> None:
        if done.cancelled() or content is not self.state.content or not self.on:
            return
        try:
            self._found = done.result()
        except ProjectError as error:
            self._why_not = error
            return
        self._follow()

    def _follow(self) -> None:
        """Read the neighbours of the state's scan, then cut out what lies near the target, on
        another thread."""
        content, target, found = self.state.content, self.state.target, self._found
        if content is None or self.state.coming is not None:
            return
        if self._wanted:
            self._wanted = False
            read = partial(surroundings, self.state.project, content.scan, REACH)
            self._submit(read, lambda done: self._read.emit(content, done))
        if found is None or not content.form.whole:
            return
        if target is None or not len(target.rows):
            self._set(())
            return
        middle = content.points[target.rows, :3].mean(axis=0)
        cut = partial(levels_near, found, content, middle)
        self._submit(cut, lambda done: self._cut.emit((content, target), done))

    def _show(self, wanted: tuple, done: Future[tuple[Layer, ...]]) -> None:
        if not done.cancelled() and self._is_now(*wanted) and self.on:
            self._set(done.result())

    def _is_now(self, content: Content, target: Target) -> bool:
        return content is self.state.content and target is self.state.target

    def _set(self, shown: tuple[Layer, ...]) -> None:
        if shown or self.levels:
            self.levels = shown
            self.changed.emit()

    def shut(self) -> None:
        """Show nothing more."""
        self._read.disconnect()
        self._cut.disconnect()


def levels_near(found: Surroundings, content: Content, middle: np.ndarray) -> tuple[Layer, ...]:
    """Each level's points near a place (3,) of a scan, with their labels for slots; as leafy as
    what lies there in the scan itself."""
    with loading:
        from scipy.spatial import cKDTree

    form, made = content.form, []
    here = np.flatnonzero(
        np.linalg.norm(content.points[:, :3] - middle, axis=1) < NEAR_M + _BESIDE_M
    )
    tree = cKDTree(content.points[here, :3])
    leafy = np.append(form.leafy[here], np.float32(0.5))  # the last one stands for nothing near
    for at in found.near(middle, NEAR_M):
        points = found.points[at]
        _, nearest = tree.query(points[:, :3], distance_upper_bound=_BESIDE_M)
        height = points[:, 2] - form.ground.at(points)
        across = _SPLAT * form.pitch * found.away[at]
        look = np.column_stack([ranks(points[:, 3]), leafy[nearest] / 2, across])
        made.append(Layer(points, found.labels[at], look, levels(height)))
    return tuple(made)
