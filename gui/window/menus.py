"""The menus of the window, made from the table of actions."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDockWidget, QMenu, QMenuBar

from gui.window.actions import GROUPS, Actions


def fill_menus(bar: QMenuBar, table: Actions, docks: Sequence[QDockWidget]) -> None:
    """Make the menus anew: a menu for each group that has actions, the panels below View."""
    for menu in bar.findChildren(QMenu, options=Qt.FindChildOption.FindDirectChildrenOnly):
        menu.deleteLater()  # taken off the bar alone, it would stay
    bar.clear()
    for group in GROUPS:
        rows = table.of_group(group)
        if not rows:
            continue
        menu = QMenu(f"&{group}", bar)
        bar.addMenu(menu)
        menu.setToolTipsVisible(True)
        for action in rows:
            if action.id == "quit":
                menu.addSeparator()
            menu.addAction(table.made[action.id])
        if group == "View" and docks:
            menu.addSeparator()
            for dock in docks:
                menu.addAction(dock.toggleViewAction())
