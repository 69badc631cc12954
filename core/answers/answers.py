"""Answers: written to one's own journal, read from everybody's.

In memory are heads only; rows are read when a scan's labels are asked for. Undo appends an entry
that names the one it takes back, redo one that takes back the undo: so both have no limit, cross
scans and survive closing. They are one history over all kinds of entries, which are folded each
for itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np

from core.answers.act import Act
from core.answers.box import BOXES, FRAMES, with_classes
from core.answers.brought import Brought, brought_of
from core.answers.effort import NO_EFFORT, Effort
from core.answers.entry import POINTS, Entry, Head, ScanRef, new_entry, pack_pairs
from core.answers.fold import Fold, Spent, Standing, when
from core.answers.history import History
from core.answers.instances import Things, instances_of, with_things
from core.answers.journal import Journal
from core.answers.labels import ALIKE, FREE, labels_of
from core.answers.ledger import Ledger
from core.answers.log_rescue import rescue_log
from core.answers.same_scan import check_same
from core.base.errors import DamagedError, GoneError
from core.base.version import program_version
from core.data.classes import EACH_ITSELF

RECENT = 200  # answers by which one's pace is told


class Given(NamedTuple):
    """One answer of an act: `rows` (R,) of a scan get `classes` (R,) uint8; `round` is the id of
    the round that asked, "" for a volunteered answer; `things` of the rows, None for no things."""

    scan: ScanRef
    rows: np.ndarray
    classes: np.ndarray
    round: str
    unit: str
    effort: Effort
    things: Things | None = None


class Answers:
    """The answers of a project.

    Attributes
    ----------
    folds : kind -> its fold; of a kind that is not known here, its ledger
    fold : of those, what counts of the answers to points
    history : one's own entries of all kinds, and what undo and redo take next
    note : a sentence about slow storage, or None
    damage : a sentence on what was found damaged of one's own journal and is mended, or None
    last_write_ms : how long the last answer took to reach the disk
    on_change : functions called after each entry
    rows_of : how many rows a scan has, None where nobody knows: no entry is believed to have more
    unsaved : answers that were given and could not be written, since the journal was gone: the last
        to each unit, or to the same stray points, blind ones apart
    """

    def __init__(
        self, journals: Mapping[str, Journal], annotator: str, now: np.ndarray | None = None
    ) -> None:
        self._journals = dict(journals)
        self.annotator = annotator
        self._now = _of_merges(now)
        own = self._journals.get(annotator)
        self.note = own.note if own else None
        self.damage = own.damage if own else None
        self.last_write_ms = 0.0
        self.on_change: list[Callable[[], None]] = []
        self.rows_of: Callable[[str], int | None] = lambda _: None
        self.unsaved: dict[tuple[str, str | bytes, bool], Entry] = {}
        self._only_here = False  # something was answered that is not saved elsewhere
        self._read()

    def _read(self) -> None:
        self.fold = Fold()
        # A frame is a unit of its own: what counts for one is folded as what counts for points.
        self.folds: dict[str, Fold | Ledger] = {POINTS: self.fold, BOXES: Fold(), FRAMES: Fold()}
        own = self._journals.get(self.annotator)
        self.history = History(own, self._ledger_of)
        self._latest = 0.0
        for name, journal in self._journals.items():
            heads = [self._counting(head) for head in journal.heads()]
            if name == self.annotator:
                self.history.heads = heads
            self._take_all(heads)

    def _take_all(self, heads: Iterable[Head]) -> None:
        """Take in entries of one annotator, in their order."""
        of_kind: dict[str, list[Head]] = {}
        for head in heads:
            of_kind.setdefault(head.kind, []).append(head)
            self._latest = max(self._latest, head.time)
        for found in of_kind.values():
            self._ledger_of(found[0]).add_all(found)

    @property
    def latest(self) -> float:
        """The time of the last entry, or now: what is done next comes after it, whatever the
        clocks of others say (unix s)."""
        return max(self._latest, time.time())

    def use_merges(self, now: np.ndarray) -> None:
        """Let each class count as `now` (256,) uint8 says; the journals stay as they are."""
        before, self._now = self._now, _of_merges(now)
        if not np.array_equal(_table(before), now):
            self._read()

    def _counting(self, head: Head) -> Head:
        """A head whose points, or box, are of the classes that count now."""
        if self._now is None or head.kind not in (POINTS, BOXES):
            return head
        counts: dict[int, int] = {}
        for found, points in head.class_counts().items():
            into = int(self._now[found])
            counts[into] = counts.get(into, 0) + points
        return head._replace(counts=pack_pairs(counts))

    def _shown(self, entry: Entry) -> Entry:
        """An entry whose rows, or box, have the classes that count now."""
        if self._now is None:
            return entry
        if entry.kind == BOXES:
            return replace(entry, body=with_classes(entry.body, self._now))
        return replace(entry, classes=self._now[entry.classes]) if entry.kind == POINTS else entry

    def _ledger_of(self, head: Head) -> Ledger:
        fold = self.folds.get(head.kind)
        if fold is None:
            fold = self.folds[head.kind] = Ledger()
        return fold

    def _heads(self) -> Iterator[Head]:
        """Of all kinds; each annotator's of one kind in their order."""
        for fold in list(self.folds.values()):
            yield from fold.all()

    @classmethod
    def open(
        cls,
        folder: Path,
        annotator: str,
        *,
        read_only: bool = False,
        now: np.ndarray | None = None,
    ) -> Answers:
        """Open every journal in `folder`; only `annotator`'s own is ever written. `now`: the class
        that each class counts as (ClassList.now)."""
        paths = {path.stem: path for path in sorted(folder.glob("*.sqlite"))}
        if not read_only:
            paths[annotator] = folder / f"{annotator}.sqlite"
        rescued = None if read_only else rescue_log(paths[annotator], annotator)
        with ExitStack() as opened:  # closes them where they cannot all be read
            journals = {}
            for name, path in paths.items():
                journal = Journal(path, name, read_only=read_only or name != annotator)
                opened.callback(journal.close)
                journals[name] = journal
            try:
                answers = cls(journals, annotator, now)
            except DamagedError as error:
                own = journals.get(annotator)
                if read_only or own is None or own.path.name not in error.what:
                    raise
                own.salvage()  # go on with the good part of one's own
                answers = cls(journals, annotator, now)
            answers.damage = rescued or answers.damage
            opened.pop_all()
            return answers

    def close(self) -> None:
        for journal in self._journals.values():
            journal.close()

    def take_in(self, path: Path) -> None:
        """Read what another annotator's journal has gained, or a journal that is new here."""
        name = path.stem
        journal = self._journals.get(name) or Journal(path, name, read_only=True)
        self._journals = {**self._journals, name: journal}  # others may be reading the old one
        known = {head.seq for head in self._heads() if head.annotator == name}
        self._take_all(self._counting(head) for head in journal.heads() if head.seq not in known)
        self._tell()

    # -- writing ------------------------------------------------------------------------------

    def answer(
        self,
        scan: ScanRef,
        rows: np.ndarray,
        classes: np.ndarray,
        *,
        round: str,
        unit: str,
        effort: Effort,
        blind: bool = False,
        things: Things | None = None,
    ) -> Head:
        """Give `rows` (R,) of a scan `classes` (R,) uint8. On the disk when this returns.

        `round` is the id of the round that asked, "" for a volunteered answer. `blind`: a second
        answer that is only compared with the first; the labels stay. `things` of the rows, in
        their order.
        """
        given = Given(scan, rows, classes, round, unit, effort, things)
        return self.append([replace(self._answered(given), blind=blind)])[0]

    def answer_together(self, answers: Sequence[Given], *, at: str) -> list[Head]:
        """Give several units their classes as one act: all are written or none, and one undo takes
        all back. `at` is the unit that was asked meanwhile."""
        entries = [
            self._answered(given, Act(place, len(answers), at).to_body())
            for place, given in enumerate(answers)
        ]
        return self.append(entries)

    def _answered(self, given: Given, body: str = "") -> Entry:
        order = np.argsort(given.rows, kind="stable")
        if given.things is not None:
            body = with_things(body, replace(given.things, of_row=given.things.of_row[order]))
        return replace(
            self.blank(
                "answer", given.scan, round=given.round, unit=given.unit, effort=given.effort
            ),
            rows=np.asarray(given.rows, np.int64)[order],
            classes=np.asarray(given.classes, np.uint8)[order],
            body=body,
        )

    def decline(self, scan: ScanRef, *, round: str, unit: str, effort: Effort = NO_EFFORT) -> Head:
        """Say that a unit cannot be answered: it costs nothing, and is asked no more
        until it is put back."""
        entry = self.blank("decline", scan, round=round, unit=unit, effort=effort)
        return self.append([entry])[0]

    def reopen(self, scan: str, unit: str) -> Head:
        """Put a unit back in the queue: what was said of it so far counts no more."""
        entry = self.blank("reopen", ScanRef(scan, 0, ""), round="", unit=unit)
        return self.append([entry])[0]

    def undo(self) -> Head | None:
        """Take back one's newest entry that was not taken back, with all others of its act; return
        the act's first, or None."""
        act = self.history.undoable()
        if act:
            self._cancel(act)
        return act[0] if act else None

    def redo(self) -> Head | None:
        """Bring back what the last undo took back, until something new was answered; return it, of
        an act the first."""
        act = self.history.redoable()
        if not act:
            return None
        self._cancel(act)
        return self._ledger_of(act[0]).get((self.annotator, act[0].cancels or 0))

    def entry(self, head: Head) -> Entry | None:
        """The whole entry of a head, None where the journal has it no more."""
        entry = self._journals[head.annotator].entry(head.seq, self.rows_of)
        return None if entry is None else self._shown(entry)

    def _cancel(self, heads: Sequence[Head]) -> None:
        """Take back the entries of an act, as one act."""
        entries = []
        for place, head in enumerate(heads):
            blank = self.blank("undo", ScanRef(head.scan, 0, ""), round=head.round, unit=head.unit)
            body = Act(place, len(heads), "").to_body() if len(heads) > 1 else ""
            entries.append(replace(blank, kind=head.kind, cancels=head.seq, body=body))
        self.append(entries)

    def blank(
        self, verb: str, scan: ScanRef, *, round: str, unit: str, effort: Effort = NO_EFFORT
    ) -> Entry:
        """One's own entry, without rows."""
        return new_entry(
            self.annotator,
            verb,
            scan,
            round=round,
            unit=unit,
            effort=effort,
            version=program_version(),
        )

    def append(self, entries: Sequence[Entry]) -> list[Head]:
        """Write entries of one's own as one, and take them in. On the disk when this returns."""
        began = time.perf_counter()
        self._only_here = True
        try:
            appended = self._journals[self.annotator].append_all(entries, after=self._latest)
        except GoneError:
            given = (entry for entry in entries if entry.verb in ("answer", "decline"))
            self.unsaved |= {(e.scan, e.unit or e.rows.tobytes(), e.blind): e for e in given}
            raise
        self.unsaved.clear()  # it is back, and who answered saw that this was not written
        heads = [self._counting(head) for _, head in appended]
        self.last_write_ms = (time.perf_counter() - began) * 1000
        for head in heads:
            self.history.heads.append(head)
            self._ledger_of(head).add(head)
            self._latest = max(self._latest, head.time)
        self._tell()
        return heads

    def save_elsewhere(self, folder: Path) -> Path:
        """Write all of one's own entries to a new journal in a folder, where one's own journal is
        gone; what could not be written since is in it too. Raises StorageError."""
        path = folder / f"{self.annotator}.sqlite"
        self._journals[self.annotator].save_copy(path, list(self.unsaved.values()))
        self._only_here = False
        return path

    @property
    def stranded(self) -> bool:
        """Whether one's own journal is gone, and something was answered since it was opened that
        is not saved elsewhere."""
        own = self._journals.get(self.annotator)
        return self._only_here and own is not None and own.gone

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

    @property
    def count(self) -> int:
        """How many entries there are, of every annotator and kind."""
        return sum(len(fold.all()) for fold in list(self.folds.values()))

    def entries(self) -> Iterator[Entry]:
        """Every entry of every annotator, undone ones and undos too, as it was written."""
        for journal in self._journals.values():
            yield from journal.entries(rows_of=self.rows_of)

    def of_scan(self, scan: str) -> list[Entry]:
        """The answers to a scan's points that count, of all annotators, in time order."""
        answers = [
            self._shown(entry)
            for journal in self._journals.values()
            for entry in journal.entries(scan=scan, blind=False, kind=POINTS, rows_of=self.rows_of)
            if entry.verb == "answer" and not self.fold.is_undone(entry)
        ]
        return sorted(answers, key=when)

    def mine(self) -> list[Head]:
        """One's own answers that count, oldest first."""
        heads = self.history.heads
        mine = (h for h in heads if h.verb == "answer" and h.unit and h.tool not in FREE)
        return [head for head in mine if head.kind == POINTS and self.fold.now.holds(head)]

    def pace(self, *, everyone: bool = False) -> float | None:
        """Median active seconds of one answer, None before the first that took any.

        How fast one is now: of one's own last 200 answers that were not taken back. `everyone`:
        what a unit costs whoever answers it, of all answers and declines that count, of all
        annotators. Units that were answered together shared one look: they count for neither.
        """
        if everyone:
            heads: Iterable[Head] = list(self.effective.values())
        else:
            mine = (
                h for h in reversed(self.history.heads) if h.verb == "answer" and h.kind == POINTS
            )
            heads = (head for head in mine if not self.fold.is_undone(head))
        seconds = (head.active_s for head in heads if head.active_s > 0 and head.tool != ALIKE)
        counted = list(islice(seconds, None if everyone else RECENT))
        return float(np.median(counted)) if counted else None

    def seen_again(self) -> set[str]:
        """Units that one answered blind."""
        mine = (h for h in self.history.heads if h.blind and h.kind == POINTS)
        return {head.unit for head in mine if not self.fold.is_undone(head)}

    @property
    def next_number(self) -> int:
        """What the next entry of one's own will be called by: none of one's own ever was."""
        own = self._journals.get(self.annotator)
        return (own.next_seq if own else 1) + len(self.unsaved)

    def positions(self) -> dict[str, int]:
        """Per annotator, the seq of their last entry: a point to freeze at."""
        last: dict[str, int] = {}
        for head in self._heads():
            last[head.annotator] = max(head.seq, last.get(head.annotator, 0))
        return last

    def labels(
        self,
        scan: ScanRef,
        *,
        rounds: set[str] | None = None,
        asked: Collection[str] = (),
        until: Mapping[str, int] | None = None,
    ) -> np.ndarray:
        """(N,) uint8: the classes a scan's rows have, UNLABELLED where nobody gave one.

        `rounds` keeps the answers to those rounds only ("" for volunteered ones), and to the units
        `asked`, whichever round they were given to; `until` folds up to those positions. Raises
        DataError where an answer was made on another content of the scan's file.
        """
        standing = self.fold.now if until is None else self.fold.at(until)
        return labels_of(self.counted(scan, standing, rounds, asked=asked), scan.rows)

    def things(self, scan: ScanRef) -> Things:
        """The things of a scan's rows. Raises DataError as `labels` does."""
        return instances_of(self.counted(scan, self.fold.now), scan.rows)

    def brought(self, scan: ScanRef) -> Brought | None:
        """What was imported of a scan's rows, None where nothing was. Raises DataError as `labels`
        does."""
        return brought_of(self.counted(scan, self.fold.now), scan.rows)

    def counted(
        self,
        scan: ScanRef,
        standing: Standing,
        rounds: set[str] | None = None,
        kind: str = POINTS,
        asked: Collection[str] = (),
    ) -> list[Entry]:
        """The answers of a kind to a scan that count, in time order; of `rounds` and to the units
        `asked` only, where rounds are told. Raises DataError where one was made on another content
        of the scan's file."""
        answers = []
        for journal in self._journals.values():
            for entry in journal.entries(scan=scan.name, kind=kind, rows_of=lambda _: scan.rows):
                if entry.verb != "answer" or not standing.holds(entry):
                    continue
                if not (rounds is None or entry.round in rounds or entry.unit in asked):
                    continue
                check_same(entry, scan)
                answers.append(self._shown(entry))
        return sorted(answers, key=when)

    def all_of(self, scan: str, kind: str) -> list[Entry]:
        """Every answer of a kind to a scan, undone and blind ones too, in time order."""
        found = [
            self._shown(entry)
            for journal in self._journals.values()
            for entry in journal.entries(scan=scan, kind=kind, rows_of=self.rows_of)
            if entry.verb == "answer"
        ]
        return sorted(found, key=when)


def _of_merges(now: np.ndarray | None) -> np.ndarray | None:
    """The table of merges, None where each class counts as itself."""
    return None if now is None or np.array_equal(now, EACH_ITSELF) else now


def _table(now: np.ndarray | None) -> np.ndarray:
    return EACH_ITSELF if now is None else now
