"""The one table of actions. Menus, stepper, key sheet and command palette are made from it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMainWindow

from gui.window.keymap import changed_keys, keep_keys

GROUPS = ("Project", "Round", "Label", "Class", "Go", "View", "Help")


@dataclass(frozen=True)
class Action:
    """One thing the window can do.

    `why_not` returns why it cannot be done now, or None; `checked` whether it is on; `repeats`:
    whether a key that is held does it again and again.
    """

    id: str
    title: str
    keys: tuple[str, ...]
    group: str
    help: str
    run: Callable[[], object]
    why_not: Callable[[], str | None] = lambda: None
    checked: Callable[[], bool] | None = None
    repeats: bool = True


class Actions:
    """The table of a window, as QActions that fire wherever the focus is but in a text field.

    Attributes
    ----------
    table, made : the actions and Qt's, by id
    reasons : why each could not be done when it was last looked at, or None, by id
    """

    def __init__(self, window: QMainWindow) -> None:
        self._window = window
        self.table: dict[str, Action] = {}
        self._own_keys: dict[str, tuple[str, ...]] = {}  # before a person changed them
        self._changed = changed_keys()
        self.made: dict[str, QAction] = {}
        self.reasons: dict[str, str | None] = {}
        self._shown: dict[str, tuple[bool, str]] = {}

    def add(self, actions: Sequence[Action]) -> None:
        """Add actions; their ids and keys must be new."""
        for action in actions:
            if action.id in self.table:
                raise ValueError(f"two actions {action.id}")
            self._own_keys[action.id] = action.keys
            action = replace(action, keys=self._changed.get(action.id, action.keys))
            self.table[action.id] = action
            made = QAction(action.title, self._window)
            made.setShortcuts([QKeySequence(key) for key in action.keys])
            made.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
            made.setAutoRepeat(action.repeats)
            made.setCheckable(action.checked is not None)
            made.triggered.connect(lambda _=False, id=action.id: self.run(id))
            self._window.addAction(made)
            self.made[action.id] = made
            self._refresh(action.id)

    def keep(self, ids: set[str]) -> None:
        """Drop all actions but these: another project has other classes."""
        for id in [id for id in self.table if id not in ids]:
            del self.table[id], self.reasons[id], self._shown[id]
            made = self.made.pop(id)
            self._window.removeAction(made)
            made.deleteLater()

    def change_key(self, id: str, key: str) -> str | None:
        """Give an action one other key; return why not, where another action has it."""
        wanted = QKeySequence(key).toString()
        for other in self.table.values():
            if other.id != id and wanted in [QKeySequence(k).toString() for k in other.keys]:
                return f"{wanted} is the key of {other.title}."
        self._set_keys(id, (wanted,))
        self._changed[id] = (wanted,)
        keep_keys(self._changed)
        return None

    def reset_keys(self) -> None:
        """Give every action its own keys back."""
        self._changed = {}
        keep_keys({})
        for id, keys in self._own_keys.items():
            if id in self.table:
                self._set_keys(id, keys)

    def _set_keys(self, id: str, keys: tuple[str, ...]) -> None:
        self.table[id] = replace(self.table[id], keys=keys)
        self.made[id].setShortcuts([QKeySequence(key) for key in keys])
        self._refresh(id)

    def key_of(self, id: str) -> str:
        """The first key of an action, "" where it has none."""
        action = self.table.get(id)
        return action.keys[0] if action is not None and action.keys else ""

    def run(self, id: str) -> str | None:
        """Do an action, or return why it cannot be done now.

        What it changes for others is told by signals; only its own state is brought up to date.
        """
        action = self.table[id]
        reason = action.why_not()
        if reason is None:
            action.run()
        if id in self.table:  # the project may be closed now
            self._refresh(id)
        return reason

    def refresh(self) -> None:
        """Bring every action's state up to date."""
        for id in self.table:
            self._refresh(id)

    def _refresh(self, id: str) -> None:
        action, made = self.table[id], self.made[id]
        reason = self.reasons[id] = action.why_not()
        shown = (reason is None, f"{action.title}{keys_text(action)}\n{reason or action.help}")
        if self._shown.get(id) != shown:  # each touch goes to menus and buttons
            self._shown[id] = shown
            made.setEnabled(reason is None)
            made.setToolTip(shown[1])
        if action.checked is not None and made.isChecked() != action.checked():
            made.setChecked(action.checked())

    def of_group(self, group: str) -> list[Action]:
        """The actions of a group in the order they were added, Quit last."""
        found = [action for action in self.table.values() if action.group == group]
        return sorted(found, key=lambda action: action.id == "quit")


def keys_text(action: Action) -> str:
    """The keys of an action as "  (Ctrl+Z)", or nothing."""
    return f"  ({', '.join(action.keys)})" if action.keys else ""
