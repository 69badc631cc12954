"""A journal's file, which may be anybody's: how it is opened, what of it is checked before it is
read, and whether it is still the file that was opened.
"""

from __future__ import annotations

import contextlib
import math
import os
import shutil
import sqlite3
import stat
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from core.answers.entry import COLUMNS, IN_HEAD, MOST_ROWS
from core.answers.journal_log import log_of, read_log
from core.base.errors import DamagedError, ProjectError, StorageError

VERSION = 2
APPLICATION_ID = 0x4C694C6F  # "LiLo"
LATEST = 8e9  # unix s: up to here a float tells microseconds apart; it is the year 2223
_MOST_BYTES = 1 << 28  # of one entry: what is larger is never read
MOST_SEQ = 1 << 48
_RESTORE = "Restore it from a copy, or run `lidarloop doctor --mend` on the project."

_TEXT = {column.name for column in COLUMNS if column.sql.startswith("TEXT")}
_BLOB = {column.name for column in COLUMNS if column.sql.startswith("BLOB")}
_WHOLE = {
    "seq": (1, MOST_SEQ),
    "points": (0, MOST_ROWS),
    "scan_rows": (0, MOST_ROWS),
    "clicks": (-MOST_SEQ, MOST_SEQ),
    "keys": (-MOST_SEQ, MOST_SEQ),
    "blind": (0, 1),
}
_REAL = {"time": (0, LATEST), "active_s": (-1e9, 1e9)}
# SQL that is true of an entry no LidarLoop wrote; a NULL makes it true as well.
BAD = " OR ".join(
    [
        *(f"typeof({name}) <> 'text'" for name in sorted(_TEXT)),
        *(f"typeof({name}) <> 'blob'" for name in sorted(_BLOB)),
        *(
            f"typeof({name}) <> 'integer' OR {name} NOT BETWEEN {low} AND {high}"
            for name, (low, high) in _WHOLE.items()
        ),
        *(
            f"typeof({name}) <> 'real' OR {name} NOT BETWEEN {low} AND {high}"
            for name, (low, high) in _REAL.items()
        ),
        "typeof(cancels) NOT IN ('integer', 'null')",
        "length(counts) % 8 <> 0 OR length(counts) > 2048",
    ]
)


def check_is_file(path: Path) -> None:
    """Raise ProjectError where something else than a file bears a journal's name: to open a pipe
    would wait for ever."""
    try:
        mode = path.stat().st_mode
    except OSError:  # none yet, or told when it is opened
        return
    if not stat.S_ISREG(mode):
        kind = "folder" if stat.S_ISDIR(mode) else "pipe or a device"
        raise ProjectError(
            f"{path} is a {kind}, no journal.", "Move it out of the folder journals."
        )


def check_log(path: Path) -> str | None:
    """The sentence on a log that ends in the middle of a write, None where all is whole. Raises
    DamagedError where SQLite would leave out what was saved, and has not been let at it."""
    log = read_log(path)
    if log is None:
        return None
    if not log.whole:
        raise DamagedError(
            f"The log of the journal {path} is damaged: of what was saved last a part would be "
            "missing.",
            "Run `lidarloop doctor --mend` on the project: it keeps what can be read, and the "
            "damaged files.",
        )
    if not log.torn:
        return None
    return (
        f"The log of {path.name} ends in the middle of a write, as where the program was killed: "
        "look whether the last answer is there."
    )


def connect(path: Path, *, read_only: bool) -> tuple[sqlite3.Connection, Path | None]:
    """Open a journal's file so that nothing in it can run or grow beyond bounds.

    Read only, no byte is written where the folder takes none: of a file that a program left with a
    write-ahead log there, a copy is read, in the folder that is returned and is the caller's to
    delete. Raises ProjectError where it is no file, sqlite3.DatabaseError.
    """
    check_is_file(path)
    aside: Path | None = None
    if not read_only:
        path.parent.mkdir(parents=True, exist_ok=True)
        database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
    else:
        database, aside = _connect_to_read(path)
    database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MOST_BYTES)
    database.execute("PRAGMA trusted_schema = OFF")
    database.execute("PRAGMA cell_size_check = ON")
    return database, aside


