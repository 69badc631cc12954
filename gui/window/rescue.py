"""What the window offers where the journal of the open project was deleted or replaced."""

from __future__ import annotations

import sys

from PySide6.QtWidgets import QWidget

from core.base.errors import GoneError, ProjectError
from core.project.project import Project
from core.project.rescue import save_at_home, save_elsewhere
from gui.start.folders import choose_folder
from gui.window.banner import Banner


def show_error(banner: Banner, project: Project, error: ProjectError) -> None:
    """Show a fault that the person can mend, with a button where answers wait to be saved."""
    if not isinstance(error, GoneError):
        banner.show_error(error)
        return

    def save() -> None:
        parent: QWidget = banner.window()
        chosen = choose_folder(parent, "A folder for the answers")
        if chosen is None:
            show_error(banner, project, error)
            return
        try:
            banner.show_note(save_elsewhere(project.answers, project.path, chosen), "")
        except ProjectError as problem:
            banner.show_choice(problem.what, problem.do, [("Save the answers elsewhere …", save)])

    banner.show_choice(error.what, error.do, [("Save the answers elsewhere …", save)])


def at_the_end(project: Project) -> None:
    """Save the answers that would be lost with the window: where, is said on the terminal."""
    try:
        said = save_at_home(project.answers, project.path)
    except ProjectError as error:
        said = f"{error.what} {error.do}"
    if said:
        print(said, file=sys.stderr)
