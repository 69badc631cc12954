"""The inspector of the bank: its objects per class and refresh, pictures of them, pseudo scenes."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from core.base.errors import ProjectError
from core.boxes.kinds import kinds_of
from core.boxes.labelled import most_objects
from core.boxes.scene import Scenes, view_of
from core.boxes.ssal.bank import GT, Item, without
from core.boxes.ssal.bank_file import Bank, read_bank
from core.boxes.ssal.cpsp import BANK
from core.boxes.ssal.scenes import Scene, drawn, pseudo_scene
from core.project.box_status import compared
from core.project.cpsp import bank_records
from core.project.project import Project
from gui.boxes.bank_pictures import HIGH, WIDE, object_picture, scene_picture
from gui.desk.background import Background, Turn, bring
from gui.look.combo import Combo
from gui.look.theme import Theme

_SHOWN = 60  # objects of a class
_COLUMNS = ("Class", "By people", "Pseudo", "New", "Better", "Gone", "Held-out right", "From score")


class Read(NamedTuple):
    """A bank as it was read, what became of it at each refresh, and what the detectors of its
    folder are worth."""

    bank: Bank
    records: list[dict[str, Any]]
    worth: str


class BankPage(QDialog):
    """A window of its own, which reads the bank of a round's folder beside the window.

    Signals
    -------
    failed(error) : the bank cannot be read, or a frame of a pseudo scene
    """

    failed = Signal(object)

    def __init__(
        self,
        over: QWidget,
        project: Project,
        folder: Path,
        colours: np.ndarray,
        theme: Theme,
        background: Background,
    ) -> None:
        """`folder` holds the bank; `colours` (C, 3) uint8 of the classes."""
        super().__init__(over)
        self.setWindowTitle("The bank of objects")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._project, self._folder = project, folder
        self._colours, self._theme, self._background = colours, theme, background
        self._read: Read | None = None
        self._number = 0
        self.said = QLabel("Reading the bank …")
        self.said.setWordWrap(True)
        self.refresh = Combo()
        self.refresh.setAccessibleName("Refresh")
        self.refresh.currentIndexChanged.connect(self._show_counts)
        self.table = QTreeWidget()
        self.table.setHeaderLabels(list(_COLUMNS))
        self.table.setRootIsDecorated(False)
        self.table.setUniformRowHeights(True)
        self.table.header().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.table.itemSelectionChanged.connect(self._show_objects)
        self.pictures = QListWidget()
        self.pictures.setViewMode(QListWidget.ViewMode.IconMode)
        self.pictures.setResizeMode(QListWidget.ResizeMode.Adjust)
        self.pictures.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.pictures.setMovement(QListWidget.Movement.Static)
        self.pictures.setSpacing(6)
        self.pictures.setIconSize(QPixmap(WIDE, HIGH).size())
        self.scene = QLabel()
        self.scene.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.about = QLabel()
        self.about.setObjectName("quiet")
        self.about.setWordWrap(True)
        self.another = QPushButton("Another pseudo scene")
        self.another.setAutoDefault(False)
        self.another.setEnabled(False)
        self.another.clicked.connect(self._ask_scene)
        top = QHBoxLayout()
        top.addWidget(self.said, 1)
        top.addWidget(self.refresh)
        left, right = QVBoxLayout(), QVBoxLayout()
        left.addWidget(self.table, 1)
        left.addWidget(self.pictures, 2)
        right.addWidget(self.scene)
        right.addWidget(self.about)
        right.addStretch(1)
        right.addWidget(self.another)
        both = QHBoxLayout()
        both.addLayout(left, 1)
        both.addLayout(right)
        layout = QVBoxLayout(self)
        layout.addLayout(top)
        layout.addLayout(both, 1)
        self.resize(1180, 640)
        self._submit(partial(_read, project, folder), self._fill)

    def _submit(self, work: Callable[[], Any], done: Callable[[Any], None]) -> None:
        bring(self._background.submit(work, Turn.NOW), self, partial(self._take, done))

    def _take(self, done: Callable[[Any], None], future: Future[Any]) -> None:
        if future.cancelled():
            return
        try:
            made = future.result()
        except ProjectError as error:
            self._fail(error)
        else:
            done(made)

    def _fail(self, error: ProjectError) -> None:
        self.said.setText(f"{error.what} {error.do}")
        self.failed.emit(error)

    def _fill(self, read: Read) -> None:
        self._read = read
        self.refresh.clear()
        for record in read.records:
            self.refresh.addItem(f"Refresh at step {record['step']:,}")
        self.refresh.setCurrentIndex(len(read.records) - 1)
        people = sum(item.origin == GT for item in read.bank.items)
        self.said.setText(
            f"{self._folder.name}: {people:,} objects that people drew, "
            f"{len(read.bank.items) - people:,} that the detector is sure of, "
            f"{len(read.bank.false):,} false ones, {len(read.bank.cleared):,} backgrounds. "
            f"{read.worth}"
        )
        self.another.setEnabled(True)
        self._show_counts()
        first = self.table.topLevelItem(0)
        if first is not None:
            self.table.setCurrentItem(first)
        self._ask_scene()

    def _show_counts(self) -> None:
        place = self.refresh.currentIndex()
        if self._read is None or place < 0:
            return
        chosen = self._chosen()
        self.table.clear()
        for label, name in enumerate(self._project.classes.names):
            one = self._read.records[place]["classes"].get(name)
            if one is None or not any(one[part] for part in ("people", "pseudo", "new", "removed")):
                continue
            right = f"{one['right']} of {one['judged']}" if one["judged"] else "not judged"
            limit = "" if one["threshold"] is None else f"{one['threshold']:.2f}"
            row = QTreeWidgetItem(
                [
                    name,
                    *(f"{one[part]:,}" for part in ("people", "pseudo", "new", "replaced")),
                    f"{one['removed']:,}",
                    f"{right}: none taken" if one["barred"] else right,
                    limit,
                ]
            )
            row.setData(0, Qt.ItemDataRole.UserRole, label)
            self.table.addTopLevelItem(row)
            if label == chosen:
                self.table.setCurrentItem(row)

    def _chosen(self) -> int | None:
        row = self.table.currentItem()
        return None if row is None else int(row.data(0, Qt.ItemDataRole.UserRole))

    def _show_objects(self) -> None:
        """Pictures of the class's objects in the newest bank: the detector's, surest first."""
        label = self._chosen()
        self.pictures.clear()
        if self._read is None or label is None:
            return
        mine = [item for item in self._read.bank.items if item.label == label]
        mine.sort(key=lambda item: (item.origin == GT, -item.score))
        colour = tuple(int(value) for value in self._colours[label])
        for item in mine[:_SHOWN]:
            picture = object_picture(item, self._theme, (colour[0], colour[1], colour[2]))
            by = "a person" if item.origin == GT else f"score {item.score:.2f}"
            row = QListWidgetItem(QPixmap.fromImage(picture), by)
            row.setToolTip(f"{item.frame}\n{len(item.points):,} points")
            self.pictures.addItem(row)

    def _ask_scene(self) -> None:
        if self._read is None:
            return
        self.another.setEnabled(False)
        number, bank = self._number, self._read.bank
        self._number += 1
        self._submit(partial(_scene, self._project, bank, number), self._show_scene)

    def _show_scene(self, made: tuple[str, Scene] | None) -> None:
        self.another.setEnabled(True)
        if made is None:
            self.about.setText("There is no background, or no object: no pseudo scene is made.")
            return
        scan, scene = made
        image = scene_picture(scene, self._theme, self._colours)
        self.scene.setPixmap(QPixmap.fromImage(image))
        self.about.setText(
            f"Background {scan} with {len(scene.boxes):,} labelled objects; bright points are the "
            "bank's, those without a box false ones."
        )


def _read(project: Project, folder: Path) -> Read:
    worth = compared(project, folder)
    return Read(read_bank(folder / BANK), bank_records(project, folder), worth)


def _scene(project: Project, bank: Bank, number: int) -> tuple[str, Scene] | None:
    """A pseudo scene of a bank, and the frame that is its background."""
    scans = [scan for scan in bank.cleared if scan in project.dataset.scans]
    if not scans or not bank.items:
        return None
    how, names = project.settings, project.classes.names
    rng = np.random.default_rng([project.seed, number])
    scan = scans[int(rng.integers(len(scans)))]
    read = Scenes(project.dataset, view_of(project.dataset, how.detect.range)).read
    background = without(read(scan), bank.cleared[scan])
    most = most_objects(kinds_of(project.classes))
    false = dict.fromkeys(range(len(names)), how.ssal.false_positives)
    objects = drawn(_by_class(bank.items), most, rng)
    return scan, pseudo_scene(background, objects, drawn(_by_class(bank.false), false, rng))


def _by_class(items: Any) -> dict[int, list[Item]]:
    made: dict[int, list[Item]] = {}
    for item in items:
        made.setdefault(item.label, []).append(item)
    return made
