"""How the sensor stands, on the page of a new project: fields, what was guessed, a live preview."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from PySide6.QtCore import QEvent, QSize, Qt, QTimer
from PySide6.QtGui import QImage, QPixmap, QResizeEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from core.base.errors import ProjectError
from core.base.meanings import MEANINGS
from core.base.settings import load_preset
from core.data.fitted import Fitted, fitted, sample
from core.data.formats import format_named
from core.data.opening import open_dataset
from core.data.plausible import judge
from core.data.reading import AS_THEY_ARE, Reading
from core.data.rig import AXES, canonical
from core.data.splits import expanded
from core.prepare.report import LEAST_GROUND
from core.prepare.verdict import GOOD
from gui.desk.background import Background, Turn, bring
from gui.look.combo import Combo
from gui.look.theme import Theme
from gui.look.words import Wrapped
from gui.start.side_view import PARTS, draw, sight

_REST_MS = 150
_HIGH_PX = 170
_LABELS = {
    "rig.axes": "A&xes of the files",
    "prepare.sensor_height_m": "Sensor's hei&ght, m",
    "rig.z_offset_m": "Add to &z, m",
    "rig.ground_from_m": "Grou&nd from, m",
    "prepare.ego_radius_m": "Own vehicle: &radius, m",
    "rig.ego_box": "Own vehicle: bo&x, m",
    "prepare.intensity_scale": "&Intensity of 1",
}
_REFLECTIONS = "rig.drop_reflections"


@dataclass(frozen=True)
class Source:
    """Which scans are looked at: those of training sequences, by a preset."""

    format: str
    root: Path
    train: tuple[str, ...]
    preset: str
    reading: Reading = AS_THEY_ARE


@dataclass(frozen=True)
class Looked:
    """What is shown of a source: settings with what was guessed, a preview, or a problem."""

    fitted: Fitted | None = None
    image: QImage | None = None
    ground: float = 0.0
    problem: str = ""


class _Reader:
    """Reads a source's scans once; called on one thread."""

    def __init__(self) -> None:
        self._of: tuple[object, ...] = ()
        self._scans: list[np.ndarray] = []

    def scans(self, source: Source) -> list[np.ndarray]:
        of = (source.format, source.root, source.train, source.reading)
        if of != self._of:
            there = format_named(source.format).sequences(source.root)
            names, _ = expanded(source.format, source.root, source.train, there)
            found = open_dataset(source.format, source.root, names, (), reading=source.reading)
            reading = replace(source.reading, origin=judge(found).origin)
            self._scans = sample(replace(found, reading=reading))
            self._of = of
        return self._scans

    def look(
        self,
        source: Source,
        edits: dict[str, str],
        number: int,
        picture: tuple[tuple[int, int], float, Theme],
    ) -> Looked:
        """Guess what `edits` leaves open, and draw one of the scans."""
        size, ratio, theme = picture
        found: Fitted | None = None
        try:
            scans = self.scans(source)
            settings = load_preset(source.preset)
            for key, text in edits.items():
                text = canonical(text) if key == "rig.axes" else text
                settings = settings.override(key, text, source="")
            found = fitted(scans, settings, edits)
            if not scans:
                return Looked(found, problem="No scan of these sequences can be read.")
            seen = sight(scans[number % len(scans)], found.settings)
            return Looked(found, draw(seen, size, ratio, theme), seen.ground)
        except ProjectError as error:
            return Looked(found, problem=f"{error.what} {error.do}")


