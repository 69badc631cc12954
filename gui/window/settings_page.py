"""The settings of a project: name, value, meaning and source, changed where that is safe."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from core.base.errors import ProjectError
from core.base.meanings import MEANINGS
from core.base.settings import Settings
from core.project.change_settings import change, use, why_not
from core.project.named_values import choices_of
from core.project.project import Project
from gui.look.combo import Combo
from gui.look.scrolled import Scrolled
from gui.look.words import Wrapped, breakable

_TITLES = {
    "prepare": "Prepare",
    "rig": "The sensor",
    "query": "Ask",
    "train": "Train",
    "detect": "Train a detector of boxes",
    "ssal": "Pseudo scenes and frames to ask (S-SSAL)",
}
_MADE = "chosen when the project was made"


class Row(QFrame):
    """One setting. `edited` is called with its key and what the person typed or chose."""

    def __init__(
        self, key: str, meaning: str, fixed: str | None, edited: Callable[[str, str], None]
    ) -> None:
        super().__init__()
        self.setObjectName("card")
        self.key, self.meaning = key, meaning
        self._edited = edited
        self.source = Wrapped(name="quiet")
        self.problem = Wrapped()
        name = QLabel(key.partition(".")[2] or key)
        name.setObjectName("key")
        self.editor: Combo | QLineEdit | Wrapped = self._editor(fixed is not None)
        self.editor.setAccessibleName(key)
        top = QHBoxLayout()
        top.addWidget(name)
        top.addWidget(self.editor, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 8, 12, 8)
        layout.setSpacing(3)
        layout.addLayout(top)
        layout.addWidget(Wrapped(meaning))
        layout.addWidget(self.source)
        if fixed:
            layout.addWidget(Wrapped(fixed, "quiet"))
        layout.addWidget(self.problem)
        self.problem.hide()

    def _editor(self, fixed: bool) -> Combo | QLineEdit | Wrapped:
        if fixed:
            shown = Wrapped()
            shown.setAlignment(Qt.AlignmentFlag.AlignRight)
            return shown
        if known := choices_of(self.key):
            box = Combo()
            box.addItems(list(known))
            box.textActivated.connect(lambda text: self._edited(self.key, text))
            return box
        line = QLineEdit()
        line.setAlignment(Qt.AlignmentFlag.AlignRight)
        line.editingFinished.connect(lambda: self._edited(self.key, line.text().strip()))
        return line

    def show_value(self, value: str, source: str) -> None:
        """Show what holds now."""
        if isinstance(self.editor, Combo):
            self.editor.setCurrentText(value)
        else:
            self.editor.setText(breakable(value) if isinstance(self.editor, Wrapped) else value)
        self.source.setText(f"Source: {source}")
        self.tell("")

    def tell(self, problem: str) -> None:
        """Say why a value was not taken, or nothing."""
        self.problem.setText(problem)
        self.problem.setVisible(bool(problem))


class SettingsPage(QDialog):
    """A window of its own, so that no key in it reaches what is asked. `why_busy` says why nothing
    can be changed now, None where it can."""

    def __init__(self, over: QWidget, project: Project, why_busy: Callable[[], str | None]) -> None:
        super().__init__(over)
        self.setWindowTitle(f"Settings of {project.path.name}")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.project, self._why_busy = project, why_busy
        self._before: list[tuple[str, Settings]] = []
        self.rows: dict[str, Row] = {}
        self._headings: dict[str, QLabel] = {}
        self.search = QLineEdit()
        self.search.setPlaceholderText("Find a setting")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._find)
        self.undo = QPushButton("Undo")
        self.undo.setAutoDefault(False)
        self.undo.clicked.connect(self.take_back)
        QShortcut(QKeySequence.StandardKey.Undo, self, self.take_back)
        bar = QHBoxLayout()
        bar.addWidget(self.search, 1)
        bar.addWidget(self.undo)
        inside = QWidget()
        self._list = QVBoxLayout(inside)
        self._list.setContentsMargins(0, 0, 8, 0)
        for section, table in project.settings.to_toml().items():
            self._heading(section, _TITLES.get(section, section))
            for name in table:
                key = f"{section}.{name}"
                self._add(key, MEANINGS[key], why_not(project, key))
        self._heading("project", "The project")
        for key, (meaning, _) in self._facts().items():
            self._add(key, meaning, "")
        self._list.addStretch()
        layout = QVBoxLayout(self)
        layout.addLayout(bar)
        layout.addWidget(Scrolled(inside))
        self._refresh()
        letter = self.fontMetrics().averageCharWidth()
        self.resize(min(90 * letter, over.width() - 40), min(44 * letter * 2, over.height() - 40))

    def _facts(self) -> dict[str, tuple[str, str]]:
        """Meaning and value of what only a new project changes."""
        file = self.project.file
        return {
            "data.format": ("Layout of the scans.", file.format),
            "data.root": ("Where the scans lie.", file.root),
            "data.train": (
                "Sequences asked about and learnt from.",
                ", ".join(file.train),
            ),
            "data.validation": ("Sequences that mIoU is measured on.", ", ".join(file.validation)),
            "preset": ("Where the first values of all settings came from.", file.preset),
            "seed": ("What chance begins with: the same seed asks the same.", str(file.seed)),
            "research": (
                "Whether ground truth may answer, and be shown.",
                _text(file.research),
            ),
        }

    def _heading(self, section: str, text: str) -> None:
        label = QLabel(text)
        label.setObjectName("heading")
        self._headings[section] = label
        self._list.addWidget(label)

    def _add(self, key: str, meaning: str, fixed: str | None) -> None:
        row = Row(key, meaning, fixed, self.edit)
        self.rows[key] = row
        self._list.addWidget(row)

    def _refresh(self) -> None:
        for section, table in self.project.settings.to_toml().items():
            for name, entry in table.items():
                row = self.rows[f"{section}.{name}"]
                row.show_value(_text(entry["value"]), str(entry["source"]))
        for key, (_, value) in self._facts().items():
            self.rows[key].show_value(value, _MADE)
        self.undo.setEnabled(bool(self._before))
        last = self._before[-1][0] if self._before else ""
        self.undo.setToolTip(f"Give {last} the value back that it had." if last else "")

    def _find(self, text: str) -> None:
        """Show the settings whose name, meaning or source holds every word."""
        words = text.lower().split()
        shown = set()
        for key, row in self.rows.items():
            about = f"{key} {row.meaning} {row.source.text()}".lower()
            row.setVisible(all(word in about for word in words))
            if not row.isHidden():
                shown.add(key.partition(".")[0])
        for section, label in self._headings.items():
            own = {"data", "preset", "seed", "research"} if section == "project" else {section}
            label.setVisible(bool(shown & own))

    def edit(self, key: str, text: str) -> None:
        """Change a setting, or say at its row why it stays as it is."""
        section, _, name = key.partition(".")
        before = self.project.settings
        if text == _text(getattr(getattr(before, section), name)):
            self.rows[key].tell("")
            return
        if self._refused(key):
            return
        try:
            change(self.project, key, text)
        except ProjectError as error:
            self.rows[key].tell(f"{error.what} {error.do}")
            return
        self._before.append((key, before))
        self._refresh()

    def take_back(self) -> None:
        """Undo the last change that was made here."""
        if not self._before or self._refused(self._before[-1][0]):
            return
        key, before = self._before[-1]
        try:
            use(self.project, before)
        except ProjectError as error:
            self.rows[key].tell(f"{error.what} {error.do}")
            return
        self._before.pop()
        self._refresh()

    def _refused(self, key: str) -> bool:
        busy = self._why_busy()
        if busy is not None:
            self.rows[key].tell(f"{key} stays as it is: {busy}")
        return busy is not None


def _text(value: Any) -> str:
    """A value as project.toml has it."""
    return str(value).lower() if isinstance(value, bool) else str(value)
