"""The table of a class list: names, colours, keys and raw ids, typed or picked."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QItemSelectionModel, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QKeyEvent, QPainter, QPixmap
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem

from core.data.class_rows import ClassRow, Problem
from gui.look.colours import lifted
from gui.look.theme import Theme
from gui.view.contrast import told_apart

TITLES = ("Class", "Colour", "Key", "Raw id", "Read too", "Things")
NAME, COLOUR, KEY, RAW, MORE, THINGS = range(len(TITLES))
_OF = {"name": NAME, "colour": COLOUR, "key": KEY, "raw": RAW, "raw_ids": MORE}
_MEANT = (
    "What the class is called",
    "Type #rrggbb or press Colour …; the right half is how the view shows it",
    "The key that gives it",
    "The id that an export writes",
    "Further ids that mean it when labels are read, with commas",
    "Whether its things can be told apart, such as cars",
)
_SWATCH = (30, 15)  # pixels
_ONE_ROW = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
_ID, _KEPT = Qt.ItemDataRole.UserRole, Qt.ItemDataRole.UserRole + 1


class ClassTable(QTableWidget):
    """One row per class, in the order in which people see them.

    Signals
    -------
    edited() : something was typed, added or moved
    """

    edited = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__(0, len(TITLES))
        self.theme = theme
        self.setAccessibleName("Classes")
        for column, meant in enumerate(_MEANT):
            title = QTableWidgetItem(TITLES[column])
            title.setToolTip(meant)
            self.setHorizontalHeaderItem(column, title)
        self.verticalHeader().hide()
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)  # Tab leaves the table, arrows move in it
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setMinimumSectionSize(64)
        self.itemChanged.connect(self._changed)

    # -- rows ---------------------------------------------------------------------------------

    def fill(self, rows: Sequence[tuple[int | None, ClassRow]]) -> None:
        """Show classes, each with its id, None for one that has none yet."""
        chosen = self.currentRow()
        self.blockSignals(True)
        self.setRowCount(0)
        for number, row in rows:
            self._put(self.rowCount(), number, row)
        self.blockSignals(False)
        if rows:
            self.choose(min(max(chosen, 0), len(rows) - 1))
        self.edited.emit()

    def add(self, row: ClassRow) -> None:
        """Show a new class below the others, its name ready to be typed."""
        self.blockSignals(True)
        self._put(self.rowCount(), None, row)
        self.blockSignals(False)
        self.choose(self.rowCount() - 1)
        self.edited.emit()
        self.setFocus()
        self.editItem(self.cell(self.rowCount() - 1, NAME))

    def choose(self, place: int, column: int = NAME) -> None:
        """Put the cursor in a row."""
        self.setCurrentCell(place, column, _ONE_ROW)

    def _put(self, place: int, number: int | None, row: ClassRow) -> None:
        self.insertRow(place)
        texts = (
            row.name,
            row.colour,
            row.key,
            str(row.raw),
            ", ".join(map(str, row.raw_ids)),
            "",
        )
        for column, text in enumerate(texts):
            self.setItem(place, column, QTableWidgetItem(text))
        self.cell(place, NAME).setData(_ID, number)
        self.cell(place, NAME).setData(_KEPT, row)
        things = self.cell(place, THINGS)
        things.setFlags(
            Qt.ItemFlag.ItemIsUserCheckable
            | Qt.ItemFlag.ItemIsEnabled
            | Qt.ItemFlag.ItemIsSelectable
        )
        things.setCheckState(Qt.CheckState.Checked if row.countable else Qt.CheckState.Unchecked)
        self._dress(place)

    def cell(self, place: int, column: int) -> QTableWidgetItem:
        """What stands in a row and a column."""
        found = self.item(place, column)
        assert found is not None
        return found

    def number(self, place: int) -> int | None:
        """The id of a row's class, None where it is new."""
        found = self.cell(place, NAME).data(_ID)
        return None if found is None else int(found)

    def read(self) -> tuple[list[ClassRow], list[Problem]]:
        """The rows as they are typed, and what in them is no number."""
        rows: list[ClassRow] = []
        wrong: list[Problem] = []
        for place in range(self.rowCount()):
            text = [self.cell(place, column).text().strip() for column in range(len(TITLES))]
            kept: ClassRow = self.cell(place, NAME).data(_KEPT)
            ids: list[list[int]] = []
            for column, name in ((RAW, "raw"), (MORE, "raw_ids")):
                words = re.findall(r"[^\s,;]+", text[column])
                good = [int(word) for word in words if re.fullmatch(r"[0-9]{1,9}", word)]
                if len(good) < len(words) or (column == RAW and len(good) != 1):
                    what = (
                        f"{text[NAME] or 'A class'} has {text[column][:20]!r} as {TITLES[column]}."
                    )
                    do = "Write a whole number." if column == RAW else "Write numbers with commas."
                    wrong.append(Problem(place, name, what, do))
                ids.append(good)
            rows.append(
                ClassRow(
                    text[NAME],
                    text[COLOUR].lower(),
                    as_key(text[KEY]),
                    ids[0][0] if ids[0] else kept.raw,
                    tuple(ids[1]),
                    self.cell(place, THINGS).checkState() == Qt.CheckState.Checked,
                    kept.about,
                    kept.was,
                )
            )
        return rows, wrong

    def show_problems(self, found: Sequence[Problem]) -> None:
        """Mark the cells that are wrong, each with its sentence."""
        said = {(one.row, _OF.get(one.column, NAME)): one.sentence for one in reversed(found)}
        error = QColor(self.theme.error)
        error.setAlpha(70)
        self.blockSignals(True)
        for place in range(self.rowCount()):
            for column in range(len(TITLES)):
                item, sentence = self.cell(place, column), said.get((place, column), "")
                item.setToolTip(sentence)
                item.setData(Qt.ItemDataRole.BackgroundRole, error if sentence else None)
        self.blockSignals(False)

    # -- what people do -----------------------------------------------------------------------

    def move_row(self, by: int) -> None:
        """Move the row with the cursor up or down."""
        place = self.currentRow()
        to = place + by
        if place < 0 or not 0 <= to < self.rowCount():
            return
        self.blockSignals(True)
        taken = [self.takeItem(place, column) for column in range(len(TITLES))]
        self.removeRow(place)
        self.insertRow(to)
        for column, item in enumerate(taken):
            self.setItem(to, column, item)
        self.blockSignals(False)
        self.choose(to)
        self.edited.emit()

    def remove(self) -> None:
        """Take the row with the cursor away."""
        place = self.currentRow()
        if place >= 0:
            self.removeRow(place)
            if self.rowCount():
                self.choose(min(place, self.rowCount() - 1))
            self.edited.emit()

    def set_keys(self, keys: Sequence[str]) -> None:
        """Give the rows these keys, from the first on."""
        self.blockSignals(True)
        for place, key in enumerate(keys[: self.rowCount()]):
            self.cell(place, KEY).setText(key)
        self.blockSignals(False)
        self.edited.emit()

    def set_colour(self, place: int, colour: str) -> None:
        """Give a row a colour, "#rrggbb"."""
        self.cell(place, COLOUR).setText(colour)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        item = self.currentItem()
        enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if not enter or item is None:
            super().keyPressEvent(event)
        elif item.column() != THINGS and self.state() != self.State.EditingState:
            self.editItem(item)  # else it is the Enter that ended what was typed

    def _changed(self, item: QTableWidgetItem) -> None:
        self.blockSignals(True)
        if item.column() == KEY:
            item.setText(as_key(item.text()))
        if item.column() == COLOUR:
            text = item.text().strip().lower()
            item.setText(f"#{text}" if re.fullmatch(r"[0-9a-f]{6}", text) else text)
            self._dress(item.row())
        self.blockSignals(False)
        self.edited.emit()

    def _dress(self, place: int) -> None:
        """Show the colour beside its text, as it is and as the view shows it."""
        item = self.cell(place, COLOUR)
        found = re.fullmatch(r"#[0-9a-f]{6}", item.text().strip().lower())
        item.setIcon(QIcon(swatch(item.text().strip(), self.theme)) if found else QIcon())
        self.setIconSize(QPixmap(*_SWATCH).size())

    def set_theme(self, theme: Theme) -> None:
        self.theme = theme
        self.blockSignals(True)
        for place in range(self.rowCount()):
            self._dress(place)
        self.blockSignals(False)


def as_key(text: str) -> str:
    """A key as the keyboard's actions name it, however it was typed."""
    plain = re.sub(r"^(shift\s*\+\s*|⇧)", "Shift+", text.strip(), flags=re.IGNORECASE)
    head, plus, last = plain.rpartition("+")
    return f"{head}{plus}{last.upper()}" if len(last) == 1 else plain


def swatch(colour: str, theme: Theme) -> QPixmap:
    """A colour as it is, and beside it as the view shows it on the theme's canvas."""
    wide, high = _SWATCH
    made = QPixmap(wide, high)
    made.fill(Qt.GlobalColor.transparent)
    rgb = np.array([list(bytes.fromhex(colour[1:]))], np.uint8)
    seen = told_apart(lifted(rgb), theme.rgb("canvas"))[0].tolist()
    painter = QPainter(made)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    for left, part in ((0, rgb[0].tolist()), (wide / 2, seen)):
        painter.setBrush(QColor(*part))
        painter.drawRoundedRect(
            QRectF(left, 0, wide / 2, high).adjusted(0.5, 0.5, -0.5, -0.5), 3, 3
        )
    painter.end()
    return made
