"""What the window remembers between runs: recent projects, theme, layout."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from PySide6.QtCore import QSettings

_KEPT = 12


@dataclass(frozen=True)
class Recent:
    """A project opened before; `picture` is a .png below its cache, or ""."""

    path: str
    opened: float
    spent: str
    picture: str


def store() -> QSettings:
    """The settings file of this user."""
    return QSettings(
        QSettings.Format.IniFormat, QSettings.Scope.UserScope, "lidarloop", "lidarloop"
    )


def recent() -> list[Recent]:
    """Projects opened before that are still there, the last one first."""
    text = str(store().value("recent", "[]"))
    try:
        known = [Recent(**entry) for entry in json.loads(text)]
    except (TypeError, ValueError):  # of another version: begin anew
        return []
    return [entry for entry in known if (Path(entry.path) / "project.toml").exists()]


def remember(path: Path, *, spent: str = "", picture: str = "") -> None:
    """Put a project first in the list."""
    entry = Recent(str(path.resolve()), time.time(), spent, picture)
    others = [known for known in recent() if known.path != entry.path]
    value = json.dumps([asdict(known) for known in [entry, *others][:_KEPT]])
    store().setValue("recent", value)
