"""The Experiments window beside that of projects: shown, ended, and a round of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QDockWidget, QWidget

from gui.look.theme import Theme
from gui.window.session import Session

if TYPE_CHECKING:  # loaded when it is first shown
    from gui.experiments.page import Experiments

_NAME = "experiments"


def show_experiments(over: QWidget, theme: Theme, opened: Callable[[Path], object]) -> Experiments:
    """Show the Experiments window, the same as before where there is one; `opened` shows the folder
    of a round as a project."""
    from gui.experiments.page import Experiments

    shown = over.findChild(QWidget, _NAME)
    if not isinstance(shown, Experiments):
        shown = Experiments(over, theme)
        shown.setObjectName(_NAME)
        shown.opened.connect(opened)
    shown.show()
    shown.raise_()
    shown.activateWindow()
    return shown


def show_round(session: Session | None, docks: Sequence[QDockWidget], id: str) -> None:
    """Show a round of the open project in its panel."""
    if session is None:
        return
    session.rounds.choose(id)
    for dock in docks:
        if dock.objectName() == "Rounds":
            dock.show()
            dock.raise_()


def may_end(over: QWidget) -> bool:
    """Whether the program may end, as far as experiments go; then they are stopped or let go."""
    shown = over.findChild(QWidget, _NAME)
    if shown is None:
        return True
    from gui.experiments.page import Experiments

    assert isinstance(shown, Experiments)
    if not shown.may_end():
        return False
    shown.shut()
    return True
