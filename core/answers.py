"""Answers: the fold over all annotators' journals, kept up to date as entries are added.

In memory are heads only; rows are read when a scan's labels are asked for. Undo appends an entry
that names the one it takes back, redo one that takes back the undo: so both have no limit, cross
scans and survive closing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from core.classes import FIRST_CODE
from core.errors import DamagedError, DataError
from core.journal import Entry, Head, Journal
from core.labels import CARRIED, fold


class Spent(NamedTuple):
    """What answering cost so far."""

    units: int
    points: int
    minutes: float


class Answers:
    """The answers of a project.

    Attributes
    ----------
    effective : unit_id -> head of the answer or decline that counts for it
    changed : unit_ids in the order in which what counts for them changed, for views to follow
    note : a sentence about slow storage, or None
    last_write_ms : how long the last answer took to reach the disk
    on_change : functions called after each entry
    """

    def __init__(self, journals: Mapping[str, Journal], annotator: str) -> None:
        self._journals = dict(journals)
        self.annotator = annotator
        own = self._journals.get(annotator)
        self.note = own.note if own else None
        self.last_write_ms = 0.0
        self.on_change: list[Callable[[], None]] = []
        self._heads: dict[tuple[str, int], Head] = {}
        self._undone: set[tuple[str, int]] = set()
        self._of_unit: dict[str, list[Head]] = {}
        self.effective: dict[str, Head] = {}
        self.changed: list[str] = []
        self._unitless: dict[str, Head] = {}
        self._mine: list[Head] = []
        self._class_counts: dict[int, int] = {}
        self._units = self._points = self._milliseconds = 0
        self._read()

    @classmethod
    def open(cls, folder: Path, annotator: str, *, read_only: bool = False) -> Answers:
        """Open every journal in `folder`; only `annotator`'s own is ever written."""
        paths = {path.stem: path for path in sorted(folder.glob("*.sqlite"))}
        if not read_only:
            paths[annotator] = folder / f"{annotator}.sqlite"
        journals = {}
        for name, path in paths.items():
            journals[name] = Journal(path, name, read_only=read_only or name != annotator)
        try:
            return cls(journals, annotator)
        except DamagedError as error:
            own = journals.get(annotator)
            if read_only or own is None or own.path.name not in error.what:
                raise
            own.salvage()  # go on with the good part of one's own
            return cls(journals, annotator)

    def close(self) -> None:
        for journal in self._journals.values():
            journal.close()

    # -- writing ------------------------------------------------------------------------------

    def answer(
        self,
        scan: str,
        rows: np.ndarray,
        classes: np.ndarray,
        *,
        round: str,
        unit: str,
        tool: str,
        scan_rows: int,
        scan_hash: str,
        active_s: float = 0.0,
        clicks: int = 0,
        keys: int = 0,
        suggested: str = "",
        blind: bool = False,
    ) -> Head:
        """Give `rows` (R,) of a scan `classes` (R,) uint8. On the disk when this returns.

        `blind`: a second answer that is only compared with the first; the labels stay.
        """
        order = np.argsort(rows, kind="stable")
        return self._append(
            Entry(
                annotator=self.annotator,
                verb="answer",
                round=round,
                scan=scan,
                unit=unit,
                rows=np.asarray(rows, np.int64)[order],
                classes=np.asarray(classes, np.uint8)[order],
                tool=tool,
                active_s=active_s,
                clicks=clicks,
                keys=keys,
                suggested=suggested,
                version=_program_version(),
                scan_rows=scan_rows,
                scan_hash=scan_hash,
                blind=blind,
            )
        )

    def decline(
        self,
        scan: str,
        *,
        round: str,
        unit: str,
        scan_rows: int,
        scan_hash: str,
        active_s: float = 0.0,
        keys: int = 0,
    ) -> Head:
        """Say that a unit cannot be answered: it costs nothing and is never asked again."""
        return self._append(
            self._blank("decline", round, scan, unit, scan_rows, scan_hash, active_s, keys)
        )

    def undo(self) -> Head | None:
        """Take back one's newest answer or decline that counts; return it, or None."""
        mine = (h for h in reversed(self._mine) if h.verb != "undo")
        last = next((head for head in mine if not self._is_undone(head)), None)
        if last is not None:
            self._cancel(last)
        return last

    def redo(self) -> Head | None:
        """Bring back what the last undo took back, until something new was answered."""
        undo = self._redoable()
        if undo is None or undo.cancels is None:
            return None
        self._cancel(undo)
        return self._heads[self.annotator, undo.cancels]

    def can_undo(self) -> bool:
        return any(h.verb != "undo" and not self._is_undone(h) for h in self._mine)

    def can_redo(self) -> bool:
        return self._redoable() is not None

    def _redoable(self) -> Head | None:
        """The oldest-cancelling undo still in force since one's last new answer."""
        for head in reversed(self._mine):
            if head.verb != "undo":
                return None
            target = self._heads[self.annotator, head.cancels or 0]
            if target.verb != "undo" and not self._is_undone(head):
                return head
        return None

    def _cancel(self, head: Head) -> None:
        blank = self._blank("undo", head.round, head.scan, head.unit, 0, "", 0.0, 0)
        self._append(blank, cancels=head.seq)

    def _blank(
        self,
        verb: str,
        round: str,
        scan: str,
        unit: str,
        scan_rows: int,
        scan_hash: str,
        active_s: float,
        keys: int,
    ) -> Entry:
        return Entry(
            annotator=self.annotator,
            verb=verb,
            round=round,
            scan=scan,
            unit=unit,
            rows=np.zeros(0, np.int64),
            classes=np.zeros(0, np.uint8),
            tool="",
            active_s=active_s,
            clicks=0,
            keys=keys,
            suggested="",
            version=_program_version(),
            scan_rows=scan_rows,
            scan_hash=scan_hash,
        )

    def _append(self, entry: Entry, *, cancels: int | None = None) -> Head:
        began = time.perf_counter()
        if cancels is not None:
            entry = replace(entry, cancels=cancels)
        _, head = self._journals[self.annotator].append(entry)
        self.last_write_ms = (time.perf_counter() - began) * 1000
        self._mine.append(head)
        self._add(head)
        for listener in self.on_change:
            listener()
        return head

    # -- reading ------------------------------------------------------------------------------

    def heads(self) -> list[Head]:
        """All heads that count, of all annotators, in time order; without undone and blind ones."""
        alive = (h for h in self._all() if h.verb != "undo" and self._counts(h))
        return sorted(alive, key=_when)

    def entries(self) -> Iterator[Entry]:
        """Every entry of every annotator, undone ones and undos too."""
        for journal in self._journals.values():
            yield from journal.entries()

    def of_scan(self, scan: str) -> list[Entry]:
        """The answers to a scan that count, of all annotators, in time order."""
        found = [
            entry
            for name, journal in self._journals.items()
            for entry in journal.entries(scan=scan, blind=False)
            if entry.verb == "answer" and (name, entry.seq) not in self._undone
        ]
        return sorted(found, key=lambda entry: (entry.time, entry.annotator, entry.seq))

    def blind(self) -> Iterator[Entry]:
        """Answers given without seeing labels or suggestions, that were not taken back."""
        for journal in self._journals.values():
            for entry in journal.entries(blind=True):
                undone = (entry.annotator, entry.seq) in self._undone
                if entry.verb == "answer" and not undone:
                    yield entry

    def mine(self) -> list[Head]:
        """One's own answers that count, oldest first."""
        mine = (h for h in self._mine if h.verb == "answer" and h.unit and h.tool != CARRIED)
        return [head for head in mine if self._counts(head)]

    def pace(self, last: int = 200) -> float | None:
        """Median active seconds of one's last answers, None before the first that took any."""
        seconds: list[float] = []
        for head in reversed(self._mine):
            if head.verb == "answer" and head.active_s > 0 and not self._is_undone(head):
                seconds.append(head.active_s)
                if len(seconds) == last:
                    break
        return float(np.median(seconds)) if seconds else None

    def seen_again(self) -> set[str]:
        """Units that one answered blind."""
        return {h.unit for h in self._mine if h.blind and not self._is_undone(h)}

    def positions(self) -> dict[str, int]:
        """Per annotator, the seq of their last entry: a point to freeze at."""
        last: dict[str, int] = {}
        for head in self._all():
            last[head.annotator] = max(head.seq, last.get(head.annotator, 0))
        return last

    def labels(
        self,
        scan: str,
        rows: int,
        scan_hash: str,
        *,
        rounds: set[str] | None = None,
        until: Mapping[str, int] | None = None,
    ) -> np.ndarray:
        """(rows,) uint8: the classes a scan's rows have, UNLABELLED where nobody gave one.

        `rounds` keeps the answers to those rounds only ("" for volunteered ones); `until` folds
        up to those positions. Raises DataError where an answer was made on another content of
        the scan's file.
        """
        undone = self._undone if until is None else self._undone_until(until)
        found = []
        for name, journal in self._journals.items():
            for entry in journal.entries(scan=scan):
                late = until is not None and entry.seq > until.get(name, 0)
                if entry.verb != "answer" or entry.blind or late or (name, entry.seq) in undone:
                    continue
                if rounds is not None and entry.round not in rounds:
                    continue
                _check_same(entry, rows, scan_hash)
                found.append(entry)
        found.sort(key=lambda entry: (entry.time, entry.annotator, entry.seq))
        return fold(found, rows)

    def labelled_scans(self, *, rounds: set[str]) -> set[str]:
        """Names of the scans where some point has a class by an answer to `rounds`."""
        return {
            head.scan
            for head in self._all()
            if head.verb == "answer"
            and head.round in rounds
            and self._counts(head)
            and any(found < FIRST_CODE for found in head.class_counts())
        }

    def class_counts(self) -> dict[int, int]:
        """Points answered per class, codes too."""
        return {c: n for c, n in self._class_counts.copy().items() if n}

    def spent(self) -> Spent:
        """What counts so far: units that a person answered, their points, and the active minutes of
        all answers. What was carried over from another scan is no person's answer."""
        return Spent(self._units, self._points, self._milliseconds / 60_000)

    # -- the fold -----------------------------------------------------------------------------

    def _read(self) -> None:
        for name, journal in self._journals.items():
            heads = journal.heads()
            if name == self.annotator:
                self._mine = heads
            for head in heads:
                self._add(head)

    def _all(self) -> list[Head]:
        """A copy, since training reads on another thread while labelling adds."""
        return list(self._heads.values())

    def _is_undone(self, head: Head) -> bool:
        return (head.annotator, head.seq) in self._undone

    def _counts(self, head: Head) -> bool:
        return not head.blind and not self._is_undone(head)

    def _add(self, head: Head) -> None:
        self._heads[head.annotator, head.seq] = head
        if head.verb != "undo":
            self._of_unit.setdefault(_place(head), []).append(head)
            if not head.blind:
                self._milliseconds += round(head.active_s * 1000)
            self._refresh(head)
            return
        target = self._heads.get((head.annotator, head.cancels or 0))
        turned_back = True
        while target is not None:  # an undo of an undo brings back what that one took
            key = (target.annotator, target.seq)
            changes = (key in self._undone) != turned_back
            (self._undone.add if turned_back else self._undone.discard)(key)
            if target.verb != "undo":
                if changes and not target.blind:
                    sign = -1 if turned_back else 1
                    self._milliseconds += sign * round(target.active_s * 1000)
                self._refresh(target)
                return
            turned_back = not turned_back
            target = self._heads.get((target.annotator, target.cancels or 0))

    def _refresh(self, head: Head) -> None:
        """Find anew which entry counts for a head's unit, and move its class counts."""
        place = _place(head)
        before = self.effective.get(place) or self._unitless.get(place)
        counting = [h for h in self._of_unit[place] if self._counts(h)]
        after = max(counting, key=_when, default=None)
        if before is after:
            return
        if head.unit:
            self.changed.append(head.unit)
        kept = self.effective if head.unit else self._unitless
        kept.pop(place, None)
        if after is not None:
            kept[place] = after
        for changed, sign in ((before, -1), (after, 1)):
            if changed is not None:
                if changed.unit and changed.verb == "answer" and changed.tool != CARRIED:
                    self._units += sign
                    self._points += sign * changed.points
                for found, points in changed.class_counts().items():
                    total = self._class_counts.get(found, 0) + sign * points
                    self._class_counts[found] = total

    def _undone_until(self, until: Mapping[str, int]) -> set[tuple[str, int]]:
        """The entries that are undone when each journal ends at its position."""
        undone: set[tuple[str, int]] = set()
        for head in sorted(self._all(), key=lambda head: -head.seq):
            # Latest first: an undo counts unless a later one that counts took it back.
            name, seq = head.annotator, head.seq
            if head.verb == "undo" and seq <= until.get(name, 0) and (name, seq) not in undone:
                undone.add((name, head.cancels or 0))
        return undone


def _place(head: Head) -> str:
    """What an answer is about: its unit, or itself where it has none."""
    return head.unit or f"{head.annotator}/{head.seq}"


def _when(head: Head) -> tuple[float, str, int]:
    return (head.time, head.annotator, head.seq)


def _check_same(entry: Entry, rows: int, scan_hash: str) -> None:
    if entry.scan_rows != rows or entry.scan_hash != scan_hash:
        change = (
            f"it had {entry.scan_rows:,} points then and has {rows:,} now"
            if entry.scan_rows != rows
            else "its content is another"
        )
        raise DataError(
            f"Scan {entry.scan} has changed since {entry.annotator} labelled it: {change}.",
            "Bring the original file back; its labels are kept and fit only that file.",
        )


@cache
def _program_version() -> str:
    from importlib import metadata

    try:
        return metadata.version("lidarloop")
    except metadata.PackageNotFoundError:  # run from a checkout that is not installed
        return "unpackaged"
