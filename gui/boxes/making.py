"""New boxes: by a click on a thing, by a rectangle over it; the candidates of a click."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import NamedTuple

import numpy as np
from PySide6.QtCore import QObject, Qt, Signal

from core.answers.box import Box
from core.boxes.click import Candidate, candidates
from core.boxes.fit import Size, fit_box
from core.boxes.geometry import points_in_boxes
from gui.boxes.answering import Answering
from gui.boxes.frame import Frame, Row
from gui.boxes.scan_points import ScanPoints, nearest_class
from gui.desk.background import Turn
from gui.desk.state import State

_BESIDE_M = 0.6  # a click on the ground is for what stands so near
_CLASSES = 3  # that a click tries
_HINT = "Click a thing to box it; Tab: the next guess. Esc ends."


class _Click(NamedTuple):
    """What was clicked; `there`: the box that is there already, None for a new one."""

    scan: str
    row: int
    there: Row | None = None


class _Made(NamedTuple):
    """A box that a click made, what else it may have been, and the row that was clicked."""

    name: str
    guesses: tuple[Candidate, ...]
    place: int
    row: int


class Making(QObject):
    """Makes boxes of the shown frame. `points` gives those of its scan.

    Attributes
    ----------
    armed : whether a click makes a box
    missed : why the last click made no box, in words, "" where it made one
    label : the class of new boxes; None for the one whose size is nearest

    Signals
    -------
    turned() : `armed` or `label` is another
    """

    turned = Signal()
    _fitted = Signal(object, object)

    def __init__(
        self,
        state: State,
        frame: Frame,
        answering: Answering,
        points: Callable[[], ScanPoints | None],
        sizes: tuple[Size | None, ...],
    ) -> None:
        super().__init__(frame)
        self.state, self.frame, self.answering = state, frame, answering
        self.points, self.sizes = points, sizes
        self.armed, self.label, self.missed = False, None, ""
        self._asked: _Click | None = None  # what is being fitted
        self._made: _Made | None = None
        self._warming: Future[tuple[Candidate, ...]] | None = None
        self._fitted.connect(self._take, Qt.ConnectionType.QueuedConnection)

    label: int | None

    # -- in hand ------------------------------------------------------------------------------

    def arm(self, on: bool) -> None:
        """Let clicks make boxes, or choose them."""
        self.armed, self.missed = on, ""
        self.state.told.emit(_HINT if on else "")
        self.turned.emit()

    def set_label(self, label: int | None) -> None:
        """Give new boxes a class, or None: that whose size is nearest."""
        self.label = label
        self.turned.emit()

    @property
    def fitting(self) -> bool:
        """Whether a click is being fitted."""
        return self._asked is not None

    # -- a click ------------------------------------------------------------------------------

    def click(self, row: int) -> None:
        """Make a box for the thing of a row of the scan; -1 for a click on no point."""
        scan = self.points()
        if scan is None or not self.answering.may():
            return
        if row < 0:
            self._miss("No point is there: click a point of the thing.")
            return
        inside = self._boxed(scan.points[row])
        if inside:
            self.frame.choose(inside)
            self.state.told.emit("It has a box: that is chosen.")
            return
        at = _standing_near(scan, row)
        if at is None:
            self._miss("That is the ground: click a point of the thing.")
            return
        self._fit(scan, _Click(self.frame.scan, at), self.label)

    def _miss(self, why: str) -> None:
        """Say why a click makes no box, in the status bar and where the eye is."""
        self.missed = why
        self.state.told.emit(why)
        self.turned.emit()

    def _fit(self, scan: ScanPoints, click: _Click, label: int | None) -> None:
        """Fit boxes to what was clicked, on another thread."""
        self._asked, self.missed = click, ""
        work = partial(
            candidates,
            *(scan.points, scan.is_ground, scan.cluster, click.row, self.sizes, label),
            most=_CLASSES,
        )
        future = self.state.background.submit(work, Turn.NOW)
        future.add_done_callback(lambda done: self._fitted.emit(click, done))

    def _boxed(self, point: np.ndarray) -> str:
        """The name of the box that a point lies in, "" for none."""
        rows = self.frame.standing
        boxes = np.array([row.box.box for row in rows]).reshape(-1, 7)
        place = int(points_in_boxes(point[None, :3].astype(np.float64), boxes)[0])
        return rows[place].name if place >= 0 else ""

    def _take(self, click: _Click, done: Future[tuple[Candidate, ...]]) -> None:
        if click is not self._asked:
            return
        self._asked = None
        if done.cancelled():
            return
        if not click.scan == self.frame.scan == self.state.shown_scan:
            what = "No box was made" if click.there is None else "The box keeps its class"
            self.state.told.emit(f"{what}: another frame is shown by now.")
            return
        guesses = done.result()
        if not guesses:
            self._miss("Nothing that could be boxed stands there.")
            return
        box = self._box(guesses[0])
        if click.there is not None:  # another class of a box that is there
            names = [click.there.name]
            row = self.frame.rows.get(click.there.name)
            if row is None or not row.box.equals(click.there.box):
                self.state.told.emit("The box was changed meanwhile: its class stays as it is.")
                return
            if not self.answering.change({row.name: box}, "class"):
                return
        else:
            names = self.answering.make([box], "click")
        if names:
            self._made = _Made(names[0], guesses, 0, click.row)
            others = len(guesses) - 1
            more = "" if not others else f"; Tab: {others} other guess{'es' if others > 1 else ''}"
            self.state.told.emit(f"{self.state.class_name(box.label).capitalize()}{more}.")

    def _box(self, guess: Candidate) -> Box:
        now = self.state.project.dataset.from_files
        return Box(box=guess.box, label=guess.label, from_files=now)

    # -- its candidates -----------------------------------------------------------------------

    @property
    def guessing(self) -> bool:
        """Whether the chosen box was made by the last click and is as that made it."""
        made, row = self._made, self.frame.row
        if made is None or row is None or row.name != made.name:
            return False
        return row.box.equals(self._box(made.guesses[made.place]))

    def next_guess(self, by: int) -> bool:
        """Put the next candidate in the place of the chosen one; False where there is none."""
        made = self._made
        if made is None or not self.guessing or len(made.guesses) < 2:
            return False
        place = (made.place + by) % len(made.guesses)
        if self.answering.change({made.name: self._box(made.guesses[place])}, "guess"):
            self._made = made._replace(place=place)
            name = self.state.class_name(made.guesses[place].label).capitalize()
            self.state.told.emit(f"{name}, guess {place + 1} of {len(made.guesses)}.")
        return True

    def recast(self, label: int) -> bool:
        """Give a box that a click just made a class, and the size that fits it then; False where
        nothing was just made."""
        made = self._made
        if made is None or not self.guessing:
            return False
        fits = [n for n, guess in enumerate(made.guesses) if guess.label == label]
        scan = self.points()
        if fits:
            if self.answering.change({made.name: self._box(made.guesses[fits[0]])}, "class"):
                self._made = made._replace(place=fits[0])
        elif self.sizes[label] is None or scan is None:
            return False  # nothing is known of its size: only the name changes
        else:
            self._fit(scan, _Click(self.frame.scan, made.row, self.frame.row), label)
        return True

    # -- a rectangle --------------------------------------------------------------------------

    def around(self, covered: np.ndarray) -> None:
        """Make a box around those of the scan's points (N,) bool that are none of the ground."""
        scan = self.points()
        if scan is None or not self.answering.may():
            return
        rows = np.flatnonzero(covered & scan.standing)
        if not len(rows):
            self.state.told.emit("The rectangle holds no point of a thing.")
            return
        points = scan.points[rows]
        ground = scan.ground_at(points[:, :2].mean(axis=0))
        label = self.label
        if label is None:
            label = nearest_class(fit_box(points, None, ground=ground), self.sizes)
        box = fit_box(points, self.sizes[label], ground=ground)
        self._made = None
        now = self.state.project.dataset.from_files
        if self.answering.make([Box(box=box, label=label, from_files=now)], "rectangle"):
            self.state.told.emit(
                f"{self.state.class_name(label).capitalize()}, of {len(rows):,} points."
            )

    def begin_warm(self) -> None:
        """Have the fit compiled before the first click, where it was never used on this machine."""
        corner = np.array([(10 + 0.1 * n, 0.0, 0.1 * (n % 5)) for n in range(20)], np.float32)
        points = np.column_stack([corner, np.zeros(20, np.float32)]).astype(np.float32)
        none = np.zeros(20, bool)
        work = partial(candidates, points, none, np.zeros(20, np.int32), 0, self.sizes, None)
        self._warming = self.state.background.submit(work, Turn.SOON)

    @property
    def warm(self) -> bool:
        """Whether a click is fitted at once."""
        return self._warming is not None and self._warming.done()

    def shut(self) -> None:
        """Take nothing more."""
        self._fitted.disconnect()


def _standing_near(scan: ScanPoints, row: int) -> int | None:
    """A row itself, or of the ground the nearest point that stands close to it; None for none."""
    standing = scan.standing
    if standing[row]:
        return row
    away = np.linalg.norm(scan.points[:, :3] - scan.points[row, :3], axis=1)
    away[~standing] = np.inf
    nearest = int(away.argmin())
    return nearest if away[nearest] < _BESIDE_M else None
