"""An entry of a journal, its head, and how its rows and classes are packed for the disk."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

import numpy as np

from core.answers.body import inflated, most_bytes
from core.answers.box import classes_told
from core.answers.effort import NO_EFFORT, Effort
from core.data.classes import FIRST_CODE

VERBS = ("answer", "decline", "reopen", "undo")
POINTS = "points"  # the kind of entries that give points their classes
MOST_ROWS = 1 << 28  # of a scan
_PIECE = 1 << 20
_MOST_UNKNOWN = 1 << 24  # of a scan that is not at hand, so that nobody knows how many it has


class ScanRef(NamedTuple):
    """A scan's name, its rows, and the hash of its content: the file that rows belong to."""

    name: str
    rows: int
    hash: str


class Column(NamedTuple):
    """A column of the journal's table.

    Attributes
    ----------
    name, sql : its name and its SQL type
    since : version of the journal that brought it
    default : SQL literal that entries of an older version have in it
    """

    name: str
    sql: str
    since: int = 1
    default: str = ""

    @property
    def definition(self) -> str:
        """SQL that makes the column, in a new table or in one that is there."""
        return f"{self.name} {self.sql}{f' DEFAULT {self.default}' if self.default else ''}"


# The one list of what is stored, in the file's order. Entry and Head have fields of these names.
COLUMNS = (
    Column("seq", "INTEGER PRIMARY KEY AUTOINCREMENT"),
    Column("time", "REAL NOT NULL"),
    Column("verb", "TEXT NOT NULL"),
    Column("round", "TEXT NOT NULL"),
    Column("scan", "TEXT NOT NULL"),
    Column("unit", "TEXT NOT NULL"),
    Column("points", "INTEGER NOT NULL"),
    Column("counts", "BLOB NOT NULL"),
    Column("rows", "BLOB NOT NULL"),
    Column("classes", "BLOB NOT NULL"),
    Column("tool", "TEXT NOT NULL"),
    Column("active_s", "REAL NOT NULL"),
    Column("clicks", "INTEGER NOT NULL"),
    Column("keys", "INTEGER NOT NULL"),
    Column("suggested", "TEXT NOT NULL"),
    Column("version", "TEXT NOT NULL"),
    Column("scan_rows", "INTEGER NOT NULL"),
    Column("scan_hash", "TEXT NOT NULL"),
    Column("cancels", "INTEGER"),
    Column("blind", "INTEGER NOT NULL"),
    Column("kind", "TEXT NOT NULL", since=2, default=f"'{POINTS}'"),
    Column("body", "TEXT NOT NULL", since=2, default="''"),
)


@dataclass(frozen=True)
class Entry:
    """One entry.

    Attributes
    ----------
    annotator, seq, time : whose, its place in their journal (0 before it is appended), unix s
    verb : "answer", "decline" (no answer possible; never ask again), "reopen" (ask again: earlier
        answers to the unit count no more) or "undo"
    round : id of the round whose query asked, "" for a volunteered answer
    scan, unit : name of the scan, unit_id or ""
    rows : (R,) int64 ascending; classes : (R,) uint8, a class or a code of core.classes
    tool, active_s, clicks, keys, suggested : how it was made
    version : of the program
    scan_rows, scan_hash : the file the rows belong to
    cancels : seq of the entry that an undo takes back
    blind : made without seeing suggestions or labels; kept apart from the labels
    kind, body : what it is about, "points" or what a later program adds, and what rows and classes
        do not say of it, as JSON; of points "", the mark of an act (core.answers.act), the
        things of its rows (core.answers.instances). An undo has the kind of what it takes back.
    """

    annotator: str
    verb: str
    round: str
    scan: str
    unit: str
    rows: np.ndarray
    classes: np.ndarray
    tool: str
    active_s: float
    clicks: int
    keys: int
    suggested: str
    version: str
    scan_rows: int
    scan_hash: str
    cancels: int | None = None
    blind: bool = False
    kind: str = POINTS
    body: str = ""
    seq: int = 0
    time: float = 0.0


class Head(NamedTuple):
    """What lists and counts need of an entry. `counts` packs its (class, points) pairs."""

    annotator: str
    seq: int
    time: float
    verb: str
    round: str
    scan: str
    unit: str
    points: int
    counts: bytes
    active_s: float
    tool: str
    suggested: str
    cancels: int | None
    blind: bool
    kind: str = POINTS

    def class_counts(self) -> dict[int, int]:
        """Points per class, ascending."""
        return dict(struct.iter_unpack("<II", self.counts))

    def main_class(self) -> int:
        """The class or code that most points were given, ties to the lowest; FIRST_CODE where there
        is no point."""
        counts = self.class_counts()
        return max(counts, key=lambda c: (counts[c], -c), default=FIRST_CODE)


def new_entry(
    annotator: str,
    verb: str,
    scan: ScanRef,
    *,
    round: str = "",
    unit: str = "",
    effort: Effort = NO_EFFORT,
    version: str = "",
) -> Entry:
    """An entry about points that has no rows yet and is not appended yet."""
    return Entry(
        annotator=annotator,
        verb=verb,
        round=round,
        scan=scan.name,
        unit=unit,
        rows=np.zeros(0, np.int64),
        classes=np.zeros(0, np.uint8),
        **effort._asdict(),
        version=version,
        scan_rows=scan.rows,
        scan_hash=scan.hash,
    )


IN_TABLE = tuple(column.name for column in COLUMNS)
IN_ENTRY = tuple(field.name for field in fields(Entry) if field.name != "annotator")
IN_HEAD = Head._fields[1:]  # the annotator is the file's
_BLIND = IN_HEAD.index("blind")
# Fields that many heads have alike: one object for all of them is a third of what heads take.
_ALIKE = {"verb", "round", "scan", "counts", "tool", "suggested", "kind"}


