"""The journal: one SQLite file per annotator, append only, the only truth of a project.

An entry is committed and synced before `append` returns. Rows are stored as differences,
compressed; what lists and counts need stands in columns of its own, so that opening a journal
decodes no rows.
"""

from __future__ import annotations

import sqlite3
import threading
import time
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from core.answers.entry import (
    COLUMNS,
    IN_ENTRY,
    IN_HEAD,
    IN_TABLE,
    VERBS,
    Entry,
    Head,
    to_entry,
    to_head,
    to_row,
    unpack_rows,
)
from core.base.errors import DamagedError, ProjectError, StorageError
from core.base.files import is_network_disk

VERSION = 2
APPLICATION_ID = 0x4C694C6F  # "LiLo"
_SCHEMA = (
    f"CREATE TABLE entries ({', '.join(column.definition for column in COLUMNS)})",
    "CREATE INDEX by_scan ON entries (scan)",
    "CREATE TABLE about (annotator TEXT NOT NULL)",
)
_INSERT = f"INSERT INTO entries ({', '.join(IN_TABLE)}) VALUES ({', '.join('?' for _ in IN_TABLE)})"


class Journal:
    """One annotator's file. Safe to use from several threads."""

    def __init__(self, path: Path, annotator: str, *, read_only: bool = False) -> None:
        """Open or make the journal at `path`.

        A file of an older version becomes one of this version, save where it is only read. Raises
        ProjectError for a damaged file, another annotator's, or a newer version.
        """
        self.path = path
        self.annotator = annotator
        self.note: str | None = None
        self._guard = threading.Lock()
        self._last_time = 0.0
        with self._told():
            if read_only:
                # A WAL file of a program that still runs must be seen, so no immutable=1.
                self._database = sqlite3.connect(
                    f"file:{path}?mode=ro", uri=True, check_same_thread=False
                )
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                self._database = sqlite3.connect(
                    path, check_same_thread=False, isolation_level=None
                )
            self._check()
            if not read_only:
                self._prepare()

    def _version(self) -> int:
        (version,) = self._database.execute("PRAGMA user_version").fetchone()
        return int(version)

    def _check(self) -> None:
        version = self._version()
        (application,) = self._database.execute("PRAGMA application_id").fetchone()
        (tables,) = self._database.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if tables == 0:
            return
        if application != APPLICATION_ID:
            raise ProjectError(
                f"{self.path} is no journal of LidarLoop.", "Move it out of the folder journals."
            )
        if version > VERSION:
            raise ProjectError(
                f"The journal {self.path} is of a newer LidarLoop (version {version}).",
                "Update LidarLoop to open it.",
            )
        (owner,) = self._database.execute("SELECT annotator FROM about").fetchone()
        if owner != self.annotator:
            raise ProjectError(
                f"The journal {self.path.name} holds the answers of {owner}.",
                f"Name the file {owner}.sqlite again.",
            )
        with suppress(sqlite3.DatabaseError):  # told when the entries are read, which may be saved
            (last,) = self._database.execute("SELECT max(time) FROM entries").fetchone()
            self._last_time = last or 0.0

    def _prepare(self) -> None:
        if is_network_disk(self.path.parent):
            # A write-ahead log needs memory shared between machines, which network disks lack.
            self.note = f"{self.path.name} is on a network disk: saving an answer takes longer."
            self._database.execute("PRAGMA journal_mode = DELETE")
        else:
            self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = FULL")
        if self._version() == VERSION:
            return
        if self._version() and not self._is_sound():
            self.salvage()  # a damaged file stays as it is; what is good goes on in this version
            return
        with self._transaction():
            version = self._version()  # again: another program may have been quicker
            if version == 0:
                for statement in _SCHEMA:
                    self._database.execute(statement)
                self._database.execute("INSERT INTO about VALUES (?)", (self.annotator,))
                self._database.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            else:
                for column in COLUMNS:
                    if column.since > version:
                        self._database.execute(
                            f"ALTER TABLE entries ADD COLUMN {column.definition}"
                        )
            self._database.execute(f"PRAGMA user_version = {VERSION}")

    def _is_sound(self) -> bool:
        """Whether SQLite finds nothing wrong with the file: asked once, before it is changed."""
        try:
            (found,) = self._database.execute("PRAGMA quick_check(1)").fetchone()
        except sqlite3.DatabaseError:
            return False
        return bool(found == "ok")

    def append(self, entry: Entry) -> tuple[Entry, Head]:
        """Add an entry at the end; return it as stored, with its head.

        It is on the disk when this returns. Its time never lies before the last entry's, even if
        the clock was set back. Raises StorageError, and then nothing was added.
        """
        return self.append_all([entry])[0]

    def append_all(self, entries: Sequence[Entry]) -> list[tuple[Entry, Head]]:
        """Add several entries, all or none, whose numbers follow each other; as `append` does."""
        for entry in entries:
            if entry.verb not in VERBS:
                raise ValueError(f"verb {entry.verb!r}")
        with self._guard, self._told():
            last, stored, rows = self._last_time, [], []
            with self._transaction() if len(entries) > 1 else nullcontext():
                for entry in entries:
                    last = max(time.time(), last + 1e-6)
                    row = to_row(replace(entry, seq=0, time=last))
                    row["seq"] = self._database.execute(_INSERT, tuple(row.values())).lastrowid
                    rows.append(row)
                    stored.append(replace(entry, seq=row["seq"], time=last))
            self._last_time = last
        heads = [to_head(self.annotator, [row[name] for name in IN_HEAD]) for row in rows]
        return list(zip(stored, heads, strict=True))

    def extend(self, other: Journal) -> None:
        """Append, all or nothing, what `other`, a longer copy of this journal, has after its last
        entry; numbers and times stay."""
        with self._guard, self._told():
            (last,) = self._database.execute("SELECT max(seq) FROM entries").fetchone()
            self._insert(other._select(IN_TABLE, "WHERE seq > ? ORDER BY seq", (last or 0,)))

    def _insert(self, rows: Iterable[tuple[Any, ...]]) -> None:
        """Write stored rows, every column as it is, in one transaction."""
        with self._transaction():
            self._database.executemany(_INSERT, rows)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """All that is written within, or nothing."""
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._database.execute("COMMIT")
        except BaseException:
            if self._database.in_transaction:  # SQLite itself rolls back on a full disk
                self._database.execute("ROLLBACK")
            raise

    def _select(
        self, names: Sequence[str], rest: str, values: Sequence[Any] = ()
    ) -> sqlite3.Cursor:
        """Columns of the entries that `rest`, the end of a SELECT, chooses; in a file of an older
        version those that it lacks have their default."""
        version = self._version()  # each time: who writes the file may make it a newer one
        known = ", ".join(
            column.name if column.since <= version else f"{column.default} AS {column.name}"
            for column in COLUMNS
        )
        return self._database.execute(
            f"SELECT {', '.join(names)} FROM (SELECT {known} FROM entries) {rest}", values
        )

    def heads(self) -> list[Head]:
        """Return the heads of all entries, in order."""
        with self._guard, self._told():
            (tables,) = self._database.execute("SELECT count(*) FROM sqlite_master").fetchone()
            rows = self._select(IN_HEAD, "ORDER BY seq").fetchall() if tables else []
        cancels = IN_HEAD.index("cancels")
        for row in rows:
            # SQLite reads a page that was cut off as nothing.
            if row.count(None) > (row[cancels] is None):
                raise DamagedError(
                    f"The journal {self.path} is damaged: entry {row[0]} is not whole.",
                    "Restore it from a copy; answers of other annotators are not touched.",
                )
        return [to_head(self.annotator, row) for row in rows]

    def salvage(self) -> Path:
        """Move what can be read to a journal in this one's place; keep the damaged one beside it.

        Every entry keeps its number and time. Returns where the damaged file is kept; `note` says
        what was lost. Raises ProjectError where nothing can be read.
        """
        good, last = [], 0
        for seq in self._numbers():
            try:
                row = self._select(IN_TABLE, "WHERE seq = ?", (seq,)).fetchone()
                if row is not None:
                    unpack_rows(row[IN_TABLE.index("rows")])
                    good.append(row)
                    last = seq
            except (sqlite3.DatabaseError, zlib.error, ValueError):
                continue  # this entry is lost
        if not good:
            raise ProjectError(
                f"Nothing in {self.path} can be read any more.",
                "Restore it from a copy, or move it away to begin anew.",
            )
        self._database.close()
        kept = self.path.with_suffix(f".damaged-{time.strftime('%Y%m%d-%H%M%S')}")
        for end in ("", "-wal", "-shm"):
            part = self.path.with_name(self.path.name + end)
            if part.exists():
                part.replace(kept.with_name(kept.name + end))
        with self._told():
            self._database = sqlite3.connect(
                self.path, check_same_thread=False, isolation_level=None
            )
            self._prepare()
            self._insert(good)
        self._last_time = max(row[IN_TABLE.index("time")] for row in good)
        lost = last - len(good)
        self.note = (
            f"{self.path.name} was damaged: {len(good):,} entries are kept, about {lost:,} are "
            f"lost; the damaged file is {kept.name}."
        )
        return kept

    def _numbers(self) -> range:
        """Numbers that an entry may have; past a damaged page SQLite itself may not know."""
        try:
            (last,) = self._database.execute("SELECT max(seq) FROM entries").fetchone()
        except sqlite3.DatabaseError:
            last = None
        try:
            (ever,) = self._database.execute("SELECT seq FROM sqlite_sequence").fetchone() or (0,)
        except sqlite3.DatabaseError:
            ever = 0
        return range(1, max(last or 0, ever) + 1)

    def scans(self) -> list[tuple[str, int, str]]:
        """Each scan with answers: its name, its rows and the hash of its content then."""
        with self._guard, self._told():
            return self._database.execute(
                "SELECT DISTINCT scan, scan_rows, scan_hash FROM entries WHERE verb = 'answer'"
            ).fetchall()

    def entries(
        self, *, scan: str | None = None, blind: bool | None = None, kind: str | None = None
    ) -> Iterator[Entry]:
        """Yield the entries in order: of one scan or of all, only blind ones or only others, of one
        kind or of all."""
        wanted = {"scan = ?": scan, "blind = ?": blind, "kind = ?": kind}
        wanted = {test: value for test, value in wanted.items() if value is not None}
        where = f"WHERE {' AND '.join(wanted)}" if wanted else ""
        values = tuple(wanted.values())
        with self._guard, self._told():
            rows = self._select(IN_ENTRY, f"{where} ORDER BY seq", values).fetchall()
        for row in rows:
            yield self._entry(row)

    def entry(self, seq: int) -> Entry | None:
        """The entry of a number, None where there is none."""
        with self._guard, self._told():
            row = self._select(IN_ENTRY, "WHERE seq = ?", (seq,)).fetchone()
        return None if row is None else self._entry(row)

    def _entry(self, row: tuple[Any, ...]) -> Entry:
        try:
            return to_entry(self.annotator, row)
        except (zlib.error, ValueError) as error:
            raise DamagedError(
                f"Entry {row[IN_ENTRY.index('seq')]} of {self.path.name} is damaged: {error}.",
                "Restore the journal from a copy; `lidarloop doctor` checks it.",
            ) from error

    def close(self) -> None:
        with self._guard:
            self._database.close()

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Turn SQLite's errors into sentences."""
        try:
            yield
        except sqlite3.DatabaseError as error:
            text = str(error)
            if "malformed" in text or "not a database" in text:
                raise DamagedError(
                    f"The journal {self.path} is damaged: {text}.",
                    "Restore it from a copy; answers of other annotators are not touched.",
                ) from error
            what = "No space is left on the disk" if "full" in text else "The disk refused"
            raise StorageError(
                f"{what}: {self.path.name} was not written ({text}).",
                "Free space or check the disk; everything saved before is intact.",
            ) from error