def _connect_to_read(path: Path) -> tuple[sqlite3.Connection, Path | None]:
    log = log_of(path)
    logged = log.exists() and log.stat().st_size > 0
    if os.access(path.parent, os.W_OK):
        database = _opened(path, "?mode=ro")
        try:
            version_of(database)  # here SQLite makes an index of the log, where there is none
            return database, None
        except sqlite3.OperationalError as error:
            database.close()
            if not logged or "locked" in str(error):
                raise
        except sqlite3.DatabaseError:
            return database, None  # damaged: told by whoever reads it
    elif not logged:
        # Nobody here can write, so nothing changes beneath us; SQLite would want an index of the
        # log beside it.
        return _opened(path, "?immutable=1"), None
    aside = Path(tempfile.mkdtemp(prefix="lidarloop-"))
    try:
        for part in (path, log):
            shutil.copyfile(part, aside / part.name)
    except OSError:
        shutil.rmtree(aside, ignore_errors=True)
        raise
    return _opened(aside / path.name, ""), aside


def _opened(path: Path, how: str) -> sqlite3.Connection:
    # The name as a URI, since it may hold ? # or %.
    return sqlite3.connect(f"{path.absolute().as_uri()}{how}", uri=True, check_same_thread=False)


def version_of(database: sqlite3.Connection) -> int:
    """The version of the journal, 0 where nothing is in it yet."""
    (version,) = database.execute("PRAGMA user_version").fetchone()
    return int(version)


def check_layout(database: sqlite3.Connection, path: Path, annotator: str) -> bool:
    """Whether there is a journal in the file, and it is laid out as we lay it out.

    False for a file with nothing in it. Raises ProjectError for another program's database, another
    annotator's journal or a newer version; DamagedError for tables that are not ours.
    """
    version = version_of(database)
    (application,) = database.execute("PRAGMA application_id").fetchone()
    made = {
        name: (kind, sql or "")
        for name, kind, sql in database.execute("SELECT name, type, sql FROM sqlite_master")
        if not str(name).startswith("sqlite_")
    }
    if not made:
        return False
    if application != APPLICATION_ID:
        raise ProjectError(
            f"{path} is no journal of LidarLoop.", "Move it out of the folder journals."
        )
    if version > VERSION:
        raise ProjectError(
            f"The journal {path} is of a newer LidarLoop (version {version}).",
            "Update LidarLoop to open it.",
        )
    kinds = {name: kind for name, (kind, _) in made.items()}
    ours = {"entries": "table", "about": "table", "by_scan": "index"}
    if version < 1 or kinds != ours or "AUTOINCREMENT" not in made["entries"][1].upper():
        raise _strange(path, ", ".join(sorted(f"{kind} {name}" for name, kind in kinds.items())))
    shape = database.execute("PRAGMA table_xinfo(entries)").fetchall()
    wanted = [_as_told(place, column) for place, column in enumerate(of_version(version))]
    if [tuple(row[:6]) for row in shape] != wanted or any(row[6] for row in shape):
        raise _strange(path, "entries with other columns")
    if [row[1] for row in database.execute("PRAGMA table_xinfo(about)")] != ["annotator"]:
        raise _strange(path, "about with other columns")
    owners = database.execute("SELECT annotator FROM about LIMIT 2").fetchall()
    if len(owners) != 1 or not isinstance(owners[0][0], str):
        raise _strange(path, "about with no annotator or several")
    if owners[0][0] != annotator:
        raise ProjectError(
            f"The journal {path.name} holds the answers of {ascii(owners[0][0])[1:-1]}.",
            f"Name the file {ascii(owners[0][0])[1:-1]}.sqlite again.",
        )
    largest = None
    with contextlib.suppress(sqlite3.DatabaseError):  # its page may be damaged, and be salvaged
        (largest,) = database.execute("SELECT max(seq) FROM sqlite_sequence").fetchone()
    if largest is not None and not (isinstance(largest, int) and largest < MOST_SEQ):
        raise _strange(path, "a count of entries that no one can reach")
    return True


