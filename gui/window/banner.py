"""A strip above the view for what went wrong: what, what to do, and a way to put it away."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QToolButton, QVBoxLayout

from core.base.errors import ProjectError
from gui.look.flow import Flow
from gui.look.words import Wrapped


class Banner(QFrame):
    """Shows one message at a time; nothing modal."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("banner")
        self.what, self.do = Wrapped(), Wrapped(name="quiet")
        for label in (self.what, self.do):
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.copy = QToolButton()
        self.copy.setText("Copy details")
        self.copy.clicked.connect(self._copy)
        close = QToolButton()
        close.setText("Close")
        close.clicked.connect(self.hide)
        for button in (self.copy, close):
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        words = QVBoxLayout()
        words.setSpacing(1)
        words.addWidget(self.what)
        words.addWidget(self.do)
        buttons = Flow()
        buttons.add(self.copy, right=True)
        buttons.add(close, right=True)
        self._rows = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._rows.setContentsMargins(12, 6, 8, 6)
        self._rows.addLayout(words, 1)
        self._rows.addWidget(buttons)
        self._details = ""
        self.hide()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Buttons stand below the words where these would have little room beside them."""
        narrow = self.width() < 60 * self.fontMetrics().averageCharWidth()
        kind = QBoxLayout.Direction
        self._rows.setDirection(kind.TopToBottom if narrow else kind.LeftToRight)

    def show_error(self, error: ProjectError) -> None:
        """Show a fault that the person can mend."""
        self._show(error.what, error.do, "")

    def show_fault(self, trace: str) -> None:
        """Show a fault of the program; its details can be copied."""
        last = trace.strip().rpartition("\n")[2]
        self._show(
            f"LidarLoop made a mistake: {last}",
            "Your answers are saved. Please report it with the details.",
            trace,
        )

    def show_note(self, what: str, do: str) -> None:
        """Show something worth knowing."""
        self._show(what, do, "")

    def _show(self, what: str, do: str, details: str) -> None:
        self.what.setText(what)
        self.do.setText(do)
        self.do.setVisible(bool(do))
        self._details = details
        self.copy.setVisible(bool(details))
        self.show()

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self._details)
