"""A strip above the view for what went wrong or ended: what, what to do, and ways to go on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QGuiApplication, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QToolButton, QVBoxLayout

from core.base.errors import ProjectError
from gui.look.flow import Flow
from gui.look.words import Wrapped

Choice = tuple[str, Callable[[], object]]  # what a button says, and does
_AGAIN_MS = 50
_WORDS_CHARS = 45  # letters of a middling width that words need beside the buttons


class Banner(QFrame):
    """Shows one message at a time; nothing modal. It comes once `waits` says no: a view that
    changes its size under a half drawn shape would move the points below it."""

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
        self.choices: list[QToolButton] = []
        words = QVBoxLayout()
        words.setSpacing(1)
        words.addWidget(self.what)
        words.addWidget(self.do)
        self._buttons = Flow()
        self._buttons.add(self.copy, right=True)
        self._buttons.add(close, right=True)
        self._rows = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._rows.setContentsMargins(12, 6, 8, 6)
        self._rows.addLayout(words, 1)
        self._rows.addWidget(self._buttons)
        self._details = self._shown = ""
        self.waits: Callable[[], bool] = lambda: False
        self._later: tuple[str, str, str, Sequence[Choice], bool] | None = None
        self._again = QTimer(self)
        self._again.setInterval(_AGAIN_MS)
        self._again.timeout.connect(self._come)
        self.hide()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._arrange()

    def _arrange(self) -> None:
        """Buttons stand below the words where these would have little room beside them."""
        beside = self.width() - self._buttons.sizeHint().width()
        narrow = beside < _WORDS_CHARS * self.fontMetrics().averageCharWidth()
        kind = QBoxLayout.Direction
        self._rows.setDirection(kind.TopToBottom if narrow else kind.LeftToRight)

    def show_error(self, error: ProjectError) -> None:
        """Show a fault that the person can mend."""
        self._show(error.what, error.do, calm=False)

    def show_fault(self, trace: str) -> None:
        """Show a fault of the program; its details can be copied."""
        last = trace.strip().rpartition("\n")[2]
        self._show(
            f"LidarLoop made a mistake: {last}",
            "Your answers are saved. Please report it with the details.",
            trace,
            calm=False,
        )

    def show_note(self, what: str, do: str) -> None:
        """Show something worth knowing."""
        self._show(what, do)

    def show_choice(self, what: str, do: str, choices: Sequence[Choice]) -> None:
        """Show something that the person may go on from in several ways, a button each."""
        self._show(what, do, choices=choices)

    def withdraw(self, what: str) -> None:
        """Show something no more, if it is what is shown, or comes next."""
        if self._later is not None and self._later[0] == what:
            self._later = None
        if self._shown == what:
            self.hide()

    def _show(
        self,
        what: str,
        do: str,
        details: str = "",
        *,
        choices: Sequence[Choice] = (),
        calm: bool = True,
    ) -> None:
        self._later = (what, do, details, choices, calm)
        self._come()

    def _come(self) -> None:
        if self._later is None or self.waits():
            self._again.start()
            return
        self._again.stop()
        what, do, self._details, choices, calm = self._later
        self.setProperty("calm", calm)  # its border goes by it
        self.style().unpolish(self)
        self.style().polish(self)
        self._later, self._shown = None, what
        self.what.setText(what)
        self.do.setText(do)
        self.do.setVisible(bool(do))
        self.copy.setVisible(bool(self._details))
        for button in self.choices:
            self._buttons.take(button)
        self.choices = []
        for text, act in choices:
            button = QToolButton()
            button.setText(text)
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            button.clicked.connect(partial(self._chosen, act))
            self._buttons.add(button)
            button.show()  # the banner may be on screen already, with something else
            self.choices.append(button)
        self._arrange()
        self.show()

    def _chosen(self, act: Callable[[], object]) -> None:
        self.hide()
        act()

    def shut(self) -> None:
        """Show nothing more."""
        self._again.stop()
        self._later = None

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self._details)
