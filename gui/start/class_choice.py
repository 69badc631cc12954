"""Which class list a new project begins with: a built-in one, a file's, or one's own."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from core.base.errors import ProjectError, SettingsError
from core.data.classes import ClassList, load_classes
from gui.look.combo import Combo
from gui.look.theme import Theme
from gui.look.words import Wrapped
from gui.start.class_editor import ClassEditor

TITLES = {"semantickitti": "SemanticKITTI", "nuscenes": "nuScenes", "kitti": "KITTI"}
EMPTY, FILE, OWN = "empty", "file", "own"
_FILTER = "Class lists (*.toml *.yaml *.yml *.json)"


class Swatches(QWidget):
    """The colours of a class list in a line, as far as there is room."""

    def __init__(self) -> None:
        super().__init__()
        self.colours: list[tuple[int, int, int]] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_list(self, classes: ClassList | None) -> None:
        shown = classes.shown if classes is not None else ()
        self.colours = [tuple(classes.colours[c].tolist()) for c in shown] if classes else []
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(120, 12)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        for place, colour in enumerate(self.colours):
            box = QRectF(place * 16, 0, 12, 12)
            if box.right() > self.width():
                break
            painter.setBrush(QColor(*colour))
            painter.drawRoundedRect(box, 3, 3)


class ClassChoice(QWidget):
    """Signals
    -------
    changed() : another list was chosen, or the chosen one was edited
    """

    changed = Signal()

    def __init__(self, first: str, theme: Theme) -> None:
        super().__init__()
        self.theme = theme
        self.classes: ClassList | None = None
        self.box = Combo()
        self.box.setAccessibleName("Class list")
        for name, title in TITLES.items():
            self.box.addItem(title, name)
        self.box.addItem("Start from an empty list", EMPTY)
        self.box.addItem("From a file …", FILE)
        self._last = 0
        self.edit = QPushButton("&Edit the classes …")
        self.edit.clicked.connect(self.open_editor)
        self.swatches = Swatches()
        self.words = Wrapped(name="quiet")
        top = QHBoxLayout()
        top.setContentsMargins(0, 0, 0, 0)
        top.addWidget(self.box)
        top.addWidget(self.edit)
        top.addStretch()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addLayout(top)
        layout.addWidget(self.swatches)
        layout.addWidget(self.words)
        self.box.setCurrentIndex(max(0, self.box.findData(first)))
        self.box.activated.connect(self._chosen)
        self._take(self.box.currentIndex(), load_classes(str(self.box.currentData())))

    def _chosen(self, place: int) -> None:
        what = str(self.box.itemData(place))
        if what == FILE:
            name, _ = QFileDialog.getOpenFileName(self, "A class list", "", _FILTER)
            if name:
                self.open_file(name)
            else:
                self.box.setCurrentIndex(self._last)
        elif what == EMPTY:
            self._take(place, None)
            self.open_editor()
        elif what != OWN:
            self._take(place, load_classes(what))

    def open_file(self, name: str) -> None:
        """Take the list of a file, or say in a sentence what is wrong with it."""
        try:
            found = load_classes(name)
        except ProjectError as error:
            self.box.setCurrentIndex(self._last)
            self.words.setText(f"{error.what} {error.do}")
            return
        self._own(found, Path(name).name)

    def _own(self, classes: ClassList, title: str) -> None:
        """Show a list that is no built-in one under a name of its own."""
        place = self.box.findData(OWN)
        if place < 0:
            place = self.box.count() - 2
            self.box.insertItem(place, title, OWN)
        self.box.setItemText(place, title)
        self.box.setCurrentIndex(place)
        self._take(place, classes)

    def _take(self, place: int, classes: ClassList | None) -> None:
        self._last, self.classes = place, classes
        self.swatches.show_list(classes)
        names = ", ".join(classes.names) if classes is not None else ""
        count = len(classes) if classes is not None else 0
        self.words.setText(f"{count} classes: {names}" if count else "No class yet.")
        self.changed.emit()

    def open_editor(self) -> None:
        """Show the list in a table, to be changed."""
        editor = ClassEditor(self.window(), self.classes, self.theme)
        editor.saved.connect(self._edited)
        editor.saved.connect(editor.accept)
        editor.open()

    def _edited(self, classes: ClassList) -> None:
        title = self.box.currentText()
        own = title if title.endswith("(edited)") else f"{title} (edited)"
        self._own(classes, "Own list" if self.classes is None else own)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        theme = getattr(self.window(), "theme", None)
        if event.type() == QEvent.Type.StyleChange and isinstance(theme, Theme):
            self.theme = theme  # of the editor that is opened next

    def need(self) -> ClassList:
        """The list. Raises SettingsError while it is empty."""
        if self.classes is None:
            raise SettingsError(
                "The class list is empty.",
                "Press Edit the classes … and add one, or choose another.",
            )
        return self.classes
