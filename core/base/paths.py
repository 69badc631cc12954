"""Paths made from data: a name of a scan, a token of a table, what an installed format says; and
those that people type."""

from __future__ import annotations

import re
from pathlib import Path

from core.base.errors import DataError, ProjectError
from core.base.words import is_text

_MOST_BYTES = 255  # of one part of a path, on every file system in use
_MOST_IN_ALL = 4000
# Windows opens a device under these names, with any suffix.
_DEVICES = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?", re.IGNORECASE)
_DO = "Rename the scan or mend what names the file, then do the step again."


def home() -> Path:
    """The person's own folder; the one that the program was started in where they have none, as in
    a container under a number that nobody is."""
    try:
        return Path.home()
    except RuntimeError:
        return Path.cwd()


def typed_path(text: str) -> Path:
    """What a person typed as a path; "~" is their own folder, "~ann" that of ann. Raises
    ProjectError where there is no such person."""
    path = Path(text.strip())
    try:
        return path.expanduser()
    except RuntimeError as error:
        raise ProjectError(
            f"{path.parts[0]} is nobody's folder.", "Write the path in full, from / on."
        ) from error


def inside(folder: Path, name: str) -> Path:
    """The path `name`, parts joined by "/", below `folder`.

    Raises DataError, and touches nothing, for a name that leads elsewhere (absolute, "..", by a
    link) or that is no name of a file on every system: empty, "." or "" as a part, NUL, characters
    that are not text, too long, a device's name.
    """
    check_name(name)
    path = folder.joinpath(*name.split("/"))
    try:
        length = len(bytes(path))
        real, home = path.resolve(), folder.resolve()
    except (OSError, RuntimeError) as error:  # links in a circle
        raise DataError(
            f"{_shown(name)} cannot be followed below {folder}: {error}.", _DO
        ) from error
    if length > _MOST_IN_ALL:
        raise DataError(f"The path of {_shown(name)} below {folder} is too long.", _DO)
    if real == home or not real.is_relative_to(home):
        raise DataError(
            f"{_shown(name)} is not below {folder}: a link leads to {real}.",
            "Name a folder without links in it.",
        )
    return path


def check_name(name: object) -> None:
    """Raise DataError for a name, parts joined by "/", that could lead out of the folder it is
    meant in, or be no file's on every system, whatever links there are."""
    reason = _wrong(name)
    if reason:
        raise DataError(f"{_shown(name)} is no name of a file here: {reason}.", _DO)


def _wrong(name: object) -> str:
    if not isinstance(name, str) or not name:
        return "it is empty or no text"
    if "\0" in name:
        return "it holds a zero byte"
    if not is_text(name):
        return "it holds characters that are not text"
    if name.startswith("/") or re.match(r"[A-Za-z]:[\\/]", name) or name.startswith("\\"):
        return "it is absolute"
    parts = name.split("/")
    if ".." in re.split(r"[\\/]", name):
        return "it leads out of its folder"
    if "" in parts or "." in parts:
        return "a part of it is empty"
    if any(len(part.encode()) > _MOST_BYTES for part in parts):
        return "a part of it is too long"
    device = next((part for part in parts if _DEVICES.fullmatch(part)), None)
    return f"{device} is a device's name" if device else ""


def _shown(name: object) -> str:
    """A name as it can be printed everywhere, long ones cut."""
    text = ascii(name) if not (isinstance(name, str) and name.isprintable()) else name
    return text if len(text) <= 120 else f"{text[:117]}…"
