"""The class palette: a grid that mirrors the left hand's keys, a list where names need the room."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QFrame, QScrollArea, QSizePolicy, QWidget

from core.data.classes import GRID, IGNORED, MIXED, UNSURE, ClassList
from gui.desk.later import Later
from gui.look.colours import class_table
from gui.look.theme import Theme

CODES = ((IGNORED, "ignored", "I"), (MIXED, "mixed", "M"), (UNSURE, "unsure", "N"))
CODES_ABOUT = {
    IGNORED: "Nothing of the list: reflections, dirt, the own car. It is answered, and not learnt.",
    MIXED: "Several classes in one unit that you do not want to part: it is answered, and not "
    "learnt. To part it instead, cut it or draw.",
    UNSURE: "You looked and cannot tell: it is answered, and not learnt. Delete says the same "
    "without spending budget.",
}
_COLUMNS = 5
_SMALL = 0.86
_SWATCH_PX, _PAD_PX, _GAP_PX = 12, 5, 3
_ROOMY, _TIGHT = 9, 4  # pixels of a row over the height of its text


class ClassButton(QAbstractButton):
    """One class: its colour, its key, its name; the name below, or beside in a `row`."""

    def __init__(self, name: str, key: str, colour: Sequence[int], theme: Theme) -> None:
        super().__init__()
        self.name, self.key, self.theme = name, key, theme
        self.row = False
        self.scale = _SMALL  # of the name's letters
        self.key_width = 0  # of the longest key of the list
        self.colour = QColor(*(int(part) for part in colour))
        self.told: Callable[[], str] = lambda: ""  # what belongs to it, and how much has it
        self.setAccessibleName(f"{name}, key {key}")
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    @property
    def key_text(self) -> str:
        return self.key.replace("Shift+", "⇧")

    def fonts(self) -> tuple[QFont, QFont]:
        """Of the key, and of the name."""
        return _font(self.font(), bold=True, scale=1.0), _font(
            self.font(), bold=False, scale=self.scale
        )

    def lines(self, width: int) -> list[str] | None:
        """The name in one or two lines of a width, parted where it has a hyphen, a line or a space;
        None where it does not fit."""
        metrics = QFontMetrics(self.fonts()[1])
        if metrics.horizontalAdvance(self.name) <= width:
            return [self.name]
        parts = re.findall(r"[^-_ ]+[-_ ]?", self.name)
        for cut in range(len(parts) - 1, 0, -1):
            both = ["".join(parts[:cut]), "".join(parts[cut:])]
            if all(metrics.horizontalAdvance(line) <= width for line in both):
                return both
        return None

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip:  # counted when somebody looks
            self.setToolTip("\n".join(part for part in (self._heading(), self.told()) if part))
        return super().event(event)

    def _heading(self) -> str:
        return f"{self.name}  ({self.key})"

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        hot = self.underMouse() or self.isDown()
        painter.setPen(QColor(self.theme.accent if hot else self.theme.line))
        painter.setBrush(QColor(self.theme.line if self.isDown() else self.theme.raised))
        painter.drawRoundedRect(box, 6, 6)
        key_font, name_font = self.fonts()
        inside = box.adjusted(_PAD_PX, 0 if self.row else 2, -2, 0 if self.row else -2)
        high = inside.height() if self.row else QFontMetrics(key_font).height()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.colour)
        top = inside.top() + (high - _SWATCH_PX) / 2
        painter.drawRoundedRect(QRectF(inside.left(), top, _SWATCH_PX, _SWATCH_PX), 3, 3)
        left = inside.left() + _SWATCH_PX + _PAD_PX
        painter.setPen(QColor(self.theme.text))
        painter.setFont(key_font)
        key = QRectF(left, inside.top(), self.key_width or inside.right() - left, high)
        painter.drawText(key, Qt.AlignmentFlag.AlignVCenter, self.key_text)
        painter.setFont(name_font)
        if self.row:
            name = QRectF(key.right() + _PAD_PX, inside.top(), inside.right() - key.right(), high)
            painter.drawText(name, Qt.AlignmentFlag.AlignVCenter, self.name)
            return
        painter.setPen(QColor(self.theme.quiet))
        line = QFontMetrics(name_font).height()
        for place, text in enumerate(self.lines(int(inside.width())) or [self.name]):
            below = QRectF(inside.left(), inside.top() + high + place * line, inside.width(), line)
            painter.drawText(below, Qt.AlignmentFlag.AlignVCenter, text)


def _font(font: QFont, *, bold: bool, scale: float) -> QFont:
    made = QFont(font)
    made.setBold(bold)
    made.setPointSizeF(max(8.0, font.pointSizeF() * scale))
    return made


class Palette(QScrollArea):
    """All classes and codes; a click does what the key does.

    `run` is called with the id of the action of a class, "class 3"; `count` gives how much has a
    class so far, in words; `codes` are shown behind the classes, which are those `shown`, by
    default all of the list's.
    """

    def __init__(
        self,
        classes: ClassList,
        theme: Theme,
        run: Callable[[str], object],
        count: Callable[[int], str],
        codes: Sequence[tuple[int, str, str]] = CODES,
        shown: Sequence[int] | None = None,
    ) -> None:
        super().__init__()
        self._codes = codes
        self._styled = Later(self, 0, self._lay)
        self._about = {**dict(enumerate(classes.about)), **CODES_ABOUT}
        self._count = count
        self.buttons: dict[int, ClassButton] = {}
        self.wanted = 0  # pixels of height that all need with room around them
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self.inside = QWidget()
        self.setWidget(self.inside)
        table = class_table(classes)
        self._places: dict[int, int] = {}  # in the hand's grid
        for turn, number in enumerate(classes.shown if shown is None else shown):
            name, key = classes.names[number], classes.keys[number]
            self._places[number] = _place(key, turn)
            self._add(number, name, key, table[number], theme, run)
        for code, name, key in codes:
            self._add(code, name, key, table[code], theme, run)

    def _add(
        self,
        number: int,
        name: str,
        key: str,
        colour: Sequence[int],
        theme: Theme,
        run: Callable[[str], object],
    ) -> None:
        button = ClassButton(name, key, colour, theme)
        button.setParent(self.inside)
        button.clicked.connect(lambda: run(f"class {number}"))
        button.told = lambda: "\n".join(
            part for part in (self._about.get(number, ""), self._count(number)) if part
        )
        self.buttons[number] = button

    # -- where each stands --------------------------------------------------------------------

    def hand_width(self) -> int:
        """Pixels of width from which the grid mirrors the hand and every name is whole."""
        narrow = 40
        while not self._fits(narrow):
            narrow += 2
        self._lay()  # what was tried is not how they stand
        return _COLUMNS * (narrow + _GAP_PX) + 2 * 8

    def sizeHint(self) -> QSize:
        return QSize(330, self.inside.height() + 4)

    def minimumSizeHint(self) -> QSize:
        self._shape(row=True)
        least = QSize(self._row_width() + 2 * 8, 4 * self._row_height())
        self._lay()
        return least

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._lay()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange:
            self._styled.start()

    def _shape(self, *, row: bool, scale: float = _SMALL) -> None:
        for part in (self, *self.buttons.values()):
            part.ensurePolished()  # else it does not know its font yet
        metrics = QFontMetrics(_font(self.font(), bold=True, scale=1.0))
        widest = max(metrics.horizontalAdvance(b.key_text) for b in self.buttons.values())
        for button in self.buttons.values():
            button.row, button.key_width = row, widest if row else 0
            button.scale = scale

    def _fits(self, width: int) -> bool:
        """Whether keys and names fit in buttons of a width with the name below."""
        self._shape(row=False)
        metrics = QFontMetrics(_font(self.font(), bold=True, scale=1.0))
        inside = width - _PAD_PX - 4
        return all(
            metrics.horizontalAdvance(b.key_text) <= inside - _SWATCH_PX - _PAD_PX
            and b.lines(inside) is not None
            for b in self.buttons.values()
        )

    def _row_width(self, group: Iterable[int] | None = None) -> int:
        """Pixels that the longest name of a group needs in a row."""
        named = [self.buttons[n] for n in (self.buttons if group is None else group)]
        key, name = named[0].fonts()
        keys = max(QFontMetrics(key).horizontalAdvance(b.key_text) for b in self.buttons.values())
        names = max(QFontMetrics(name).horizontalAdvance(b.name) for b in named)
        return keys + names + _SWATCH_PX + 3 * _PAD_PX + 6

    def _row_height(self, pad: int = _ROOMY) -> int:
        return self.fontMetrics().height() + pad

    def _lay(self) -> None:
        if not self.buttons:
            return
        # First as if nothing had to be scrolled: a scroll bar takes the width that would spare it.
        whole = self.width() - 2 * self.frameWidth()
        for width, pad in ((whole, _ROOMY), (whole, _TIGHT), (self.viewport().width(), _TIGHT)):
            wide = width - 2 * 8
            narrow = (wide - (_COLUMNS - 1) * _GAP_PX) // _COLUMNS
            height = self._grid(narrow) if self._fits(narrow) else self._list(wide, pad)
            if pad == _ROOMY:
                self.wanted = height
            if height <= self.height() - 2 * self.frameWidth():
                break
        self.inside.resize(width, height)
        for button in self.buttons.values():
            button.update()

    def _grid(self, width: int) -> int:
        """Place the buttons as the keys lie; return the height of all."""
        key, name = next(iter(self.buttons.values())).fonts()
        lines = max(len(b.lines(width - _PAD_PX - 4) or ()) for b in self.buttons.values())
        height = QFontMetrics(key).height() + lines * QFontMetrics(name).height() + 7
        rows = sorted({place // _COLUMNS for place in self._places.values()})
        for number, place in self._places.items():
            x = 8 + place % _COLUMNS * (width + _GAP_PX)
            y = rows.index(place // _COLUMNS) * (height + _GAP_PX)
            self.buttons[number].setGeometry(x, y, width, height)
        y = len(rows) * (height + _GAP_PX) + _GAP_PX
        for column, (code, _, _) in enumerate(self._codes):
            self.buttons[code].setGeometry(8 + column * (width + _GAP_PX), y, width, height)
        return y + (height + _GAP_PX if self._codes else 0)

    def _list(self, wide: int, pad: int) -> int:
        """Place the buttons as rows below each other, in as many columns as have room."""
        columns = 1
        for scale in (1.0, _SMALL, 1.0):  # smaller letters only for a second column
            self._shape(row=True, scale=scale)
            columns = max(1, (wide + _GAP_PX) // (self._row_width() + _GAP_PX))
            if columns > 1:
                break
        height, gap, y = self._row_height(pad), pad // _TIGHT, 0
        codes = [code for code, _, _ in self._codes]
        for group in filter(None, (sorted(self._places, key=self._places.__getitem__), codes)):
            if group is codes:  # their names are short: in one row, where that has room
                most = (wide + _GAP_PX) // (self._row_width(codes) + _GAP_PX)
                columns = max(columns, min(most, len(codes)))
            width = (wide - (columns - 1) * _GAP_PX) // columns
            rows = -(-len(group) // columns)
            for place, number in enumerate(group):
                column, row = divmod(place, rows)
                x = 8 + column * (width + _GAP_PX)
                at = y + row * (height + gap)
                self.buttons[number].setGeometry(x, at, width, height)
            y += rows * (height + gap) + 2 * gap
        return y

    def set_keys(self, key_of: Callable[[str], str]) -> None:
        """Show the keys that the classes' actions have now; each keeps its place."""
        for number, button in self.buttons.items():
            button.key = key_of(f"class {number}")
            button.setAccessibleName(f"{button.name}, key {button.key}")
        self._lay()

    def set_theme(self, theme: Theme) -> None:
        for button in self.buttons.values():
            button.theme = theme
            button.update()


def _place(key: str, number: int) -> int:
    """Where a key lies in the grid; a second page below on Shift."""
    plain = key.removeprefix("Shift+").upper()
    if plain not in GRID:
        return 2 * len(GRID) + number
    return GRID.index(plain) + (len(GRID) if key.startswith("Shift+") else 0)
