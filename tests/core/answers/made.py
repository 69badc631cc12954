"""Journals as version 1 wrote them, its table word for word; and an entry of a kind to come."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np

from core.answers.entry import Entry, pack_classes, pack_counts, pack_rows

SCHEMA = """
CREATE TABLE entries (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, time REAL NOT NULL, verb TEXT NOT NULL,
  round TEXT NOT NULL, scan TEXT NOT NULL, unit TEXT NOT NULL,
  points INTEGER NOT NULL, counts BLOB NOT NULL, rows BLOB NOT NULL, classes BLOB NOT NULL,
  tool TEXT NOT NULL, active_s REAL NOT NULL, clicks INTEGER NOT NULL, keys INTEGER NOT NULL,
  suggested TEXT NOT NULL, version TEXT NOT NULL, scan_rows INTEGER NOT NULL,
  scan_hash TEXT NOT NULL, cancels INTEGER, blind INTEGER NOT NULL
);
CREATE INDEX by_scan ON entries (scan);
CREATE TABLE about (annotator TEXT NOT NULL);
"""


def write_version_1(path: Path, annotator: str, count: int) -> None:
    """A journal of version 1 with `count` entries: answers to units of scans s0 and s1 of 100 rows,
    every seventh a decline, every ninth an undo of the one before it."""
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.executescript(SCHEMA)
        database.execute("INSERT INTO about VALUES (?)", (annotator,))
        database.execute("PRAGMA application_id = 0x4C694C6F")
        database.execute("PRAGMA user_version = 1")
        rng = np.random.default_rng(count)
        database.execute("BEGIN")
        for seq in range(1, count + 1):
            verb = "undo" if seq % 9 == 0 else "decline" if seq % 7 == 0 else "answer"
            rows = np.sort(rng.choice(100, 20 if verb == "answer" else 0, replace=False))
            classes = rng.integers(0, 5, len(rows)).astype(np.uint8)
            database.execute(
                f"INSERT INTO entries VALUES ({','.join('?' * 20)})",
                (
                    seq, 1000.0 + seq, verb, "001-size", f"s{seq % 2}", f"s{seq % 2}#c{seq % 11}",
                    len(rows), pack_counts(classes), pack_rows(rows), pack_classes(classes),
                    "key", 1.25 * (seq % 3), 1, 2, "", "0.1.0", 100, "h",
                    seq - 1 if verb == "undo" else None, 0,
                ),
            )  # fmt: skip
        database.execute("COMMIT")


def version_of(path: Path) -> int:
    """The version in a journal's file."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        return int(database.execute("PRAGMA user_version").fetchone()[0])


BODY = '{"box": [1.5, 2.0, 0.25, 4.1, 1.8, 1.5, 0.1], "class": "car", "ü": "≥"}'


def boxes(annotator: str, *, scan: str = "s0", unit: str = "s0#c1", **fields: object) -> Entry:
    """An answer of the kind "boxes", as a newer program may write it; it has rows and classes too,
    which are nobody's labels."""
    entry = Entry(
        annotator=annotator,
        verb="answer",
        round="001-size",
        scan=scan,
        unit=unit,
        rows=np.arange(30),
        classes=np.full(30, 4, np.uint8),
        tool="box",
        active_s=8.0,
        clicks=3,
        keys=1,
        suggested="",
        version="9.9",
        scan_rows=100,
        scan_hash="h",
        kind="boxes",
        body=BODY,
    )
    return replace(entry, **fields)
