"""A scripted annotator: it sees front-most pixels only, its hand trembles, and it takes its time.

It answers from the ground truth under what it sees, with real keys and mouse events, and counts
what it does by the keystroke-level model (Card, Moran and Newell 1980).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from core.assist.split import Parts, split
from core.data.classes import FIRST_CODE
from core.prepare.units import CELL
from gui.desk.target import Target
from gui.view.draw_tool import Shape, sides
from gui.window.window import Window

KEY_S, POINT_S, DECIDE_S = 0.28, 1.1, 1.35
SPLIT_S = KEY_S + KEY_S + DECIDE_S  # the least that a unit of two classes takes beyond one class
DRAWN_S = KEY_S + 2 * POINT_S + KEY_S + DECIDE_S
VERTICES, JITTER_PX = 12, 3.0
_SHAPES = 6
_POINTS_PER_S = 5.0  # what is worth a second: less than that is let be
_LOOK_AGAIN = 600  # points of a cluster, to look at it again before the last key
_COME_CLOSER = 120  # points of other classes, to draw with less room around the unit
_LOOK_TWICE = 60  # points of other classes in a cluster, to look at it from above too
_LEAST_PX = 12.0  # no box is smaller
_LEFT, _NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


@dataclass
class Effort:
    """What one unit took; `right` of `known` points have their true class. `way` is how most of it
    was done, "key", "split" or "drawn"; `wrong` counts points by their true class and the given."""

    partition: str
    scan: str = ""
    way: str = "key"
    wrong: Counter[tuple[int, int]] = field(default_factory=Counter)
    right: int = 0
    known: int = 0
    keys: int = 0
    clicks: int = 0
    seconds: float = 0.0


@dataclass(frozen=True)
class Stroke:
    """A shape to draw and the class that it gets; `over`: with Shift."""

    shape: Shape
    found: int
    over: bool


@dataclass
class Annotator:
    """Labels the open query of a window. `tools`: draw where a unit holds several classes."""

    window: Window
    tools: bool
    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(0))

    def __post_init__(self) -> None:
        assert self.window.session is not None
        self.session = self.window.session
        self.state = self.session.state
        self.view = self.session.view
        self.effort = Effort("")
        self._asked: Target | None = None

    def run(self) -> list[Effort]:
        """Answer every item; return what each took."""
        found = []
        query = self.state.round.query
        self._settle()
        while self.state.target is not None:
            target, content = self.state.target, self.state.content
            truth = content.truth[target.rows]
            group = "" if target.item is None else query.group[target.item]
            self.effort = Effort(group, content.scan)
            self._asked = target
            self._answer(truth)
            self._settle()
            if target.item is None:  # seen again, for the agreement: it is no item of the query
                continue
            given = self.state.project.labels(content.scan)[target.rows]
            known = truth < FIRST_CODE
            self.effort.known = int(known.sum())
            self.effort.right = int((given == truth)[known].sum())
            off = known & (given != truth)
            self.effort.wrong.update(zip(truth[off].tolist(), given[off].tolist(), strict=True))
            found.append(self.effort)
        return found

    # -- eyes ---------------------------------------------------------------------------------

    def _seen(self) -> np.ndarray:
        """Places in the target's rows of the points that are front-most somewhere."""
        rows = np.unique(self.view.picker.ids())
        return np.flatnonzero(np.isin(self.state.target.rows, rows))

    # -- hands --------------------------------------------------------------------------------

    def _settle(self) -> None:
        QApplication.processEvents()
        while not self.state.settled:
            QTest.qWait(5)
        QApplication.processEvents()

    def _key(self, key: str | Qt.Key, *, decide: bool = False) -> None:
        QTest.keyClick(self.view.canvas.native, key, _NONE)
        self.effort.keys += 1
        self.effort.seconds += KEY_S + (DECIDE_S if decide else 0)

    def _class(self, found: int) -> None:
        keys = self.state.project.classes.keys
        self._key(keys[found] if found < len(keys) else "I", decide=True)

    def _draw(self, shape: Shape, over: bool) -> None:
        """Draw a shape with the mouse, each of its places off by some pixels; `over`: with Shift,
        so that it takes points too that have their class."""
        assert len(shape.places) <= VERTICES
        ends = shape.places if shape.tool != "box" else (shape.places[0], shape.places[2])
        sheet = self.session.work.in_view.drawing.draw_tool
        if not sheet.isVisible() or sheet.tool != shape.tool:  # else it is still in hand
            self._key({"cut": "K", "box": "O", "polygon": "P"}[shape.tool])
        jitter = self.rng.uniform(-JITTER_PX, JITTER_PX, (len(ends), 2))
        high = (sheet.width() - 1, sheet.height() - 1)
        places = np.clip(np.round(np.array(ends) + jitter), 0, high).astype(int)
        points = [QPoint(int(x), int(y)) for x, y in places]
        held = Qt.KeyboardModifier.ShiftModifier if over else _NONE
        if over:
            self.effort.keys += 1
            self.effort.seconds += KEY_S
        if shape.tool == "polygon":
            for point in points:
                QTest.mouseClick(sheet, _LEFT, held, point)
            self._key(Qt.Key.Key_Return)
        else:
            QTest.mousePress(sheet, _LEFT, held, points[0])
            at = QPointF(points[-1])
            move = QMouseEvent(
                QEvent.Type.MouseMove,
                at,
                sheet.mapToGlobal(at),
                Qt.MouseButton.NoButton,
                _LEFT,
                held,
            )
            QApplication.sendEvent(sheet, move)
            QTest.mouseRelease(sheet, _LEFT, held, points[-1])
        self.effort.clicks += len(points)
        self.effort.seconds += POINT_S * len(points)

    # -- mind ---------------------------------------------------------------------------------

    def _answer(self, truth: np.ndarray) -> None:
        seen = self._seen()
        if not len(seen):
            seen = np.arange(len(truth))
        known = seen[truth[seen] < FIRST_CODE]
        if not len(known):
            self._class(255)
            return
        main = int(np.bincount(truth[known]).argmax())
        others = int((truth[known] != main).sum())
        if not self.tools or others < _POINTS_PER_S * SPLIT_S:
            self._class(main)
            return
        tree = split(self.state.content.points[self.state.target.rows])
        divided, part_worth = division(tree, known, truth[known])
        if part_worth > max(0, others - _POINTS_PER_S * DRAWN_S):  # no drawing can be worth more
            self._by_parts(divided, known, truth)
            return
        self._turn()
        if others > _COME_CLOSER:
            self._key(Qt.Key.Key_Home)  # closer, where a trembling hand matters less
            self._settle()
        known = self._known(truth)
        _, worth = self._plan(known, truth[known])
        if not self._is_cell() and (truth[known] != main).sum() > _LOOK_TWICE:
            self._flip()
            above = self._known(truth)
            _, more = self._plan(above, truth[above])
            if more > worth:
                known, worth = above, more
            else:
                self._flip()
        divided, part_worth = division(tree, known, truth[known])
        if part_worth > max(worth, 0):
            self._by_parts(divided, known, truth)
            return
        drawn = self._strokes(truth, main)
        still_asked = self.state.target is self._asked
        if drawn and still_asked and not self._is_cell() and len(truth) > _LOOK_AGAIN:
            # A large cluster hides half of itself: look from the other view before the last key.
            self._flip()
            self._strokes(truth, main)
        if self.state.target is self._asked:
            draft = self.session.work.labelling.draft
            if draft is not None and draft.complete:
                self._key(Qt.Key.Key_Return, decide=True)
            else:
                if self.session.work.in_view.drawing.draw_tool.isVisible() and draft is None:
                    self._key(Qt.Key.Key_Escape)
                self._class(main)  # the rest

    def _strokes(self, truth: np.ndarray, main: int) -> int:
        """Draw what is worth it, the best first, and look after each stroke what it took; the rest
        is to be `main`. Returns how many strokes."""
        labelling = self.session.work.labelling
        for count in range(_SHAPES):
            draft = labelling.draft
            if self.state.target is not self._asked or (draft is not None and draft.complete):
                return count
            rows = self._known(truth)
            closed = np.zeros(len(rows), bool) if draft is None else ~draft.open[rows]
            given = np.full(len(rows), main)
            if draft is not None:
                given[closed] = draft.classes[rows][closed]
            shapes, _ = self._plan(rows, truth[rows], given, closed, most=1)
            if not shapes:
                return count
            stroke = shapes[0]
            self.effort.way = "drawn"
            self._draw(stroke.shape, stroke.over)
            draft = labelling.draft
            if draft is None or not draft.selected.any():
                self._key(Qt.Key.Key_Escape)  # nothing lit up
                continue
            self._class(stroke.found)
        return _SHAPES

    def _by_parts(self, divided: set[int], rows: np.ndarray, truth: np.ndarray) -> None:
        """Press Y; then, for each part that lights up, Y again to split it or its class."""
        self.effort.way = "split"
        self._key("Y")
        labelling = self.session.work.labelling
        while labelling.draft is None:
            QTest.qWait(5)
        main = int(np.bincount(truth[rows]).argmax())
        while self.state.target is self._asked:
            draft = labelling.draft
            asked = draft.asked
            (node,) = np.unique(draft.part[asked])
            if int(node) in divided:
                self._key("Y", decide=True)
                assert labelling.draft is not draft
                continue
            known = truth[rows][asked[rows]]
            self._class(int(np.bincount(known).argmax()) if len(known) else main)

    def _known(self, truth: np.ndarray) -> np.ndarray:
        """Places in the target's rows that are seen and have a true class."""
        seen = self._seen()
        return seen[truth[seen] < FIRST_CODE]

    def _is_cell(self) -> bool:
        units, target = self.state.project.units, self.state.target
        return bool(units.kind[units.find(target.unit)] == CELL)

    def _turn(self) -> None:
        """Look at a ground cell from above, at a cluster from where one is."""
        if self._is_cell() != self.view.top_down:
            self._flip()

    def _flip(self) -> None:
        self._key("J")
        self._settle()

    def _plan(
        self,
        rows: np.ndarray,
        truth: np.ndarray,
        given: np.ndarray | None = None,
        closed: np.ndarray | None = None,
        most: int = _SHAPES,
    ) -> tuple[list[Stroke], float]:
        """Up to `most` strokes, the best next one while it is worth its seconds; and their worth
        together. `given` are the classes that the points have or will have without them, of which
        those that are `closed` are taken only with Shift."""
        content, target = self.state.content, self.state.target
        xy = self.view.picker.screen_xy(content.points[target.rows[rows]])
        size = (self.view.width(), self.view.height())
        if given is None:
            given = np.full(len(truth), np.bincount(truth).argmax())
        if closed is None:
            closed = np.zeros(len(truth), bool)
        plan: list[Stroke] = []
        worth = 0.0
        while len(plan) < most:
            best = None
            for found in np.unique(truth[given != truth]).tolist():
                gain_of = (truth == found).astype(int) - (given == truth)
                for over in (False, True) if closed.any() else (False,):
                    free = np.ones(len(truth), bool) if over else ~closed
                    wanted = (truth == found) & free
                    if not wanted.any():
                        continue
                    for shape in candidates(xy, wanted, np.where(free, gain_of, 0), size):
                        covered = shape.covers(xy, size) & free
                        gain = int(gain_of[covered].sum())
                        value = gain - _POINTS_PER_S * (cost(shape) + over * KEY_S)
                        if best is None or value > best[0]:
                            best = (value, Stroke(shape, found, over), covered)
            if best is None or best[0] <= 0:
                break
            worth += best[0]
            plan.append(best[1])
            given = np.where(best[2], best[1].found, given)
            closed = closed | best[2]
        return plan, worth


