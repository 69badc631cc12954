"""The highlight of a list: always on what is shown, whatever moves either of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from PySide6.QtCore import QEvent, QItemSelectionModel, QModelIndex, QObject, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QAbstractItemView


class Highlight(QObject):
    """Of a view whose model stays; made after the model was set.

    Arrows, pages, typed letters and the mouse choose the row that they move to; `follow` moves the
    highlight to what is shown and chooses nothing. What is changed within `quiet` chooses nothing
    either.

    Signals
    -------
    chosen(index) : the person moved the highlight there, or clicked it
    """

    chosen = Signal(QModelIndex)

    def __init__(self, view: QAbstractItemView) -> None:
        super().__init__(view)
        self._view = view
        self._quiet = self._by_press = False
        view.selectionModel().currentChanged.connect(self._moved)
        view.clicked.connect(self._clicked)
        view.viewport().installEventFilter(self)

    @contextmanager
    def quiet(self) -> Iterator[None]:
        """Let a list be filled."""
        before, self._quiet = self._quiet, True
        try:
            yield
        finally:
            self._quiet = before

    @property
    def index(self) -> QModelIndex:
        """What is highlighted; not valid where nothing is."""
        chosen = self._view.selectionModel().selectedIndexes()
        return chosen[0] if chosen else QModelIndex()

    def follow(self, index: QModelIndex, *, scroll: bool = True) -> None:
        """Highlight what is shown; nothing where `index` is not valid, and then arrows go on from
        where the highlight was."""
        with self.quiet():
            if not index.isValid():
                self._view.clearSelection()
            elif index != self._view.currentIndex() or index.row() != self.index.row():
                self._view.setCurrentIndex(index)
                if scroll:
                    self._view.scrollTo(index)

    def stand(self, index: QModelIndex) -> None:
        """Let arrows go on from a row without highlighting it."""
        with self.quiet():
            model = self._view.selectionModel()
            model.setCurrentIndex(index, QItemSelectionModel.SelectionFlag.NoUpdate)

    def _moved(self, index: QModelIndex, _: QModelIndex) -> None:
        if not self._quiet and index.isValid():
            self._by_press = bool(QGuiApplication.mouseButtons())
            self.chosen.emit(index)

    def _clicked(self, index: QModelIndex) -> None:
        if not self._by_press:  # the press chose it already
            self.chosen.emit(index)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.MouseButtonPress:
            self._by_press = False
        return False
