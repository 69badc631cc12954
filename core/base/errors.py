"""Errors that a person can act on.

ProjectError            one sentence what is wrong, one what to do
├── DataError           a source file (scan, label, pose) is missing or wrong
├── SettingsError       a setting, class list or argument is wrong
├── LockedError         somebody else writes to the project
├── StorageError        the disk refused (full, read-only, gone)
│   └── GoneError       a journal was deleted or replaced while it was open
└── DamagedError        a file of the project cannot be read whole
Cancelled               a job was told to stop; not an error of anybody's

Everything else is a bug of ours and keeps its traceback.
"""

from __future__ import annotations


def plain(text: str) -> str:
    """A text whose control characters are written out: names of files and what files say may hold
    what a terminal obeys."""
    return text.translate(_WRITTEN_OUT)


_WRITTEN_OUT = {
    code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160)) if chr(code) not in "\t\n"
}


class ProjectError(Exception):
    """A fault that the user can mend: `what` is wrong, and what to `do` about it."""

    def __init__(self, what: str, do: str) -> None:
        self.what, self.do = plain(what), plain(do)
        super().__init__(self.what, self.do)

    def __str__(self) -> str:
        return f"{self.what}\n{self.do}"


class DataError(ProjectError):
    """A source file is missing, truncated, or does not fit its neighbours."""


class SettingsError(ProjectError):
    """A setting, a class list or an argument has a value that cannot work."""


class LockedError(ProjectError):
    """Somebody else has the project open for writing."""


class StorageError(ProjectError):
    """The disk refused a write: full, read-only or gone."""


class GoneError(StorageError):
    """A journal was deleted or replaced while it was open: nothing more can be saved there."""


class DamagedError(ProjectError):
    """A file of the project cannot be read whole."""


class Cancelled(Exception):
    """Raised inside a job after its `cancel` was called."""
