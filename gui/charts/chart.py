"""What every chart of the desk has: a title in words, marks that tell what they are and can be
clicked, a paragraph that explains, its picture and its numbers to take along.

pyqtgraph draws; it is loaded with this file, so import it only when a chart is shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QKeyEvent, QPen, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QStackedWidget,
    QToolButton,
    QToolTip,
    QVBoxLayout,
    QWidget,
)

from gui.charts.taken import Enlarged, menu_of
from gui.look.flow import Flow
from gui.look.theme import Theme
from gui.look.words import Wrapped, breakable, tip

pg.setConfigOptions(antialias=True)
NEAR_PX = 14  # of a mark that is meant
# Okabe and Ito's colours, which the colour-blind tell apart; black and white change with the theme.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
DASHES = (Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine, Qt.PenStyle.DotLine, Qt.PenStyle.DashDotLine)


class Mark(NamedTuple):
    """A place in the plot that can be pointed at: what it says, and what a click on it gives."""

    x: float
    y: float
    words: str
    key: object


class Chart(QFrame):
    """A chart draws itself anew from what it was given: `draw` adds items to `plot`, marks to
    `marks`; `table` are the numbers that it shows.

    Signals
    -------
    picked(key) : a mark was clicked, or chosen by the arrow keys and Enter
    """

    picked = Signal(object)
    title, explanation = "", ""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("card")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.theme = theme
        self.sharp = 1.0  # pixels that are drawn for one on the screen
        self.marks: list[Mark] = []
        self._shows = self._drawing = False
        self._at = -1  # the mark that the arrow keys came to
        self._stale = False  # whether what is drawn is of before
        self.waiting = Wrapped(name="quiet")
        self.waiting.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.heading = Wrapped(self.title, "heading")
        self.explain = Wrapped(self.explanation, "quiet")
        self.explain.hide()
        self.said = Wrapped(name="quiet")
        self.said.hide()
        self.why = _button("?", "What this shows")
        self.why.setCheckable(True)
        self.why.toggled.connect(self.explain.setVisible)
        self.large = _button("⤢", "Enlarge")
        self.large.clicked.connect(self.enlarge)
        self.more = _button("⋯", "Copy and save")
        self.more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.more.setStyleSheet("QToolButton::menu-indicator { image: none; }")
        self.menu = menu_of(self, self)
        self.more.setMenu(self.menu)
        self.choices = Flow()  # of what is drawn, left to the kind of chart
        self.head = head = QHBoxLayout()
        head.addWidget(self.heading, 1)
        for button in (self.why, self.large, self.more):
            head.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
        self.stack = _Stack()
        self.stack.resized.connect(self._lay)
        self.stack.addWidget(_middle(self.waiting))
        self.stack.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.inside = QWidget()
        inner = QVBoxLayout(self.inside)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(6)
        inner.addLayout(head)
        inner.addWidget(self.explain)
        inner.addWidget(self.choices)
        inner.addWidget(self.stack, 1)
        inner.addWidget(self.said)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 10, 10, 8)
        layout.addWidget(self.inside)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(lambda at: self.menu.popup(self.mapToGlobal(at)))
        self.setAccessibleName(self.title)
        self.wait("There is nothing to show yet.")

    def without_heading(self) -> None:
        """Stand in a dock that tells the title: the choices take its place."""
        self.heading.hide()
        self.head.insertWidget(0, self.choices, 1)

    @cached_property
    def plot(self) -> pg.PlotWidget:
        """Made when it is first needed: a chart that waits has none."""
        axes = {name: _Axis(name) for name in ("left", "bottom")}
        made = pg.PlotWidget(axisItems=axes, enableMenu=False)
        made.hideButtons()
        made.setMouseEnabled(False, False)
        made.setFrameShape(QFrame.Shape.NoFrame)
        made.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        for axis in axes.values():
            axis.setZValue(-1)  # a grid lies behind what is drawn
        made.scene().sigMouseMoved.connect(self._point)
        made.scene().sigMouseClicked.connect(self._click)
        self.stack.addWidget(made)
        return made

    # -- for each kind of chart ---------------------------------------------------------------

    def draw(self) -> None:
        """Add items and marks; the plot is empty and has the look of the theme."""
        raise NotImplementedError  # by each chart: Qt's metaclass leaves no room for ABC

    def table(self) -> tuple[Sequence[str], list[Sequence[object]]]:
        """Heading and rows of what is shown."""
        raise NotImplementedError

    def place(self) -> None:
        """The plot has another size."""

    # -- what is shown ------------------------------------------------------------------------

    @property
    def shows(self) -> bool:
        """Whether there is anything to draw."""
        return self._shows

    def wait(self, words: str) -> None:
        """Say what the chart waits for."""
        self.waiting.setText(words)
        self._shows = False
        self.marks, self._at = [], -1  # of what is no longer shown
        self.stack.setCurrentIndex(0)
        self.setAccessibleDescription(words)
        self.more.setEnabled(False)

    @property
    def file_name(self) -> str:
        """What a saved picture is called, without its ending."""
        return re.sub(r"[^a-z0-9]+", "-", self.title.lower()).strip("-")

    def tell(self, words: str, *, problem: bool = False) -> None:
        """Say below the plot what became of saving."""
        self.said.setObjectName("problem" if problem else "quiet")
        self.said.style().unpolish(self.said)
        self.said.style().polish(self.said)
        self.said.setText(breakable(words))
        self.said.show()

    def show_plot(self, said: str) -> None:
        """Draw what there is; `said`: the same in words, for those who cannot see it."""
        self._shows = self._stale = True
        self.more.setEnabled(True)
        self.setAccessibleDescription(said)
        if self.inside.isVisible():  # behind another one it waits until it comes to the front
            self.redraw()

    def redraw(self) -> None:
        """Draw in the colours and letters of now."""
        if not self.shows or self._drawing:
            return
        kept = self.marks[self._at].key if 0 <= self._at < len(self.marks) else None
        self._drawing = True  # the plot that comes to the front tells of another style
        try:
            self.stack.setCurrentWidget(self.plot)
            self.plot.clear()
            self.marks, self._at = [], -1
            self._dress()
            self.draw()
            self.place()
            if kept is not None:  # the arrow keys go on from the mark that they came to
                keys = [mark.key for mark in self.marks]
                self._at = keys.index(kept) if kept in keys else -1
        finally:
            self._drawing = self._stale = False

    def _dress(self) -> None:
        theme, font = self.theme, self.font()
        self.plot.setBackground(theme.panel)
        for name in ("left", "bottom"):
            axis = self.plot.getAxis(name)
            axis.setStyle(tickFont=font, tickLength=-4, hideOverlappingLabels=True)
            axis.setPen(self.pen(theme.line))
            axis.setTextPen(self.pen(theme.quiet))
            axis.label.setFont(font)

    def axes(self, x: str, y: str, *, grid: bool = True) -> None:
        """Name the axes, with their units."""
        for name, words in (("bottom", x), ("left", y)):
            axis = self.plot.getAxis(name)
            axis.setLabel(words, color=self.theme.quiet, **{"font-size": f"{self._points()}pt"})
        self.plot.showGrid(x=grid, y=grid, alpha=0.5 if grid else 0)

    def _points(self) -> float:
        size = self.font().pointSizeF()
        return size if size > 0 else 10.0

    def pen(self, colour, width: float = 1.0, style=Qt.PenStyle.SolidLine) -> QPen:
        """A pen of so many pixels on the screen, as wide in a picture of more of them."""
        return pg.mkPen(colour, width=width * self.sharp, style=style)

    def colour(self, place: int) -> QColor:
        """The place-th colour of a series."""
        every = (*COLOURS, self.theme.text)
        return QColor(every[place % len(every)])

    def dash(self, place: int) -> Qt.PenStyle:
        return DASHES[place // (len(COLOURS) + 1) % len(DASHES)]

    def set_theme(self, theme: Theme) -> None:
        self.theme = theme
        self._again()

    def _again(self) -> None:
        """The look has changed."""
        self._stale = self.shows
        if self.inside.isVisible():
            self.redraw()

    # -- pointing -----------------------------------------------------------------------------

    def on_screen(self, marks: Iterable[Mark]) -> np.ndarray:
        """(n, 2) pixels of marks in the plot's scene."""
        box = self.plot.getViewBox()
        found = [box.mapViewToScene(QPointF(mark.x, mark.y)) for mark in marks]
        return np.array([(at.x(), at.y()) for at in found], np.float64).reshape(-1, 2)

    def hit(self, at: QPointF) -> Mark | None:
        """The mark that is meant by a place in the scene: the nearest one."""
        if not self.marks:
            return None
        away = np.hypot(*(self.on_screen(self.marks) - (at.x(), at.y())).T)
        near = int(away.argmin())
        return self.marks[near] if away[near] <= NEAR_PX else None

    def _point(self, at: QPointF) -> None:
        mark = self.hit(at)
        self.plot.setCursor(
            Qt.CursorShape.ArrowCursor if mark is None else Qt.CursorShape.PointingHandCursor
        )
        if mark is None:
            QToolTip.hideText()
        else:
            self._point_out(mark, self.plot.mapToGlobal(self.plot.mapFromScene(at)))

    def _point_out(self, mark: Mark, at: QPoint) -> None:
        QToolTip.showText(at, tip(mark.words), self.plot)

    def _click(self, event) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            mark = self.hit(event.scenePos())
            if mark is not None:
                self.picked.emit(mark.key)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows go from mark to mark, Enter picks it."""
        step = {Qt.Key.Key_Right: 1, Qt.Key.Key_Down: 1, Qt.Key.Key_Left: -1, Qt.Key.Key_Up: -1}
        if self.shows and self.marks and event.key() in step:
            self._at = (self._at + step[Qt.Key(event.key())]) % len(self.marks)
            mark = self.marks[self._at]
            x, y = self.on_screen([mark])[0]
            at = self.plot.mapFromScene(QPointF(x, y))
            self._point_out(mark, self.plot.mapToGlobal(at))
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._at >= 0:
            self.picked.emit(self.marks[self._at].key)
        else:
            super().keyPressEvent(event)

    # -- size ---------------------------------------------------------------------------------

    def enlarge(self) -> None:
        """Show it in a window of its own until that is closed."""
        Enlarged(self).show()

    def _lay(self) -> None:
        """Place what is drawn in the room there is, here or enlarged."""
        if self.shows and not self._stale:
            self.place()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._stale:
            self.redraw()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.StyleChange, QEvent.Type.FontChange):
            self._again()

    def letters(self, points: float | None = None) -> QFont:
        """The chart's font, in another size."""
        font = QFont(self.font())
        if points is not None:
            font.setPointSizeF(points)
        return font


