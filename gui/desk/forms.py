"""Finds the forms of scans that are shown by a sketch, on a thread, after their frame."""

from __future__ import annotations

from concurrent.futures import Future
from functools import partial

from PySide6.QtCore import QObject, Qt, Signal

from gui.desk.background import Background, Turn
from gui.desk.content import Content
from gui.view.form import Form, with_surfaces


class Forms(QObject):
    """Gives scans their whole form.

    Signals
    -------
    found(content) : its form is whole now
    """

    found = Signal(object)
    _done = Signal(object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._wanted: dict[int, tuple[Content, Future[Form], Turn]] = {}  # by the content's id
        self._background = Background(1, "forms")
        self._done.connect(self._take, Qt.ConnectionType.QueuedConnection)

    def want(self, content: Content, turn: Turn) -> None:
        """Have the form of a scan found. What was wanted of another one and has not begun waits no
        longer, unless it is read ahead: somebody went on."""
        if content.form.whole:
            return
        if turn is not Turn.LATER:
            self._leave(content)
        waiting = self._wanted.get(id(content))
        if waiting is not None and (waiting[2] <= turn or not waiting[1].cancel()):
            return
        work = partial(with_surfaces, content.points, content.form)
        future = self._background.submit(work, turn)
        self._wanted[id(content)] = content, future, turn
        future.add_done_callback(lambda done: self._done.emit(content, done))

    def _leave(self, content: Content) -> None:
        for key, (other, future, turn) in list(self._wanted.items()):
            if other is not content and turn is not Turn.LATER and future.cancel():
                del self._wanted[key]

    def _take(self, content: Content, done: Future[Form]) -> None:
        waiting = self._wanted.get(id(content))
        if waiting is None or waiting[1] is not done:  # left, or asked for anew
            return
        del self._wanted[id(content)]
        content.form = done.result()
        self.found.emit(content)

    def shut(self) -> None:
        """Find no more."""
        self._done.disconnect()
        self._background.shut()
        self._wanted.clear()
