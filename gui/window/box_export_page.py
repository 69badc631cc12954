"""As which files boxes go out, and where to: asked before anything is written."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
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
from gui.desk.background import bring
from gui.look.combo import Combo
from gui.look.words import Wrapped
from gui.start.folders import choose_folder

# Kind of file -> its name here, and what it is.
_KINDS = {
    "": ("The dataset's own", "KITTI files for KITTI's scans, OpenLABEL for all others."),
    "kitti": ("KITTI object", "A text file for each scan, label_2; needs the calibration."),
    "kitti-tracking": ("KITTI tracking", "A text file for each drive, label_02, with tracks."),
    "openlabel": ("OpenLABEL 1.0", "One JSON file of the ASAM standard."),
    "nuscenes": ("Like nuScenes", "One JSON file; boxes in the world, by quaternions."),
    "labelcloud": ("labelCloud", "A JSON file for each scan, centroids and sizes."),
    "csv": ("CSV", "One table, a line for each box."),
}


class BoxExportPage(QDialog):
    """A window of its own, so that no key in it reaches the boxes. `out` is offered first;
    `export` writes what people drew, `export_found` what a detector found; `open_boxes` comes to
    how many boxes nobody confirmed."""

    def __init__(
        self,
        over: QWidget,
        out: Path,
        export: Callable[..., object],
        export_found: Callable[[Path, str], object],
        open_boxes: Future[int],
    ) -> None:
        super().__init__(over)
        self.setWindowTitle("Export boxes")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._export, self._export_found = export, export_found
        self.what = Combo()
        self.what.addItem("What people drew", False)
        self.what.addItem("What the newest detector found, with scores", True)
        self.kind = Combo()
        for name, (title, _) in _KINDS.items():
            self.kind.addItem(title, name)
        self._offered = {False: str(out), True: f"{out}-found"}
        self.out = QLineEdit(self._offered[False])
        self.about = Wrapped(name="quiet")
        self.unconfirmed = QCheckBox("Also boxes that nobody confirmed")
        self.unconfirmed.setToolTip("Dashed ones: copied, or set between keyframes")
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
        form.addRow("&Boxes", self.what)
        form.addRow("&As", self.kind)
        folder = QLabel("&Folder")
        folder.setBuddy(self.out)
        form.addRow(folder, where)
        form.addRow("", self.unconfirmed)
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
        self.what.currentIndexChanged.connect(self._turn)
        self.kind.currentIndexChanged.connect(self._say)
        self.out.textChanged.connect(self._say)
        self._say()
        bring(open_boxes, self, self._count)
        letter = self.fontMetrics().averageCharWidth()
        self.resize(min(75 * letter, over.width() - 40), self.sizeHint().height())

    def _count(self, done: Future[int]) -> None:
        """Say how many boxes are unconfirmed."""
        if done.cancelled():
            return
        try:
            many = done.result()
        except ProjectError:  # the export says what is wrong with them
            return
        boxes = "the 1 box" if many == 1 else f"the {many:,} boxes" if many else "boxes"
        self.unconfirmed.setText(f"Also {boxes} that nobody confirmed{'' if many else ' (none)'}")
        self.unconfirmed.setEnabled(bool(many))

    def _turn(self, *_: object) -> None:
        """Offer another folder for other boxes, unless one was named."""
        found = self.what.currentData()
        if self.out.text() == self._offered[not found]:
            self.out.setText(self._offered[found])
        self._say()

    def _say(self, *_: object) -> None:
        about, found = _KINDS[self.kind.currentData()][1], self.what.currentData()
        which = "it has looked at" if found else "have boxes or are finished"
        self.about.setText(f"{about} Frames that {which} go out.")
        self.unconfirmed.setVisible(not found)
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
        kind = self.kind.currentData()
        if self.what.currentData():
            self._export_found(out, kind)
        else:
            self._export(out, kind, unconfirmed=self.unconfirmed.isChecked())