def of_version(version: int) -> list[Any]:
    """The columns that a journal of a version has."""
    return [column for column in COLUMNS if column.since <= version]


def _as_told(place: int, column: Any) -> tuple[Any, ...]:
    """A column as PRAGMA table_xinfo tells it."""
    words = column.sql.split()
    key = int("PRIMARY" in words)
    return place, column.name, words[0], int("NOT" in words), column.default or None, key


def _strange(path: Path, what: str) -> DamagedError:
    what = ascii(what)[1:-1]
    return DamagedError(
        f"The journal {path} is damaged: it holds {what[:200]}, which no LidarLoop wrote.", _RESTORE
    )


def check_heads(path: Path, rows: Sequence[tuple[Any, ...]]) -> None:
    """Raise DamagedError where the heads' columns contradict each other: two entries of one number,
    or points per class of classes that there are not."""
    if not rows:
        return
    seqs = np.array([row[0] for row in rows], np.int64)
    twice = np.flatnonzero(np.diff(seqs) <= 0)
    if len(twice):
        raise damaged_entry(path, int(seqs[twice[0] + 1]), "has the number of another")
    blobs = [row[IN_HEAD.index("counts")] for row in rows]
    pairs = np.frombuffer(b"".join(blobs), "<u4").reshape(-1, 2)
    if len(pairs) and pairs[:, 0].max() > 255:
        of = np.repeat(seqs, [len(blob) // 8 for blob in blobs])
        raise damaged_entry(path, int(of[pairs[:, 0].argmax()]), "counts classes there are not")


def damaged_entry(path: Path, seq: object, why: str) -> DamagedError:
    return DamagedError(f"The journal {path} is damaged: entry {seq} {why}.", _RESTORE)


def next_time(path: Path, last: float) -> float:
    """The time of a journal's next entry: now, and behind the last one by what a float can tell.
    Raises StorageError where that is later than is believed when it is read again."""
    found = max(time.time(), last + 1e-6, math.nextafter(last, math.inf))
    if found > LATEST:
        raise StorageError(
            f"{path.name} was not written: the clock of this computer, or the last entry of "
            "somebody's journal, is past the year 2223.",
            "Set the clock right, or take the journal with such a time out of the folder journals.",
        )
    return found


def sentence_of(path: Path, text: str, *, read_only: bool) -> ProjectError:
    """What an error of SQLite or the disk means."""
    if any(
        word in text for word in ("malformed", "not a database", "too big", "no such", "decode")
    ):
        return DamagedError(
            f"The journal {path} is damaged: {text}.",
            "Restore it from a copy; answers of other annotators are not touched.",
        )
    if read_only:
        return StorageError(
            f"The journal {path} cannot be read: {text}.",
            "Check the disk and your right to read the file.",
        )
    what = "No space is left on the disk" if "full" in text else "The disk refused"
    return StorageError(
        f"{what}: {path.name} was not written ({text}).",
        "Free space or check the disk; everything saved before is intact.",
    )


class Stamp(NamedTuple):
    """By what a file is known again."""

    device: int
    inode: int
    size: int
    changed_ns: int


def stamp(path: Path) -> Stamp | None:
    """The stamp of the file at a path, None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return Stamp(found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)


class Watch:
    """Whether a journal and its log are still the files that were opened.

    What a program writes to a file that was unlinked goes to nowhere without an error.
    """

    def __init__(self, path: Path) -> None:
        self._paths = (path, log_of(path))
        self._known = self._look()

    def _look(self) -> tuple[Stamp | None, ...]:
        return tuple(stamp(path) for path in self._paths)

    def settle(self) -> None:
        """What is there now is known: one's own writing changed it."""
        self._known = self._look()

    def gone(self) -> bool:
        """Whether the journal's name leads elsewhere, or nowhere."""
        known, now = self._known, self._look()
        return now[0] is None or any(
            old is not None and (new is None or new[:2] != old[:2])
            for old, new in zip(known, now, strict=True)
        )

    def touched(self) -> bool:
        """Whether anybody else wrote to the files."""
        return self._look() != self._known
