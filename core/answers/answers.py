"""Answers: written to one's own journal, read from everybody's.

In memory are heads only; rows are read when a scan's labels are asked for. Undo appends an entry
that names the one it takes back, redo one that takes back the undo: so both have no limit, cross
scans and survive closing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from core.answers.entry import Entry, Head
from core.answers.fold import Fold, Spent, when
from core.answers.journal import Journal
from core.answers.labels import CARRIED, labels_of
from core.base.errors import DamagedError, DataError
from core.base.version import program_version


class Answers:
    """The answers of a project.

    Attributes
    ----------
    fold : what counts
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
        self.fold = Fold()
        self._mine: list[Head] = []
        for name, journal in self._journals.items():
            heads = journal.heads()
            if name == self.annotator:
                self._mine = heads
            for head in heads:
                self.fold.add(head)

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

    def take_in(self, path: Path) -> None:
        """Read what another annotator's journal has gained, or a journal that is new here."""
        name = path.stem
        journal = self._journals.get(name) or Journal(path, name, read_only=True)
        self._journals = {**self._journals, name: journal}  # others may be reading the old one
        known = {head.seq for head in self.fold.all() if head.annotator == name}
        for head in journal.heads():
            if head.seq not in known:
                self.fold.add(head)
        self._tell()

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
                version=program_version(),
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

    def reopen(self, scan: str, unit: str) -> Head:
        """Put a unit back in the queue: what was said of it so far counts no more."""
        return self._append(self._blank("reopen", "", scan, unit, 0, "", 0.0, 0))

    def undo(self) -> Head | None:
        """Take back one's newest entry that was not taken back; return it, or None."""
        mine = (h for h in reversed(self._mine) if h.verb != "undo")
        last = next((head for head in mine if not self.fold.is_undone(head)), None)
        if last is not None:
            self._cancel(last)
        return last

    def redo(self) -> Head | None:
        """Bring back what the last undo took back, until something new was answered."""
        undo = self._redoable()
        if undo is None or undo.cancels is None:
            return None
        self._cancel(undo)
        return self.fold[self.annotator, undo.cancels]

    def can_undo(self) -> bool:
        return any(h.verb != "undo" and not self.fold.is_undone(h) for h in self._mine)

    def can_redo(self) -> bool:
        return self._redoable() is not None

    def _redoable(self) -> Head | None:
        """The oldest-cancelling undo still in force since one's last new answer."""
        for head in reversed(self._mine):
            if head.verb != "undo":
                return None
            target = self.fold[self.annotator, head.cancels or 0]
            if target.verb != "undo" and not self.fold.is_undone(head):
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
            version=program_version(),
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
        self.fold.add(head)
        self._tell()
        return head

    def _tell(self) -> None:
        for listener in self.on_change:
            listener()

    # -- reading ------------------------------------------------------------------------------

    @property
    def effective(self) -> dict[str, Head]:
        """unit_id -> head of the answer or decline that counts for it."""
        return self.fold.effective

    def spent(self) -> Spent:
        """What was spent so far."""
        return self.fold.spent()

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
            if entry.verb == "answer" and (name, entry.seq) not in self.fold.now.undone
        ]
        return sorted(found, key=when)

    def blind(self) -> Iterator[Entry]:
        """Answers given without seeing labels or suggestions, that were not taken back."""
        for journal in self._journals.values():
            for entry in journal.entries(blind=True):
                undone = (entry.annotator, entry.seq) in self.fold.now.undone
                if entry.verb == "answer" and not undone:
                    yield entry

    def mine(self) -> list[Head]:
        """One's own answers that count, oldest first."""
        mine = (h for h in self._mine if h.verb == "answer" and h.unit and h.tool != CARRIED)
        return [head for head in mine if self.fold.now.holds(head)]

    def pace(self, last: int = 200) -> float | None:
        """Median active seconds of one's last answers, None before the first that took any."""
        seconds: list[float] = []
        for head in reversed(self._mine):
            if head.verb == "answer" and head.active_s > 0 and not self.fold.is_undone(head):
                seconds.append(head.active_s)
                if len(seconds) == last:
                    break
        return float(np.median(seconds)) if seconds else None

    def seen_again(self) -> set[str]:
        """Units that one answered blind."""
        return {h.unit for h in self._mine if h.blind and not self.fold.is_undone(h)}

    def positions(self) -> dict[str, int]:
        """Per annotator, the seq of their last entry: a point to freeze at."""
        last: dict[str, int] = {}
        for head in self.fold.all():
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
        standing = self.fold.now if until is None else self.fold.at(until)
        found = []
        for journal in self._journals.values():
            for entry in journal.entries(scan=scan):
                if entry.verb != "answer" or not standing.holds(entry):
                    continue
                if rounds is not None and entry.round not in rounds:
                    continue
                _check_same(entry, rows, scan_hash)
                found.append(entry)
        return labels_of(sorted(found, key=when), rows)


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
