"""What of a damaged journal can be read, and where the damaged file is kept."""

from __future__ import annotations

import os
import shutil
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from core.answers.entry import COLUMNS, IN_TABLE, check_packed
from core.answers.journal_file import BAD, MOST_SEQ
from core.base.errors import StorageError
from core.base.files import storage_error

_MOST_NUMBERS = 1 << 20  # numbers that are tried one by one, where SQLite cannot list them
_PARTS = ("", "-wal", "-shm", "-journal")
_ROWS, _CLASSES = IN_TABLE.index("rows"), IN_TABLE.index("classes")
_POINTS, _SCAN_ROWS = IN_TABLE.index("points"), IN_TABLE.index("scan_rows")


def known_columns(version: int) -> str:
    """The entries with all columns; those that a file of an older version lacks have their
    default."""
    known = ", ".join(
        column.name if column.since <= version else f"{column.default} AS {column.name}"
        for column in COLUMNS
    )
    return f"(SELECT {known} FROM entries)"


def readable(database: sqlite3.Connection, version: int) -> Iterator[tuple[Any, ...]]:
    """The rows, IN_TABLE, of the entries that are whole, each by itself, in their order."""
    one = f"SELECT {', '.join(IN_TABLE)} FROM {known_columns(version)} WHERE seq = ?"
    for seq in _numbers(database):
        try:
            row = database.execute(f"{one} AND NOT ({BAD})", (seq,)).fetchone()
            if row is not None:
                check_packed(row[_ROWS], row[_CLASSES], row[_POINTS], row[_SCAN_ROWS])
                yield row
        except (sqlite3.DatabaseError, ValueError):
            continue  # this entry is lost


def last_number(database: sqlite3.Connection) -> int:
    """The largest number that an entry was ever given, also one that is lost; 0 where nothing says
    it that can be believed."""
    try:
        (ever,) = database.execute("SELECT max(seq) FROM sqlite_sequence").fetchone()
    except sqlite3.DatabaseError:
        return 0
    return ever if isinstance(ever, int) and 0 <= ever < MOST_SEQ else 0


def _numbers(database: sqlite3.Connection) -> list[int]:
    """Numbers that an entry may have; past a damaged page SQLite itself may not know."""
    found: set[int] = set()
    for order in ("", " DESC"):
        try:
            for (seq,) in database.execute(f"SELECT seq FROM entries ORDER BY seq{order}"):
                if isinstance(seq, int):
                    found.add(seq)
        except sqlite3.DatabaseError:
            continue
    last, ever = max(found, default=0), last_number(database)
    last = max(last, ever) if ever <= _MOST_NUMBERS else last
    return sorted(found.union(range(1, min(last, _MOST_NUMBERS) + 1)))


def kept_name(path: Path) -> Path:
    """Where a damaged journal is kept beside the good part of it; nothing is there yet."""
    first = path.with_suffix(f".damaged-{time.strftime('%Y%m%d-%H%M%S')}")
    kept, number = first, 1
    while kept.exists():
        number += 1
        kept = first.with_name(f"{first.name}-{number}")
    return kept


def check_free(path: Path) -> None:
    """Raise StorageError where a new journal cannot be put, as one is there, or the log of one that
    is gone: it would be read as the new one's."""
    for end in _PARTS:
        part = path.with_name(path.name + end)
        if part.exists():
            raise StorageError(f"{part} is there already.", "Choose another place.")


def put_aside(path: Path, kept: Path) -> None:
    """Keep a journal and its logs under another name."""
    for end in _PARTS:
        part = path.with_name(path.name + end)
        if part.exists():
            part.replace(kept.with_name(kept.name + end))


def keep_beside(path: Path, kept: Path) -> None:
    """Keep a journal and its logs under another name too; its place is then another's to take, and
    has no logs that would be read as those of what comes there. Raises StorageError."""
    try:
        for end in _PARTS:
            part = path.with_name(path.name + end)
            if part.exists():
                _second_name(part, kept.with_name(kept.name + end))
        for end in _PARTS[1:]:
            path.with_name(path.name + end).unlink(missing_ok=True)
    except OSError as error:
        raise storage_error(kept, error) from error


def _second_name(path: Path, other: Path) -> None:
    try:
        os.link(path, other)
    except OSError:  # some disks know no second name
        shutil.copyfile(path, other)


def remove(path: Path) -> None:
    """Delete a journal that was never finished, with its logs."""
    for end in _PARTS:
        path.with_name(path.name + end).unlink(missing_ok=True)