def division(tree: Parts, rows: np.ndarray, truth: np.ndarray) -> tuple[set[int], float]:
    """The nodes of a unit's tree that are worth splitting, below the whole, and what that is worth.

    rows (n,) places in the unit that are seen, truth (n,) their classes. Every part takes a class
    key, every further split a key and a decision; the best set is found from the leaves up.
    """
    leaves = len(tree.children) + 1
    if leaves < 2:
        return set(), 0.0
    votes = np.zeros((2 * leaves - 1, int(truth.max()) + 1), np.int64)
    np.add.at(votes, (tree.leaf[rows], truth), 1)
    size = np.zeros(2 * leaves - 1, np.int64)
    np.add.at(size, tree.leaf, 1)
    for node, pair in enumerate(tree.children.tolist(), start=leaves):
        votes[node], size[node] = votes[pair].sum(axis=0), size[pair].sum()
    step = _POINTS_PER_S * (KEY_S + DECIDE_S)
    right = votes.max(axis=1)
    best = right - step
    chosen: dict[int, set[int]] = {node: set() for node in range(leaves)}
    for node, (a, b) in enumerate(tree.children[:-1].tolist(), start=leaves):
        both = best[a] + best[b] - step
        if both > best[node] and min(size[a], size[b]) >= 3:
            best[node], chosen[node] = both, {node} | chosen[a] | chosen[b]
        else:
            chosen[node] = set()
    a, b = tree.children[-1].tolist()
    worth = best[a] + best[b] - _POINTS_PER_S * KEY_S - (right[-1] - step)
    return chosen[a] | chosen[b], float(worth)


