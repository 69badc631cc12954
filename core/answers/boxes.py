"""Answers that are boxes: they are drawn, moved and taken away, and frames are finished.

A box is named after the entry that made it, "<scan>@<annotator>-<number>"; each later entry of that
name is its whole new state, and the last one that counts is the box. So undo, blind second
opinions, merging and salvage are those of all entries.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from core.answers.act import Act
from core.answers.answers import Answers
from core.answers.box import (
    BOXES,
    FRAMES,
    UNCONFIRMED,
    Box,
    box_of,
    regions_of,
    table_of,
    with_box,
    with_regions,
)
from core.answers.effort import NO_EFFORT, Effort
from core.answers.entry import Entry, Head, ScanRef
from core.answers.fold import Fold, when
from core.answers.same_scan import check_same
from core.base.errors import DataError
from core.boxes.table import Boxes
from core.data.classes import FIRST_CODE


class Drawn(NamedTuple):
    """A new state of a box: `name` is its own, of a new one as `new_names` gives it; `box` is None
    to take it away. `effort`: what it took."""

    scan: ScanRef
    name: str
    box: Box | None
    effort: Effort = NO_EFFORT


class BoxAnswers:
    """The boxes among a project's answers."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers

    def new_names(self, scan: str, count: int) -> list[str]:
        """Names of boxes that are about to be drawn in a scan, in this order, as the next act."""
        return [self.new_name(scan, place) for place in range(count)]

    def new_name(self, scan: str, place: int) -> str:
        """The name of a box that is about to be drawn in a scan, `place` of the next act."""
        return f"{scan}@{self._answers.annotator}-{self._answers.next_number + place}"

    def draw(
        self, drawn: Sequence[Drawn], *, round: str, blind: bool = False, at: str = ""
    ) -> list[Head]:
        """Give boxes new states as one act: all are on the disk when this returns, or none, and one
        undo takes all back. `at` is the frame that was asked meanwhile."""
        entries = []
        for place, one in enumerate(drawn):
            act = Act(place, len(drawn), at).to_body() if len(drawn) > 1 else ""
            blank = self._answers.blank(
                "answer", one.scan, round=round, unit=one.name, effort=one.effort
            )
            body = with_box(act, one.box)
            entries.append(replace(blank, kind=BOXES, body=body, blind=blind))
        return self._answers.append(entries) if entries else []

    def finish(
        self,
        scan: ScanRef,
        *,
        round: str,
        effort: Effort = NO_EFFORT,
        regions: np.ndarray | None = None,
        blind: bool = False,
    ) -> Head:
        """Say that all things of a frame have their boxes, but in `regions` (m, 4) of its picture
        (`Boxes.regions`). `blind`: those that one drew blind, which are only compared."""
        body = with_regions("", regions) if regions is not None and len(regions) else ""
        return self._say("answer", scan, round, effort, body, blind=blind)

    def decline(self, scan: ScanRef, *, round: str, effort: Effort = NO_EFFORT) -> Head:
        """Say that a frame cannot be labelled: it is asked no more until it is reopened."""
        return self._say("decline", scan, round, effort)

    def reopen(self, scan: ScanRef) -> Head:
        """Put a frame back in the queue; its boxes stay."""
        return self._say("reopen", scan, "", NO_EFFORT)

    def _say(
        self,
        verb: str,
        scan: ScanRef,
        round: str,
        effort: Effort,
        body: str = "",
        *,
        blind: bool = False,
    ) -> Head:
        blank = self._answers.blank(verb, scan, round=round, unit=scan.name, effort=effort)
        return self._answers.append([replace(blank, kind=FRAMES, body=body, blind=blind)])[0]

    # -- reading ------------------------------------------------------------------------------

    def _fold(self, kind: str) -> Fold:
        found = self._answers.folds[kind]
        assert isinstance(found, Fold)
        return found

    def finished_at(self, until: Mapping[str, int]) -> set[str]:
        """The frames that were finished when each journal ended at its position in `until`."""
        return {scan for scan, head in self._frames_at(until).items() if head.verb == "answer"}

    def settled_at(self, until: Mapping[str, int]) -> set[str]:
        """Likewise the frames that were finished, or could not be labelled."""
        return set(self._frames_at(until))

    def drawn_at(self, until: Mapping[str, int]) -> set[str]:
        """Likewise the scans in which boxes were drawn, also where they were taken away again."""
        fold = self._fold(BOXES)
        standing = fold.at(until)
        return {head.scan for head in filter(standing.holds, fold.all())}

    def _frames_at(self, until: Mapping[str, int]) -> dict[str, Head]:
        fold = self._fold(FRAMES)
        standing, last = fold.at(until), dict[str, Head]()
        for head in sorted(filter(standing.holds, fold.all()), key=when):
            last[head.scan] = head
        return last

    @property
    def finished(self) -> set[str]:
        """The frames of which somebody said that their boxes are all there."""
        frames = list(self._fold(FRAMES).effective.items())  # at once: others may write meanwhile
        return {scan for scan, head in frames if head.verb == "answer"}

    def finished_in_order(self) -> list[str]:
        """The finished frames in the order in which they were."""
        frames = list(self._fold(FRAMES).effective.items())
        done = [(when(head), scan) for scan, head in frames if head.verb == "answer"]
        return [scan for _, scan in sorted(done)]

    def is_finished(self, scan: str) -> bool:
        """Whether somebody said so of this frame."""
        head = self._fold(FRAMES).effective.get(scan)
        return head is not None and head.verb == "answer"

    @property
    def settled(self) -> set[str]:
        """The frames that are finished, or cannot be labelled: none is asked while it is."""
        return set(self._fold(FRAMES).effective)

    @property
    def reopened(self) -> set[str]:
        """The frames that were put back in the queue and that nobody has settled since."""
        return set(self._fold(FRAMES).reopened)

    def is_settled(self, scan: str) -> bool:
        """Whether this frame is asked no more."""
        return scan in self._fold(FRAMES).effective

    def finished_by_others(self) -> list[str]:
        """The frames that somebody else said of that their boxes are all there, and that one has
        not drawn blind oneself yet: what a second opinion can be about."""
        fold, mine = self._fold(FRAMES), self._answers.annotator
        seen = {head.scan for head in fold.compared() if head.annotator == mine}
        return [
            scan
            for scan, head in list(fold.effective.items())
            if head.verb == "answer" and head.annotator != mine and scan not in seen
        ]

    def class_counts(self) -> dict[int, int]:
        """Boxes that stand per class, in all frames; regions to ignore are none."""
        counts = self._fold(BOXES).class_counts()
        return {label: count for label, count in counts.items() if label < FIRST_CODE}

    def counts_by_scan(self) -> dict[str, int]:
        """Boxes that stand per scan that has any, regions to ignore among them: what is to be
        read of a scan."""
        return self._fold(BOXES).counts_by_scan()

    def boxes_by_scan(self) -> dict[str, int]:
        """Boxes that stand per scan that has any; regions to ignore are none."""
        return self._fold(BOXES).classed_by_scan()

    def counts_of(self, scans: Collection[str]) -> dict[str, dict[int, int]]:
        """Boxes that somebody looked at per class in some scans, by scan; regions to ignore are
        none."""
        found: dict[str, dict[int, int]] = {scan: {} for scan in scans}
        for head in list(self._fold(BOXES).effective.values()):
            if head.scan in found and head.tool not in UNCONFIRMED:
                of = found[head.scan]
                for label, count in head.class_counts().items():
                    if label < FIRST_CODE:
                        of[label] = of.get(label, 0) + count
        return found

    def minutes(self) -> float:
        """Active minutes of all boxes that stand and of finishing frames."""
        return sum(self._fold(kind).spent().minutes for kind in (BOXES, FRAMES))

    def minutes_in(self, scans: Collection[str]) -> float:
        """Those of them that are of these scans."""
        return sum(self._fold(kind).minutes_in(scans) for kind in (BOXES, FRAMES))

    def of(
        self,
        scan: ScanRef,
        from_files: np.ndarray,
        *,
        until: Mapping[str, int] | None = None,
    ) -> dict[str, Box]:
        """The boxes of a scan by name, in the order in which they were made, in the coordinates
        that its points have now (`from_files`, (4, 4): from those of its file); `until`: those when
        each journal ended at its position.

        Raises DataError where one was drawn on another content of the scan's file, or with axes
        that lean against those of now.
        """
        fold = self._fold(BOXES)
        standing = fold.now if until is None else fold.at(until)
        return self._placed(self._answers.counted(scan, standing, kind=BOXES), from_files)

    def _placed(self, entries: Sequence[Entry], from_files: np.ndarray) -> dict[str, Box]:
        """The last state of each box that entries tell, in the coordinates of now."""
        found: dict[str, Box | None] = {}
        for entry in entries:
            try:
                box = box_of(entry.body)
                found[entry.unit] = None if box is None else box.now(from_files)
            except ValueError as error:
                raise DataError(
                    f"Box {entry.unit} of {entry.annotator} cannot be placed: {error}.",
                    "Give [rig] the values it had, or restore the journal from a copy.",
                ) from error
        return {name: box for name, box in found.items() if box is not None}

    def blind_of(
        self, scan: ScanRef, from_files: np.ndarray, annotator: str = ""
    ) -> dict[str, Box]:
        """The boxes of a scan that one, or somebody else, drew without seeing any, as `of` gives
        those that count. Raises as that does."""
        fold, mine = self._fold(BOXES), annotator or self._answers.annotator
        entries = [
            entry
            for entry in self._answers.all_of(scan.name, BOXES)
            if entry.blind and entry.annotator == mine and not fold.is_undone(entry)
        ]
        for entry in entries:
            check_same(entry, scan)
        return self._placed(entries, from_files)

    def table(self, scan: ScanRef, from_files: np.ndarray) -> tuple[list[str], Boxes]:
        """The boxes of a scan as a table with its regions, and the name of each row. Raises as `of`
        does."""
        found = self.of(scan, from_files)
        return list(found), table_of(list(found.values()), self.regions(scan.name))

    def regions(self, scan: str) -> np.ndarray:
        """(m, 4) float64 rectangles of a scan's picture in which nothing was labelled, as was said
        when it was last finished; they stay while it is open again."""
        head = self._fold(FRAMES).last_answer(scan)
        entry = self._answers.entry(head) if head is not None else None
        return regions_of(entry.body) if entry is not None else np.zeros((0, 4))

    def is_told(self, name: str) -> bool:
        """Whether the journal says of a box what it is, or that there is none."""
        return name in self._fold(BOXES).effective

    @property
    def changes(self) -> int:
        """How often a box got another state, by whomever: it grows with each."""
        return len(self._fold(BOXES).changed)

    def changed_since(self, changes: int) -> set[str]:
        """The names of the boxes that got another state since there were so many `changes`."""
        return set(self._fold(BOXES).changed[changes:])

    def redrawn(self, since: int) -> set[str]:
        """The scans in which a box got another state since there were so many `changes`."""
        return self._fold(BOXES).scans_changed(since)

    @property
    def settlings(self) -> int:
        """How often a frame was finished, given up or put back: it grows with each."""
        return len(self._fold(FRAMES).changed)

    def resettled(self, since: int) -> set[str]:
        """The frames that were settled or put back since there were so many `settlings`."""
        return self._fold(FRAMES).scans_changed(since)

    def drawn_by(self, name: str) -> str:
        """Who gave a box the state that counts, "" where none does."""
        head = self._fold(BOXES).effective.get(name)
        return head.annotator if head is not None else ""

    def made_with(self, name: str) -> str:
        """The tool that gave a box the state that counts, "" where none does."""
        head = self._fold(BOXES).effective.get(name)
        return head.tool if head is not None else ""

    def states(self, scan: str, name: str) -> list[Entry]:
        """Every entry that gave a box a state, undone ones too, in time order."""
        return [entry for entry in self._answers.all_of(scan, BOXES) if entry.unit == name]
