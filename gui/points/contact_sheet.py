"""The contact sheet: units like the asked one; those that are ticked get one class together."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetrics,
    QHideEvent,
    QImage,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from core.answers.effort import Effort
from core.answers.labels import ALIKE
from core.assist.alike import Alike, nearest, read
from core.base.errors import ProjectError
from gui.desk.background import Turn
from gui.desk.state import State
from gui.look.scrolled import Scrolled
from gui.look.theme import Theme
from gui.look.words import Wrapped
from gui.points.labelling import Labelling
from gui.points.tile import draw_unit, size_words

COLUMNS, COUNT = 6, 24  # columns at most
LEAST_PX, MOST_PX = 104, 250  # width of a picture
_SHAPE = 0.65  # its height in widths
_BESIDE_PX = 60  # margins of the sheet and its scroll bar
# How far an arrow goes: pictures along the row, and rows.
_STEPS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}


@dataclass(frozen=True)
class Tile:
    """A unit, its picture (gui.points.tile) with `ratio` of its pixels to one of the window's, and
    its sizes in words."""

    alike: Alike
    drawn: np.ndarray
    ratio: float
    words: str

    @property
    def size(self) -> QSize:
        """Of the picture in the window."""
        height, width = self.drawn.shape
        return QSize(round(width / self.ratio), round(height / self.ratio))


class Thumbnail(QAbstractButton):
    """A small picture of a unit, what stands around it faint."""

    def __init__(self, tile: Tile, theme: Theme, *, asked: bool) -> None:
        super().__init__()
        self.alike, self.tile, self.theme, self.asked = tile.alike, tile, theme, asked
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        about = f"{tile.alike.unit}, {len(tile.alike.rows):,} points"
        self.setToolTip(f"The one that is asked: {about}" if asked else about)

    def sizeHint(self) -> QSize:
        words = QFontMetrics(self._caption_font())
        wide = words.horizontalAdvance(self._caption(chosen=True)) + 16
        picture = self.tile.size
        return QSize(max(picture.width() + 12, wide), picture.height() + 8 + words.height())

    def _caption_font(self) -> QFont:
        font = self.font()
        font.setPointSizeF(max(7.0, font.pointSizeF() * 0.8))
        return font

    def _caption(self, *, chosen: bool) -> str:
        return f"{'✓ ' if chosen else ''}{self.tile.words}"

    def keyPressEvent(self, event: QKeyEvent) -> None:
        event.ignore()  # the sheet knows which picture is below this one

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        theme = self.theme
        box = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        chosen = self.isChecked()
        painter.setBrush(QColor(theme.canvas))
        painter.setPen(QPen(QColor(theme.picked if chosen else theme.line), 3 if chosen else 1))
        painter.drawRoundedRect(box, 6, 6)
        if self.hasFocus():
            painter.setPen(QPen(QColor(theme.text), 1, Qt.PenStyle.DotLine))
            painter.drawRoundedRect(box.adjusted(3, 3, -3, -3), 4, 4)
        drawn, size = self.tile.drawn, self.tile.size
        height, width = drawn.shape
        image = QImage(drawn.data, width, height, width, QImage.Format.Format_Indexed8)
        image.setDevicePixelRatio(self.tile.ratio)
        unit = QColor(theme.picked if chosen else theme.text)
        faint = QColor(theme.quiet)
        faint.setAlpha(170)
        image.setColorTable([0, faint.rgba(), unit.rgba()])
        caption = QFontMetrics(self._caption_font()).height()
        corner = box.center() - QPointF(size.width() / 2, (size.height() + caption) / 2)
        painter.drawImage(corner, image)
        painter.setPen(QColor(theme.quiet))
        painter.setFont(self._caption_font())
        words = box.adjusted(6, 0, -6, -3)
        painter.drawText(words, Qt.AlignmentFlag.AlignBottom, self._caption(chosen=chosen))
        if self.asked:
            painter.drawText(box.adjusted(6, 3, -6, 0), Qt.AlignmentFlag.AlignTop, "asked")


class ContactSheet(QFrame):
    """Over the window's middle; what is asked comes first and is ticked. Arrows and Space or clicks
    tick; a class key gives the ticked units their class as one act, Esc leaves.

    What was done since the sheet was shown is divided evenly among the answers that it gave; what
    was done before it, or on a sheet that was left, belongs to the unit that is asked.
    """

    _read = Signal(str, object)

    def __init__(self, over: QWidget, state: State, labelling: Labelling, theme: Theme) -> None:
        super().__init__(over)
        self.over, self.state, self.labelling, self.theme = over, state, labelling, theme
        self.setObjectName("card")
        self.pictures: list[Thumbnail] = []
        self.heading, self.hint = Wrapped(name="heading"), Wrapped(name="quiet")
        self.all = QPushButton("Tick all")
        self.all.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.all.clicked.connect(self.tick_all)
        inside = QWidget()
        self.grid = QGridLayout(inside)
        self.grid.setSpacing(4)
        self.grid.setContentsMargins(0, 0, 0, 0)
        self.columns = COLUMNS
        self.area = Scrolled(inside)
        bottom = QHBoxLayout()
        bottom.addWidget(self.hint, 1)
        bottom.addWidget(self.all)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 12, 16, 12)
        layout.addWidget(self.heading)
        layout.addWidget(self.area, 1)
        layout.addLayout(bottom)
        self._unit = ""
        self._focus: QWidget | None = None  # who had it before
        self._before: Effort | None = None  # what the asked unit took until the sheet was shown
        self._asked: Future[list[Tile]] | None = None
        state.target_changed.connect(self._leave_with)
        self._read.connect(self._show)
        self.hide()

    def open(self) -> None:
        """Look for the units like the target, on another thread; tick all where they are shown."""
        if self.isVisible():
            self.tick_all()
            return
        target, project = self.state.target, self.state.project
        if target is None or not target.unit:
            self.state.told.emit("Nothing is asked here that others could be like.")
            return
        if target.blind:
            self.state.told.emit("There is no sheet for this one: decide by itself.")
            return
        if self.labelling.draft is not None:
            self.state.told.emit("A drawing is open here: finish it, or Esc puts it away.")
            return
        unit, (wide, high), ratio = target.unit, self._tile(), self.devicePixelRatioF()
        self.state.told.emit("Looking for units like this one …")
        if self._asked is not None:
            self._asked.cancel()

        def look() -> list[Tile]:
            units = read(project, [unit, *nearest(project, unit, COUNT - 1)])
            pixels = round(wide * ratio), round(high * ratio)
            return [Tile(one, draw_unit(one, *pixels), ratio, size_words(one)) for one in units]

        done = self._asked = self.state.background.submit(look, Turn.NOW)
        done.add_done_callback(lambda future: self._read.emit(unit, future))

    def _show(self, unit: str, done: Future[list[Tile]]) -> None:
        if done.cancelled() or not self._may_stay(unit):
            return
        try:
            tiles = done.result()
        except ProjectError as error:
            self.state.failed.emit(error)
            return
        self.state.told.emit("")
        for picture in self.pictures:
            picture.deleteLater()
        self.pictures = [
            Thumbnail(tile, self.theme, asked=not place) for place, tile in enumerate(tiles)
        ]
        for picture in self.pictures:
            picture.toggled.connect(self._count)
        self.pictures[0].setChecked(True)  # what is asked, with the others or alone
        self.heading.setText(f"This one, and the {len(tiles) - 1} units most like it")
        self._count()
        self._lay()
        self._unit, self._focus = unit, QApplication.focusWidget()
        self._before = self.state.activity.take()
        self.show()
        self.raise_()
        if self.pictures:
            self.pictures[0].setFocus()

    def _tile(self) -> tuple[int, int]:
        """Width and height of a picture: the largest with which all have room, else the least."""
        wide, tall = self.over.width() - 16, self.over.height() - 16
        line = self.fontMetrics().height()
        best = LEAST_PX
        for columns in range(2, COLUMNS + 1):
            width = min((wide - _BESIDE_PX) // columns - 20, MOST_PX)
            rows = -(-COUNT // columns)
            if rows * (round(width * _SHAPE) + line + 14) + 4 * line + _BESIDE_PX <= tall:
                best = max(best, width)
        return best, round(best * _SHAPE)

    def _lay(self) -> None:
        """As many pictures in a row as the middle of the window has room for; rows scroll."""
        if not self.pictures:
            return
        layout = self.layout()
        assert layout is not None
        gap, margins = self.grid.spacing(), layout.contentsMargins()
        bar = self.area.verticalScrollBar().sizeHint().width()
        beside = margins.left() + margins.right() + bar + 4  # and the frame of the card
        most = self.over.width() - 16
        for part in (self.heading, self.hint, self.all):
            part.ensurePolished()  # else it does not know its font yet
        tile = QSize(0, 0)
        for picture in self.pictures:
            picture.ensurePolished()
            tile = tile.expandedTo(picture.sizeHint())
        room = (most - beside + gap) // (tile.width() + gap)
        self.columns = max(1, min(COLUMNS, room, len(self.pictures)))
        for place, picture in enumerate(self.pictures):
            self.grid.addWidget(picture, *divmod(place, self.columns))
        rows = -(-len(self.pictures) // self.columns)
        wide = min(max(self.columns * (tile.width() + gap) + beside, 380), most)
        inner = wide - margins.left() - margins.right()
        hint = self.hint.heightForWidth(inner - self.all.sizeHint().width() - 12)
        words = self.heading.heightForWidth(inner) + max(hint, self.all.sizeHint().height())
        tall = rows * (tile.height() + gap) + words + margins.top() + margins.bottom() + 24
        self.resize(wide, min(tall, self.over.height() - 16))
        self.move(
            (self.over.width() - self.width()) // 2, (self.over.height() - self.height()) // 2
        )

    def keyPressEvent(self, event: QKeyEvent) -> None:
        places = [place for place, one in enumerate(self.pictures) if one.hasFocus()]
        step = _STEPS.get(Qt.Key(event.key()))
        if step is None or not places:
            event.ignore()
            return
        along, rows = step
        wanted = places[0] + along + rows * self.columns
        if 0 <= wanted < len(self.pictures):
            self.pictures[wanted].setFocus()
            self.area.ensureWidgetVisible(self.pictures[wanted])

    def hideEvent(self, event: QHideEvent) -> None:
        if event.spontaneous():  # the whole window is, and comes back with the sheet
            return
        if self._focus is not None:
            self._focus.setFocus()
        self._focus = None
        if self._before is not None:
            self.state.activity.give_back(self._before)
        self._before = None

    def _leave_with(self, _: bool) -> None:
        if self.isVisible() and not self._may_stay(self._unit):
            self.hide()

    def _may_stay(self, unit: str) -> bool:
        """Whether a sheet about a unit still is about what is asked: what is asked blind has none,
        and a drawing is answered by itself."""
        target = self.state.target
        asked = target is not None and target.unit == unit and not target.blind
        return asked and self.labelling.draft is None

    def tick(self) -> None:
        """Tick the picture that has the focus, or no more."""
        for picture in self.pictures:
            if picture.hasFocus():
                picture.toggle()

    @property
    def ticked(self) -> list[Alike]:
        return [picture.alike for picture in self.pictures if picture.isChecked()]

    def tick_all(self) -> None:
        """Tick every unit, or none if all are ticked."""
        every = len(self.ticked) < len(self.pictures)
        for picture in self.pictures:
            picture.setChecked(every)

    def _count(self, _: bool = False) -> None:
        count = len(self.ticked)
        self.hint.setText(
            f"Press the class of {'the one' if count == 1 else f'the {count}'} ticked; Esc leaves."
            if count
            else "Tick the same ones (click, or arrows and Space), then press their class."
        )

    def give(self, label: int) -> None:
        """Give every ticked unit a class or code, each an answer of its own."""
        ticked = self.ticked
        if not ticked:
            self.hint.setText("None is ticked: tick those that are the same first.")
            return
        tool = ALIKE if len(ticked) > 1 else "key"
        efforts = self.state.activity.take()._replace(tool=tool).shares(len(ticked))
        if ticked[0].unit == self._unit and self._before is not None:
            efforts[0] = efforts[0].plus(self._before)
            self._before = None
        self.hide()
        units = [(one.unit, one.rows) for one in ticked]
        if self.labelling.write_together(units, label, efforts):
            self.state.told.emit(f"{len(ticked)} units: {self.state.class_name(label)}")

    def set_theme(self, theme: Theme) -> None:
        self.theme = theme
        for picture in self.pictures:
            picture.theme = theme
            picture.update()
        self._lay()  # the text may have another size

    def shut(self) -> None:
        """Read nothing more."""
        self._read.disconnect()
        self.hide()
