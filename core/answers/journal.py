"""The journal: one SQLite file per annotator, append only, the only truth of a project.

An entry is committed and synced before `append` returns. Rows are stored as differences,
compressed; what lists and counts need stands in columns of its own, so that opening a journal
decodes no rows. What is checked of a file that anybody may have made: core.answers.journal_file.
"""

from __future__ import annotations

import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
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
    to_heads,
    to_row,
)
from core.answers.journal_file import (
    APPLICATION_ID,
    BAD,
    LATEST,
    VERSION,
    Watch,
    check_heads,
    check_layout,
    check_log,
    connect,
    damaged_entry,
    next_time,
    sentence_of,
    version_of,
)
from core.answers.salvage import (
    check_free,
    keep_beside,
    kept_name,
    known_columns,
    last_number,
    readable,
    remove,
)
from core.base.errors import DamagedError, GoneError, ProjectError
from core.base.files import is_network_disk, settle

_SCHEMA = (
    f"CREATE TABLE entries ({', '.join(column.definition for column in COLUMNS)})",
    "CREATE INDEX by_scan ON entries (scan)",
    "CREATE TABLE about (annotator TEXT NOT NULL)",
)
_INSERT = f"INSERT INTO entries ({', '.join(IN_TABLE)}) VALUES ({', '.join('?' for _ in IN_TABLE)})"
_SEQ, _SCAN = IN_TABLE.index("seq"), IN_ENTRY.index("scan")
_AT_ONCE = 100  # entries in memory while all are read
_HEADS_AT_ONCE = 10_000


