"""A row of widgets that goes on below where the window is too narrow for it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget


class Flow(QWidget):
    """Widgets from left to right, in as many rows as their width needs; those of the second group
    stand at the right end of the last row. It gives itself the height of its rows."""

    def __init__(self, gap: int = 4) -> None:
        super().__init__()
        self._gap = gap
        self._left: list[QWidget] = []
        self._right: list[QWidget] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def add(self, widget: QWidget, *, right: bool = False) -> None:
        """Add a widget behind the others of its group."""
        widget.setParent(self)
        (self._right if right else self._left).append(widget)
        self._place()

    def take(self, widget: QWidget) -> None:
        """Drop a widget."""
        for group in (self._left, self._right):
            if widget in group:
                group.remove(widget)
        widget.hide()
        widget.deleteLater()
        self._place()

    def minimumSizeHint(self) -> QSize:
        widest = max((w.sizeHint().width() for w in self._shown()), default=0)
        return QSize(widest, self.height())

    def sizeHint(self) -> QSize:
        return QSize(sum(w.sizeHint().width() + self._gap for w in self._shown()), self.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._place()

    def event(self, event: QEvent) -> bool:
        # A child's text, its visibility or the style changed.
        if event.type() in (QEvent.Type.LayoutRequest, QEvent.Type.StyleChange):
            self._place()
        return super().event(event)

    def _shown(self) -> list[QWidget]:
        return [w for w in (*self._left, *self._right) if not w.isHidden()]

    def _place(self) -> None:
        rows = self._rows(self._left)
        right = [w for w in self._right if not w.isHidden()]
        if right and self._wide(right) > self.width():  # not even alone: row by row
            rows += self._rows(right)
            right = []
        used = self._wide(rows[-1]) if rows else 0
        if not rows or (right and used + self._gap + self._wide(right) > self.width()):
            rows.append([])
        y = 0
        for number, row in enumerate(rows):
            last = number == len(rows) - 1
            members = [*row, *right] if last else row
            height = max((w.sizeHint().height() for w in members), default=0)
            self._place_row(row, 0, y, height)
            if last:
                self._place_row(right, max(0, self.width() - self._wide(right)), y, height)
            y += height + self._gap if members else 0
        self.setFixedHeight(max(y - self._gap, 0))
        self.updateGeometry()  # the width it wants may have changed alone

    def _rows(self, widgets: Sequence[QWidget]) -> list[list[QWidget]]:
        rows: list[list[QWidget]] = []
        for widget in widgets:
            if widget.isHidden():
                continue
            if not rows or self._wide([*rows[-1], widget]) > self.width():
                rows.append([])
            rows[-1].append(widget)
        return rows

    def _wide(self, row: Sequence[QWidget]) -> int:
        return sum(w.sizeHint().width() for w in row) + self._gap * max(len(row) - 1, 0)

    def _place_row(self, row: Sequence[QWidget], x: int, y: int, height: int) -> None:
        for widget in row:
            size = widget.sizeHint()
            widget.setGeometry(x, y + (height - size.height()) // 2, size.width(), size.height())
            x += size.width() + self._gap
