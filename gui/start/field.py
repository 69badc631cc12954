"""A field of a form with the sentence on what is wrong with it, right below it."""

from __future__ import annotations

from PySide6.QtCore import QEvent
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from gui.look.words import Wrapped


class Field(QWidget):
    """A widget and its problem, which is only seen where there is one."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__()
        self.widget = widget
        self.problem = Wrapped(name="problem")
        self.problem.hide()
        self.setFocusProxy(widget)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(3)
        layout.addWidget(widget)
        layout.addWidget(self.problem)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._insist()

    def event(self, event: QEvent) -> bool:
        done = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest:
            self._insist()
        return done

    def _insist(self) -> None:
        """Have the height that the words need: a form that scrolls does not ask for it."""
        inside = self.layout()
        if inside is not None:
            high = max(inside.totalHeightForWidth(self.width()), inside.totalMinimumSize().height())
            if self.minimumHeight() != high:
                self.setMinimumHeight(high)

    def tell(self, sentence: str, *, warning: bool = False) -> None:
        """Say what is wrong, or only what to know, or nothing."""
        self.problem.setObjectName("warning" if warning else "problem")
        self.problem.style().unpolish(self.problem)  # its colour goes by its name
        self.problem.style().polish(self.problem)  # else its letters stay small in larger text
        self.problem.setText(sentence)
        self.problem.setVisible(bool(sentence))
