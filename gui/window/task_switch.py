"""Points or boxes: the pair of buttons that says what is answered, and changes it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QToolButton, QWidget

_TIPS = {
    "points": "Label the points of units  (F4)",
    "boxes": "Draw 3D boxes in whole frames  (F4)",
}


class TaskSwitch(QWidget):
    """Two buttons, that of `task` pressed; the other one runs the action "boxes"."""

    def __init__(self, task: str, run: Callable[[str], object]) -> None:
        super().__init__()
        self.setObjectName("task")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 8, 0)
        row.setSpacing(0)
        self.buttons: dict[str, QToolButton] = {}
        for name, tip in _TIPS.items():
            button = QToolButton()
            button.setText(name.capitalize())
            button.setCheckable(True)
            button.setChecked(name == task)
            button.setToolTip(tip)
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            button.clicked.connect(lambda _=False, name=name: self._pressed(name, task, run))
            self.buttons[name] = button
            row.addWidget(button)

    def _pressed(self, name: str, task: str, run: Callable[[str], object]) -> None:
        self.buttons[task].setChecked(True)
        self.buttons[name].setChecked(name == task)
        if name != task:
            run("boxes")
