"""What of a scan is drawn: by distance, in a box around what is asked, by class."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from PySide6.QtCore import QObject, Signal

from core.data.classes import UNLABELLED
from gui.desk.scene import Scene
from gui.desk.state import State
from gui.points.colours import Colours
from gui.view.view import FAR_M

NEAREST_M, FARTHEST_M = 0, 120  # beyond the last, everything
BOXES_M = (0.0, 1.0, 3.0, 8.0)  # around what is asked; 0 is no box


@dataclass(frozen=True)
class Filter:
    """Distances from the scanner in metres, metres around what is asked (0: no box), classes and
    codes that are hidden, and whether that goes for points that are only predicted to have one."""

    near: int = NEAREST_M
    far: int = FARTHEST_M
    around: float = 0.0
    hidden: frozenset[int] = frozenset()
    predicted: bool = True


EVERYTHING = Filter()


class Filters(QObject):
    """Applies one filter to the view. What is asked is always drawn.

    Signals
    -------
    changed() : another filter
    """

    changed = Signal()

    def __init__(self, scene: Scene, colours: Colours) -> None:
        super().__init__(scene)
        self.scene, self.colours = scene, colours
        self.state: State = scene.state
        self.filter = EVERYTHING
        self.state.target_changed.connect(self._clip)

    def set(self, wanted: Filter) -> None:
        """Show what a filter leaves; a nearer limit beyond the farther one swaps with it."""
        near, far = sorted((wanted.near, wanted.far))
        wanted = replace(wanted, near=near, far=far)
        if wanted != self.filter:
            before = self.filter
            self.filter = wanted
            self._clip()
            if (wanted.hidden, wanted.predicted) != (before.hidden, before.predicted):
                self.colours.hide(wanted.hidden, predicted=wanted.predicted)
            self.changed.emit()

    def step_box(self) -> None:
        """The next smaller box around what is asked, none after the smallest."""
        order = (0.0, *sorted(BOXES_M[1:], reverse=True))
        around = order[(order.index(self.filter.around) + 1) % len(order)]
        self.set(replace(self.filter, around=around))
        if around:
            self.state.told.emit(f"Only what is within {around:g} m of the unit is drawn.")
        else:
            self.state.told.emit("No box around the unit: everything is drawn.")

    def show_open(self, *, only: bool) -> None:
        """Hide every point that has a class, or show all."""
        classes = frozenset(range(256)) - {UNLABELLED} if only else frozenset()
        self.set(replace(self.filter, hidden=classes, predicted=not only))

    def _clip(self, _: bool = False) -> None:
        now, content, target = self.filter, self.state.content, self.state.target
        box = None
        if now.around and content is not None and target is not None and len(target.rows):
            xyz = content.points[target.rows, :3]
            low, high = np.nanmin(xyz, axis=0), np.nanmax(xyz, axis=0)
            box = (low - now.around, high + now.around)
        far = float(now.far) if now.far < FARTHEST_M else FAR_M
        self.scene.view.set_clip(float(now.near), far, box)
