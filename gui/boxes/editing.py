"""What keys do to the box that is chosen: each is one answer, and one undo takes it back."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QObject

from core.answers.box import Box
from core.boxes import edit
from core.boxes.fit import Size, fit_box
from core.boxes.geometry import points_in_boxes
from core.boxes.tracks import settled
from gui.boxes.answering import Answering
from gui.boxes.frame import Frame, Kind, Row
from gui.boxes.scan_points import ScanPoints
from gui.desk.state import State

STEP_M, FINE_M = 0.05, 0.01
TURN, FINE_TURN = np.radians(2.0), np.radians(0.5)
_AROUND_M = 0.4  # beyond the sides of a box, when it is fitted anew
_NONE = "No box is chosen: click one, press Tab for the next, or B and click a thing."


class Editing(QObject):
    """Moves, turns, names and judges the chosen box; `points` gives those of its scan."""

    def __init__(
        self,
        state: State,
        frame: Frame,
        answering: Answering,
        points: Callable[[], ScanPoints | None],
        sizes: tuple[Size | None, ...],
    ) -> None:
        super().__init__(frame)
        self.state, self.frame, self.answering, self.points = state, frame, answering, points
        self.sizes = sizes

    def _row(self) -> Row | None:
        row = self.frame.row
        if row is None:
            self.state.told.emit(_NONE)
        return row

    def _give(self, row: Row, box: Box, tool: str) -> bool:
        return self.answering.change({row.name: box}, tool)

    # -- place and shape ----------------------------------------------------------------------

    def reshape(self, make: Callable[[np.ndarray], np.ndarray], tool: str = "key") -> None:
        """Give the chosen box another place, size or heading."""
        row = self._row()
        if row is not None:
            made = make(row.box.box)
            if not np.array_equal(made, row.box.box):
                self._give(row, row.box.edited(box=made), tool)

    def shift(self, ahead: float, aside: float, up: float) -> None:
        """Move it by metres along its heading, to its left, and up."""
        self.reshape(lambda box: edit.shifted(box, ahead, aside, up))

    def turn(self, angle: float) -> None:
        """Turn it counter-clockwise, as seen from above."""
        self.reshape(lambda box: edit.turned(box, angle))

    def flip(self) -> None:
        """Its front where its back was."""
        self.reshape(edit.flipped)

    def quarter(self) -> None:
        """Its front where its left was; length and width change about."""
        self.reshape(edit.quarter)

    def shrink(self) -> None:
        """Every side onto the outermost point that the box holds, none of the ground."""
        inside = self._inside(0.0)
        if inside is not None:
            self.reshape(lambda box: edit.shrunk(box, inside), "shrink")

    def ground(self) -> None:
        """Its lower side onto the ground."""
        row, scan = self._row(), self.points()
        if row is None or scan is None:
            return
        height = scan.ground_at(row.box.box[:2])
        if height is None:
            self.state.told.emit("There is no ground near the box to stand it on.")
        else:
            self.reshape(lambda box: edit.grounded(box, height), "ground")

    def fit(self) -> None:
        """Fit it to the points in and just around it, by its class's mean size; its heading stays
        the nearer one. A copy of a track's box keeps its size, and nearly its place and heading."""
        row, scan = self._row(), self.points()
        inside = self._inside(_AROUND_M)
        if row is None or scan is None or inside is None:
            return
        box = row.box.box
        ground = scan.ground_at(box[:2])
        if row.kind is Kind.UNSURE and row.box.track:
            self._settle(row, inside, ground)
            return
        size = self.sizes[row.box.label] if row.box.label < len(self.sizes) else None
        self.reshape(lambda box: fit_box(inside, size, ground=ground, heading=float(box[6])), "fit")

    def _settle(self, row: Row, points: np.ndarray, ground: float | None) -> None:
        made = settled(row.box.box, points, ground)
        if np.array_equal(made, row.box.box):
            self.state.told.emit(
                "No fit within 1 m and 10° of where its track leads is better; "
                "once confirmed, it can be fitted freely."
            )
        else:
            self._give(row, row.box.edited(box=made), "fit")

    def _inside(self, around: float) -> np.ndarray | None:
        """The points in the chosen box and so many metres around it, none of the ground; None, and
        words, where there are none."""
        row, scan = self._row(), self.points()
        if row is None or scan is None:
            return None
        wide = row.box.box[None].copy()
        wide[0, 3:6] += 2 * around
        found = scan.points[scan.standing & (points_in_boxes(scan.points, wide) == 0)]
        if not len(found):
            self.state.told.emit("The box holds no point to fit it to.")
            return None
        return found

    # -- what it is ---------------------------------------------------------------------------

    def set(self, **columns: object) -> None:
        """Give the chosen box other columns."""
        row = self._row()
        if row is not None:
            self._give(row, row.box.edited(**columns), "key")

    def give(self, label: int) -> None:
        """Give the chosen box a class."""
        self.set(label=label)

    def ignore(self) -> None:
        """Make it a region in which nothing counts, found or missed; or a box again."""
        row = self._row()
        if row is not None:
            self.set(ignore=not row.box.ignore)

    # -- judging ------------------------------------------------------------------------------

    def accept(self) -> None:
        """Vouch for the chosen box, where it is open or was rejected, and choose the next open
        one."""
        row = self.frame.row
        if row is not None and (row.kind.open or row.kind is Kind.REJECTED):
            if not self._give(row, row.box.edited(), "accept"):
                return
        self.next_open()

    def next_open(self) -> None:
        """Choose the surest box that still waits for a person."""
        waiting = self.frame.open
        if waiting:
            self.frame.choose(waiting[0].name)
        elif self.frame.rows:
            self.state.told.emit("No box of this frame is open: Ctrl+Enter finishes it.")
        else:
            self.state.told.emit("There is no box here yet: press B, then click a thing.")

    def accept_all(self) -> None:
        """Vouch for every open box in sight but those that may have been missed, as one act."""
        rows = [row for row in self.frame.open if row.kind is not Kind.GHOST]
        if not rows:
            self.state.told.emit("No box in sight waits for you.")
        elif self.answering.change({row.name: row.box.edited() for row in rows}, "accept all"):
            many = f"{len(rows):,} boxes" if len(rows) > 1 else "1 box"
            self.state.told.emit(f"{many} accepted.")

    def delete(self) -> None:
        """Take the chosen box away; of a detector's, say that nothing is there."""
        row = self._row()
        if row is None:
            return
        if row.kind is Kind.REJECTED:
            self.state.told.emit("It is rejected already: Space takes it in after all.")
            return
        after = self._after(row)
        if row.kind.offered:
            self.frame.drop(row.name)
        elif not self.answering.change({row.name: None}, "delete"):
            return
        if row.kind.open:
            self.frame.choose(after)

    def reject(self) -> None:
        """Say that nothing is where a detector found something."""
        row = self._row()
        if row is not None and row.kind not in (Kind.FOUND, Kind.REJECTED):
            self.state.told.emit("Only what a detector found can be a false positive.")
        elif row is not None:
            self.delete()

    def _after(self, row: Row) -> str:
        others = [one.name for one in self.frame.open if one is not row]
        return others[0] if others else ""

    def step(self, by: int) -> None:
        """Choose the box `by` places later in the list, around its end."""
        names = [row.name for row in self.frame.shown if row.kind is not Kind.REJECTED]
        if not names:
            self.state.told.emit("There is no box here yet: press B, then click a thing.")
            return
        here = names.index(self.frame.chosen) if self.frame.chosen in names else -1 if by > 0 else 0
        self.frame.choose(names[(here + by) % len(names)])
