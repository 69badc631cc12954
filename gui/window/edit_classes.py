"""The class list of the open project, edited in a window of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QMainWindow

from core.base.errors import ProjectError
from core.data.classes import ClassList
from gui.look.theme import Theme
from gui.start.class_editor import ClassEditor
from gui.window.session import Session


def edit_classes(
    window: QMainWindow, session: Session, theme: Theme, reopen: Callable[[Path], object]
) -> None:
    """Show the editor, or the one that is open; what it saves is the project's list, with which
    `reopen` opens it anew."""
    shown = window.findChild(ClassEditor)
    if shown is None:
        shown = _editor(window, session, theme, reopen)
    shown.show()
    shown.raise_()
    shown.activateWindow()


def _editor(
    window: QMainWindow, session: Session, theme: Theme, reopen: Callable[[Path], object]
) -> ClassEditor:
    project = session.project
    editor = ClassEditor(
        window,
        project.classes,
        theme,
        kept=True,
        points=project.answers.fold.class_counts(),
        by=project.answers.annotator,
    )

    def use(classes: ClassList) -> None:
        why_not = session.no.change()
        try:
            if why_not is None:
                project.use_classes(classes)
        except ProjectError as error:
            why_not = f"{error.what} {error.do}"
        if why_not is not None:
            editor.refuse(why_not)
        else:
            QTimer.singleShot(0, window, lambda: reopen(project.path))  # it closes the editor

    editor.saved.connect(use)
    return editor
