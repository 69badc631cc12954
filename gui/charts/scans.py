"""Scans: where each was taken and what is known of it, as a map, as a sorted list, as pictures."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Signal
from PySide6.QtGui import QColor, QLinearGradient

from core.data.items import short_name
from core.desk.above import Above
from core.desk.explained import SCANS
from core.desk.scans import MEASURES, Scans
from gui.charts.chart import COLOURS, NEAR_PX, Mark
from gui.charts.key import SQUARE, Entry
from gui.charts.rows import Rows
from gui.charts.scan_pictures import ScanPictures
from gui.look.colours import measure_table
from gui.look.combo import Combo

MAP, LIST, PICTURES = "map", "list", "pictures"
_MOST = 40  # scans of the list
_BAR_PX = (12, 110)  # of the scale of colours


class ScansChart(Rows):
    """`picked` gives a scan's name.

    Signals
    -------
    wanted(measure, names) : pictures of scans, for `set_picture`
    """

    title, explanation = SCANS.title, SCANS.whole
    wanted = Signal(str, object)

    def __init__(self, theme) -> None:
        self.found: Scans | None = None
        self.chosen = np.zeros(0, np.int64)  # places of scans
        self._shown = np.zeros(0, np.int64)
        self._scale: list[pg.GraphicsObject] = []
        self._pictures = ScanPictures()
        self._asked: set[tuple[str, str]] = set()  # pictures on their way
        super().__init__(theme)
        self.measure, self.kind, self.where = Combo(), Combo(), Combo()
        for name, one in MEASURES.items():
            self.measure.addItem(one.name, name)
        self.kind.addItem("list", LIST)
        self.kind.addItem("map", MAP)
        self.kind.addItem("pictures", PICTURES)
        for box, name in (
            (self.measure, "What scans are coloured and sorted by"),
            (self.kind, "Map, list or pictures"),
            (self.where, "Which sequence"),
        ):
            box.setAccessibleName(name)
            box.currentIndexChanged.connect(lambda *_: self._fill())
            self.choices.add(box)

    def set_scans(self, found: Scans) -> None:
        """Show scans."""
        first = self.found is None
        self.found = found
        placed = np.isfinite(found.xy).all(axis=1)
        counts = Counter(np.array(found.place, object)[placed].tolist())
        names = sorted(counts)
        if [self.where.itemData(n) for n in range(self.where.count())] != names:
            self.where.blockSignals(True)
            self.where.clear()
            for name in names:
                self.where.addItem(f"{short_name(name)} ({counts[name]:,})", name)
            most = max(counts, key=lambda name: counts[name], default=None)
            self.where.setCurrentIndex(self.where.findData(most))
            self.where.blockSignals(False)
        if first and max(counts.values(), default=0) > 2:
            self.kind.blockSignals(True)
            self.kind.setCurrentIndex(self.kind.findData(MAP))
            self.kind.blockSignals(False)
        self._fill()

    def choose(self, places: np.ndarray) -> None:
        """Mark the scans (n,) at these places as chosen."""
        self.chosen = places
        if self.shows:
            self._again()

    def set_picture(self, measure: str, picture: Above) -> None:
        """Show a scan's picture where it is in sight."""
        self._pictures.keep(measure, picture)
        self._asked.discard((measure, picture.scan))
        if self._is(PICTURES) and self.shows and measure == self.measure.currentData():
            self._pictures.draw_one(self.plot, picture.scan, measure, self.theme)

    def forget_pictures(self) -> None:
        """Other predictions are there."""
        self._pictures.forget()
        self._asked.clear()

    def _is(self, kind: str) -> bool:
        return bool(self.kind.currentData() == kind)

    @property
    def values(self) -> np.ndarray:
        """(S,) of the chosen measure."""
        assert self.found is not None
        return self.found.values[str(self.measure.currentData())]

    def _fill(self) -> None:
        found = self.found
        if found is None:
            return
        name, kind = str(self.measure.currentData()), self.kind.currentData()
        self.where.setVisible(kind == MAP and self.where.count() > 1)
        known = np.isfinite(self.values)
        if not known.any():
            self.wait(found.why[name])
            return
        if kind == MAP and not np.isfinite(found.xy).any():
            self.wait(
                "No scan has a pose: Poses computes them from the scans. The list needs none."
            )
            return
        one = MEASURES[name]
        if kind == MAP:
            here = np.array(found.place, object) == self.where.currentData()
            self._shown = np.flatnonzero(here & np.isfinite(found.xy).all(axis=1))
            self.tell(
                f"{len(self._shown):,} scans with a pose; of {int(known[self._shown].sum()):,} it "
                "is known."
            )
        else:
            order = np.argsort(-self.values, kind="stable")
            self._shown = order[known[order]][:_MOST]
            more = int(known.sum()) - len(self._shown)
            self.tell(f"{more:,} more are in the CSV." if more else "")
            if not more:
                self.said.hide()
        first = self._shown[known[self._shown]]
        first = first[np.argsort(-self.values[first], kind="stable")][:5]
        top = ", ".join(f"{found.names[p]} {self.values[p]:.3g}" for p in first.tolist())
        self.show_plot(f"{one.words}, {one.unit}: {top}")

    def draw(self) -> None:
        self._take_scale()
        self._pictures.take(self.plot)
        self.entries = []
        for axis in ("left", "bottom"):
            self.plot.showAxis(axis, not self._is(PICTURES))
        if self._is(MAP):
            self._draw_map()
        elif self._is(PICTURES):
            self.names = []
            self.plot.invertY(True)
            self.plot.showGrid(x=False, y=False)
        else:
            self._draw_list()

    def _draw_list(self) -> None:
        found, shown = self.found, self._shown
        assert found is not None
        one = MEASURES[str(self.measure.currentData())]
        values = self.values[shown]
        low, high = min(float(values.min()), 0.0), max(float(values.max()), 0.0)
        self.lay_rows([short_name(found.names[p]) for p in shown], f"{one.words}, {one.unit}", low,
                      low + (high - low) * 1.05 or 1.0)  # fmt: skip
        colours = [self._colour(p) for p in shown.tolist()]
        self.plot.addItem(
            pg.BarGraphItem(
                x0=0,
                y=np.arange(len(shown)) + 0.5,
                height=0.7,
                width=values,
                brushes=colours,
                pen=pg.mkPen(None),
            )
        )
        for y, p in enumerate(shown.tolist()):
            self.marks.append(Mark(float(values[y]), y + 0.5, self._words(p), found.names[p]))
        if len(self.chosen):
            self.entries = [Entry(SQUARE, QColor(COLOURS[1]), "chosen")]

    def _colour(self, place: int) -> QColor:
        chosen = place in self.chosen
        colour = QColor(COLOURS[1] if chosen else COLOURS[0])
        colour.setAlpha(255 if chosen or not len(self.chosen) else 130)
        return colour

    def _draw_map(self) -> None:
        found, shown = self.found, self._shown
        assert found is not None
        self.names = []
        self.plot.invertY(False)
        self.plot.getAxis("left").set_names([], self.letters())
        self.axes("x, m", "y, m", grid=True)
        xy, values = found.xy[shown], self.values[shown]
        known = np.isfinite(values)
        line = self.pen(QColor(self.theme.quiet), width=1)
        self.plot.plot(xy[~known, 0], xy[~known, 1], pen=None, symbol="o", symbolSize=7,
                       symbolBrush=None, symbolPen=line)  # fmt: skip
        if known.any():
            table = measure_table()
            low, high = float(values[known].min()), float(values[known].max())
            place = (values[known] - low) / ((high - low) or 1.0) * 255
            order = np.argsort(place, kind="stable")  # the most of it lies on top
            brushes = [pg.mkBrush(*table[int(p)].tolist()) for p in place[order]]
            at = xy[known][order]
            self.plot.addItem(
                pg.ScatterPlotItem(at[:, 0], at[:, 1], size=9, brush=brushes, pen=pg.mkPen(None))
            )
            self._show_scale(low, high)
        mine = np.isin(shown, self.chosen)
        if mine.any():
            ring = self.pen(QColor(self.theme.text), width=2)
            self.plot.addItem(
                pg.ScatterPlotItem(xy[mine, 0], xy[mine, 1], size=14, brush=None, pen=ring)
            )

    def _show_scale(self, low: float, high: float) -> None:
        """The scale of colours, at the right."""
        table, box = measure_table(), self.plot.getViewBox()
        wide, tall = _BAR_PX
        bar = pg.QtWidgets.QGraphicsRectItem(QRectF(0, 0, wide, tall))
        ramp = QLinearGradient(0, tall, 0, 0)
        for step in range(0, 256, 51):
            ramp.setColorAt(step / 255, QColor(*table[step].tolist()))
        bar.setBrush(ramp)
        bar.setPen(pg.mkPen(None))
        bar.setParentItem(box)
        self._scale = [bar]
        unit = MEASURES[str(self.measure.currentData())].unit
        for value, y in ((high, 0.0), (low, float(tall))):
            text = pg.TextItem(f"{value:.3g} {unit}", color=self.theme.text, anchor=(1, 0.5))
            text.setFont(self.letters())
            text.setParentItem(box)
            text.setData(0, y)
            self._scale.append(text)

    def _take_scale(self) -> None:
        for item in self._scale:
            item.setParentItem(None)
            if item.scene() is not None:
                item.scene().removeItem(item)
        self._scale = []

    def _lay_pictures(self) -> None:
        found, measure = self.found, str(self.measure.currentData())
        assert found is not None
        self._key.show(self.plot, [], self.letters(), self.theme)
        places = {found.names[p]: p for p in self._shown.tolist()}
        chosen = {found.names[p] for p in self.chosen.tolist()}
        unit = MEASURES[measure].unit
        captions = [
            f"{self.values[p]:.3g} {unit}  {short_name(name)}" for name, p in places.items()
        ]
        marks = self._pictures.lay(self.plot, list(places), captions, chosen.__contains__, measure,
                                   self.theme, self.letters())  # fmt: skip
        self.marks = [mark._replace(words=self._words(places[str(mark.key)])) for mark in marks]
        new = [n for n in self._pictures.missing(measure) if (measure, n) not in self._asked]
        if new:
            self._asked.update((measure, name) for name in new)
            self.wanted.emit(measure, new)

    def place(self) -> None:
        if self._is(PICTURES):
            self._lay_pictures()
            return
        if not self._is(MAP):
            super().place()
            return
        self._key.show(self.plot, [], self.letters(), self.theme)
        assert self.found is not None
        box = self.plot.getViewBox()
        wide, tall = max(box.width(), 1.0), max(box.height(), 1.0)
        xy = self.found.xy[self._shown]
        low, high = xy.min(axis=0), xy.max(axis=0)
        # Metres are as long up as across; on the right there is room for the scale.
        room = 100 if self._scale else 20
        per_pixel = max((high[0] - low[0]) / max(wide - room - 30, 60),
                        (high[1] - low[1]) / max(tall - 30, 60), 0.05)  # fmt: skip
        middle = (low + high) / 2
        left = middle[0] - per_pixel * (wide - room) / 2
        below = middle[1] - per_pixel * tall / 2
        box.setRange(xRange=(left, left + per_pixel * wide),
                     yRange=(below, below + per_pixel * tall), padding=0)  # fmt: skip
        for item in self._scale:
            if isinstance(item, pg.TextItem):
                item.setPos(wide - _BAR_PX[0] - 16, 16 + float(item.data(0)))
            else:
                item.setPos(wide - _BAR_PX[0] - 10, 16)

    def _words(self, place: int) -> str:
        found = self.found
        assert found is not None
        told = []
        for name, one in MEASURES.items():
            value = found.values[name][place]
            if np.isfinite(value):
                told.append(f"{one.words}: {value:.3g} {one.unit}")
        return "\n".join([found.names[place], *told])

    def hit(self, at: QPointF) -> Mark | None:
        if self._is(PICTURES):
            inside = self.plot.getViewBox().mapSceneToView(at)
            name = self._pictures.hit(inside.x(), inside.y())
            return next((mark for mark in self.marks if mark.key == name), None)
        if not self._is(MAP):
            return super().hit(at)
        found, shown = self.found, self._shown
        if found is None or not len(shown):
            return None
        box = self.plot.getViewBox()
        inside, pixel = box.mapSceneToView(at), box.viewPixelSize()
        away = np.hypot(*((found.xy[shown] - (inside.x(), inside.y())) / pixel).T)
        near = int(away.argmin())
        if away[near] > NEAR_PX:
            return None
        p = int(shown[near])
        x, y = found.xy[p].tolist()
        return Mark(x, y, self._words(p), found.names[p])

    def table(self):
        found = self.found
        assert found is not None
        heading = ("scan", "training", "sequence", "x_m", "y_m", *MEASURES)
        order = np.argsort(-np.nan_to_num(self.values, nan=-np.inf), kind="stable")
        rows = []
        for p in order.tolist():
            numbers = (*found.xy[p], *(found.values[name][p] for name in MEASURES))
            rows.append(
                (found.names[p], int(p < found.train), found.place[p],
                 *(float(v) if np.isfinite(v) else None for v in numbers))
            )  # fmt: skip
        return heading, rows
