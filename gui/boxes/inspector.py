"""The inspector: all that is known of the selected box, most of it to be typed anew."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple

import numpy as np
from PySide6.QtCore import QEvent, QObject, QRegularExpression, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QKeyEvent, QPixmap, QRegularExpressionValidator
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QCheckBox,
    QDoubleSpinBox,
    QFormLayout,
    QGridLayout,
    QLabel,
    QLineEdit,
    QListView,
    QVBoxLayout,
    QWidget,
)

from core.answers.box import Box
from core.base.words import DASH
from core.boxes.edit import LEAST_M
from core.boxes.geometry import wrapped
from core.boxes.table import UNKNOWN
from gui.desk.later import Later
from gui.look.combo import Combo
from gui.look.spin import pad
from gui.look.theme import Theme

_FAR_M, _LARGEST_M = 1000.0, 100.0
_STEP_M, _STEP_DEG = 0.05, 1.0
_OCCLUDED = {
    UNKNOWN: "Not told",
    0: "Seen",
    1: "Partly hidden",
    2: "Largely hidden",
    3: "Cannot be said",
}
_TRACK_LETTERS = 200
_SWATCH_PX = 12
_COMMANDS = (
    Qt.KeyboardModifier.ControlModifier
    | Qt.KeyboardModifier.AltModifier
    | Qt.KeyboardModifier.MetaModifier
)
_WIDE_PX = 330  # of numbers side by side
_NOT_TOLD = -0.01  # of `truncated`: the spin box's least value stands for it
_FUNCTION_KEYS = range(Qt.Key.Key_F1, Qt.Key.Key_F35 + 1)
# What a text field does itself with Ctrl held; and the keys that are only held.
_EDITING = {
    getattr(Qt.Key, f"Key_{name}")
    for name in (
        "A", "C", "V", "X", "Y", "Z", "Left", "Right", "Home", "End", "Backspace", "Delete",
        "Insert", "Up", "Down", "Control", "Alt", "AltGr", "Meta", "Shift",
    )
}  # fmt: skip


class About(NamedTuple):
    """What is known of a box beside its state.

    Attributes
    ----------
    points : how many points are inside
    score : of the detector that found it, NaN for none
    origin : who made it and how, in words
    history : who changed it when and how, a line each
    """

    points: int = 0
    score: float = math.nan
    origin: str = ""
    history: Sequence[str] = ()


class _Number(NamedTuple):
    """A field of Box.box: its column, name, what it is, unit, limits, step and decimals."""

    column: int
    name: str
    tip: str
    unit: str
    low: float
    high: float
    step: float
    decimals: int


_NUMBERS = (
    _Number(3, "l", "Length, along its heading", " m", LEAST_M, _LARGEST_M, _STEP_M, 2),
    _Number(4, "w", "Width, across its heading", " m", LEAST_M, _LARGEST_M, _STEP_M, 2),
    _Number(5, "h", "Height", " m", LEAST_M, _LARGEST_M, _STEP_M, 2),
    _Number(0, "x", "Its middle, ahead of the scanner", " m", -_FAR_M, _FAR_M, _STEP_M, 2),
    _Number(1, "y", "Its middle, to the left of the scanner", " m", -_FAR_M, _FAR_M, _STEP_M, 2),
    _Number(2, "z", "Its middle, over the scanner", " m", -_FAR_M, _FAR_M, _STEP_M, 2),
    _Number(
        6, "yaw", "Its heading, counter-clockwise from straight ahead",
        "°", -360.0, 360.0, _STEP_DEG, 1,
    ),
)  # fmt: skip


class Inspector(QWidget):
    """The panel. What is typed counts with Enter or Tab, or when the field is left; Esc: as it was.

    Signals
    -------
    committed(Box) : a field was given another value
    """

    committed = Signal(object)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.theme = theme
        self.box: Box | None = None
        self.name = ""  # of that box: what is typed is its own, whichever is chosen by then
        self.about = About()
        self._showing = False
        self.label = self._choice(lambda place: self._give(label=place))
        self.numbers = {number.name: self._number(number) for number in _NUMBERS}
        self.track = QLineEdit()
        self.track.setMaxLength(_TRACK_LETTERS)
        self.track.setPlaceholderText("none")
        # As files have them: one word.
        self.track.setValidator(QRegularExpressionValidator(QRegularExpression(r"\S*")))
        self.track.setToolTip("The thing that it is of: the same in all frames")
        self.track.returnPressed.connect(self.track.clearFocus)
        self.track.installEventFilter(self)
        self.track.editingFinished.connect(lambda: self._give(track=self.track.text()))
        self.occluded = self._choice(
            lambda place: self._give(occluded=self.occluded.itemData(place))
        )
        for value, name in _OCCLUDED.items():
            self.occluded.addItem(name, value)
        self.truncated = self._share()
        self.ignore = QCheckBox("Ignore region")
        self.ignore.setToolTip("What is inside counts neither as found nor as missed")
        self.ignore.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.ignore.clicked.connect(lambda on: self._give(ignore=on))
        self.points, self.score, self.origin = (_words() for _ in range(3))
        self._lay()
        self._styled = Later(self, 0, self._spread)
        self.show_box(None)

    def _lay(self) -> None:
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow("Class", self.label)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(6)
        self._captions = {name: QLabel(name) for name in self.numbers}
        self._spread()
        form.addRow(self._grid)
        form.addRow("Track", self.track)
        form.addRow("Occluded", self.occluded)
        form.addRow("Truncated", self.truncated)
        form.addRow("", self.ignore)
        form.addRow("Points", self.points)
        form.addRow("Score", self.score)
        form.addRow("Origin", self.origin)
        self._fields = QWidget()
        self._fields.setLayout(form)
        form.setContentsMargins(10, 6, 10, 6)
        self.none = QLabel("No box is selected.")
        self.none.setObjectName("quiet")
        self.none.setContentsMargins(10, 6, 10, 6)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.none)
        layout.addWidget(self._fields)
        layout.addStretch(1)

    def _spread(self) -> None:
        """Put the numbers in as many columns as their text leaves room for."""
        widest = max(field.minimumSizeHint().width() for field in self.numbers.values())
        columns = max(1, min(3, _WIDE_PX // max(widest, 1)))
        if columns == self._grid.property("columns"):
            return
        self._grid.setProperty("columns", columns)
        for column in range(6):
            self._grid.setColumnStretch(column, 0)
        for place, (name, field) in enumerate(self.numbers.items()):
            line, column = divmod(place, columns)
            self._grid.removeWidget(self._captions[name])
            self._grid.removeWidget(field)
            self._grid.addWidget(self._captions[name], line, 2 * column)
            self._grid.addWidget(field, line, 2 * column + 1)
            self._grid.setColumnStretch(2 * column + 1, 1)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange and hasattr(self, "_styled"):
            self._styled.start()

    def _choice(self, chosen: Callable[[int], None]) -> Combo:
        field = Combo()
        field.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        field.installEventFilter(self)
        field.activated.connect(chosen)
        field.activated.connect(lambda _: field.clearFocus())  # keys mean boxes again
        return field

    def _number(self, number: _Number) -> QDoubleSpinBox:
        field = QDoubleSpinBox()
        field.setRange(number.low, number.high)
        field.setDecimals(number.decimals)
        field.setSingleStep(number.step)
        field.setSuffix(number.unit)
        field.setToolTip(f"{number.tip}. {number.low:g} to {number.high:g}{number.unit}")
        field.setAccessibleName(number.name)
        self._typed(field)
        field.valueChanged.connect(lambda value: self._set(number, value))
        return field

    def _share(self) -> QDoubleSpinBox:
        field = QDoubleSpinBox()
        field.setRange(_NOT_TOLD, 1.0)
        field.setDecimals(2)
        field.setSingleStep(0.05)
        field.setSpecialValueText("not told")
        field.setToolTip("How much of it lies outside the picture, 0 to 1")
        self._typed(field)
        field.valueChanged.connect(
            lambda value: self._give(truncated=value if value >= 0 else math.nan)
        )
        return field

    def _typed(self, field: QDoubleSpinBox) -> None:
        """What is typed counts when it is whole; a wheel that scrolls past changes nothing."""
        pad(field)
        field.lineEdit().returnPressed.connect(field.clearFocus)
        field.setKeyboardTracking(False)
        field.setCorrectionMode(QAbstractSpinBox.CorrectionMode.CorrectToNearestValue)
        field.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        field.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if not isinstance(watched, QWidget):
            return False
        if event.type() == QEvent.Type.Wheel and not watched.hasFocus():
            event.ignore()
            return True
        if isinstance(event, QKeyEvent):
            return self._key(watched, event)
        return False

    def _key(self, field: QWidget, event: QKeyEvent) -> bool:
        """Whether a key ends here. What is typed in a field is none of the window's shortcuts;
        those with Ctrl find what was typed so far written."""
        typed = isinstance(field, QLineEdit | QAbstractSpinBox)
        escape = event.key() == Qt.Key.Key_Escape
        if event.type() == QEvent.Type.ShortcutOverride:
            command = event.modifiers() & _COMMANDS or event.key() in _FUNCTION_KEYS
            if typed and command:
                if event.key() not in _EDITING:
                    field.clearFocus()
                return False
            if typed or escape:
                event.accept()
                return True
        elif event.type() == QEvent.Type.KeyPress and escape:
            self._show()
            field.clearFocus()
            return True
        return False

    # -- what is shown ------------------------------------------------------------------------

    def set_classes(
        self, names: Sequence[str], colours: np.ndarray, offered: Collection[int] | None = None
    ) -> None:
        """The classes by id, and their colours (C, 3) uint8; `offered` ids can be chosen, None for
        all."""
        shown = self.box
        self.label.clear()
        for name, colour in zip(names, colours, strict=True):
            swatch = QPixmap(_SWATCH_PX, _SWATCH_PX)
            swatch.fill(QColor(*(int(c) for c in colour)))
            self.label.addItem(QIcon(swatch), name)
        view = self.label.view()
        if offered is not None and isinstance(view, QListView):
            for number in range(len(names)):
                view.setRowHidden(number, number not in offered)
        if shown is not None:
            self.label.setCurrentIndex(shown.label)

    def show_box(self, box: Box | None, about: About | None = None, name: str = "") -> None:
        """Show a box and what is known of it; nothing where there is none. What is being typed is
        kept: for the box of another name it is told first, of the same it stays in its field."""
        field = self._open()
        if field is not None and self.box is not None and (box is None or name != self.name):
            field.clearFocus()
        self.name = name
        self.box, self.about = box, about or About()
        self._fields.setVisible(box is not None)
        self.none.setVisible(box is None)
        self._show(leave=self._open())

    def _open(self) -> QWidget | None:
        """The field in which something is typed that was not told yet."""
        for field in (*self.numbers.values(), self.truncated):
            if field.hasFocus() and field.lineEdit().isModified():
                return field
        return self.track if self.track.hasFocus() and self.track.isModified() else None

    def _show(self, leave: QWidget | None = None) -> None:
        """Write all fields anew but one that is to be left as it is."""
        box, about = self.box, self.about
        if box is None:
            return
        self._showing = True
        self.label.setCurrentIndex(box.label if box.label < self.label.count() else -1)
        for number in _NUMBERS:
            value = float(box.box[number.column])
            value = math.degrees(value) if number.unit == "°" else value
            self._write(self.numbers[number.name], value, leave)
        if leave is not self.track:
            self.track.setText(box.track)
        self.occluded.setCurrentIndex(self.occluded.findData(box.occluded))
        told = _NOT_TOLD if math.isnan(box.truncated) else box.truncated
        self._write(self.truncated, told, leave)
        self.ignore.setChecked(box.ignore)
        self._showing = False
        self.points.setText(f"{about.points:,} inside")
        self.score.setText(DASH if math.isnan(about.score) else f"{about.score:.2f}")
        sure = "" if box.sure else "not yet confirmed"
        self.origin.setText(", ".join(part for part in (about.origin, sure) if part) or DASH)
        self.origin.setToolTip("\n".join(about.history))

    @staticmethod
    def _write(field: QDoubleSpinBox, value: float, leave: QWidget | None) -> None:
        if field is not leave:
            field.setValue(value)
            field.lineEdit().setModified(False)

    def set_theme(self, theme: Theme) -> None:
        self.theme = theme

    # -- what is given ------------------------------------------------------------------------

    def _set(self, number: _Number, value: float) -> None:
        if self._showing or self.box is None:
            return
        made = self.box.box.copy()
        made[number.column] = (
            float(wrapped(np.array([math.radians(value)]))[0]) if number.unit == "°" else value
        )
        self._commit(self.box.edited(box=made))

    def _give(self, **columns: object) -> None:
        if not self._showing and self.box is not None:
            self._commit(self.box.edited(**columns))

    def _commit(self, box: Box) -> None:
        """Tell another state; of the same nothing is told."""
        assert self.box is not None
        # Looking at a box in fields is no act: `sure` alone is none.
        if box.equals(self.box.edited()):
            return
        self.box = box
        self._show()  # 190° is -170°
        self.committed.emit(box)


def _words() -> QLabel:
    made = QLabel()
    made.setWordWrap(True)
    made.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return made
