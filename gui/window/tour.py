"""A tour in five short steps, beside what it speaks of; nothing stops meanwhile."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from gui.window.session import Session

_WIDTH = 330


# The part of the window, a heading and two sentences.
Step = tuple[QWidget, str, str]


class Tour(QFrame):
    """A card that moves over a window, from part to part."""

    def __init__(self, window: QWidget, steps: list[Step]) -> None:
        super().__init__(window)
        self.window_ = window
        self.setObjectName("card")
        self.setAccessibleName("The tour")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.heading, self.words, self.count = QLabel(), QLabel(), QLabel()
        self.heading.setObjectName("heading")
        self.count.setObjectName("quiet")
        self.words.setWordWrap(True)
        self.words.setFixedWidth(_WIDTH - 32)
        self.next, self.leave = QPushButton("Next"), QPushButton("Leave")
        self.next.setProperty("primary", True)
        for button in (self.next, self.leave):
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.next.clicked.connect(lambda: self.go(self.place + 1))
        self.leave.clicked.connect(self.close)
        buttons = QHBoxLayout()
        buttons.addWidget(self.count, 1)
        buttons.addWidget(self.leave)
        buttons.addWidget(self.next)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 12, 16, 12)
        layout.addWidget(self.heading)
        layout.addWidget(self.words)
        layout.addLayout(buttons)
        self.place: int = 0
        self.steps = steps
        self.go(0)

    def go(self, place: int) -> None:
        """Show a step, beside its part; close behind the last one."""
        if place >= len(self.steps):
            self.close()
            return
        self.place = place
        part, heading, words = self.steps[place]
        self.heading.setText(heading)
        self.words.setText(words)
        self.count.setText(f"{place + 1} of {len(self.steps)}")
        self.next.setText("Done" if place + 1 == len(self.steps) else "Next")
        self.adjustSize()
        self.move(self._beside(part))
        self.raise_()

    def _beside(self, part: QWidget) -> QPoint:
        """A place inside the window that leaves the part in sight, where there is one."""
        window = self.window_
        corner = part.mapTo(window, QPoint(0, 0))
        if part.width() > window.width() * 0.45:
            if part.height() < window.height() / 4:  # the stepper: below it
                at = QPoint(corner.x() + 60, corner.y() + part.height() + 12)
            else:  # the view: in its lower part
                x = corner.x() + (part.width() - self.width()) // 2
                at = QPoint(x, corner.y() + part.height() - self.height() - 24)
        elif corner.x() > window.width() / 2:
            at = QPoint(corner.x() - self.width() - 12, corner.y() + 20)
        else:
            at = QPoint(corner.x() + part.width() + 12, corner.y() + 20)
        x = min(max(at.x(), 8), window.width() - self.width() - 8)
        y = min(max(at.y(), 8), window.height() - self.height() - 8)
        return QPoint(x, y)


def steps(session: Session, stepper: QWidget, key: Callable[[str], str]) -> list[Step]:
    """The steps of a session's tour; `key` gives the key of an action by its id."""
    view = session.view or session.page
    return [
        (
            stepper,
            "One round, from left to right",
            "Prepare splits the scans in units; Ask chooses those worth asking; Train learns "
            "from your answers and asks better ones.",
        ),
        (
            view,
            "The bright unit is the question",
            "Drag to turn, wheel to zoom. What it is asked for stands at the top left, with "
            "what it may be.",
        ),
        (
            session.palette,
            "One key is an answer",
            f"The keys lie as on your left hand. {key('accept')} takes the first suggestion, "
            f"{key('skip')} skips, {key('undo')} takes back. Each answer is on disk at once.",
        ),
        (
            view,
            "Two things in one unit?",
            f"{key('lasso')} lasso, {key('cut')} cut, {key('box')} box, {key('brush')} brush: "
            f"draw, then press the class of what lit up, then that of the rest. "
            f"{key('guess')} splits by itself.",
        ),
        (
            session.context,
            "Not sure what it is?",
            "Here it is from three sides with a person beside it, and in the camera's picture. "
            f"{key('keys')} shows every key; a click there changes one.",
        ),
    ]
