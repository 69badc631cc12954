"""Journals that a stranger made: a sentence that names the file, in little memory, and no hang."""

from __future__ import annotations

import os
import sqlite3
import zlib
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from core.answers.answers import Answers
from core.base.errors import ProjectError
from tests.core.answers.giving import S, write

# What is done to a journal of five answers.
TABLES = {
    "no primary key": "CREATE TABLE new AS SELECT * FROM entries",
    "columns that may be empty": "CREATE TABLE new (seq INTEGER PRIMARY KEY AUTOINCREMENT, {rest})",
    "text columns": "CREATE TABLE new (seq INTEGER PRIMARY KEY AUTOINCREMENT, {texts})",
}
MORE = {
    "a trigger": "CREATE TRIGGER t AFTER INSERT ON entries BEGIN DELETE FROM entries; END",
    "a view": "CREATE VIEW more AS SELECT * FROM entries",
    "another table": "CREATE TABLE recipes (name TEXT)",
    "an index that computes": "CREATE INDEX i ON entries (abs(points))",
    "a column more": "ALTER TABLE entries ADD COLUMN more TEXT DEFAULT ''",
    "a column less": "ALTER TABLE entries DROP COLUMN body",
    "no annotator": "DELETE FROM about",
    "two annotators": "INSERT INTO about VALUES ('ann')",
    "an annotator of bytes": "UPDATE about SET annotator = x'00ff'",
    "no index": "DROP INDEX by_scan",
    "no entries": "DROP TABLE entries",
    "version nought": "PRAGMA user_version = 0",
    "a version below nought": "PRAGMA user_version = -5",
    "version 1 with the columns of 2": "PRAGMA user_version = 1",
    "numbers without end": "UPDATE sqlite_sequence SET seq = 9223372036854775807",
    "numbers at their end": "UPDATE sqlite_sequence SET seq = 281474976710656",
    "a number too large": "UPDATE entries SET seq = 9223372036854775807 WHERE seq = 5",
    "a number below one": "UPDATE entries SET seq = -4 WHERE seq = 5",
    "infinite seconds": "UPDATE entries SET active_s = 9e999",
    "an infinite time": "UPDATE entries SET time = 9e999 WHERE seq = 5",
    "a time of words": "UPDATE entries SET time = 'yesterday'",
    "a time in the year 9999": "UPDATE entries SET time = 253402300000",
    "points of words": "UPDATE entries SET points = 'many'",
    "points below nought": "UPDATE entries SET points = -1",
    "points without end": "UPDATE entries SET points = 9223372036854775807",
    "rows of a scan without end": "UPDATE entries SET scan_rows = 9223372036854775807",
    "a scan of bytes": "UPDATE entries SET scan = x'ff'",
    "rows of text": "UPDATE entries SET rows = 'all'",
    "counts cut": "UPDATE entries SET counts = x'010203'",
    "counts without end": "UPDATE entries SET counts = zeroblob(80000)",
    "counts of class 70,000": "UPDATE entries SET counts = x'7011010001000000'",
    "blind 7": "UPDATE entries SET blind = 7",
    "undoing words": "UPDATE entries SET cancels = 'all'",
    "an entry of 900 MB": "UPDATE entries SET body = CAST(zeroblob(900000000) AS TEXT) WHERE seq=3",
}


def of_table(path: Path, sql: str) -> None:
    """Replace the table of entries by one that `sql` makes."""
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        names = [row[1] for row in database.execute("PRAGMA table_info(entries)")]
        rest = ", ".join(names[1:])
        texts = ", ".join(f"{name} TEXT" for name in names[1:])
        database.execute(sql.format(rest=rest, texts=texts))
        if " AS " not in sql:
            database.execute(f"INSERT INTO new SELECT {', '.join(names)} FROM entries")
        database.execute("DROP TABLE entries")
        database.execute("ALTER TABLE new RENAME TO entries")
        database.execute("CREATE INDEX by_scan ON entries (scan)")


def read_all(folder: Path) -> str:
    """What a program says that opens the journals as another annotator, and reads everything."""
    try:
        with closing(Answers.open(folder, "bob")) as answers:
            answers.labels(S)
            answers.things(S)
            answers.brought(S)
            list(answers.entries())
            answers.spent()
    except ProjectError as error:
        return f"{error.what} {error.do}"
    return "nothing"


def slow_where_large(name: str) -> object:
    return pytest.param(name, marks=pytest.mark.slow) if "900 MB" in name else name


@pytest.mark.parametrize("name", [slow_where_large(name) for name in (*TABLES, *MORE)])
def test_it_is_named_in_a_sentence(tmp_path: Path, name: str):
    path = write(tmp_path, "ann", 5)
    if name in TABLES:
        of_table(path, TABLES[name])
    else:
        with closing(sqlite3.connect(path, isolation_level=None)) as database:
            database.execute(MORE[name])
    assert "ann.sqlite" in (said := read_all(tmp_path))
    assert "damaged" in said


