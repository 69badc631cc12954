"""The one page that makes a project: what was found, what will be asked, what it costs."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QShowEvent
from PySide6.QtWidgets import (
    QCheckBox,
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

from core.base.errors import ProjectError, SettingsError
from core.base.machine import usual_preset
from core.base.paths import home, typed_path
from core.base.settings import PRESETS, load_preset
from core.base.words import DASH
from core.data.formats import format_named
from core.data.formats.bags import of_topic, topics_of
from core.data.names import joined_names, split_names
from core.data.reading import METRES, Reading
from core.data.recognise import DatasetFolder
from core.data.splits import official
from core.project.project import Project
from gui.desk.background import Background, Turn, bring
from gui.look.combo import Combo
from gui.look.scrolled import Scrolled
from gui.look.spin import pad
from gui.look.theme import Theme
from gui.look.words import Wrapped, breakable
from gui.start.class_choice import ClassChoice
from gui.start.estimate import Estimate, estimate
from gui.start.field import Field
from gui.start.folders import choose_folder
from gui.start.rig import RigFields, Source

_REST_MS = 150  # of the keys, before what is typed is looked up
_PRESETS = {
    "paper": "paper: what the BaSAL paper states",
    "nuscenes": "nuscenes: the paper's values for nuScenes",
    "gpu": "gpu: half the width, for smaller GPUs",
    "laptop": "laptop: no GPU, a round in minutes",
    "nuscenes-laptop": "nuscenes-laptop: nuScenes without a GPU",
}


class NewProject(QWidget):
    """Filled from what a folder was recognised as, so that it can be made as it is.

    Signals
    -------
    made(path) : the project is there
    left() : the person went back
    """

    made = Signal(Path)
    left = Signal()

    def __init__(self, found: DatasetFolder, theme: Theme) -> None:
        super().__init__()
        self.found = found
        self._background = Background(1, "new project")
        self.destroyed.connect(self._background.shut)
        self._asked: Future[Estimate] | None = None
        self._proposed = ""
        title = QLabel("New project")
        title.setObjectName("title")
        labels = "with labels" if found.labelled else "without labels"
        if 0 < found.labelled < found.scans:
            labels = f"{found.labelled:,} of them with labels"
        sequences = (
            "1 sequence" if len(found.sequences) == 1 else (f"{len(found.sequences):,} sequences")
        )
        several = topics_of(found.sequences) if found.format == "bag" else ()
        topics = f"\nTopics: {', '.join(several)}" if several else ""
        about = Wrapped(
            f"{breakable(str(found.root))}\n{found.format} layout, {found.scans:,} scans in "
            f"{sequences}, {labels}{topics}",
            "quiet",
        )
        train, validation = _usual_sides(found)
        self.path = QLineEdit(str(free_folder(home(), found.root)))
        self.train = QLineEdit(joined_names(train))
        self.validation = QLineEdit(joined_names(validation))
        self.validation.setPlaceholderText("none: then no mIoU is measured")
        self.preset = Combo()
        for name in PRESETS:
            self.preset.addItem(_PRESETS[name], name)
        self.preset.setCurrentIndex(self.preset.findData(usual_preset(found.format)))
        self.classes = ClassChoice(format_named(found.format).classes or "semantickitti", theme)
        self.columns = QLineEdit()
        self.columns.setPlaceholderText("as the files say")
        self.columns.setToolTip("What the numbers of a row are, such as x,y,z,intensity,ring.")
        self.unit = Combo()
        self.unit.addItem("metres", "")
        for unit in METRES:
            self.unit.addItem(unit, unit)
        self.seed = QSpinBox()
        self.seed.setMaximum(2**31 - 1)
        pad(self.seed)
        self.research = QCheckBox("Research project")
        self.research.setToolTip("Answers may come from ground truth, and it is shown.")
        self.research.setEnabled(bool(found.labelled))
        browse = QPushButton("…")
        browse.setAccessibleName("Choose the project's folder")
        browse.clicked.connect(self._browse)
        where = QWidget()
        beside = QHBoxLayout(where)
        beside.setContentsMargins(0, 0, 0, 0)
        beside.addWidget(self.path, 1)
        beside.addWidget(browse)
        self.fields = {
            "path": Field(where),
            "train": Field(self.train),
            "validation": Field(self.validation),
            "preset": Field(self.preset),
            "classes": Field(self.classes),
            "columns": Field(self.columns),
            "unit": Field(self.unit),
        }
        self.fields["path"].setFocusProxy(self.path)
        self.fields["classes"].setFocusProxy(self.classes.box)
        self.form = QFormLayout()
        self.form.setVerticalSpacing(9)
        self.form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        self.form.setLabelAlignment(Qt.AlignmentFlag.AlignRight)
        for label, name in (
            ("Project &folder", "path"),
            ("Training &sequences", "train"),
            ("Validation se&quences", "validation"),
            ("&Preset", "preset"),
            ("C&lass list", "classes"),
            ("C&olumns", "columns"),
            ("&Unit of length", "unit"),
        ):
            self.form.addRow(label, self.fields[name])
        self.form.addRow("See&d", self.seed)
        self.form.addRow("", self.research)
        splits = official(found.format)
        if splits:
            known = ", ".join(splits)
            self.train.setToolTip(f"Sequences, or an official split: {known}.")
            self.validation.setToolTip(self.train.toolTip())
        self.rig = RigFields(theme, self._background)
        self.odd = Wrapped(name="warning")
        self.odd.hide()
        self.cost, self.problem = Wrapped(name="quiet"), Wrapped(name="problem")
        self.problem.hide()
        self.button = QPushButton("&Create the project")
        self.button.setProperty("primary", True)
        self.button.clicked.connect(self.make)
        back = QPushButton("&Back")
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
        layout.addLayout(self.form)
        layout.addWidget(self.rig)
        foot = QWidget()
        foot.setMaximumWidth(900)
        below = QVBoxLayout(foot)  # always in sight, however long the form
        below.setContentsMargins(28, 8, 28, 14)
        for part in (self.odd, self.cost, self.problem):
            below.addWidget(part)
        below.addLayout(buttons)
        inside = QWidget()
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(Scrolled(inside), 1)
        outer.addLayout(_in_the_middle(foot))
        inside.setLayout(_in_the_middle(card))
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(_REST_MS)
        self._rest.timeout.connect(self._estimate)
        for edit in (self.train, self.validation, self.columns):
            edit.textChanged.connect(self._typed)
        self.path.textChanged.connect(self._check_path)
        self.preset.currentIndexChanged.connect(self._typed)
        self.unit.currentIndexChanged.connect(self._typed)
        self.classes.changed.connect(lambda: self.fields["classes"].tell(""))
        self._check_path()
        self._estimate()

    # -- what it says -------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.button.setFocus()  # as it stands it can be made: Enter does

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            at = self.focusWidget()
            at.click() if isinstance(at, QPushButton) else self.make()
            return
        super().keyPressEvent(event)

    def _browse(self) -> None:
        chosen = choose_folder(self, "Folder for the project")
        if chosen is not None:
            self.path.setText(str(chosen))

    def _check_path(self, *_: object) -> None:
        self.fields["path"].tell(why_not_there(self.path.text()))

    def _typed(self, *_: object) -> None:
        self._rest.start()

    def _estimate(self) -> None:
        """Say what a round will ask; how many units that is, depends on their sizes."""
        train, preset = tuple(self._names(self.train)), str(self.preset.currentData())
        with suppress(SettingsError):  # of the columns, told at their field
            reading = self._reading()
            self.rig.look(Source(self.found.format, self.found.root, train, preset, reading))
        if self._asked is not None:
            self._asked.cancel()
        self._asked = self._background.submit(self._estimating(), Turn.NOW)
        bring(self._asked, self, self._show)

    def _estimating(self) -> Callable[[], Estimate]:
        """What counts by the fields as they are now; on any thread."""
        return partial(
            estimate,
            self.found.format,
            self.found.root,
            self._names(self.train),
            self._names(self.validation),
            str(self.preset.currentData()),
            self._columns(),
            str(self.unit.currentData()),
        )

    @property
    def settled(self) -> bool:
        """Whether the counts are of what is typed."""
        return not self._rest.isActive() and self._asked is None and self.rig.settled

    def _show(self, done: Future[Estimate]) -> None:
        if done is not self._asked or done.cancelled():
            return  # of what was typed before
        self._asked = None
        found = done.result()
        for name in ("train", "validation", "columns", "unit"):
            self.fields[name].tell(found.wrong.get(name, ""))
        self.odd.setText(found.notes.get("scans", ""))
        self.odd.setVisible(bool(self.odd.text()))
        if self._proposed and "columns" not in found.wrong:
            self.fields["columns"].tell(self._proposed, warning=True)
        if found.columns and not found.wrong:
            self.columns.setPlaceholderText(f"as found: {', '.join(found.columns)}")
        if found.proposed and not self.columns.text():
            self._propose(found)
        self.fields["preset"].tell(found.notes.get("preset", ""), warning=True)
        share = float(load_preset(str(self.preset.currentData())).query.fraction)
        splits = " ".join(filter(None, (found.notes.get(n) for n in ("train", "validation"))))
        train = DASH if "train" in found.wrong else f"{found.train:,}"
        validation = DASH if "validation" in found.wrong else f"{found.validation:,}"
        self.cost.setText(
            f"{train} training and {validation} validation scans. {splits}"
            f"{' ' if splits else ''}A round asks {share:.1%} of the points; how many units and "
            f"minutes that is, is told once the scans are prepared."
        )

    def _propose(self, found: Estimate) -> None:
        """Fill in the columns that the rows seem to have, and say that they are a guess."""
        self.columns.setText(found.proposed)  # they are looked up anew
        self._proposed = f"{found.wrong.get('columns', '')} These are filled in: look at them."
        self.fields["columns"].tell(self._proposed, warning=True)

    def _names(self, edit: QLineEdit) -> list[str]:
        return split_names(edit.text(), self.found.sequences)

    def _columns(self) -> list[str]:
        return [name.strip() for name in self.columns.text().split(",") if name.strip()]

    def _reading(self) -> Reading:
        return Reading(tuple(self._columns()), str(self.unit.currentData()))

    # -- making it ----------------------------------------------------------------------------

    def make(self) -> None:
        """Make the project, or say at its field what is wrong."""
        self.problem.hide()
        wrong = why_not_there(self.path.text())
        if wrong:
            self._refuse("path", wrong)
            return
        try:
            classes = self.classes.need()
        except ProjectError as error:
            self._refuse("classes", f"{error.what} {error.do}")
            return
        path = typed_path(self.path.text())
        try:
            Project.create(
                path,
                format=self.found.format,
                root=self.found.root,
                train=self._names(self.train),
                validation=self._names(self.validation),
                preset=str(self.preset.currentData()),
                seed=self.seed.value(),
                research=self.research.isChecked(),
                classes=classes,
                reading=self._reading(),
                overrides=self.rig.overrides(),
                guess=True,
                source="chosen in the window",
            ).close()
        except ProjectError as error:
            faulty = self._estimating()().wrong
            if faulty:
                self._refuse(*next(iter(faulty.items())))
            else:
                self.problem.setText(f"{error.what} {error.do}")
                self.problem.show()
            return
        self.made.emit(path)

    def _refuse(self, name: str, sentence: str) -> None:
        """Say what is wrong with a field, and put the cursor there."""
        self.fields[name].tell(sentence)
        self.fields[name].setFocus()


def _usual_sides(found: DatasetFolder) -> tuple[list[str], list[str]]:
    """Sequences to train and to validate on: the official ones, else the last one validates."""
    topics = topics_of(found.sequences) if found.format == "bag" else ()
    if topics:  # one sensor's: of the topic that most bags have
        found = replace(found, sequences=of_topic(found.sequences, topics[0]))
    splits = official(found.format)
    validation = [name for name in found.sequences if name in (*splits.get("val", ()), "val")]
    if not validation and len(found.sequences) > 1:
        validation = [found.sequences[-1]]
    tested = {*splits.get("test", ())}
    train = [n for n in found.sequences if n not in validation and n not in tested]
    if not train:
        train = [name for name in found.sequences if name not in validation]
    if len(train) > _MANY and "train" in splits:  # nuScenes' 700 scenes by the split's name
        if set(train) == set(splits["train"]) and set(validation) == set(splits["val"]):
            return ["train"], ["val"]
    return train, validation


_MANY = 40


def free_folder(within: Path, root: Path) -> Path:
    """A folder for a project on the scans below `root` that is not there yet."""
    called = root.stem if root.is_file() else root.name
    if called.lower() in ("velodyne", "velodyne_points", "data", "lidar", "points"):
        called = f"{root.parent.name}-{called}".strip("-")
    first = within / f"lidarloop-{called}"
    number = 2
    found = first
    while found.exists():
        found = first.with_name(f"{first.name}-{number}")
        number += 1
    return found


def _in_the_middle(part: QWidget) -> QHBoxLayout:
    """A part as wide as it may be, with equal room on both sides."""
    middle = QHBoxLayout()
    middle.setContentsMargins(0, 0, 0, 0)
    middle.addStretch()
    middle.addWidget(part, 10, Qt.AlignmentFlag.AlignVCenter)
    middle.addStretch()
    return middle


def why_not_there(text: str) -> str:
    """Why a project cannot be made in the folder that is typed, "" where it can."""
    if not text.strip():
        return "No folder is named. Name one that does not exist yet."
    try:
        path = typed_path(text)
        taken = path.exists() and (not path.is_dir() or any(path.iterdir()))
    except ProjectError as error:
        return f"{error.what} {error.do}"
    except (OSError, ValueError) as error:
        return f"That is no folder: {error}. Name one that does not exist yet."
    return (
        f"{path} exists and is not empty. Name a folder that does not exist yet." if taken else ""
    )
