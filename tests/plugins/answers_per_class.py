"""A panel as one would add it to the window: how many units were given each class, in words."""

from __future__ import annotations

from collections import Counter

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from core.answers.entry import Head
from gui.desk.state import State
from gui.look.theme import Theme


class AnswersPerClass(QWidget):
    """A line per class, the most frequent first; a unit counts for what most of its points are."""

    def __init__(self, state: State, theme: Theme) -> None:
        super().__init__()
        self.state, self.theme = state, theme
        self.text = QLabel()
        self.text.setTextFormat(Qt.TextFormat.RichText)
        self.text.setAlignment(Qt.AlignmentFlag.AlignTop)
        layout = QVBoxLayout(self)
        layout.addWidget(self.text)
        state.project_changed.connect(self.refill)
        state.answers_changed.connect(self.count)
        self.refill()

    def refill(self) -> None:
        """Count everything anew."""
        self._class_of: dict[str, int] = {}
        self._counts: Counter[int] = Counter()
        self._seen = 0
        self.count()

    def count(self) -> None:
        """Count what changed since the last call."""
        answers = self.state.project.answers
        changed = answers.fold.changed[self._seen :]
        self._seen += len(changed)
        for unit in dict.fromkeys(changed):
            before = self._class_of.pop(unit, None)
            if before is not None:
                self._counts[before] -= 1
            head = answers.effective.get(unit)
            if head is not None and head.verb == "answer":
                self._class_of[unit] = _class_of(head)
                self._counts[self._class_of[unit]] += 1
        self._show()

    def _show(self) -> None:
        found = sorted((-n, label) for label, n in self._counts.items() if n)
        lines = [(-n, self.state.class_name(label)) for n, label in found]
        accent = self.theme.accent
        rich = [f'<span style="color: {accent}">{n:,}</span> {name}' for n, name in lines]
        self.text.setText("<br>".join(rich) or "Nothing is answered yet.")
        said = ", ".join(f"{n:,} {name}" for n, name in lines)
        self.text.setAccessibleDescription(said or "Nothing is answered yet.")

    def set_theme(self, theme: Theme) -> None:
        self.theme = theme
        self._show()


def _class_of(head: Head) -> int:
    counts = head.class_counts()
    return max(sorted(counts), key=lambda label: counts[label])