def _unknown(_: str) -> int | None:
    return None


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
        self._read_only = read_only
        self._watch: Watch | None = None
        self._other = False  # somebody put another content into the file
        self._guard = threading.Lock()
        self._last_time = 0.0
        self._last_seq = self._count = self._ever = 0
        self._since: list[tuple[Any, ...]] = []  # rows that were appended since it was opened
        with self._told():
            self.damage = check_log(path)
            self._database, self._aside = connect(path, read_only=read_only)
            try:
                self._made = check_layout(self._database, path, annotator)
                if not read_only:
                    self._prepare()
                self._learn()
            except BaseException:
                self._shut()
                raise

    def _learn(self) -> None:
        """What the last entry is; a file that cannot be read says so when entries are asked for."""
        self._watch = Watch(self.path)
        self._ever = last_number(self._database)
        with suppress(sqlite3.DatabaseError):
            if self._made:
                last = "SELECT coalesce(max(seq), 0), count(*), max(time) FROM entries"
                self._last_seq, self._count, latest = self._database.execute(last).fetchone()
                good = isinstance(latest, float) and latest <= LATEST
                self._last_time = latest if good else 0.0

    def _prepare(self) -> None:
        if is_network_disk(self.path.parent):
            # A write-ahead log needs memory shared between machines, which network disks lack.
            self.note = f"{self.path.name} is on a network disk: saving an answer takes longer."
            self._database.execute("PRAGMA journal_mode = DELETE")
        else:
            self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = FULL")
        version = version_of(self._database)
        if version == VERSION and self._made:
            return
        if version and not self._is_sound():
            self.salvage()  # a damaged file stays as it is; what is good goes on in this version
            return
        with self._transaction():
            version = version_of(self._database)  # again: another program may have been quicker
            if not check_layout(self._database, self.path, self.annotator):
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
        # What tables there are stands in the file itself, whatever becomes of its log.
        self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._made = True

    def _is_sound(self) -> bool:
        """Whether SQLite finds nothing wrong with the file: asked once, before it is changed."""
        try:
            (found,) = self._database.execute("PRAGMA quick_check(1)").fetchone()
        except sqlite3.DatabaseError:
            return False
        return bool(found == "ok")

    @property
    def next_seq(self) -> int:
        """The number that the next entry will have: no entry had it, also none that is lost."""
        return max(self._ever, self._last_seq) + 1

    # -- writing ------------------------------------------------------------------------------

    def append(self, entry: Entry) -> tuple[Entry, Head]:
        """Add an entry at the end; return it as stored, with its head.

        It is on the disk when this returns. Its time never lies before the last entry's, even if
        the clock was set back. Raises StorageError, and then nothing was added; GoneError where the
        file is no more the one that was opened.
        """
        return self.append_all([entry])[0]

    def append_all(
        self, entries: Sequence[Entry], *, after: float = 0.0
    ) -> list[tuple[Entry, Head]]:
        """Add several entries, all or none, whose numbers follow each other; as `append` does.

        Their times lie behind `after`, the latest that the writer knows of anybody's: so an act
        comes after all that was seen when it was done, whatever the clocks say.
        """
        with self._guard, self._told():
            watch = self._check_there()
            last = max(self._last_time, after)
            with self._transaction() if len(entries) > 1 else nullcontext():
                rows = [self._write(entry, last := next_time(self.path, last)) for entry in entries]
            if watch.gone():  # while it was written
                raise self._gone()
            watch.settle()
            self._since += [tuple(row.values()) for row in rows]
            self._count += len(rows)
            if rows:
                self._last_seq, self._last_time = rows[-1]["seq"], last
        stored = [
            replace(entry, seq=row["seq"], time=row["time"])
            for entry, row in zip(entries, rows, strict=True)
        ]
        heads = [to_head(self.annotator, [row[name] for name in IN_HEAD]) for row in rows]
        return list(zip(stored, heads, strict=True))

    def append_each(self, entries: Iterable[Entry], *, after: float = 0.0) -> int:
        """Add entries as they are made, all or none; return how many. As `append_all` does, with
        one of them in memory."""
        count, last = 0, max(self._last_time, after)
        with self._guard, self._told(), self._transaction():
            for entry in entries:
                last = next_time(self.path, last)
                self._write(entry, last)
                count += 1
        with self._guard, self._told():
            self._learn()
        return count

    def _write(self, entry: Entry, now: float) -> dict[str, Any]:
        """Insert an entry; return its row with its number."""
        if entry.verb not in VERBS:
            raise ValueError(f"verb {entry.verb!r}")
        row = to_row(replace(entry, seq=0, time=now))
        row["seq"] = self._database.execute(_INSERT, tuple(row.values())).lastrowid
        return row

    def _check_there(self) -> Watch:
        """Raise GoneError where what is written now would be nowhere, or in another file."""
        assert self._watch is not None
        if self._watch.gone():
            raise self._gone()
        if self._watch.touched():  # somebody wrote to it
            self._other = not self._holds_all()
            if self._other:
                raise self._gone()
            self._watch.settle()
        return self._watch

    def _holds_all(self) -> bool:
        """Whether the file, read anew, still has all that was saved."""
        try:
            fresh = Journal(self.path, self.annotator, read_only=True)
        except ProjectError:
            return False
        try:
            same = (fresh._last_seq, fresh._count) == (self._last_seq, self._count)
            return same and fresh._is_sound()
        finally:
            fresh.close()

    @property
    def gone(self) -> bool:
        """Whether the file is no more the one that was opened, or has lost what was saved."""
        return self._other or (self._watch is not None and self._watch.gone())

    def _gone(self) -> GoneError:
        return GoneError(
            f"The journal {self.path} was deleted, moved or replaced while it was open: nothing "
            "more can be saved there.",
            "What was answered is still in memory: save it to another place before you close the "
            "program.",
        )

    def extend(self, other: Journal) -> None:
        """Append, all or nothing, what `other`, a longer copy of this journal, has after its last
        entry; numbers and times stay."""
        with self._guard, self._told():
            (last,) = self._database.execute("SELECT max(seq) FROM entries").fetchone()
            self._insert(other._select(IN_TABLE, "WHERE seq > ? ORDER BY seq", (last or 0,)))
            self._learn()

    def save_copy(self, path: Path, more: Sequence[Entry] = ()) -> int:
        """Write all that was saved, and `more` behind it, to a new journal at `path`; return how
        many entries it has. What the file itself can no longer give comes from memory.

        Raises ProjectError where something is there already, or cannot be written.
        """
        check_free(path)
        rows: dict[int, tuple[Any, ...]] = {}
        with self._guard, suppress(sqlite3.DatabaseError):
            version = version_of(self._database)
            rows = {row[_SEQ]: row for row in readable(self._database, version)}
        rows = {seq: row for seq, row in rows.items() if seq <= self._last_seq}
        rows |= {row[_SEQ]: row for row in self._since}
        with built_aside(path, self.annotator) as copy:
            copy.take_rows([rows[seq] for seq in sorted(rows)], self.next_seq - 1)
            copy.append_all(more, after=self._last_time)
        return len(rows) + len(more)

    def take_rows(self, rows: Iterable[tuple[Any, ...]], last: int) -> None:
        """Write the rows, IN_TABLE, of entries that were stored before, as they are; numbers up to
        `last` are given to none that comes."""
        with self._guard, self._told():
            self._insert(rows)
            self._database.execute("UPDATE sqlite_sequence SET seq = max(seq, ?)", (last,))
            self._learn()

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

    # -- reading ------------------------------------------------------------------------------

    def _select(
        self, names: Sequence[str], rest: str, values: Sequence[Any] = ()
    ) -> sqlite3.Cursor:
        """Columns of the entries that `rest`, the end of a SELECT, chooses."""
        version = version_of(self._database)  # each time: who writes the file may make it newer
        if not version:
            nothing = ", ".join("NULL" for _ in names)
            return self._database.execute(f"SELECT {nothing} WHERE 0")
        return self._database.execute(
            f"SELECT {', '.join(names)} FROM {known_columns(version)} {rest}", values
        )

    def heads(self) -> list[Head]:
        """Return the heads of all entries, in order. Raises DamagedError where one is not as we
        write them: SQLite reads a page that was cut off as nothing, and believes any type."""
        found: list[Head] = []
        known: dict[Any, Any] = {}
        last: list[tuple[Any, ...]] = []
        with self._guard, self._told():
            cursor = self._select((*IN_HEAD, BAD), "ORDER BY seq")
            while rows := cursor.fetchmany(_HEADS_AT_ONCE):
                for row in rows:
                    if row[-1] != 0:
                        raise damaged_entry(self.path, row[0], "is not whole")
                check_heads(self.path, last + rows)
                last = rows[-1:]
                found += to_heads(self.annotator, [row[:-1] for row in rows], known)
        return found

    def salvage(self) -> Path:
        """Move what can be read to a journal in this one's place; keep the damaged one beside it.

        Every entry keeps its number and time. Returns where the damaged file is kept; `damage`
        says what was lost. Raises ProjectError where nothing can be read.
        """
        good = list(readable(self._database, version_of(self._database)))
        last = last_number(self._database)
        if not good:
            raise ProjectError(
                f"Nothing in {self.path} can be read any more.",
                "Restore it from a copy, or move it away to begin anew.",
            )
        self._database.close()
        with self._told():
            try:
                kept = put_good_part(self.path, self.annotator, good, last, kept_name(self.path))
            finally:
                self._database, self._aside = connect(self.path, read_only=False)
            self._made = True
            self._prepare()
            self._learn()
        lost = max(last, good[-1][_SEQ]) - len(good)
        self.damage = (
            f"{self.path.name} was damaged: {len(good):,} entries are kept, about {lost:,} are "
            f"lost; the damaged file is {kept.name}."
        )
        return kept

    def scans(self) -> list[tuple[str, int, str]]:
        """Each scan with answers: its name, its rows and the hash of its content then."""
        with self._guard, self._told():
            return self._select(
                ("DISTINCT scan", "scan_rows", "scan_hash"), "WHERE verb = 'answer'"
            ).fetchall()

    def entries(
        self,
        *,
        scan: str | None = None,
        blind: bool | None = None,
        kind: str | None = None,
        rows_of: Callable[[str], int | None] = _unknown,
    ) -> Iterator[Entry]:
        """Yield the entries in order: of one scan or of all, only blind ones or only others, of one
        kind or of all. `rows_of` tells how many rows a scan has, None where nobody knows. Those
        that are there when the first is asked for, with a few in memory at a time."""
        wanted = {"scan = ?": scan, "blind = ?": blind, "kind = ?": kind}
        wanted = {test: value for test, value in wanted.items() if value is not None}
        tests = " AND ".join([*wanted, "seq > ?", "seq <= ?"])
        with self._guard, self._told():
            (end,) = self._select(("max(seq)",), "").fetchone() or (None,)
        rest, last = f"WHERE {tests} ORDER BY seq LIMIT {_AT_ONCE}", 0
        while end is not None and last < end:
            with self._guard, self._told():
                rows = self._select(IN_ENTRY, rest, (*wanted.values(), last, end)).fetchall()
            if not rows:
                return
            for row in rows:
                yield self._entry(row, rows_of)
            before, last = last, rows[-1][IN_ENTRY.index("seq")]
            if last <= before:  # or it would go on for ever
                raise damaged_entry(self.path, last, "has the number of another")

    def entry(self, seq: int, rows_of: Callable[[str], int | None] = _unknown) -> Entry | None:
        """The entry of a number, None where there is none."""
        with self._guard, self._told():
            row = self._select(IN_ENTRY, "WHERE seq = ?", (seq,)).fetchone()
        return None if row is None else self._entry(row, rows_of)

    def _entry(self, row: tuple[Any, ...], rows_of: Callable[[str], int | None]) -> Entry:
        try:
            return to_entry(self.annotator, row, rows_of(row[_SCAN]))
        except (ValueError, TypeError, OverflowError) as error:
            raise DamagedError(
                f"Entry {row[IN_ENTRY.index('seq')]} of {self.path.name} is damaged: {error}.",
                "Restore the journal from a copy; `lidarloop doctor` checks it.",
            ) from error

    def close(self) -> None:
        with self._guard:
            self._shut()

    def _shut(self) -> None:
        self._database.close()
        if self._aside is not None:
            shutil.rmtree(self._aside, ignore_errors=True)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Turn SQLite's errors into sentences."""
        try:
            yield
        except sqlite3.Error as error:
            raise self._sentence(str(error)) from error
        except UnicodeDecodeError as error:  # of a name in a damaged schema
            raise self._sentence(f"malformed text, {error}") from error
        except OSError as error:
            raise self._sentence(error.strerror or str(error)) from error

    def _sentence(self, text: str) -> ProjectError:
        found = sentence_of(self.path, text, read_only=self._read_only)
        lost = not (self._read_only or isinstance(found, DamagedError)) and self.gone
        return self._gone() if lost else found


@contextmanager
def built_aside(
    path: Path, annotator: str, before: Callable[[], None] | None = None
) -> Iterator[Journal]:
    """A new journal that stands at `path` once the block has ended well, and `before` was called;
    half made it never does. Raises StorageError."""
    built = path.with_name(f"{path.name}.new")
    remove(built)
    try:
        journal = Journal(built, annotator)
        try:
            yield journal
            with journal._told():  # all in one file: what is renamed has no log beside it
                journal._database.execute("PRAGMA journal_mode = DELETE")
        finally:
            journal.close()
        if before is not None:
            before()
        settle(built, path)
    finally:
        with suppress(OSError):
            remove(built)


def put_good_part(
    path: Path, annotator: str, rows: list[tuple[Any, ...]], last: int, kept: Path
) -> Path:
    """Let a damaged journal that nobody has open, whose entries had numbers up to `last`, be one of
    the rows that are whole; return `kept`, where the damaged one is from then on. Raises
    ProjectError, and then it is as it was."""
    with built_aside(path, annotator, lambda: keep_beside(path, kept)) as journal:
        journal.take_rows(rows, last)
    return kept
