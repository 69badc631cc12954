"""From which score on a detector's boxes are shown, and accepted all together."""

from __future__ import annotations

import math

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSlider, QVBoxLayout, QWidget

_STEPS = 20


class ScoreSlider(QWidget):
    """A slider from 0 to 1.

    Signals
    -------
    moved(score) : the person moved it
    """

    moved = Signal(float)

    def __init__(self, score: float) -> None:
        super().__init__()
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, _STEPS)
        self.slider.setValue(round(score * _STEPS))
        self.slider.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.slider.setAccessibleName("Least score")
        self.label = QLabel()
        self.setToolTip(
            "What a detector found with a smaller score is not shown, not accepted together with "
            "the others, and left out when the frame is finished."
        )
        self._score = score
        self._half: float | None = None
        self.right = QLabel()  # below, so that the slider keeps its length
        self.right.setObjectName("quiet")
        row = QHBoxLayout()
        row.addWidget(self.label)
        row.addWidget(self.slider, 1)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(8, 4, 8, 4)
        rows.setSpacing(2)
        rows.addLayout(row)
        rows.addWidget(self.right)
        self.slider.valueChanged.connect(self._tell)
        self._write()

    def show_score(self, score: float, half: float | None) -> None:
        """Show from which score on boxes are shown; `half` of a detector: from which on half of its
        boxes are right, None where that is not known."""
        if (score, half) == (self._score, self._half):
            return
        self._score, self._half = score, half
        self.slider.blockSignals(True)
        self.slider.setValue(math.ceil(round(score * _STEPS, 6)))
        self.slider.blockSignals(False)
        self._write()

    def _write(self) -> None:
        self.label.setText(f"Score from {self._score:.2f}")
        self.right.setVisible(self._half is not None)
        if self._half is not None:
            of_none = "Of no score half are right."
            words = f"From {self._half:.2f} on half are right." if self._half < 1 else of_none
            self.right.setText(words)

    def _tell(self, value: int) -> None:
        self._score = value / _STEPS
        self._write()
        self.moved.emit(self._score)