class RigFields(QWidget):
    """Filled with what is guessed; what a person writes stays, an emptied field is guessed again.

    `background` runs one thing at a time. Call `look` with the source, again when it changes.
    """

    def __init__(self, theme: Theme, background: Background) -> None:
        super().__init__()
        self.theme, self._background = theme, background
        self.edits: dict[str, str] = {}
        self.source: Source | None = None
        self._reader, self._number = _Reader(), 0
        self._asked: Future[Looked] | None = None
        self.axes = Combo()
        self.axes.setEditable(True)
        self.axes.setInsertPolicy(Combo.InsertPolicy.NoInsert)
        for text, words in AXES.values():
            self.axes.addItem(words, text)
        self.axes.textActivated.connect(lambda _: self._edited("rig.axes", self._axes_text()))
        line = self.axes.lineEdit()
        assert line is not None
        line.textEdited.connect(lambda text: self._edited("rig.axes", text))
        self.lines = {key: QLineEdit() for key in _LABELS if key != "rig.axes"}
        self.reflections = QCheckBox("Leave &out reflections below the ground")
        self.reflections.setToolTip(MEANINGS[_REFLECTIONS])
        self.reflections.clicked.connect(
            lambda on: self._edited(_REFLECTIONS, "true" if on else "false")
        )
        self.guess, self.problem = Wrapped(name="quiet"), Wrapped(name="problem")
        self.problem.hide()
        self.view = QLabel()
        self.view.setFixedHeight(_HIGH_PX)
        self.view.setMinimumWidth(240)
        self.view.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.view.setAccessibleName("One scan from the side, its ground coloured")
        self.view.setToolTip(
            "One scan from its right side, what is ahead to the right: the ring is the sensor, the "
            "dashed line the ground by these settings."
        )
        self.share = QLabel("Looking at the scans …")
        self.share.setObjectName("quiet")
        self.other = QPushButton("Ano&ther scan")
        self.other.clicked.connect(self._next_scan)
        title = QLabel("The sensor")
        title.setObjectName("heading")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 6, 0, 0)
        layout.setSpacing(8)
        for part in (title, self.guess):
            layout.addWidget(part)
        layout.addLayout(self._grid())
        layout.addWidget(self.problem)
        layout.addWidget(self.view)
        below = QHBoxLayout()
        below.addWidget(self.share, 1)
        below.addWidget(self.other)
        layout.addLayout(below)
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(_REST_MS)
        self._rest.timeout.connect(self._look)

    def _grid(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(7)
        label = self._label("rig.axes", self.axes)
        grid.addWidget(label, 0, 0)
        grid.addWidget(self.axes, 0, 1, 1, 3)
        for place, (key, line) in enumerate(self.lines.items()):
            row, column = place // 2 + 1, place % 2 * 2
            grid.addWidget(self._label(key, line), row, column)
            grid.addWidget(line, row, column + 1)
            line.textEdited.connect(partial(self._edited, key))
        self.lines["rig.ego_box"].setPlaceholderText("none")
        grid.addWidget(self.reflections, 4, 1, 1, 3)
        for column in (1, 3):
            grid.setColumnStretch(column, 1)
        return grid

    @staticmethod
    def _label(key: str, editor: QWidget) -> QLabel:
        label = QLabel(_LABELS[key])
        label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        label.setBuddy(editor)
        for part in (label, editor):
            part.setToolTip(f"{MEANINGS[key]} Empty: as guessed.")
        return label

    # -- what is asked -------------------------------------------------------------------------

    def look(self, source: Source) -> None:
        """Look at the scans of a source."""
        if source != self.source:
            self.source = source
            self._rest.start()

    def overrides(self) -> dict[str, str]:
        """What the person wrote, by setting; all else is guessed as it was shown."""
        return dict(self.edits)

    @property
    def settled(self) -> bool:
        """Whether what is shown is of what is written."""
        return not self._rest.isActive() and self._asked is None

    def _axes_text(self) -> str:
        return str(self.axes.currentData() or self.axes.currentText())

    def _edited(self, key: str, text: str) -> None:
        if text.strip():
            self.edits[key] = text.strip()
        else:
            self.edits.pop(key, None)
        self._rest.start()

    def _next_scan(self) -> None:
        self._number += 1
        self._look()

    def _look(self) -> None:
        if self.source is None:
            return
        if self._asked is not None:
            self._asked.cancel()
        size = (max(self.view.width(), 240), _HIGH_PX)
        picture = (size, self.devicePixelRatioF(), self.theme)
        work = partial(self._reader.look, self.source, dict(self.edits), self._number, picture)
        self._asked = self._background.submit(work, Turn.NOW)
        bring(self._asked, self, self._show)

    # -- what is shown -------------------------------------------------------------------------

    def _show(self, done: Future[Looked]) -> None:
        if done is not self._asked or done.cancelled():
            return  # of what was written before, or the page closes
        self._asked = None
        found = done.result()
        self.problem.setText(found.problem)
        self.problem.setVisible(bool(found.problem))
        if found.fitted is not None:
            self._fill(found.fitted)
        self.view.setPixmap(QPixmap() if found.image is None else QPixmap.fromImage(found.image))
        few = found.ground < LEAST_GROUND
        self.share.setObjectName("warning" if few else "quiet")
        self.share.style().unpolish(self.share)  # its colour goes by its name
        self.share.style().polish(self.share)
        self.share.setText(
            ""
            if found.image is None
            else f"{found.ground:.0%} of this scan is ground (good scans: {GOOD['ground']}).   "
            + "   ".join(
                f"<span style='color:{getattr(self.theme, colour)}'>■</span> {name}"
                for name, colour in PARTS.items()
            )
        )

    def _fill(self, found: Fitted) -> None:
        """Show the values that the person did not write, and what was guessed."""
        settings = found.settings
        if "rig.axes" not in self.edits:
            at = self.axes.findData(settings.rig.axes)
            self.axes.setCurrentIndex(at)
            if at < 0:
                self.axes.setEditText(settings.rig.axes)
        for key, line in self.lines.items():
            if key not in self.edits:
                section, _, name = key.partition(".")
                value = getattr(getattr(settings, section), name)
                line.setText(value if isinstance(value, str) else f"{value:g}")
        if _REFLECTIONS not in self.edits:
            self.reflections.setChecked(settings.rig.drop_reflections)
        self.guess.setText(_guessed(found))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._rest.start()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        theme = getattr(self.window(), "theme", None)
        if event.type() == QEvent.Type.StyleChange and isinstance(theme, Theme):
            if theme != self.theme:
                self.theme = theme
                self._rest.start()

    def sizeHint(self) -> QSize:
        return super().sizeHint().expandedTo(QSize(480, 0))


def _guessed(found: Fitted) -> str:
    """What was seen in the scans, and what was set by it."""
    if found.words:
        said = " ".join(found.words)
        for key, label in _LABELS.items():
            said = said.replace(key, label.replace("&", "").partition(",")[0])
        return f"Guessed from the scans: {said}"
    if found.stance is None:
        return "No ground was recognised in the scans: the preset's values are kept."
    return f"In the scans {found.stance.words}: the preset's values fit."
