"""A strip above the view for what went wrong or ended: what, what to do, and ways to go on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QGuiApplication, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QToolButton, QVBoxLayout

from core.base.errors import ProjectError
from gui.look.flow import Flow
from gui.look.words import Wrapped

Choice = tuple[str, Callable[[], object]]  # what a button says, and does
_AGAIN_MS = 50
_WORDS_CHARS = 45  # letters of a middling width that words need beside the buttons


class _Message(NamedTuple):
    """What is shown at one time; `calm` where nothing went wrong."""

    what: str
    do: str
    details: str
    choices: Sequence[Choice]
    calm: bool


class Banner(QFrame):
    """Shows one message at a time; nothing modal. It comes and goes once `waits` says no: a view
    that changes its size under a half drawn shape would move the points below it. One with choices
    that another takes the place of comes back when that is closed: it is still to be chosen."""

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
        close.clicked.connect(self.put_away)
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
        self._shown: _Message | None = None
        self.waits: Callable[[], bool] = lambda: False
        self._later: _Message | None = None
        self._under: list[_Message] = []  # to come back to, the last one first
        self._over = False  # what is shown is to go
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
        """Show something no more, if it is what is shown, or comes next or back."""
        self._under = [one for one in self._under if one.what != what]
        if self._later is not None and self._later.what == what:
            self._later = None
            self._rise()
        if self._shown is not None and self._shown.what == what:
            self._over = True
            self._come()

    def _show(
        self,
        what: str,
        do: str,
        details: str = "",
        *,
        choices: Sequence[Choice] = (),
        calm: bool = True,
    ) -> None:
        self._lay_under(self._later)
        self._later = _Message(what, do, details, choices, calm)
        self._come()

    def _lay_under(self, message: _Message | None) -> None:
        """Another takes the place of a message."""
        if message is not None and message.choices:
            self._under.append(message)

    def put_away(self) -> None:
        """The message is done with: show the one below, if any."""
        self._shown, self._over = None, False
        self.hide()
        self._rise()

    def _rise(self) -> None:
        if self._later is None and self._shown is None and self._under:
            self._later = self._under.pop()
            self._come()

    def _come(self) -> None:
        if self._later is None and not self._over:
            self._again.stop()
            return
        if self.waits():
            self._again.start()
            return
        self._again.stop()
        if self._over:
            self._shown, self._over = None, False
        if self._later is None:
            self.put_away()
            return
        self._lay_under(self._shown)
        what, do, details, choices, calm = self._shown = self._later
        self._under = [one for one in self._under if one.what != what]
        self._later = None
        self.setProperty("calm", calm)  # its border goes by it
        self.style().unpolish(self)
        self.style().polish(self)
        self.what.setText(what)
        self.do.setText(do)
        self.do.setVisible(bool(do))
        self.copy.setVisible(bool(details))
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
        self.put_away()
        act()

    def shut(self) -> None:
        """Show nothing more."""
        self._again.stop()
        self._later = None
        self._under = []

    def _copy(self) -> None:
        if self._shown is not None:
            QGuiApplication.clipboard().setText(self._shown.details)
