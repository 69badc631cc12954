"""A tour in five short steps, beside what it speaks of; nothing stops meanwhile."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from gui.look.words import Wrapped
from gui.window.session import Session

_WIDTH_CHARS = 40  # of the card, in letters of a middling width
_GAP_PX = 12


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
        self.heading, self.words, self.count = Wrapped(name="heading"), Wrapped(), QLabel()
        self.count.setObjectName("quiet")
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
        self._place(part)
        self.raise_()

    def _place(self, part: QWidget) -> None:
        """Beside the part, where there is room in the window; else where least of it is covered."""
        window, layout = self.window_, self.layout()
        assert layout is not None
        wide = min(_WIDTH_CHARS * self.fontMetrics().averageCharWidth(), window.width() - 16)
        self.resize(wide, layout.totalHeightForWidth(wide))
        box = QRect(part.mapTo(window, QPoint(0, 0)), part.size())
        room = window.rect().adjusted(8, 8, -8, -8)
        # First beside it, level with its top; then above and below; then in the window's corners.
        places = [
            QPoint(box.left() - wide - _GAP_PX, box.top() + 20),
            QPoint(box.right() + _GAP_PX, box.top() + 20),
            QPoint(box.left() + 60, box.bottom() + _GAP_PX),
            QPoint(box.left() + 60, box.top() - self.height() - _GAP_PX),
            room.bottomLeft() - QPoint(0, self.height()),
            room.bottomRight() - QPoint(wide, self.height()),
        ]
        boxes = [_inside(QRect(place, self.size()), room) for place in places]
        self.setGeometry(min(boxes, key=lambda at: _area(at.intersected(box))))


def _inside(box: QRect, room: QRect) -> QRect:
    """A box moved into the room."""
    x = max(min(box.x(), room.right() - box.width()), room.x())
    y = max(min(box.y(), room.bottom() - box.height()), room.y())
    return QRect(QPoint(x, y), box.size())


def _area(box: QRect) -> int:
    return max(box.width(), 0) * max(box.height(), 0)


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
