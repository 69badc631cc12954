"""A button that keeps its width while its text changes."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics
from PySide6.QtWidgets import QToolButton


class SteadyButton(QToolButton):
    """As wide as the widest of the texts that it may have, in the bold of what comes next: a row
    that goes on in a second line would move the view below it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._texts: frozenset[str] = frozenset()
        self._hints: dict[str, QSize] = {}  # by its text: a layout asks many times
        self.setText(text)

    def keep_room(self, *texts: str) -> None:
        """Be wide enough for each of these texts, not only for its own."""
        if self._texts != frozenset(texts):
            self._texts = frozenset(texts)
            self._hints.clear()
            self.updateGeometry()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._hints.clear()
        super().changeEvent(event)

    def sizeHint(self) -> QSize:
        text = self.text()
        if text not in self._hints:
            self._hints[text] = self._measured(text)
        return self._hints[text]

    def _measured(self, text: str) -> QSize:
        hint = super().sizeHint()
        bold = QFont(self.font())
        bold.setWeight(QFont.Weight.DemiBold)
        wanted = max(_room(QFontMetrics(bold), one) for one in (*self._texts, text))
        return QSize(hint.width() - _room(self.fontMetrics(), text) + wanted, hint.height())


def _room(metrics: QFontMetrics, text: str) -> int:
    """Pixels that Qt gives the text of a button."""
    shown = metrics.size(Qt.TextFlag.TextShowMnemonic.value, text).width()
    return shown + 2 * metrics.horizontalAdvance(" ")
