"""The one page that makes a project: what was found, what will be asked, what it costs."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QFileDialog,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from core.base.errors import ProjectError
from core.base.settings import PRESETS, load_preset
from core.data.scans import DatasetFolder, open_dataset
from core.project.project import Project
from gui.look.combo import Combo
from gui.look.scrolled import Scrolled
from gui.look.words import breakable


class NewProject(QWidget):
    """Filled from what a folder was recognised as.

    Signals
    -------
    made(path) : the project is there
    left() : the person went back
    """

    made = Signal(Path)
    left = Signal()

    def __init__(self, found: DatasetFolder) -> None:
        super().__init__()
        self.found = found
        title = QLabel("New project")
        title.setObjectName("title")
        labels = "with labels" if found.labelled else "without labels"
        about = QLabel(
            f"{breakable(str(found.root))}\n{found.format} layout, {found.scans:,} scans in "
            f"{len(found.sequences)} sequences, {labels}"
        )
        about.setObjectName("quiet")
        about.setWordWrap(True)
        validation = [name for name in found.sequences if name in ("08", "val")]
        if not validation and len(found.sequences) > 1:
            validation = [found.sequences[-1]]
        train = [name for name in found.sequences if name not in validation]
        self.path = QLineEdit(str(Path.home() / f"lidarloop-{found.root.name}"))
        self.train = QLineEdit(", ".join(train))
        self.validation = QLineEdit(", ".join(validation))
        self.preset = Combo()
        self.preset.addItems(PRESETS)
        self.preset.setCurrentText("nuscenes" if found.format == "nuscenes" else "laptop")
        self.classes = QLineEdit()
        self.classes.setToolTip("Its name, or a .toml file with a class list of your own.")
        self.classes.setPlaceholderText("as the format has it")
        self.seed = QSpinBox()
        self.seed.setMaximum(2**31 - 1)
        self.research = QCheckBox("Research project")
        self.research.setToolTip("Answers may come from ground truth, and it is shown.")
        self.research.setEnabled(bool(found.labelled))
        browse = QPushButton("…")
        browse.clicked.connect(self._browse)
        where = QHBoxLayout()
        where.addWidget(self.path, 1)
        where.addWidget(browse)
        form = QFormLayout()
        form.setVerticalSpacing(9)
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        form.setLabelAlignment(Qt.AlignmentFlag.AlignRight)
        form.addRow("Project folder", where)
        form.addRow("Training sequences", self.train)
        form.addRow("Validation sequences", self.validation)
        form.addRow("Preset", self.preset)
        form.addRow("Class list", self.classes)
        form.addRow("Seed", self.seed)
        form.addRow("", self.research)
        self.cost = QLabel()
        self.cost.setObjectName("quiet")
        self.cost.setWordWrap(True)
        self.problem = QLabel()
        self.problem.setWordWrap(True)
        self.button = QPushButton("Make the project")
        self.button.setProperty("primary", True)
        self.button.clicked.connect(self.make)
        back = QPushButton("Back")
        back.clicked.connect(self.left)
        buttons = QHBoxLayout()
        buttons.addWidget(back)
        buttons.addStretch()
        buttons.addWidget(self.button)
        card = QFrame()
        card.setObjectName("card")
        card.setMaximumWidth(900)
        layout = QVBoxLayout(card)
        layout.setContentsMargins(28, 24, 28, 24)
        layout.setSpacing(12)
        for part in (title, about):
            layout.addWidget(part)
        layout.addLayout(form)
        layout.addWidget(self.cost)
        layout.addWidget(self.problem)
        layout.addLayout(buttons)
        inside = QWidget()
        middle = QHBoxLayout(inside)
        middle.addStretch()
        middle.addWidget(card, 10, Qt.AlignmentFlag.AlignVCenter)
        middle.addStretch()
        outer = QHBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(Scrolled(inside))
        for edit in (self.train, self.validation):
            edit.editingFinished.connect(self._estimate)
        self.preset.currentTextChanged.connect(self._estimate)
        self._estimate()

    def _browse(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, "Folder for the project")
        if chosen:
            self.path.setText(chosen)

    def _estimate(self, *_: object) -> None:
        """Say what a round will ask; how many units that is, depends on their sizes."""
        try:
            dataset = open_dataset(
                self.found.format,
                self.found.root,
                _names(self.train.text()),
                _names(self.validation.text()),
            )
            settings = load_preset(self.preset.currentText())
        except ProjectError as error:
            self.cost.setText(f"{error.what} {error.do}")
            return
        share = float(settings.query.fraction)
        self.cost.setText(
            f"{len(dataset.train):,} training and {len(dataset.validation):,} validation scans. A "
            f"round asks {share:.1%} of the points; how many units and minutes that is, is told "
            f"once the scans are prepared."
        )

    def make(self) -> None:
        """Make the project, or say what is wrong."""
        path = Path(self.path.text()).expanduser()
        try:
            Project.create(
                path,
                format=self.found.format,
                root=self.found.root,
                train=_names(self.train.text()),
                validation=_names(self.validation.text()),
                preset=self.preset.currentText(),
                seed=self.seed.value(),
                research=self.research.isChecked(),
                classes=self.classes.text().strip() or None,
            ).close()
        except ProjectError as error:
            self.problem.setText(f"{error.what} {error.do}")
            return
        self.made.emit(path)


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]
