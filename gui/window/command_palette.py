"""The command palette and the key sheet: every action by name, and by key."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from gui.window.actions import GROUPS, Action, Actions
from gui.window.gate import TAKES_KEYS
from gui.window.mouse import MOUSE

_ID = Qt.ItemDataRole.UserRole
_MODIFIERS = (Qt.Key.Key_Shift, Qt.Key.Key_Control, Qt.Key.Key_Alt, Qt.Key.Key_Meta)
_COLUMN_GAP, _GROUP_GAP = 28, 14
_OWN_KEYS = (Qt.Key.Key_Escape, Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Tab)


class CommandPalette(QFrame):
    """Type a few letters of an action; Enter does it, Escape leaves."""

    def __init__(self, over: QWidget, actions: Actions) -> None:
        super().__init__(over)
        self.over = over
        self.setObjectName("card")
        self.setProperty(TAKES_KEYS, True)
        self.setAccessibleName("The command palette")
        self.actions_table = actions
        self.text = QLineEdit()
        self.text.setPlaceholderText("What to do?")
        self.list = QListWidget()
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setWordWrap(True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setResizeMode(QListWidget.ResizeMode.Adjust)
        layout = QVBoxLayout(self)
        layout.addWidget(self.text)
        layout.addWidget(self.list)
        self.text.textChanged.connect(self._filter)
        self.text.installEventFilter(self)
        self.list.itemActivated.connect(self._run)
        self.list.itemClicked.connect(self._run)
        self.hide()

    def open(self) -> None:
        """Show it over the middle of the window."""
        self.ensurePolished()  # else it does not know its font yet
        wide, tall = self.over.width(), self.over.height()
        width = min(75 * self.fontMetrics().averageCharWidth(), wide - 80)
        height = min(24 * self.fontMetrics().height(), tall - 110)
        self.setGeometry((wide - width) // 2, 70, width, height)
        self.text.clear()
        self._filter("")
        self.show()
        self.raise_()
        self.text.setFocus()

    def _filter(self, text: str) -> None:
        self.list.clear()
        letters = text.lower()
        found = [
            action
            for action in self.actions_table.table.values()
            if _matches(letters, f"{action.group} {action.title}".lower())
        ]
        for action in sorted(found, key=lambda action: _worse(letters, action.title.lower())):
            keys = f"    {', '.join(action.keys)}" if action.keys else ""
            reason = action.why_not()
            row = QListWidgetItem(f"{action.group}: {action.title}{keys}")
            row.setData(_ID, action.id)
            if reason is not None:
                row.setFlags(Qt.ItemFlag.NoItemFlags)
                row.setText(f"{row.text()}    – {reason}")
            self.list.addItem(row)
        if not found:
            nothing = QListWidgetItem(f"Nothing is called {text}.")
            nothing.setFlags(Qt.ItemFlag.NoItemFlags)
            self.list.addItem(nothing)
        self.list.setCurrentRow(0)

    def _run(self, row: QListWidgetItem | None) -> None:
        self.close_palette()
        if row is not None and row.flags() & Qt.ItemFlag.ItemIsEnabled:
            self.actions_table.run(row.data(_ID))

    def close_palette(self) -> None:
        self.hide()
        self.over.setFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if not isinstance(event, QKeyEvent):
            return False
        key = event.key()
        if event.type() == QEvent.Type.ShortcutOverride and key in _OWN_KEYS:
            event.accept()  # else the window's action of that key takes it
            return True
        if event.type() != QEvent.Type.KeyPress:
            return False
        if key == Qt.Key.Key_Escape:
            self.close_palette()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._run(self.list.currentItem())
        elif key in (Qt.Key.Key_Down, Qt.Key.Key_Up):
            by = 1 if key == Qt.Key.Key_Down else -1
            count = max(self.list.count(), 1)
            self.list.setCurrentRow((self.list.currentRow() + by) % count)
        else:
            return False
        return True


def _worse(letters: str, title: str) -> int:
    """0 where a word begins with the letters, 1 where they are inside one, 2 where they only come
    in this order."""
    if any(word.startswith(letters) for word in title.split()) or title.startswith(letters):
        return 0
    return 1 if letters in title else 2


def _matches(letters: str, text: str) -> bool:
    """Whether the letters occur in the text in this order."""
    at = -1
    for letter in letters.replace(" ", ""):
        at = text.find(letter, at + 1)
        if at < 0:
            return False
    return True


class KeyLine(QLabel):
    """One action's keys; a click asks for another one."""

    def __init__(self, action: Action, ask: Callable[[KeyLine], None]) -> None:
        super().__init__(", ".join(action.keys))
        self.id = action.id
        self.setObjectName("key")
        self.setToolTip("Click, then press another key")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._ask = ask

    def mousePressEvent(self, event: object) -> None:
        self._ask(self)