def cost(shape: Shape) -> float:
    """Seconds of drawing a shape and giving it a class."""
    points = 2 if shape.tool in ("cut", "box") else len(shape.places)
    return KEY_S + POINT_S * points + KEY_S + DECIDE_S


def candidates(
    xy: np.ndarray, wanted: np.ndarray, gain: np.ndarray, size: tuple[int, int]
) -> list[Shape]:
    """Shapes that cover the places xy (n, 2) that are `wanted` (n,) and few others; `gain` (n,)
    is what covering each place brings, 1, 0 or -1."""
    found = []
    inside = xy[wanted]
    for share in (0.0, 0.02, 0.08):
        low, high = np.quantile(inside, share, axis=0), np.quantile(inside, 1 - share, axis=0)
        grow = np.maximum(1.0, (_LEAST_PX - (high - low)) / 2)
        (a, b), (c, d) = low - grow, high + grow
        found.append(Shape("box", ((a, b), (c, b), (c, d), (a, d))))
    low, high = _best_box(xy, gain)
    grow = np.maximum(0.0, (_LEAST_PX - (high - low)) / 2)
    (a, b), (c, d) = low - grow, high + grow
    found.append(Shape("box", ((a, b), (c, b), (c, d), (a, d))))
    start, end = _line(xy, gain)
    if not sides(xy, start, end) @ gain > 0:
        start, end = end, start
    found.append(Shape("cut", (tuple(start), tuple(end))))
    corners = _hull(inside)
    if 3 <= len(corners) <= VERTICES:
        found.append(Shape("polygon", tuple(map(tuple, corners))))

    def fits(shape: Shape) -> bool:
        inside = all(0 <= x < size[0] and 0 <= y < size[1] for x, y in shape.places)
        return shape.tool != "cut" or inside

    return [shape for shape in found if fits(shape)]