def test_two_entries_of_one_number_in_a_view(tmp_path: Path):
    path = write(tmp_path, "ann", 5)
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("ALTER TABLE entries RENAME TO e")
        database.execute("CREATE VIEW entries AS SELECT * FROM e UNION ALL SELECT * FROM e")
    assert "view entries" in read_all(tmp_path)


@pytest.mark.parametrize("kind", ["folder", "pipe", "link to a pipe", "device", "nothing"])
def test_what_is_no_file(tmp_path: Path, kind: str):
    path = tmp_path / "ann.sqlite"
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "link to a pipe":
        os.mkfifo(tmp_path / "pipe")
        path.symlink_to(tmp_path / "pipe")
    elif kind == "device":
        path.symlink_to("/dev/zero")
    else:
        path.symlink_to(tmp_path / "nowhere")
    assert "ann.sqlite" in read_all(tmp_path)


@pytest.mark.parametrize("name", ["ann#1", "50%", "a?mode=rwc", "ä ö", "%41nn", "a b&c=d"])
def test_any_name_of_a_folder_is_read(tmp_path: Path, name: str):
    write(tmp_path / name, "ann", 5)
    with closing(Answers.open(tmp_path / name, "bob", read_only=True)) as answers:
        assert len(list(answers.entries())) == 5
    assert [path.name for path in tmp_path.iterdir()] == [name]


ZEROS = zlib.compress(bytes(1 << 26), 9)  # 64 MiB in 64 KiB
BOMBS = {
    "rows": ("rows", ZEROS, {}),
    "rows of a scan that is said to have as many": ("rows", ZEROS, {"scan_rows": 1 << 27}),
    "classes": ("classes", ZEROS, {}),
    "rows and points": ("rows", ZEROS, {"points": 1 << 24, "scan_rows": 1 << 28}),
    "rows cut off": ("rows", ZEROS[:-9], {}),
    "rows and something behind": ("rows", zlib.compress(bytes(40)) + b"more", {}),
    "rows beyond the scan": ("rows", zlib.compress(b"\xff" * 40), {}),
    "too many classes": ("classes", zlib.compress(bytes(range(11))), {}),
    "no rows": ("rows", b"", {}),
    "raw labels": ("body", '{"brought": {"raw": "%s"}}', {}),
    "things": ("body", '{"things": {"names": ["a", "b"], "of": "%s"}}', {}),
    "a deep body": ("body", '{"things": ' + "[" * 200_000, {}),
    "a long body": ("body", " " * (1 << 24), {}),
    "a body of another kind": ("body", "[1, 2]", {}),
}


def bomb(path: Path, name: str) -> None:
    import base64

    column, value, more = BOMBS[name]
    if isinstance(value, str) and "%s" in value:
        value = value % base64.b64encode(ZEROS).decode()
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute(f"UPDATE entries SET {column} = ?", (value,))
        for other, number in more.items():
            database.execute(f"UPDATE entries SET {other} = ?", (number,))


@pytest.mark.parametrize("name", BOMBS)
def test_what_inflates_is_bounded_by_its_scan(tmp_path: Path, name: str):
    path = write(tmp_path, "ann", 5)
    bomb(path, name)
    said, used = peak_of(lambda: read_all(tmp_path))
    # One scan of 100 rows, whatever is said of it; of one that nobody knows 2^24 are believed.
    unknown = name in ("rows of a scan that is said to have as many", "rows and points")
    assert used < (80 << 20) + unknown * 18 * (1 << 24)
    harmless = ("raw labels", "things", "a deep body", "a body of another kind")
    assert ("nothing" if name in harmless else "ann") in said


def peak_of(act: Callable[[], str]) -> tuple[str, int]:
    """What an act gives, and by how many bytes it went beyond the memory of before."""
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew (Linux)
    before = status("VmRSS")
    found = act()
    return found, status("VmHWM") - before


def status(key: str) -> int:
    """A number of bytes that Linux tells of this process."""
    text = Path("/proc/self/status").read_text()
    return int(text.partition(f"{key}:")[2].split()[0]) << 10


@pytest.mark.slow
def test_the_good_part_of_ones_own_is_kept(tmp_path: Path):
    """Salvaging looks at what it keeps in the same way, and cannot be made to count for ever."""
    path = write(tmp_path, "ann", 8)
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("UPDATE entries SET rows = ? WHERE seq = 2", (ZEROS,))
        database.execute("UPDATE entries SET time = 9e999 WHERE seq = 3")
        database.execute("UPDATE entries SET classes = x'0101' WHERE seq = 4")
        database.execute("UPDATE entries SET seq = ? WHERE seq = 8", ((1 << 47) + 1,))
    with closing(Answers.open(tmp_path, "ann")) as answers:
        assert "5 entries are kept" in answers.damage
        assert [h.seq for h in answers.fold.all()] == [1, 5, 6, 7, (1 << 47) + 1]
        list(answers.entries())
