"""A part of the context panel whose points are drawn on another thread, so that no key waits."""

from __future__ import annotations

from concurrent.futures import Future
from functools import partial
from typing import Protocol

from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui.desk.background import Background, Turn
from gui.look.theme import Theme
from gui.panels.subject import Subject


class Sight(Protocol):
    """All that a drawing depends on beside the unit; equal ones draw the same."""

    def draw(self, subject: Subject) -> QImage:
        """The unit's points as a picture. Called on another thread."""
        ...


class Drawn(QWidget):
    """Shows a unit as its sight draws it, on a thread of `background`, between what `ground` and
    `mark` draw."""

    _done = Signal(object)

    def __init__(self, theme: Theme, background: Background) -> None:
        super().__init__()
        self.theme = theme
        self.subject: Subject | None = None
        self._background = background
        self._drawing: Future[QImage] | None = None
        self._wanted: Sight | None = None  # the sight that is drawn or on its way
        self._image: QImage | None = None
        self._done.connect(self._arrived, Qt.ConnectionType.QueuedConnection)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)

    def sight(self) -> Sight:
        """How the unit is drawn now."""
        raise NotImplementedError  # by each kind: Qt's metaclass leaves no room for ABC

    def mark(self, painter: QPainter) -> None:
        """Draw over the points."""
        raise NotImplementedError

    def ground(self, painter: QPainter) -> None:
        """Draw under the points."""

    @property
    def finished(self) -> bool:
        """Whether what is asked for is what is shown."""
        return self.subject is None or (self._drawing is None and self._wanted == self.sight())

    def show_unit(self, subject: Subject | None) -> None:
        """Show a unit, or nothing."""
        self.subject, self._image, self._wanted = subject, None, None
        if self._drawing is not None:
            self._drawing.cancel()
            self._drawing = None
        self.update()

    def set_theme(self, theme: Theme) -> None:
        self.theme = theme
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self.theme.canvas))
        if self.subject is None:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._ask(self.subject)
        self.ground(painter)
        if self._image is not None:
            painter.drawImage(QPointF(0, 0), self._image)
        self.mark(painter)

    def _ask(self, subject: Subject) -> None:
        sight = self.sight()
        if sight == self._wanted:
            return
        if self._drawing is not None:
            self._drawing.cancel()
        self._wanted = sight
        self._drawing = self._background.submit(partial(sight.draw, subject), Turn.NOW)
        self._drawing.add_done_callback(self._done.emit)

    def _arrived(self, done: Future[QImage]) -> None:
        if done is self._drawing and not done.cancelled():
            self._drawing, self._image = None, done.result()
            self.update()

    def shut(self) -> None:
        """Take no more pictures."""
        self._done.disconnect()
