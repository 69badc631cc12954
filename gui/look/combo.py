"""A box to choose from, never narrower than what is chosen, its list never than its entries."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QComboBox

_SPARE_PX = 6  # styles count in whole letters
_FRAME_PX = 12  # of the list, around its entries


class Combo(QComboBox):
    """As wide as its entries where there is room, as wide as the chosen one at least."""

    def __init__(self) -> None:
        super().__init__()
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.currentTextChanged.connect(self.updateGeometry)

    def minimumSizeHint(self) -> QSize:
        hint, metrics = self.sizeHint(), self.fontMetrics()
        longest = max(
            (metrics.horizontalAdvance(self.itemText(i)) for i in range(self.count())), default=0
        )
        spare = longest - metrics.horizontalAdvance(self.currentText())
        return QSize(hint.width() - max(spare, 0) + _SPARE_PX, hint.height())

    def showPopup(self) -> None:
        view = self.view()
        view.setMinimumWidth(view.sizeHintForColumn(0) + _FRAME_PX)
        super().showPopup()
