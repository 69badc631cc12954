"""A scripted annotator of boxes: it sees front-most pixels only, its hand trembles.

It draws what the labels of the scans say, with the window's real keys, clicks, wheel and drags, and
counts them by the keystroke-level model (Card, Moran and Newell 1980), as the annotator of points
does. It sees to a box until that is about right, not until it is perfect.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from core.boxes.edit import in_box
from core.boxes.geometry import points_in_boxes, rotated_iou, rotated_iou_of_pairs, wrapped
from core.boxes.table import Boxes
from gui.boxes.grips import Grip, Pull, pulled
from gui.boxes.sheets import Sheet
from gui.window.window import Window
from tests.benchmarks.annotator import DECIDE_S, JITTER_PX, KEY_S, POINT_S
from tests.gui.boxes.hand import drag

WHEEL_S = 0.1  # a notch; the hand is on it
LEAST_POINTS = 5  # of a thing that is drawn (S-SSAL's own rule)
GOOD = 0.1  # above the class's IoU: then a box is let be
DRAGS, GAIN = 3, 0.04  # at most; what a drag must be worth, in IoU
_SAME = 0.1  # IoU from which a found box is meant for a thing
_LEAST_PX = 20.0  # of a thing on screen, to be clicked
_NOTCHES = 14
_LEFT, _NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
_SHIFT, _CTRL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier


@dataclass
class Effort:
    """What one thing took, and how well its box fits: `overlap` with the label, 0 where it has no
    box; `way`: "click", "prediction", "keyframe". `spent`: seconds of looking for it (camera),
    thinking (decisions), keys, clicking and dragging, and its share of finishing the frame."""

    label: int
    way: str = "click"
    overlap: float = 0.0
    keys: int = 0
    clicks: int = 0
    drags: int = 0
    spent: Counter[str] = field(default_factory=Counter)

    @property
    def seconds(self) -> float:
        return sum(self.spent.values())


@dataclass
class BoxAnnotator:
    """Draws in a window whose boxes are on. `wanted(label)`: the IoU from which a class's box is
    right."""

    window: Window
    wanted: Callable[[int], float]
    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(0))

    def __post_init__(self) -> None:
        assert self.window.session is not None
        self.session = self.window.session
        work = self.session.boxes
        assert work is not None
        self.work = work
        self.state, self.view, self.frame = self.session.state, self.session.view, work.frame
        self.effort = Effort(0)  # what the hand does now
        self.armed = False

    # -- hands --------------------------------------------------------------------------------

    def settle(self) -> None:
        QApplication.processEvents()
        gate = self.work.gate
        while not (self.state.settled and gate.rested and gate.in_sight):
            QTest.qWait(3)
        QApplication.processEvents()

    def key(self, key: str | Qt.Key, held=_NONE, *, decide: bool = False) -> None:
        QTest.keyClick(self.view.canvas.native, key, held)
        self.effort.keys += 1 + (held != _NONE)
        self.effort.spent["keys"] += KEY_S * (1 + (held != _NONE))
        self.effort.spent["thinking"] += DECIDE_S if decide else 0
        self.settle()

    def _jitter(self) -> np.ndarray:
        return self.rng.uniform(-JITTER_PX, JITTER_PX, 2)

    def _click(self, at: np.ndarray) -> None:
        x, y = np.round(at + self._jitter()).astype(int).tolist()
        QTest.mouseClick(self.view.canvas.native, _LEFT, _NONE, QPoint(x, y))
        self.effort.clicks += 1
        self.effort.spent["clicking"] += POINT_S
        self.settle()

    def _wheel(self, at: np.ndarray, notches: int) -> None:
        native = self.view.canvas.native
        here = QPointF(*at)
        for _ in range(abs(notches)):
            event = QWheelEvent(
                here, native.mapToGlobal(here), QPoint(), QPoint(0, 120 if notches > 0 else -120),
                Qt.MouseButton.NoButton, _NONE, Qt.ScrollPhase.NoScrollPhase, False,
            )  # fmt: skip
            QApplication.sendEvent(native, event)
        self.effort.spent["looking"] += POINT_S + WHEEL_S * abs(notches)
        self.settle()

    # -- eyes ---------------------------------------------------------------------------------

    def _own(self, box: np.ndarray) -> np.ndarray:
        """Rows of the points in a box that stand."""
        scan = self.work.bench.points
        return np.flatnonzero((points_in_boxes(scan.points, box[None]) == 0) & scan.standing)

    def _seen(self, rows: np.ndarray) -> np.ndarray:
        """(n, 2) logical pixels where rows are front-most."""
        ids = self.view.picker.ids()
        scale = self.view.canvas.pixel_scale
        return np.argwhere(np.isin(ids, rows))[:, ::-1] / scale

    def _look(self, box: np.ndarray) -> np.ndarray | None:
        """A place where a thing can be clicked, None where nothing of it can be seen: from where
        the eye is, else over the whole scan, and as near as need be."""
        rows = self._own(box)
        points = self.work.bench.points.points[rows, :3].astype(float)
        room = np.array([self.view.width(), self.view.height()])
        for again in range(2):
            places = self.view.picker.screen_xy(points)
            inside = np.isfinite(places).all(axis=1)
            inside &= ((places > 15) & (places < room - 15)).all(axis=1)
            if inside.mean() < 0.6:
                if again:
                    break
                self.key(Qt.Key.Key_End)
                continue
            extent = float(np.ptp(places[inside], axis=0).max())
            if extent < _LEAST_PX:
                notches = int(np.ceil(np.log(_LEAST_PX / max(extent, 2.0)) / np.log(1.13)))
                self._wheel(places[inside].mean(axis=0), min(notches, _NOTCHES))
            seen = self._seen(rows)
            if len(seen):
                middle = np.median(seen, axis=0)
                return seen[np.hypot(*(seen - middle).T).argmin()]
            self.key(Qt.Key.Key_End)
        return None

    def overlap(self, box: np.ndarray) -> float:
        """IoU of the chosen box with a label."""
        row = self.frame.row
        if row is None:
            return 0.0
        return float(rotated_iou_of_pairs(row.box.box[None], box[None])[1][0])

    # -- one box ------------------------------------------------------------------------------

    def make(self, box: np.ndarray, label: int) -> bool:
        """Click a thing and see to its box; return whether it has one."""
        at = self._look(box)
        if at is None:
            return False
        if not self.work.making.armed:
            self.key("B")
        self.effort.spent["thinking"] += DECIDE_S  # what to box next
        before = set(self.frame.rows)
        self._click(at)
        if set(self.frame.rows) == before:
            return False
        self.tend(box, label)
        return True

    def tend(self, box: np.ndarray, label: int) -> None:
        """See to the chosen box until it is about right."""
        self.effort.spent["thinking"] += DECIDE_S  # is it right?
        row = self.frame.row
        if row is not None and row.box.label != label:
            self.key(self._class_key(label))
        self._head(box)
        for _ in range(DRAGS):
            if self.overlap(box) >= self.wanted(label) + GOOD or not self._pull(box):
                break

    def _class_key(self, label: int) -> str:
        shown = self.state.project.classes.shown
        return "1234567890"[list(shown).index(label)]

    def _head(self, box: np.ndarray) -> None:
        """Turn it to about where it heads."""
        row = self.frame.row
        if row is None:
            return
        off = abs(float(wrapped(np.array([box[6] - row.box.box[6]]))[0]))
        if off > np.radians(135):
            self.key("G")
        elif off > np.radians(55):
            self.key("R")
            if abs(float(wrapped(np.array([box[6] - self.frame.row.box.box[6]]))[0])) > np.pi / 2:
                self.key("G")

    def _pull(self, box: np.ndarray) -> bool:
        """Drag what is worth most in the three views; False where nothing is worth it."""
        sides = self.work.panels.sides
        row = self.frame.row
        now = self.overlap(box)
        best: tuple[float, Sheet, Grip, Pull] | None = None
        for sheet, grip, pull in pulls(sides.sheets, row.box.box, box):
            made = pulled(row.box.box, sheet.aspect, grip, pull, np.zeros((0, 3)), None)
            worth = float(rotated_iou_of_pairs(made[None], box[None])[1][0]) - now
            if best is None or worth > best[0]:
                best = worth, sheet, grip, pull
        if best is None or best[0] < GAIN:
            return False
        _, sheet, grip, pull = best
        start = _place(sheet, row.box.box, grip) + self._jitter() / 2
        end = start + np.array([pull.across, -pull.upward]) * sheet.pixels
        if grip.kind == "turn":
            middle = sheet.places(row.box.box[None, :3])[0]
            c, s = np.cos(-pull.turn), np.sin(-pull.turn)
            end = middle + np.array([[c, -s], [s, c]]) @ (start - middle)
        drag(sides, start, np.round(end + self._jitter() / 2))
        self.effort.drags += 1
        self.effort.spent["thinking"] += DECIDE_S
        self.effort.spent["dragging"] += 2 * POINT_S
        self.settle()
        return True

    # -- frames -------------------------------------------------------------------------------

    def from_scratch(self, truth: Boxes, before: Sequence[Effort] = ()) -> list[Effort]:
        """Draw every thing of the shown frame, each time the nearest to the last, and finish it;
        `before`: what was done in it already."""
        found = []
        for row in _way(truth.box[:, :2]):
            box, label = truth.box[row], int(truth.label[row])
            if len(self._own(box)) < LEAST_POINTS:
                continue
            self.effort = Effort(label)
            if self.make(box, label):
                self.effort.overlap = self.overlap(box)
            found.append(self.effort)
        self.finish([*before, *found])
        return found

    def from_predictions(self, truth: Boxes) -> list[Effort]:
        """Judge what a detector found in the shown frame, the surest first, then draw what has no
        box, and finish the frame."""
        found: list[Effort] = []
        left = set(range(len(truth)))
        self.effort = Effort(-1, "prediction")
        if self.frame.open:
            self.key(Qt.Key.Key_Space)
        while (row := self.frame.row) is not None and row.kind.open:
            name, first = row.name, self.effort if not found else None
            self.effort = first or Effort(-1, "prediction")
            overlaps = rotated_iou(row.box.box[None], truth.box)[1][0]
            best = int(overlaps.argmax()) if len(truth) else -1
            if best < 0 or overlaps[best] < _SAME or best not in left:
                self.key(Qt.Key.Key_Delete, decide=True)
            else:
                left.discard(best)
                self.effort.label = int(truth.label[best])
                self.tend(truth.box[best], self.effort.label)
                self.effort.overlap = self.overlap(truth.box[best])
                self.key(Qt.Key.Key_Space)
            assert self.frame.chosen != name or not self.frame.row.kind.open
            found.append(self.effort)
        drawn = self.from_scratch(truth.take(np.array(sorted(left), int)), found)
        return [*found, *drawn]

    # -- a drive ------------------------------------------------------------------------------

    def along(self, boxes: Mapping[str, np.ndarray], label: int, every: int) -> list[Effort]:
        """Draw a thing of a drive, with its labels (7,) by frame: by hand in each `every`th of
        its frames and the last, all between by one key. Return what each of those by hand took;
        none where it cannot be clicked."""
        frames = list(boxes)
        for first in range(min(every, len(frames))):
            self.effort = Effort(label, "keyframe")
            self._go(frames[first])
            if self.make(boxes[frames[first]], label):
                break
        else:
            return []
        self.effort.overlap = self.overlap(boxes[frames[first]])
        found = [self.effort]
        rest = frames[first:]
        keys = [*rest[::every], *([rest[-1]] if (len(rest) - 1) % every else [])]
        for here, there in itertools.pairwise(keys):
            self.effort = Effort(label, "keyframe")
            self._carry(rest.index(there) - rest.index(here), every)
            self.tend(boxes[there], label)
            self._vouch()
            self.effort.overlap = self.overlap(boxes[there])
            found.append(self.effort)
        if len(keys) > 1:
            self.effort = found[-1]
            self.key("N")
        return found

    def _go(self, scan: str) -> None:
        """Click a frame in the strip."""
        if scan == self.frame.scan:
            return
        strip = self.work.panels.strip
        place = list(strip.names).index(scan)
        x = int((strip.x_of(place) + strip.x_of(place + 1)) / 2)
        QTest.mouseClick(strip, _LEFT, _NONE, QPoint(x, strip.height() // 2))
        self.effort.spent["looking"] += POINT_S
        self.settle()
        assert self.frame.scan == scan

    def _carry(self, frames: int, every: int) -> None:
        """Copy the chosen box so many frames on."""
        if frames == every:
            self.key("V", _SHIFT)
        else:
            for _ in range(frames):
                self.key("V")

    def _vouch(self) -> None:
        """Say that the chosen box is right, where that was not said by changing it; what is chosen
        then is another open one, so it is clicked in the list."""
        name = self.frame.chosen
        if self.frame.row.box.sure:
            return
        self.key(Qt.Key.Key_Space)
        if self.frame.chosen != name:
            panel = self.work.panels.list
            panel.set_rows(panel.model.given, self.frame.chosen)
            at = panel.table.visualRect(panel.model.index_of(name)).center()
            QTest.mouseClick(panel.table.viewport(), _LEFT, _NONE, at)
            self.effort.spent["clicking"] += POINT_S
            self.settle()
        assert self.frame.chosen == name

    def finish(self, found: Sequence[Effort]) -> None:
        """Finish the frame, and wave off what is no thing; its seconds are shared by its boxes."""
        scan = self.frame.scan
        self.effort = Effort(-1)
        if self.work.making.armed:
            self.key(Qt.Key.Key_Escape)
        for _ in range(3):
            self.key(Qt.Key.Key_Return, _CTRL, decide=True)
            if self.frame.scan != scan or self.frame.finished:
                break
        if self.frame.scan == scan and any(row.kind.name == "GHOST" for row in self.frame.shown):
            self.key(Qt.Key.Key_Return, _CTRL, decide=True)
        spent = self.effort.seconds
        for effort in found:
            effort.spent["finishing"] += spent / len(found)


def _way(places: np.ndarray) -> Iterator[int]:
    """Rows of places (n, 2) from the one nearest to the sensor on, each time to the nearest."""
    left, at = list(range(len(places))), np.zeros(2)
    while left:
        row = min(left, key=lambda k: float(np.hypot(*(places[k] - at))))
        left.remove(row)
        at = places[row]
        yield row


def pulls(
    sheets: tuple[Sheet, ...], box: np.ndarray, label: np.ndarray
) -> Iterator[tuple[Sheet, Grip, Pull]]:
    """What could be pulled at a box, each as far as its label says."""
    middle, off = in_box(box, label[None, :3])[0], (label[3:6] - box[3:6]) / 2
    turn = float(wrapped(np.array([label[6] - box[6]]))[0])
    for sheet in sheets:
        a, b = sheet.aspect.across, sheet.aspect.upward
        right, left, top, bottom = sheet.aspect.sides
        # Where the label's sides lie from the box's, along the view's axes.
        across = {right: middle[a] + off[a], left: middle[a] - off[a]}
        upward = {top: middle[b] + off[b], bottom: middle[b] - off[b]}
        yield sheet, Grip("body"), Pull(float(middle[a]), float(middle[b]))
        for side, by in across.items():
            yield sheet, Grip("edge", (side,)), Pull(float(by), 0.0)
            for other, more in upward.items():
                yield sheet, Grip("corner", (side, other)), Pull(float(by), float(more))
        for side, by in upward.items():
            yield sheet, Grip("edge", (side,)), Pull(0.0, float(by))
        if sheet.aspect.from_above:
            yield sheet, Grip("turn"), Pull(0.0, 0.0, turn)


def _place(sheet: Sheet, box: np.ndarray, grip: Grip) -> np.ndarray:
    """(2,) pixels where a grip is taken."""
    outline = sheet.outline(box)
    middle = outline.mean(axis=0)
    if grip.kind == "turn":
        return sheet.knob(box)
    half = outline[0] - middle
    right, left, top, bottom = sheet.aspect.sides
    signs = np.array([
        float(right in grip.sides) - float(left in grip.sides),
        float(top in grip.sides) - float(bottom in grip.sides),
    ])  # fmt: skip
    return middle + half * signs
