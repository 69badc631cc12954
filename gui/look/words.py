"""Words that may go on in another line."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
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

    def _insist(self) -> None:
        high = self.heightForWidth(self.width()) if self.text() else 0
        if self.minimumHeight() != max(high, 0):
            self.setMinimumHeight(max(high, 0))


def breakable(text: str) -> str:
    """A text whose paths and names may go on in another line; to be seen, not to be copied."""
    return text.replace("/", f"/{_HERE}").replace("_", f"_{_HERE}")
