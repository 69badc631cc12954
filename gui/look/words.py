"""Words that may go on in another line."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import QEvent, QRect, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLabel

_HERE = "\u200b"  # no width, a line may end there


class Wrapped(QLabel):
    """Plain words in as many lines as its width needs. It insists on their height: layouts of docks
    do not ask a label for it."""

    def __init__(self, text: str = "", name: str = "") -> None:
        super().__init__(text)
        self.setObjectName(name)
        self.setWordWrap(True)
        self.setTextFormat(Qt.TextFormat.PlainText)

    def setText(self, text: str) -> None:
        super().setText(text)
        self._insist()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._insist()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._insist()

    def heightForWidth(self, width: int) -> int:
        """Pixels of height that the text needs; Qt's own is never less than the minimum was."""
        if not self.text():
            return 0
        margins = self.contentsMargins()
        inside = QRect(0, 0, max(width - margins.left() - margins.right(), 1), 0)
        flags = Qt.TextFlag.TextWordWrap
        high = self.fontMetrics().boundingRect(inside, flags, self.text()).height()
        return high + margins.top() + margins.bottom()

    def _insist(self) -> None:
        high = self.heightForWidth(self.width())
        if self.minimumHeight() != high:
            self.setMinimumHeight(high)
            self.updateGeometry()


def tip(text: str) -> str:
    """Words as a tooltip shows them as they are: names of people may look like markup."""
    return f"<p style='white-space:pre-wrap'>{escape(text)}</p>"


def breakable(text: str) -> str:
    """A text whose paths and names may go on in another line; to be seen, not to be copied."""
    return text.replace("/", f"/{_HERE}").replace("_", f"_{_HERE}")
