"""The fold of answers to points over all annotators' journals: which count, and their sums.

Heads only; it is kept up to date as entries are added.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from core.answers.entry import Entry, Head
from core.answers.labels import FREE
from core.answers.ledger import Key, Ledger
from core.data.classes import FIRST_CODE

When = tuple[float, str, int]  # time, annotator, seq: the order of all entries
_NEVER: When = (0.0, "", 0)


class Spent(NamedTuple):
    """What answering cost so far; what was carried over, from another scan or from boxes, stands
    beside, as it cost nobody much."""

    units: int
    points: int
    minutes: float
    carried_units: int = 0
    carried_points: int = 0


@dataclass(frozen=True)
class Standing:
    """Which entries count, now or when each journal ended at its position in `until`."""

    undone: set[Key]
    reopened_at: dict[str, When]
    until: Mapping[str, int] | None = None

    def holds(self, entry: Entry | Head) -> bool:
        """Whether an answer or a decline is neither blind, undone nor put back in the queue."""
        late = self.until is not None and entry.seq > self.until.get(entry.annotator, 0)
        return (
            entry.verb in ("answer", "decline")
            and not entry.blind
            and not late
            and (entry.annotator, entry.seq) not in self.undone
            and when(entry) > self.reopened_at.get(entry.unit, _NEVER)
        )


class Fold(Ledger):
    """What counts of the answers to points.

    Attributes
    ----------
    effective : unit_id -> head of the answer or decline that counts for it
    reopened : unit_ids put back in the queue that nobody has answered since
    changed : unit_ids in the order in which what counts for them changed, for views to follow
    """

    def __init__(self) -> None:
        super().__init__()
        self.effective: dict[str, Head] = {}
        self.reopened: set[str] = set()
        self.changed: list[str] = []
        self._of_unit: dict[str, list[Head]] = {}
        self._unitless: dict[str, Head] = {}
        self._class_counts: dict[int, int] = {}
        self._by_scan: dict[str, int] = {}
        self._classed_by_scan: dict[str, int] = {}
        self._units = self._points = self._milliseconds = 0
        self._carried_units = self._carried_points = 0
        self.now = Standing(self.undone, {})
        self._then: Standing | None = None  # of the positions last asked for

    def standing(self) -> list[Head]:
        """The heads that hold now, in time order."""
        return sorted((head for head in self.all() if self.now.holds(head)), key=when)

    def compared(self) -> list[Head]:
        """The heads of blind answers that hold now, in time order: neither undone nor given before
        their unit was put back in the queue."""
        seen = [head for head in self.all() if head.blind]
        return sorted((h for h in seen if self.now.holds(h._replace(blind=False))), key=when)

    def stood_for(self, blind: Head) -> tuple[Head | None, bool]:
        """The answer or decline that a blind answer is held against, and whether it counts still:
        where the unit was put back in the queue since, it is the one that counted until then, None
        where none did."""
        entries = [head for head in self._of_unit.get(blind.unit, ()) if not self.is_undone(head)]
        reopened = sorted(when(head) for head in entries if head.verb == "reopen")
        end = next((time for time in reopened if time > when(blind)), None)
        if end is None:
            return self.effective.get(blind.unit), True
        begin = max((time for time in reopened if time < end), default=_NEVER)
        said = (h for h in entries if h.verb in ("answer", "decline") and not h.blind)
        return max((h for h in said if begin < when(h) < end), key=when, default=None), False

    def at(self, until: Mapping[str, int]) -> Standing:
        """What held when each journal ended at its position: read once for all scans of a training
        set, since entries behind those positions change nothing."""
        if self._then is not None and self._then.until == until:
            return self._then
        undone: set[Key] = set()
        reopened: dict[str, When] = {}
        for head in sorted(self.all(), key=lambda head: -head.seq):
            # Latest first: an undo counts unless a later one that counts took it back.
            name, seq = head.annotator, head.seq
            if seq > until.get(name, 0) or (name, seq) in undone:
                continue
            if head.verb == "undo":
                if head.cancels is not None and head.cancels < seq:  # as the ledger has it
                    undone.add((name, head.cancels))
            elif head.verb == "reopen":
                reopened[head.unit] = max(when(head), reopened.get(head.unit, _NEVER))
        self._then = Standing(undone, reopened, dict(until))
        return self._then

    def labelled_scans(self, *, rounds: set[str], asked: Collection[str] = ()) -> set[str]:
        """Names of the scans where some point has a class by an answer to `rounds`, or to one of
        the units `asked`."""
        return {
            head.scan
            for head in self.all()
            if (head.round in rounds or head.unit in asked)
            and self.now.holds(head)
            and any(c < FIRST_CODE for c in head.class_counts())
        }

    def of_rounds(self, unit: str, rounds: Collection[str]) -> Head | None:
        """The newest answer or decline to a unit that holds and was given to one of `rounds`."""
        there = (head for head in self._of_unit.get(unit, ()) if head.round in rounds)
        return max((head for head in there if self.now.holds(head)), key=when, default=None)

    def last_answer(self, unit: str) -> Head | None:
        """The newest answer to a unit that nobody took back, whether or not the unit was put back
        in the queue or declined since; blind ones are none."""
        there = (head for head in self._of_unit.get(unit, ()) if head.verb == "answer")
        kept = (head for head in there if not (head.blind or self.is_undone(head)))
        return max(kept, key=when, default=None)

    def scans_changed(self, since: int) -> set[str]:
        """Names of the scans of all that `changed` names behind its first `since`."""
        units = set(self.changed[since:])
        return {head.scan for unit in units for head in self._of_unit[unit]}

    def class_counts(self) -> dict[int, int]:
        """Points answered per class, codes too."""
        return {c: n for c, n in self._class_counts.copy().items() if n}

    def counts_by_scan(self) -> dict[str, int]:
        """Units to which an answer gave some class or code, by scan that has any."""
        return self._by_scan.copy()

    def classed_by_scan(self) -> dict[str, int]:
        """Likewise those to which it gave a class, and not only codes."""
        return self._classed_by_scan.copy()

    def spent(self) -> Spent:
        """What counts so far: units that a person answered, their points, and the active minutes of
        all answers. What was carried over from another scan, or from boxes, is no person's
        answer to a unit."""
        return Spent(
            self._units,
            self._points,
            self._milliseconds / 60_000,
            self._carried_units,
            self._carried_points,
        )

    def minutes_in(self, scans: Collection[str]) -> float:
        """The active minutes of what `spent` sums that are of these scans."""
        told = (head for head in self.all() if head.verb != "undo" and head.scan in scans)
        return sum(_milliseconds(head) for head in told if not self.is_undone(head)) / 60_000

    # -- adding -------------------------------------------------------------------------------

    def add_all(self, heads: Sequence[Head]) -> None:
        before = self.undone.copy()
        super().add_all(heads)
        new = {(head.annotator, head.seq): head for head in heads if head.verb != "undo"}
        turned = [self._heads[key] for key in before ^ self.undone if key in self._heads]
        turned = [h for h in turned if h.verb != "undo" and (h.annotator, h.seq) not in new]
        for head in new.values():
            self._of_unit.setdefault(_place(head), []).append(head)
        for head in (*new.values(), *turned):
            sign = 1 if not self.is_undone(head) else 0 if (head.annotator, head.seq) in new else -1
            self._milliseconds += sign * _milliseconds(head)
        # Each unit once, where it changed last: one by one, many entries to a unit take for ever.
        places = dict.fromkeys(_place(head) for head in reversed((*turned, *new.values())))
        for place in reversed(places):
            self._refresh(place)

    def add(self, head: Head) -> Head | None:
        changed = super().add(head)
        if changed is None:
            return None
        if changed is head:
            self._of_unit.setdefault(_place(head), []).append(head)
        sign = -1 if changed is not head and self.is_undone(changed) else 1
        self._milliseconds += sign * _milliseconds(changed)
        self._refresh(_place(changed))
        return changed

    def _refresh(self, place: str) -> None:
        """Find anew which entry counts for a unit, and move what it sums to."""
        entries = self._of_unit[place]
        unit = entries[0].unit
        reopenings = [when(h) for h in entries if h.verb == "reopen" and not self.is_undone(h)]
        if reopenings:
            self.now.reopened_at[unit] = max(reopenings)
        else:
            self.now.reopened_at.pop(unit, None)
        before = self.effective.get(place) or self._unitless.get(place)
        after = max((h for h in entries if self.now.holds(h)), key=when, default=None)
        (self.reopened.add if reopenings and after is None else self.reopened.discard)(unit)
        if before is after:
            return
        kept = self.effective if unit else self._unitless
        kept.pop(place, None)
        if after is not None:
            kept[place] = after
        for changed, sign in ((before, -1), (after, 1)):
            if changed is not None:
                if changed.unit and changed.verb == "answer":
                    if changed.tool in FREE:
                        self._carried_units += sign
                        self._carried_points += sign * changed.points
                    else:
                        self._units += sign
                        self._points += sign * changed.points
                counts = changed.class_counts()
                if changed.unit and counts:
                    _count(self._by_scan, changed.scan, sign)
                if changed.unit and any(c < FIRST_CODE for c in counts):
                    _count(self._classed_by_scan, changed.scan, sign)
                for c, points in counts.items():
                    self._class_counts[c] = self._class_counts.get(c, 0) + sign * points
        if unit:  # last: who follows from another thread finds what counts now
            self.changed.append(unit)


def when(entry: Entry | Head) -> When:
    """Where an entry stands in the order of all annotators' entries."""
    return (entry.time, entry.annotator, entry.seq)


def _count(by_scan: dict[str, int], scan: str, sign: int) -> None:
    count = by_scan.get(scan, 0) + sign
    if count:
        by_scan[scan] = count
    else:
        by_scan.pop(scan, None)


def _milliseconds(head: Head) -> int:
    """What an answer took. 1/100 s would print other minutes for journals summed so before."""
    return 0 if head.blind else round(head.active_s * 1000)


def _place(head: Head) -> str:
    """What an answer is about: its unit, or itself, as no unit is called, where it has none."""
    return head.unit or f"\0{head.annotator}/{head.seq}"