def to_row(entry: Entry) -> dict[str, Any]:
    """What the table holds of an entry: IN_TABLE -> value. `seq` is None before it has one."""
    stored = {
        **vars(entry),
        "seq": entry.seq or None,
        "points": len(entry.rows),
        "counts": pack_counts(entry.classes)
        if entry.kind == POINTS
        else pack_pairs(classes_told(entry.body)),
        "rows": pack_rows(entry.rows),
        "classes": pack_classes(entry.classes),
    }
    return {name: stored[name] for name in IN_TABLE}


def to_entry(annotator: str, values: Sequence[Any], scan_rows: int | None = None) -> Entry:
    """The entry whose columns IN_ENTRY are `values`. Raises ValueError where its rows or classes
    are damaged, or not of its scan.

    `scan_rows`: how many rows the scan has, None where nobody knows: no more is unpacked.
    """
    stored = dict(zip(IN_ENTRY, values, strict=True))
    of = stored["scan_rows"]
    most = of if of == scan_rows else min(of, _MOST_UNKNOWN)
    if len(stored["body"]) > most_bytes(of):
        raise ValueError("its body is longer than any")
    rows = stored["rows"] = unpack_rows(stored["rows"], most)
    if len(rows) and rows[-1] >= of:
        raise ValueError(f"it names row {rows[-1]:,} of a scan of {of:,}")
    stored["classes"] = unpack_classes(stored["classes"], len(rows))
    stored["blind"] = bool(stored["blind"])
    return Entry(annotator=annotator, **stored)


def to_head(annotator: str, values: Sequence[Any]) -> Head:
    """The head whose columns IN_HEAD are `values`."""
    return Head._make((annotator, *values[:_BLIND], bool(values[_BLIND]), *values[_BLIND + 1 :]))


def to_heads(annotator: str, rows: Sequence[Sequence[Any]], known: dict[Any, Any]) -> list[Head]:
    """The heads whose columns IN_HEAD are `rows`; what is alike in them, and in `known`, is one
    object, kept there."""
    columns = [
        map(known.setdefault, values, values)
        if name in _ALIKE
        else map(bool, values)
        if name == "blind"
        else values
        for name, values in zip(IN_HEAD, zip(*rows, strict=True), strict=True)
    ]
    return [Head._make((annotator, *values)) for values in zip(*columns, strict=True)]


def pack_rows(rows: np.ndarray) -> bytes:
    """Ascending rows (R,) as compressed differences."""
    return zlib.compress(np.diff(rows, prepend=0).astype("<u4").tobytes(), 1)


def unpack_rows(blob: bytes, most: int = MOST_ROWS) -> np.ndarray:
    """(R,) int64 rows that were packed, `most` of them at most. Raises ValueError."""
    return np.cumsum(np.frombuffer(inflated(blob, 4 * most), "<u4"), dtype=np.int64)


def check_packed(rows: bytes, classes: bytes, points: int, scan_rows: int) -> None:
    """Raise ValueError where packed rows and classes are not `points` of a scan of `scan_rows`
    rows: looked at a piece at a time, so in little memory whatever they would be."""
    last = found = 0
    rest = b""
    for piece in _pieces(rows, 4 * points):
        rest += piece
        whole = len(rest) // 4 * 4
        steps = np.frombuffer(rest[:whole], "<u4")
        last, found, rest = last + int(steps.sum(dtype=np.int64)), found + len(steps), rest[whole:]
    if found != points or rest or (points and last >= scan_rows):
        raise ValueError(f"{found:,} rows up to {last:,}, not {points:,} of {scan_rows:,}")
    told = points if len(classes) == 1 else sum(map(len, _pieces(classes, points)))
    if told != points:
        raise ValueError(f"{told:,} classes for {points:,} rows")


def _pieces(blob: bytes, most: int) -> Iterator[bytes]:
    """What was compressed, a piece at a time. Raises ValueError as `inflated` does."""
    inside, found = zlib.decompressobj(), 0
    try:
        while not inside.eof:
            piece = inside.decompress(blob, _PIECE)
            blob = inside.unconsumed_tail
            found += len(piece)
            if found > most or not (piece or blob or inside.eof):
                raise ValueError("it is not whole" if found <= most else "it is too much")
            yield piece
    except zlib.error as error:
        raise ValueError(str(error)) from error


def pack_classes(classes: np.ndarray) -> bytes:
    """Classes (R,): one byte where all are the same, else compressed."""
    if len(classes) and np.all(classes == classes[0]):
        return bytes([int(classes[0])])
    return zlib.compress(classes.astype(np.uint8).tobytes(), 1)


def unpack_classes(blob: bytes, count: int) -> np.ndarray:
    """(count,) uint8 classes that were packed. Raises ValueError."""
    if len(blob) == 1:
        return np.full(count, blob[0], np.uint8)
    classes = np.frombuffer(inflated(blob, count), np.uint8)
    if len(classes) != count:
        raise ValueError(f"{len(classes)} classes for {count} rows")
    return classes


def pack_counts(classes: np.ndarray) -> bytes:
    """(class, points) pairs of classes (R,) as little-endian uint32."""
    values, counts = np.unique(classes, return_counts=True)
    return pack_pairs(dict(zip(values.tolist(), counts.tolist(), strict=True)))


def pack_pairs(counts: Mapping[int, int]) -> bytes:
    """Points per class as (class, points) pairs, ascending, of little-endian uint32."""
    return np.array(sorted(counts.items()), "<u4").tobytes()
