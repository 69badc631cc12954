"""The class palette: a grid that mirrors the left hand's keys."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QGridLayout, QVBoxLayout, QWidget

from core.data.classes import GRID, IGNORED, MIXED, UNSURE, ClassList
from gui.look.colours import class_table
from gui.look.theme import Theme

CODES = ((IGNORED, "ignored", "I"), (MIXED, "mixed", "M"), (UNSURE, "unsure", "N"))
_COLUMNS = 5


class ClassButton(QAbstractButton):
    """One class: its colour, its key, its name."""

    def __init__(self, name: str, key: str, colour: Sequence[int], theme: Theme) -> None:
        super().__init__()
        self.name, self.key, self.theme = name, key, theme
        self.colour = QColor(*(int(part) for part in colour))
        self.setToolTip(f"{name}  ({key})")
        self.setAccessibleName(f"{name}, key {key}")
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def sizeHint(self) -> QSize:
        return QSize(64, 46)

    def minimumSizeHint(self) -> QSize:
        return QSize(44, 42)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect()).adjusted(1.5, 1.5, -1.5, -1.5)
        hot = self.underMouse() or self.isDown()
        painter.setPen(QColor(self.theme.accent if hot else self.theme.line))
        painter.setBrush(QColor(self.theme.line if self.isDown() else self.theme.raised))
        painter.drawRoundedRect(box, 6, 6)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.colour)
        painter.drawRoundedRect(QRectF(box.left() + 5, box.top() + 6, 12, 12), 3, 3)
        painter.setPen(QColor(self.theme.text))
        painter.setFont(_font(self.font(), bold=True, scale=1.0))
        key_box = QRectF(box.left() + 20, box.top() + 2, box.width() - 24, 20)
        painter.drawText(key_box, Qt.AlignmentFlag.AlignVCenter, self.key.replace("Shift+", "⇧"))
        small = _font(self.font(), bold=False, scale=0.82)
        painter.setFont(small)
        painter.setPen(QColor(self.theme.quiet))
        name_box = QRectF(box.left() + 4, box.top() + 22, box.width() - 6, box.height() - 24)
        text = painter.fontMetrics().elidedText(
            self.name, Qt.TextElideMode.ElideRight, int(name_box.width())
        )
        painter.drawText(name_box, Qt.AlignmentFlag.AlignVCenter, text)


def _font(font: QFont, *, bold: bool, scale: float) -> QFont:
    made = QFont(font)
    made.setBold(bold)
    made.setPointSizeF(max(8.0, font.pointSizeF() * scale))
    return made


class Palette(QWidget):
    """All classes and codes; a click does what the key does.

    `run` is called with the id of the action of a class, "class 3".
    """

    def __init__(self, classes: ClassList, theme: Theme, run: Callable[[str], object]) -> None:
        super().__init__()
        table = class_table(classes)
        self.buttons: dict[int, ClassButton] = {}
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 2, 8, 8)
        grid = QGridLayout()
        grid.setSpacing(3)
        for number, (name, key) in enumerate(zip(classes.names, classes.keys, strict=True)):
            place = _place(key, number)
            self._add(grid, *divmod(place, _COLUMNS), number, name, key, table[number], theme, run)
        codes = QGridLayout()
        codes.setSpacing(3)
        for column, (code, name, key) in enumerate(CODES):
            self._add(codes, 0, column, code, name, key, table[code], theme, run)
        layout.addLayout(grid)
        layout.addLayout(codes)
        layout.addStretch()

    def _add(
        self,
        grid: QGridLayout,
        row: int,
        column: int,
        number: int,
        name: str,
        key: str,
        colour: Sequence[int],
        theme: Theme,
        run: Callable[[str], object],
    ) -> None:
        button = ClassButton(name, key, colour, theme)
        button.clicked.connect(lambda: run(f"class {number}"))
        self.buttons[number] = button
        grid.addWidget(button, row, column)

    def set_keys(self, key_of: Callable[[str], str]) -> None:
        """Show the keys that the classes' actions have now; each keeps its place."""
        for number, button in self.buttons.items():
            button.key = key_of(f"class {number}")
            button.setToolTip(f"{button.name}  ({button.key})")
            button.setAccessibleName(f"{button.name}, key {button.key}")
            button.update()

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
