"""Where the panels stand at first, and how large they are."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QDockWidget, QMainWindow, QTabBar, QWidget

from gui.points.class_palette import Palette

VERSION = 3  # of what is remembered of the panels
_LEFT, _RIGHT = Qt.DockWidgetArea.LeftDockWidgetArea, Qt.DockWidgetArea.RightDockWidgetArea
# Queue, scans; classes, partitions, rounds, review, context: docks have this order everywhere.
_AREAS = (_LEFT, _LEFT, _RIGHT, _RIGHT, _RIGHT, _RIGHT, _RIGHT)


def place(window: QMainWindow, docks: Sequence[QDockWidget]) -> None:
    """Put every dock on its side."""
    for dock, area in zip(docks, _AREAS, strict=True):
        dock.setFloating(False)
        window.addDockWidget(area, dock)
        dock.show()


def tab(window: QMainWindow, docks: Sequence[QDockWidget]) -> None:
    """Put those below the classes behind each other, the context before all."""
    _, _, _, partitions, rounds, review, context = docks
    for first, second in ((context, partitions), (partitions, rounds), (rounds, review)):
        window.tabifyDockWidget(first, second)
    context.raise_()


def size(window: QMainWindow, docks: Sequence[QDockWidget], palette: QWidget | None) -> None:
    """Give each the size it needs; `palette` is what the classes' dock holds."""
    QApplication.processEvents()  # the tabs are made
    fit_tabs(window, docks)
    queue, scans, classes, *_, context = docks
    wide, tall = window.width(), window.height()
    hand = palette.hand_width() if isinstance(palette, Palette) else 0
    # The keys' grid where the view keeps half of the window, else a list of the classes.
    right = min(420, max(330, wide * 3 // 10))  # the context wants 420
    right = max(hand + 8, right) if hand < 0.28 * wide else right
    window.resizeDocks([queue, classes], [250, int(right)], Qt.Orientation.Horizontal)
    QApplication.processEvents()  # how high the classes are depends on their width
    over = classes.height() - palette.height() if isinstance(palette, Palette) else 0
    high = palette.wanted + over + 6 if isinstance(palette, Palette) else 285
    high = min(high, int(tall * 0.55))
    window.resizeDocks([queue, scans], [560, 240], Qt.Orientation.Vertical)
    # Qt takes sizes as shares of what there is: they must be as much as both have together.
    both = classes.height() + context.height()
    window.resizeDocks([classes, context], [high, both - high], Qt.Orientation.Vertical)


def fit_tabs(window: QMainWindow, docks: Sequence[QDockWidget]) -> None:
    """No panel of the right side becomes narrower than their tabs together."""
    bar = next((b for b in window.findChildren(QTabBar) if b.count() and b.isVisible()), None)
    if bar is not None:
        bar.setElideMode(Qt.TextElideMode.ElideNone)
        bar.setUsesScrollButtons(False)
        bar.ensurePolished()
        wide = bar.sizeHint().width()
        for dock in docks[3:]:
            dock.setMinimumWidth(wide)
