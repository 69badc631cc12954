"""A window as its manager minimises it, where there is no manager."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QWindowStateChangeEvent
from PySide6.QtWidgets import QApplication, QWidget


def minimise(widget: QWidget) -> None:
    """Have the window of a widget minimised: all in it is hidden by others than the program."""
    _turn(widget, Qt.WindowState.WindowMinimized)


def bring_back(widget: QWidget) -> None:
    """Have it as it was."""
    _turn(widget, Qt.WindowState.WindowNoState)


def _turn(widget: QWidget, state: Qt.WindowState) -> None:
    window = widget.window().windowHandle()
    before = window.windowStates()
    window.setWindowStates(state)
    QApplication.sendEvent(window, QWindowStateChangeEvent(before))
