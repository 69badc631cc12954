"""Folders that people choose: a dialog begins where the one before ended."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QWidget

from core.base.paths import home
from gui.start.recent import store

_KEY = "folder"


def choose_folder(parent: QWidget, title: str) -> Path | None:
    """Ask for a folder; None where none was chosen."""
    before = str(store().value(_KEY, ""))
    start = before if Path(before).is_dir() and before else str(home())
    chosen = QFileDialog.getExistingDirectory(parent, title, start)
    if not chosen:
        return None
    store().setValue(_KEY, str(Path(chosen).parent))
    return Path(chosen)
