"""What goes out, as which files, and where to: asked before anything is written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from core.base.errors import ProjectError
from core.base.paths import typed_path
from core.exchange.layouts import OWN
from gui.look.combo import Combo
from gui.look.words import Wrapped
from gui.start.folders import choose_folder

# What is exported: its name here, and what that means.
_WHAT = {
    "labels": ("Labels", "What people answered; rows that nobody answered keep what was imported."),
    "merged": ("Labels and predictions", "Answers where there are some, predictions elsewhere."),
    "predictions": ("Predictions", "The network's, where the dataset's evaluator looks for them."),
    "panoptic": ("Labels and instances", "The class below, which thing it is in the high 16 bits."),
    "journal": ("Every answer", "Who said what, when and how: a line of JSON for each."),
}
_LAYOUTS = {
    OWN: "the dataset's own files",
    "label": ".label, uint32 for each point",
    "npy": ".npy, uint32 for each point",
    "ply": ".ply, coloured by class, for CloudCompare",
    "pcd": ".pcd, coloured by class",
    "las": ".las, class as classification",
}
_OWN_ONLY = ("panoptic", "journal")
_IDS = (
    "A label is its class's raw id, as Project › Classes shows it; 0 is no class (where 0 "
    "is one, the smallest ignored id): not answered, ignored, mixed or unsure."
)

Export = Callable[[Path, str, str], object]


class ExportPage(QDialog):
    """A window of its own, so that no key in it reaches what is asked. `out` is offered first."""

    def __init__(self, over: QWidget, out: Path, export: Export) -> None:
        super().__init__(over)
        self.setWindowTitle("Export")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._export = export
        self.what, self.layout_ = Combo(), Combo()
        for name, (title, _) in _WHAT.items():
            self.what.addItem(title, name)
        for name, title in _LAYOUTS.items():
            self.layout_.addItem(title, name)
        self.out = QLineEdit(str(out))
        self.about = Wrapped(name="quiet")
        browse = QPushButton("…")
        browse.setAccessibleName("Choose a folder")
        browse.setAutoDefault(False)
        browse.clicked.connect(self._browse)
        where = QHBoxLayout()
        where.addWidget(self.out, 1)
        where.addWidget(browse)
        leave = QPushButton("Cancel")
        leave.setAutoDefault(False)
        leave.clicked.connect(self.close)
        self.go = QPushButton("Export")
        self.go.setProperty("primary", True)
        self.go.setDefault(True)
        self.go.clicked.connect(self._go)
        form = QFormLayout()
        form.addRow("&What", self.what)
        form.addRow("&As", self.layout_)
        folder = QLabel("&Folder")
        folder.setBuddy(self.out)
        form.addRow(folder, where)
        end = QHBoxLayout()
        end.addStretch()
        end.addWidget(leave)
        end.addWidget(self.go)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(18, 16, 18, 16)
        layout.setSpacing(10)
        layout.addLayout(form)
        layout.addWidget(self.about)
        layout.addLayout(end)
        self.what.currentIndexChanged.connect(self._say)
        self.out.textChanged.connect(self._say)
        self._say()
        letter = self.fontMetrics().averageCharWidth()
        self.resize(min(85 * letter, over.width() - 40), self.sizeHint().height())

    def _say(self, *_: object) -> None:
        what = self.what.currentData()
        self.layout_.setEnabled(what not in _OWN_ONLY)
        if what in _OWN_ONLY:
            self.layout_.setCurrentIndex(0)
        self.about.setText(f"{_WHAT[what][1]} {'' if what == 'journal' else _IDS}")
        self.go.setEnabled(bool(self.out.text().strip()))

    def _browse(self) -> None:
        chosen = choose_folder(self, "Folder to write to")
        if chosen is not None:
            self.out.setText(str(chosen))

    def _go(self) -> None:
        try:
            out = typed_path(self.out.text())
        except ProjectError as error:
            self.about.setText(f"{error.what} {error.do}")
            return
        self.close()
        self._export(out, self.what.currentData(), self.layout_.currentData())
