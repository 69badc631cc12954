"""From which score on a detector's boxes are shown, and accepted all together."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSlider, QWidget

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
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 4, 8, 4)
        row.addWidget(self.label)
        row.addWidget(self.slider, 1)
        self.slider.valueChanged.connect(self._tell)
        self._write()

    def _write(self) -> None:
        self.label.setText(f"Score from {self.slider.value() / _STEPS:.2f}")

    def _tell(self, value: int) -> None:
        self._write()
        self.moved.emit(value / _STEPS)