class _Stack(QStackedWidget):
    """Tells that it has another size, wherever it stands."""

    resized = Signal()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.resized.emit()


class _Axis(pg.AxisItem):
    """Large numbers in groups of three digits; or names instead of numbers, all of them, which may
    stand upright."""

    def __init__(self, orientation: str) -> None:
        super().__init__(orientation)
        self.names: list[str] = []
        self.upright = False

    def set_names(self, names: Sequence[str], font: QFont, *, upright: bool = False) -> None:
        """Write names in the middles of 0 to 1, 1 to 2 and so on; none: numbers again."""
        self.names, self.upright = list(names), upright
        self.setStyle(tickFont=font)
        metrics = QFontMetricsF(font)
        longest = max((metrics.horizontalAdvance(name) for name in names), default=0.0)
        title = QFontMetricsF(self.label.font()).height() + 6 if self.label.isVisible() else 0
        if self.orientation == "left":
            self.setWidth(longest + 10 + title if names else None)
        else:
            high = longest if upright else metrics.height()
            self.setHeight(high + 10 + title if names else None)
        self.picture = None
        self.update()

    def part(self, value: float) -> float:
        """Where a value lies, 0 to 1 from the left, or from below."""
        low, high = self.range  # the other way round on an axis that is upside down
        return (value - low) / ((high - low) or 1.0)

    def drawPicture(self, p, axisSpec, tickSpecs, textSpecs):
        if not self.names:
            super().drawPicture(p, axisSpec, tickSpecs, textSpecs)
            return
        super().drawPicture(p, axisSpec, [], [])
        _, first, last = axisSpec
        p.setFont(self.style["tickFont"])
        p.setPen(self.textPen())
        metrics = QFontMetricsF(p.font())
        for place, name in enumerate(self.names):
            part = self.part(place + 0.5)
            wide, tall = metrics.horizontalAdvance(name) + 1, metrics.height()
            if self.orientation == "left":
                y = last.y() + part * (first.y() - last.y())
                box = QRectF(first.x() - wide - 6, y - tall / 2, wide, tall)
                p.drawText(box, Qt.AlignmentFlag.AlignRight, name)
                continue
            p.save()
            p.translate(first.x() + part * (last.x() - first.x()), first.y() + 6)
            if self.upright:
                p.rotate(-90)
                p.drawText(QRectF(-wide, -tall / 2, wide, tall), Qt.AlignmentFlag.AlignRight, name)
            else:
                p.drawText(QRectF(-wide / 2, 0, wide, tall), Qt.AlignmentFlag.AlignCenter, name)
            p.restore()

    def updateAutoSIPrefix(self):
        """Numbers stay what they are: pyqtgraph would write 800 for 0.8 where a label has no
        unit."""
        self.autoSIPrefixScale = 1.0

    def tickStrings(self, values, scale, spacing):
        if spacing >= 1:
            return [f"{value:,.0f}" for value in values]
        return super().tickStrings(values, 1.0, spacing)


def _button(text: str, name: str) -> QToolButton:
    made = QToolButton()
    made.setText(text)
    made.setToolTip(name)
    made.setAccessibleName(name)
    made.setAutoRaise(True)
    return made


def _middle(label: QLabel) -> QWidget:
    """A label in the middle of its place, with room on both sides."""
    made = QWidget()
    layout = QVBoxLayout(made)
    layout.setContentsMargins(24, 12, 24, 12)
    layout.addStretch()
    layout.addWidget(label)
    layout.addStretch()
    return made
