"""Bytes of a point file: header lines, rows, and the sentences for a file that is wrong."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path

import numpy as np

from core.base.errors import DataError

WHOLE = "Bring the whole file, or leave the scan out."
_HEADER_BYTES = 1 << 20
_PADDING = b"\0 \t\r\n"


def file_size(path: Path) -> int:
    """Bytes of a file. Raises DataError where it is missing, or none (of a pipe one would wait)."""
    try:
        about = path.stat()
    except OSError as error:
        raise unreadable(path, error) from error
    if not stat.S_ISREG(about.st_mode):
        raise wrong(path, "is no file", "Remove it, or leave the scan out.")
    return about.st_size


def unreadable(path: Path, error: OSError) -> DataError:
    return DataError(
        f"{path} cannot be read: {error.strerror}.",
        "Bring the file back; if the data root moved, correct `root` in project.toml.",
    )


def wrong(path: Path, what: str, do: str = WHOLE) -> DataError:
    """What is wrong with a file that is there."""
    return DataError(f"{path} {what}.", do)


def read_header(path: Path, is_last: Callable[[str], bool]) -> tuple[list[str], int]:
    """The lines of a text header up to the one that `is_last`, stripped; bytes they take.

    Raises DataError where no such line comes within a megabyte.
    """
    lines: list[str] = []
    file_size(path)
    try:
        with path.open("rb") as file:
            while file.tell() < _HEADER_BYTES:
                line = file.readline(_HEADER_BYTES)
                if not line.endswith(b"\n"):
                    break
                lines.append(line.decode("utf-8", "replace").strip())
                if is_last(lines[-1]):
                    return lines, file.tell()
    except OSError as error:
        raise unreadable(path, error) from error
    raise wrong(path, "has no whole header: it ends or goes on before the line that closes it")


def whole(word: str) -> int | None:
    """The whole number, not negative, that a word of a header is, or None."""
    return int(word) if word.isascii() and word.isdigit() and len(word) < 19 else None


def check_length(path: Path, offset: int, points: int, row: int) -> None:
    """Raise DataError unless `points` rows of `row` bytes, and padding, follow `offset`."""
    there = file_size(path) - offset
    if there < points * row:
        raise cut_short(path, points, there // row)
    check_tail(path, offset + points * row)


def check_tail(path: Path, end: int) -> None:
    """Raise DataError where more than padding follows the byte `end`."""
    more = file_size(path) - end
    if more > 0 and (more > _HEADER_BYTES or read_bytes(path, end).strip(_PADDING)):
        raise wrong(path, f"has {more:,} bytes more than its header says")


def cut_short(path: Path, points: int, there: int) -> DataError:
    return wrong(
        path,
        f"is cut short: its header says {points:,} points, there {'is' if there == 1 else 'are'} "
        f"{there:,}",
    )


def read_bytes(path: Path, offset: int = 0) -> bytes:
    """What follows the byte `offset`. Raises DataError."""
    file_size(path)
    try:
        with path.open("rb") as file:
            file.seek(offset)
            return file.read()
    except OSError as error:
        raise unreadable(path, error) from error


def read_rows(path: Path, dtype: np.dtype, rows: int, offset: int = 0) -> np.ndarray:
    """(rows,) of a dtype from the byte `offset` on; the length was checked. Raises DataError."""
    try:
        found = np.fromfile(path, dtype, rows, offset=offset)
    except OSError as error:
        raise unreadable(path, error) from error
    if len(found) != rows:
        raise cut_short(path, rows, len(found))
    return found