class KeySheet(QFrame):
    """Every key of the window on one sheet. A click on a key changes it; a click elsewhere, Esc or
    the sheet's own key puts the sheet away.

    Signals
    -------
    changed() : an action has another key
    """

    changed = Signal()

    def __init__(self, over: QWidget, actions: Actions) -> None:
        super().__init__(over)
        self.over = over
        self.setObjectName("card")
        self.setProperty(TAKES_KEYS, True)
        self.setAccessibleName("The key sheet")
        self.actions_table = actions
        self._inside = QWidget()
        self._columns: list[QWidget] = []
        self.area = QScrollArea()
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.area.setWidget(self._inside)
        self.hint = QLabel()
        self.hint.setWordWrap(True)
        self.hint.setObjectName("quiet")
        self.reset = QPushButton("Every key as it was")
        self.reset.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.reset.clicked.connect(self._reset)
        bottom = QHBoxLayout()
        bottom.addWidget(self.hint, 1)
        bottom.addWidget(self.reset)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 20, 24, 14)
        layout.addWidget(self.area, 1)
        layout.addLayout(bottom)
        self._asking: KeyLine | None = None
        self.hide()

    def toggle(self) -> None:
        if self.isVisible():
            self.close_sheet()
            return
        self._fill("Click a key to change it.")
        self.show()
        self.raise_()
        self.setFocus()

    def close_sheet(self) -> None:
        self._asking = None
        self.hide()
        self.over.setFocus()

    def _fill(self, hint: str) -> None:
        self._asking = None
        self.hint.setText(hint)
        for old in self._columns:
            old.setParent(None)
            old.deleteLater()
        self._columns = [self._column(group) for group in GROUPS if self._keyed(group)]
        self._columns.append(self._mouse())
        self._lay()

    def _lay(self) -> None:
        """The groups below each other, in as many columns as the window has room for."""
        wide, tall = self.over.width() - 40, self.over.height() - 40
        layout = self.layout()
        assert layout is not None
        margins = layout.contentsMargins()
        bar = self.area.verticalScrollBar().sizeHint().width()
        beside = margins.left() + margins.right() + bar + 4  # and the frame of the card
        sizes = [column.sizeHint() for column in self._columns]
        widest = max(size.width() for size in sizes)
        count = max(1, min((wide - beside + _COLUMN_GAP) // (widest + _COLUMN_GAP), len(sizes)))
        # Each group goes where the least stands so far, so that the columns end alike.
        heights = [0] * count
        for column, size in zip(self._columns, sizes, strict=True):
            place = heights.index(min(heights))
            column.setGeometry(
                place * (widest + _COLUMN_GAP), heights[place], widest, size.height()
            )
            heights[place] += size.height() + _GROUP_GAP
        width, height = count * (widest + _COLUMN_GAP) - _COLUMN_GAP, max(heights) - _GROUP_GAP
        self._inside.resize(width, height)
        bottom = self.reset.sizeHint().height() + self.hint.fontMetrics().height()
        full = height + bottom + margins.top() + margins.bottom() + 20
        self.resize(min(width + beside, wide), min(full, tall))
        self.move(
            (self.over.width() - self.width()) // 2, (self.over.height() - self.height()) // 2
        )

    def _keyed(self, group: str) -> bool:
        return any(action.keys for action in self.actions_table.of_group(group))

    def _ask(self, line: KeyLine) -> None:
        """Wait for the key of a line."""
        self._fill("")
        self._asking = line
        title = self.actions_table.table[line.id].title
        self.hint.setText(f"Press the new key of {title}; Esc leaves it.")
        self.setFocus()

    def _reset(self) -> None:
        self.actions_table.reset_keys()
        self.changed.emit()
        self._fill("Every key is as it was at first.")

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and self._asking is not None:
            if event.type() == QEvent.Type.ShortcutOverride:
                event.accept()  # else the action of that key takes it
                return True
            if event.type() == QEvent.Type.KeyPress:
                self._take(event)
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close_sheet()
        else:
            event.ignore()

    def _take(self, event: QKeyEvent) -> None:
        line = self._asking
        if line is None or event.key() in _MODIFIERS:
            return
        if event.key() == Qt.Key.Key_Escape:
            self._fill("Click a key to change it.")
            return
        key = QKeySequence(event.keyCombination()).toString()
        problem = self.actions_table.change_key(line.id, key)
        title = self.actions_table.table[line.id].title
        self._fill(problem or f"{title} is on {key} now.")
        self.changed.emit()

    def _column(self, group: str) -> QWidget:
        keyed = [action for action in self.actions_table.of_group(group) if action.keys]
        return self._table(group, [(KeyLine(one, self._ask), one.title) for one in keyed])

    def _mouse(self) -> QWidget:
        lines: list[tuple[QLabel, str]] = []
        for done, comes in MOUSE:
            lines.append((QLabel(done), comes))
            lines[-1][0].setObjectName("key")
        return self._table("Mouse", lines)

    def _table(self, title: str, lines: Sequence[tuple[QLabel, str]]) -> QWidget:
        """A heading over lines of what to press and what comes of it."""
        column = QWidget(self._inside)
        grid = QGridLayout(column)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(14)
        grid.setVerticalSpacing(2)
        heading = QLabel(title)
        heading.setObjectName("heading")
        grid.addWidget(heading, 0, 0, 1, 2)
        for row, (pressed, comes) in enumerate(lines, start=1):
            words = QLabel(comes)
            words.setObjectName("quiet")
            grid.addWidget(pressed, row, 0)
            grid.addWidget(words, row, 1)
        grid.setColumnStretch(1, 1)
        for part in column.findChildren(QWidget):
            part.ensurePolished()  # else it does not know its font yet
        column.show()
        return column

    def mousePressEvent(self, event: object) -> None:
        self.close_sheet()
