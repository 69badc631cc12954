"""The panel of filters: two sliders for the distance, a box around the unit, the classes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QIcon, QPixmap
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from core.data.classes import UNLABELLED
from gui.points.class_palette import CODES
from gui.points.filters import BOXES_M, EVERYTHING, FARTHEST_M, NEAREST_M, Filters

_COLUMNS = 2


class FilterPanel(QFrame):
    """Opens below a button and closes with a click elsewhere or Esc."""

    def __init__(self, parent: QWidget, filters: Filters) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("card")
        self.filters = filters
        self.near, self.far = self._slider("nearer"), self._slider("farther")
        self.from_, self.to = QLabel(), QLabel()
        self.box = QComboBox()
        for metres in BOXES_M:
            name = f"{metres:g} m around the unit" if metres else "No box around the unit"
            self.box.addItem(name, metres)
        self.box.activated.connect(self._changed)
        self.classes: dict[int, QCheckBox] = {}
        grid = QGridLayout()
        project, table = filters.state.project, filters.colours.classes
        shown = [UNLABELLED, *project.classes.shown, *(code for code, _, _ in CODES)]
        for place, number in enumerate(shown):
            check = QCheckBox(project.classes.title(number))
            check.setIcon(_swatch(table[number]))
            check.toggled.connect(self._changed)
            self.classes[number] = check
            grid.addWidget(check, place // _COLUMNS, place % _COLUMNS)
        self.predicted = QCheckBox("Hide what the network takes for one of them too")
        self.predicted.toggled.connect(self._changed)
        self.open, self.all = QPushButton("Only without a class"), QPushButton("Everything")
        self.open.clicked.connect(lambda: self._do(lambda: filters.show_open(only=True)))
        self.all.clicked.connect(lambda: self._do(lambda: filters.set(EVERYTHING)))
        buttons = QHBoxLayout()
        buttons.addWidget(self.open)
        buttons.addWidget(self.all)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 10, 12, 10)
        sliders = QGridLayout()
        for row, (label, slider) in enumerate(((self.from_, self.near), (self.to, self.far))):
            label.setBuddy(slider)
            label.setMinimumWidth(label.fontMetrics().horizontalAdvance(_to(FARTHEST_M)) + 6)
            sliders.addWidget(label, row, 0)
            sliders.addWidget(slider, row, 1)
        layout.addWidget(_heading("Distance from the scanner"))
        layout.addLayout(sliders)
        layout.addWidget(_heading("Only around the unit"))
        layout.addWidget(self.box)
        layout.addWidget(_heading("Classes"))
        layout.addLayout(grid)
        layout.addWidget(self.predicted)
        layout.addLayout(buttons)
        filters.changed.connect(self.refresh)
        self.refresh()

    def _slider(self, name: str) -> QSlider:
        slider = QSlider(Qt.Orientation.Horizontal)
        slider.setRange(NEAREST_M, FARTHEST_M)
        slider.setAccessibleName(f"The {name} limit of the distance")
        slider.valueChanged.connect(self._changed)
        return slider

    def _do(self, change: Callable[[], object]) -> None:
        change()
        self.refresh()

    def _changed(self, *_: object) -> None:
        now = self.filters.filter
        unseen = {number for number, check in self.classes.items() if not check.isChecked()}
        self.filters.set(
            replace(
                now,
                near=self.near.value(),
                far=self.far.value(),
                around=self.box.currentData(),
                hidden=frozenset(unseen),
                predicted=self.predicted.isChecked(),
            )
        )

    def refresh(self) -> None:
        """Show the filter that is applied."""
        now = self.filters.filter
        parts: list[QWidget] = [self.near, self.far, self.box, self.predicted]
        parts += self.classes.values()
        for part in parts:
            part.blockSignals(True)
        self.near.setValue(now.near)
        self.far.setValue(now.far)
        self.box.setCurrentIndex(BOXES_M.index(now.around))
        self.predicted.setChecked(now.predicted)
        content = self.filters.state.content
        self.predicted.setVisible(content is not None and content.prediction is not None)
        for number, check in self.classes.items():
            check.setChecked(number not in now.hidden)
        for part in parts:
            part.blockSignals(False)
        self.from_.setText(f"From {now.near} m")
        self.to.setText(_to(now.far))


def _to(far: int) -> str:
    return f"to {far} m" if far < FARTHEST_M else "to the farthest"


def _heading(text: str) -> QLabel:
    label = QLabel(text)
    label.setObjectName("quiet")
    return label


def _swatch(rgb: np.ndarray) -> QIcon:
    picture = QPixmap(12, 12)
    picture.fill(QColor(*(int(part) for part in rgb)))
    return QIcon(picture)
