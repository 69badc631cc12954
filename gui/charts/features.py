"""Feature space: units side by side that a network takes for alike; brush to choose them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QPushButton

from core.desk.explained import FEATURES
from core.desk.features import ANSWERED, DECLINED, FREE, OPEN, PCA, STATES, UMAP, Plane
from gui.charts.chart import COLOURS, Chart, Mark
from gui.charts.key import SQUARE, Entry, Key
from gui.look.combo import Combo

FINE = 400  # cells of the picture along each side
_MOST_DOTS = 20_000  # units that are drawn one by one
_STATE_COLOURS = {ANSWERED: COLOURS[0], OPEN: COLOURS[1], DECLINED: COLOURS[4]}


@dataclass(frozen=True)
class Laid:
    """Shown units in the picture: their `states` (n,) uint8, places `x`, `y` (n,) float32, whether
    they are `free` (n,) bool, their `cell` (n,) int32; the `ends` of the plane; cells that hold
    any, `held` (FINE, FINE) bool, and how many of each state, `cells` (4, FINE * FINE) int64."""

    plane: Plane
    states: np.ndarray
    x: np.ndarray
    y: np.ndarray
    free: np.ndarray
    ends: tuple[np.ndarray, np.ndarray]
    cell: np.ndarray
    held: np.ndarray
    cells: np.ndarray


def lay(plane: Plane, states: np.ndarray) -> Laid:
    """Lay out units of the states (U,) uint8 of all units."""
    mine = states[plane.units]
    x, y = np.ascontiguousarray(plane.xy.T)
    ends = (np.zeros(2), np.ones(2))
    cell = np.zeros(0, np.int32)
    if len(plane.units):
        low, high = ends = _ends_of(plane.xy)
        places = [
            np.rint((part.astype(np.float64) - low[n]) / (high[n] - low[n]) * (FINE - 1))
            for n, part in enumerate((x, y))
        ]
        across, up = (np.clip(part, 0, FINE - 1).astype(np.int32) for part in places)
        cell = across * FINE + up
    flat = mine.astype(np.int64) * FINE**2 + cell
    cells = np.bincount(flat, minlength=len(STATES) * FINE**2).reshape(len(STATES), -1)
    held = cells.sum(axis=0).reshape(FINE, FINE) > 0
    return Laid(plane, mine, x, y, mine == FREE, ends, cell, held, cells)


class FeaturesChart(Chart):
    """A rectangle is dragged over units; `brushed` tells of it when the button is let go.

    Signals
    -------
    brushed(units) : (n,) int64 numbers, ascending; none: the choice is put away
    wanted(units) : to ask for these
    """

    title, explanation = FEATURES.title, FEATURES.whole
    brushed = Signal(object)
    wanted = Signal(object)
    method_changed = Signal(str)

    def __init__(self, theme, *, umap: bool = False) -> None:
        self.plane: Plane | None = None
        self.states = np.zeros(0, np.uint8)
        self._chosen: np.ndarray | None = None  # (U,) bool of all units
        self._x = self._y = np.zeros(0, np.float32)
        self._free = np.zeros(0, bool)  # of the shown units
        self._by_state = np.zeros(
            (len(STATES), FINE * FINE), np.int64
        )  # units of each state by cell
        self._cell = np.zeros(0, np.int32)  # of each unit in the picture
        self._held = np.zeros((FINE, FINE), bool)  # cells that hold any
        self._ends = (np.zeros(2), np.ones(2))  # of the plane: found once, not while one drags
        self._over: pg.ImageItem | pg.ScatterPlotItem | None = None
        self._from: QPointF | None = None
        self._frame: pg.QtWidgets.QGraphicsRectItem | None = None
        self._key = Key()
        self._names: Callable[[np.ndarray], list[str]] = lambda units: []
        super().__init__(theme)
        self.method = Combo()
        for name in (PCA, *([UMAP] if umap else ())):
            self.method.addItem({PCA: "principal components", UMAP: "UMAP"}[name], name)
        self.method.setAccessibleName("How units are laid out")
        self.method.currentIndexChanged.connect(
            lambda *_: self.method_changed.emit(str(self.method.currentData()))
        )
        self.method.setVisible(umap)
        self.ask = QPushButton("Ask for these")
        self.ask.setAutoDefault(False)
        self.ask.setEnabled(False)
        self.ask.setToolTip("Drag a rectangle over units first.")
        self.ask.clicked.connect(lambda: self.wanted.emit(self.chosen))
        for part in (self.method, self.ask):
            self.choices.add(part)

    # -- what is shown ------------------------------------------------------------------------

    def set_plane(
        self, plane: Plane, states: np.ndarray, names: Callable[[np.ndarray], list[str]]
    ) -> None:
        """Show units of the states (U,) uint8 of all units; `names` of units by their numbers."""
        self.set_laid(lay(plane, states), names)

    def set_laid(self, laid: Laid, names: Callable[[np.ndarray], list[str]]) -> None:
        """The same of what `lay` found, which is for another thread: it looks at every unit."""
        self.plane, self.states, self._names = laid.plane, laid.states, names
        self._x, self._y, self._free = laid.x, laid.y, laid.free
        self._ends, self._cell, self._held = laid.ends, laid.cell, laid.held
        self._by_state = laid.cells
        if not len(self.plane.units):
            self.wait(FEATURES.waits)
            return
        counts = laid.cells.sum(axis=1).tolist()
        told = ", ".join(f"{n:,} {STATES[s]}" for s, n in enumerate(counts) if n)
        self.tell(f"{len(self.plane.units):,} units by {self.plane.what}: {told}.")
        self.show_plot(told)

    @property
    def chosen(self) -> np.ndarray:
        """(n,) int64 numbers of the chosen units, ascending, also of those not shown."""
        return np.zeros(0, np.int64) if self._chosen is None else np.flatnonzero(self._chosen)

    def choose(self, chosen: np.ndarray | None) -> None:
        """Mark units, (U,) bool of all, as chosen, None for no choice; only that is drawn anew."""
        self._chosen = chosen
        mask = self._mask()
        free = int(np.count_nonzero(mask & self._free)) if len(mask) else 0
        self.ask.setEnabled(free > 0)
        self.ask.setText(f"Ask for these {free:,}" if free else "Ask for these")
        self.ask.setToolTip(
            "Make a query of the chosen units that nobody was asked about."
            if free
            else "Drag a rectangle over units that nobody was asked about first."
        )
        if not self.inside.isVisible():
            self._stale = self._stale or self.shows  # drawn when it is seen
        elif self.shows and not self._stale:
            self._draw_chosen(mask)
            self.place()

    def _mask(self) -> np.ndarray:
        """(n,) bool: which of the shown units are chosen."""
        if self.plane is None or self._chosen is None:
            return np.zeros(0 if self.plane is None else len(self.plane.units), bool)
        if len(self.plane.units) == len(self._chosen):  # all of them, in their order
            return self._chosen
        found: np.ndarray = self._chosen[self.plane.units]
        return found

    # -- drawing ------------------------------------------------------------------------------

    def draw(self) -> None:
        plane = self.plane
        assert plane is not None
        self._over = self._frame = None
        names = ("first", "second")
        words = [
            f"{name} principal component ({share:.0%} of the variance)" if plane.method == PCA
            else f"UMAP, {name} axis"
            for name, share in zip(names, plane.shares, strict=True)
        ]  # fmt: skip
        self.axes(*words, grid=False)
        if self._by_dots:
            order = (FREE, DECLINED, ANSWERED, OPEN)
            for state in order:
                mine = self.states == state
                if mine.any():
                    colour = QColor(self._colour(state))
                    if state == FREE:
                        colour.setAlpha(110)
                    self.plot.addItem(
                        pg.ScatterPlotItem(
                            plane.xy[mine, 0], plane.xy[mine, 1],
                            size=4 if state == FREE else 6, brush=colour, pen=pg.mkPen(None))
                    )  # fmt: skip
        else:
            self.plot.addItem(self._picture(self._cells()))
        self._draw_chosen(self._mask())
        low, high = self._ends
        room = (high - low) * 0.03
        self.plot.setXRange(low[0] - room[0], high[0] + room[0], padding=0)
        self.plot.setYRange(low[1] - room[1], high[1] + room[1], padding=0)

    @property
    def _by_dots(self) -> bool:
        return len(self._cell) <= _MOST_DOTS

    def _colour(self, state: int) -> str:
        return _STATE_COLOURS.get(state, self.theme.quiet)

    def _cells(self) -> np.ndarray:
        """(FINE, FINE, 4) uint8: how many free units lie in each cell, and any that was asked."""
        count = self._by_state[FREE]
        shade = np.zeros((FINE * FINE, 4), np.uint8)
        shade[:, :3] = _rgb(self.theme.quiet)
        most = np.log1p(count.max(initial=0)) or 1.0
        shade[:, 3] = np.where(count > 0, 40 + 190 * np.log1p(count) / most, 0)
        for state in (DECLINED, ANSWERED, OPEN):
            shade[self._by_state[state] > 0] = (*_rgb(self._colour(state)), 255)
        return shade.reshape(FINE, FINE, 4)

    def _picture(self, shade: np.ndarray) -> pg.ImageItem:
        low, high = self._ends
        half = (high - low) / (FINE - 1) / 2
        item = pg.ImageItem(shade, axisOrder="col-major", levels=None)
        item.setRect(QRectF(*(low - half), *(high - low + 2 * half)))
        return item

    def _draw_chosen(self, mask: np.ndarray) -> None:
        """Draw the chosen ones over the others."""
        colour = QColor(self.theme.text)
        if self._over is not None and (self._by_dots or not mask.any()):
            self.plot.removeItem(self._over)
            self._over = None
        if not mask.any():
            return
        assert self.plane is not None
        if self._by_dots:
            xy = self.plane.xy[mask]
            self._over = pg.ScatterPlotItem(xy[:, 0], xy[:, 1], size=7, brush=None,
                                            pen=self.pen(colour, width=1.5))  # fmt: skip
        else:
            there = np.zeros(FINE * FINE, bool)
            there[self._cell[mask]] = True
            self._show_cells(there.reshape(FINE, FINE))
            return
        self.plot.addItem(self._over, ignoreBounds=True)

    def _show_cells(self, there: np.ndarray) -> None:
        """Draw cells (FINE, FINE) bool as chosen."""
        shade = np.zeros((FINE, FINE, 4), np.uint8)
        shade[there] = (*_rgb(self.theme.text), 190)
        if isinstance(self._over, pg.ImageItem):
            self._over.setImage(shade, levels=None, autoLevels=False)
            return
        self._over = self._picture(shade)
        self.plot.addItem(self._over, ignoreBounds=True)

    def place(self) -> None:
        there = [
            state for state in (OPEN, ANSWERED, DECLINED, FREE) if (self.states == state).any()
        ]
        entries = [Entry(SQUARE, QColor(self._colour(s)), STATES[s]) for s in there]
        if self._chosen is not None:
            entries.append(Entry(SQUARE, QColor(self.theme.text), "chosen"))
        self._key.show(self.plot, entries, self.letters(), self.theme)

    # -- the brush ----------------------------------------------------------------------------

    @cached_property
    def plot(self) -> pg.PlotWidget:
        made = super().plot
        made.viewport().installEventFilter(self)
        return made

    def eventFilter(self, watched, event) -> bool:
        kind = event.type()
        if kind == event.Type.MouseButtonPress and event.button() == Qt.MouseButton.LeftButton:
            self._from = self._under(event)
        elif kind == event.Type.MouseMove and self._from is not None:
            self.drag(self._from, self._under(event))
        elif kind == event.Type.MouseButtonRelease and self._from is not None:
            start, end = self._from, self._under(event)
            self._from = None
            self._take_frame()
            assert self.plane is not None
            mask = self.within(QRectF(start, end).normalized())
            if not mask.any():
                self._draw_chosen(mask)
            self.brushed.emit(self.plane.units[mask])
        return super().eventFilter(watched, event)

    def _under(self, event) -> QPointF:
        """Where in the plane the mouse is."""
        scene = self.plot.mapToScene(event.position().toPoint())
        return self.plot.getViewBox().mapSceneToView(scene)

    def drag(self, start: QPointF, end: QPointF) -> None:
        """Show a rectangle that is being dragged: of many units the cells that it touches, which
        are quicker found than the units in it."""
        if self._by_dots:
            self.brush(start, end)
        else:
            self._show_cells(self._touched(QRectF(start, end).normalized()))
        self._show_frame(QRectF(start, end).normalized())

    def _touched(self, box: QRectF) -> np.ndarray:
        """(FINE, FINE) bool: cells that hold units and that a rectangle touches."""
        low, high = self._ends
        ends = np.array([[box.left(), box.top()], [box.right(), box.bottom()]])
        first, last = np.rint((ends - low) / (high - low) * (FINE - 1)).astype(np.int64)
        there = np.zeros((FINE, FINE), bool)
        part = (slice(max(first[0], 0), max(last[0] + 1, 0)),
                slice(max(first[1], 0), max(last[1] + 1, 0)))  # fmt: skip
        there[part] = self._held[part]
        return there

    def brush(self, start: QPointF, end: QPointF) -> np.ndarray:
        """(n,) bool: the shown units in a rectangle between two places, drawn as chosen."""
        mask = self.within(QRectF(start, end).normalized())
        self._draw_chosen(mask)
        return mask

    def within(self, box: QRectF) -> np.ndarray:
        """(n,) bool: the shown units in a rectangle."""
        x, y = self._x, self._y
        mask: np.ndarray = (x >= box.left()) & (x <= box.right())
        mask &= (y >= box.top()) & (y <= box.bottom())
        return mask

    def _show_frame(self, box: QRectF) -> None:
        self._take_frame()
        self._frame = pg.QtWidgets.QGraphicsRectItem(box)
        self._frame.setPen(self.pen(QColor(self.theme.text), 1, Qt.PenStyle.DashLine))
        self.plot.addItem(self._frame, ignoreBounds=True)

    def _take_frame(self) -> None:
        if self._frame is not None:
            self.plot.removeItem(self._frame)
            self._frame = None

    def hit(self, at: QPointF) -> Mark | None:
        return None  # units are brushed, not pointed at

    def table(self):
        plane = self.plane
        assert plane is not None
        chosen = self._mask()
        names = self._names(plane.units)
        return ("unit", "x", "y", "state", "chosen"), [
            (name, float(x), float(y), STATES[s], int(c))
            for name, (x, y), s, c in zip(names, plane.xy, self.states, chosen, strict=True)
        ]


def _ends_of(xy: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(2,) float64 each: the lowest and highest places (n, 2), a width apart at least."""
    low, high = (end.astype(np.float64) for end in (xy.min(axis=0), xy.max(axis=0)))
    return low, np.where(high > low, high, low + 1)


def _rgb(colour: str) -> tuple[int, ...]:
    """Three numbers of "#rrggbb"."""
    return tuple(bytes.fromhex(colour[1:]))
