"""Docks behind tabs, in a window that arranges them anew."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QDockWidget, QMainWindow, QTabBar


def hide_left_over_tabs(window: QMainWindow, docks: Sequence[QDockWidget]) -> None:
    """Hide the tabs of an arrangement that is no more, which Qt leaves in sight."""
    groups = [
        {dock.windowTitle(), *(one.windowTitle() for one in window.tabifiedDockWidgets(dock))}
        for dock in docks
    ]
    for bar in window.findChildren(QTabBar):
        titles = {bar.tabText(place) for place in range(bar.count())}
        if bar.isVisible() and titles not in groups:
            bar.hide()
