"""A project opened for the window: for writing, else for reading, with the reason."""

from __future__ import annotations

from pathlib import Path

from core.base.errors import LockedError, StorageError
from core.project.project import Project


def open_project(path: Path) -> tuple[Project, LockedError | StorageError | None]:
    """Open a project for writing, else for reading, with the reason. Raises ProjectError."""
    from core.experiment.names import is_cell

    if is_cell(path):
        return Project(path, read_only=True), LockedError(
            "This project is a cell of an experiment: an answer here would change its results.",
            "To go on with it, copy its folder elsewhere and open the copy.",
        )
    try:
        return Project(path), None
    except (LockedError, StorageError) as error:
        return Project(path, read_only=True), error