def _best_box(xy: np.ndarray, gain: np.ndarray, cells: int = 32) -> tuple[np.ndarray, np.ndarray]:
    """Two corners of the box with the most to gain, of all on a grid of cells."""
    low, high = xy.min(axis=0), xy.max(axis=0) + 1
    at = ((xy - low) / (high - low) * cells).astype(np.int64)
    table = np.zeros((cells + 1, cells + 1))
    np.add.at(table, (at[:, 0] + 1, at[:, 1] + 1), gain)
    total = table.cumsum(axis=0).cumsum(axis=1)
    best, corners = -np.inf, (0, 1, 0, 1)
    for left in range(cells):
        strip = total[left + 1 :] - total[left]  # (right, up to a row)
        lowest = np.minimum.accumulate(strip[:, :-1], axis=1)
        sums = strip[:, 1:] - lowest
        right, bottom = np.unravel_index(sums.argmax(), sums.shape)
        if sums[right, bottom] > best:
            top = int(strip[right, : bottom + 1].argmin())
            best, corners = sums[right, bottom], (left, left + 1 + right, top, bottom + 1)
    a, c, b, d = corners
    step = (high - low) / cells
    return low + step * (a, b), low + step * (c, d)


def _line(xy: np.ndarray, gain: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Two ends of the line with the most to gain on one side of it, of 48 directions."""
    best = (-np.inf, np.zeros(2), 0.0)
    for angle in np.linspace(0, 2 * np.pi, 48, endpoint=False):
        normal = np.array([np.cos(angle), np.sin(angle)])
        away = xy @ normal
        order = np.argsort(-away)
        total = np.cumsum(gain[order])
        at = int(total.argmax())
        if total[at] > best[0]:
            best = (float(total[at]), normal, float(away[order[at]]) - 0.5)
    _, normal, threshold = best
    along = np.array([-normal[1], normal[0]])
    middle = xy.mean(axis=0)
    middle = middle + (threshold - middle @ normal) * normal
    reach = max(30.0, 0.6 * float(np.ptp(xy @ along)))
    return middle - along * reach, middle + along * reach


def _hull(places: np.ndarray, most: int = 6) -> np.ndarray:
    """Corners of the convex hull, a little wider, thinned to `most`."""
    from scipy.spatial import ConvexHull, QhullError

    try:
        corners = places[ConvexHull(places).vertices]
    except (QhullError, ValueError):
        return np.zeros((0, 2))
    while len(corners) > most:
        before, after = np.roll(corners, 1, axis=0), np.roll(corners, -1, axis=0)
        u, v = corners - before, after - before
        corners = np.delete(corners, np.abs(u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]).argmin(), axis=0)
    away = corners - corners.mean(axis=0)
    return corners + 2 * away / np.maximum(np.linalg.norm(away, axis=1, keepdims=True), 1)
