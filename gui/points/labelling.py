"""Answering: drafts, suggestions, answers, undo. What is asked is the state's target."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future

import numpy as np
from PySide6.QtCore import QObject, Signal

from core.answers.effort import Effort
from core.answers.entry import POINTS, Head
from core.answers.labels import CARRIED
from core.assist.split import FILLED, Parts, split
from core.base.errors import ProjectError
from core.data.classes import UNLABELLED
from core.data.items import scan_of, split_item
from gui.desk.background import Turn
from gui.desk.state import State
from gui.desk.target import Target
from gui.points.clicked import clicked
from gui.points.draft import Draft


class Labelling(QObject):
    """One person's answers to the state's targets.

    A key answers the whole target, unless a draft is open: then it gives the asked points their
    class, and the draft is answered when it is complete. A draft that began as a guess is answered
    only by `accept`.

    Signals
    -------
    preview(rows) : (R,) bool of the target's rows that a shape covers while it is drawn, or None
    """

    preview = Signal(object)
    _split = Signal(object, object)

    def __init__(self, state: State) -> None:
        super().__init__(state)
        self.state = state
        self.draft: Draft | None = None
        self._before: list[Draft | None] = []
        self._after: list[Draft | None] = []
        self._swapping = False
        self._tools: set[str] = set()
        self._target: Target | None = None
        self._splitting: Future[Parts] | None = None
        state.target_changed.connect(self._follow)
        self._split.connect(self._parted)

    def _follow(self, _: bool) -> None:
        if self.state.target is not self._target:
            self._target = self.state.target
            self.draft = None
            self._swapping = False
            self._before, self._after = [], []
            self._tools = set()

    def _tell(self, text: str) -> None:
        self.state.told.emit(text)

    # -- drafts -------------------------------------------------------------------------------

    def _step(self, draft: Draft | None) -> None:
        self._before.append(self.draft)
        self._after = []
        self.draft = draft
        self.state.target_changed.emit(False)

    def select(self, rows: np.ndarray, tool: str, *, take_away: bool = False) -> None:
        """Select rows (R,) bool of the target, by a tool."""
        target = self.state.target
        if target is None:
            return
        if not rows.any() or (tool == "cut" and rows.all()):
            line = tool == "cut"
            self._tell(
                "The line leaves all points on one side." if line else "No point of the unit is in."
            )
            self.preview.emit(None)
            return
        draft = self.draft or Draft.empty(len(target.rows))
        self._tools.add(tool)
        self._step(draft.select(rows, take_away=take_away, title=tool))

    def put_away(self) -> None:
        """Drop the selection, else the draft."""
        self._swapping = False
        if self.draft is None:
            return
        self._step(self.draft.drop() if self.draft.selected.any() else None)

    def guess(self) -> None:
        """Begin with the best guess: the network's class of each point, else the unit's two parts,
        asked one after the other; again: the network's guess gives way to parts, and the part
        that is asked is split further."""
        target, content, draft = self.state.target, self.state.content, self.draft
        if target is None or content is None:
            self._tell("Nothing is asked here to split.")
            return
        self._tools.add("guess")
        if draft is not None and draft.part is not None:
            divided = draft.divide()
            if divided is draft:
                self._tell("This cannot be split further: press its class, or draw.")
            else:
                self._step(divided)
            return
        if content.prediction is not None and self._may_suggest() and not target.blind:
            classes = content.prediction[target.rows].copy()
            guessed = draft is not None and draft.guessed
            if not guessed and not (classes == UNLABELLED).any():
                nothing = np.zeros(len(classes), bool)
                self._step(Draft(classes, nothing, None, True, "the network's guess"))
                return
        whole = Draft.empty(len(target.rows))
        begun = whole if draft is None or draft.guessed else draft
        self._part(lambda tree: self._step(begun.in_parts(tree)))

    def fill(self, row: int) -> None:
        """Select the part of like points around a row of the shown scan."""
        target = self.state.target
        if target is None or row not in target.rows:
            self._tell("This point is not of the unit that is asked.")
            return
        at = int(np.searchsorted(target.rows, row))

        def select(tree: Parts) -> None:
            part = tree.cut(FILLED)
            self.select(part == part[at], "fill")

        self._part(select)

    def _part(self, then: Callable[[Parts], None]) -> None:
        """Split the target in parts in the background, then go on with them."""
        target, content = self.state.target, self.state.content
        assert target is not None
        assert content is not None
        if self.draft is not None and self.draft.tree is not None:
            then(self.draft.tree)
            return
        points = self.state.project.dataset.normalised(content.points[target.rows])
        self._tell("Splitting …")

        def work() -> Parts:
            return split(points)

        def done(future: Future) -> None:
            self._split.emit((target, then), future)

        if self._splitting is not None:
            self._splitting.cancel()
        self._splitting = self.state.background.submit(work, Turn.NOW)
        self._splitting.add_done_callback(done)

    def _parted(self, wanted: tuple[Target, Callable], done: Future) -> None:
        target, then = wanted
        if not done.cancelled() and target is self.state.target:
            self._tell("")
            then(done.result())

    def begin_swap(self) -> None:
        """Let the next class replace the one that most selected points have, all over the unit;
        without a selection, the most frequent one."""
        if self.draft is None or self.draft.open.all():
            self._tell("No point has a class yet: draw or start from the guess first.")
            return
        self._swapping = True
        name = self.state.class_name(self.draft.replaced)
        self._tell(f"Press the class that takes the place of {name}.")

    # -- answers ------------------------------------------------------------------------------

    def pick(self, row: int) -> None:
        """Make the unit of a clicked row the target; noise is taken with what lies within 1 m."""
        content, project = self.state.content, self.state.project
        if content is None or row < 0:
            return
        if content.scan not in project.dataset.train:
            self._tell("Validation scans are not labelled here.")
            return
        target = clicked(content, project.units, row)
        if target is None:
            self._tell("This point has no valid coordinates.")
            return
        self.state.aim(target)

    def give(self, label: int) -> None:
        """Give the target one class or code; of a draft, the asked points."""
        target, draft = self.state.target, self.draft
        if target is None:
            self._tell("Nothing is asked here: click a unit, or press Tab for the queue.")
        elif draft is None:
            self._write(np.full(len(target.rows), label, np.uint8), "key")
        elif self._swapping:
            self._swapping = False
            self._step(draft.swap(label, self.state.class_name(label)))
        else:
            given = draft.give(label, self.state.class_name(label))
            if given.complete and not draft.guessed:
                self._write(given.classes, self._tool())
            else:
                self._step(given)

    def accept(self) -> None:
        """Confirm the draft, or answer with the class that is suggested first."""
        target, draft, suggestion = self.state.target, self.draft, self.state.suggestion
        if target is None:
            self._tell("Nothing is asked here: click a unit, or press Tab for the queue.")
        elif draft is not None:
            if draft.complete:
                self._write(draft.classes, self._tool())
            else:
                left = int(draft.open.sum())
                self._tell(f"{left:,} points have no class yet: one more key gives them theirs.")
        elif suggestion is None or not suggestion.shown:
            self._tell("Nothing is suggested for this one: press its class.")
        else:
            first = suggestion.classes[0]
            tool = CARRIED if suggestion.carried is not None else "accept"
            self._write(np.full(len(target.rows), first, np.uint8), tool)

    def _tool(self) -> str:
        return "+".join(sorted(self._tools)) or "key"

    def _may_suggest(self) -> bool:
        suggestion = self.state.suggestion
        return suggestion is None or suggestion.shown

    def _write(self, classes: np.ndarray, tool: str) -> None:
        """Give the target's rows classes (R,); it is on disk when the next item is shown."""
        state = self.state
        target, content, suggestion = state.target, state.content, state.suggestion
        assert target is not None
        assert content is not None
        suggested = suggestion.to_text() if suggestion is not None else ""
        effort = state.activity.take()._replace(suggested=suggested, tool=tool)
        try:
            state.project.answers.answer(
                state.project.scan_ref(content.scan),
                target.rows,
                classes,
                round=self._round(target),
                unit=target.unit,
                effort=effort,
                blind=target.blind,
            )
        except ProjectError as error:
            state.failed.emit(error)
            return
        if not target.blind:
            content.set_labels(target.rows, classes)
        state.advance(target)

    def write_unit(self, unit: str, rows: np.ndarray, classes: np.ndarray, effort: Effort) -> bool:
        """Give another unit's rows (R,) of its scan classes (R,); return whether it was written."""
        state = self.state
        project, scan = state.project, scan_of(unit)
        current, asked = state.round, state.summary.place_of(unit) is not None
        try:
            project.answers.answer(
                project.scan_ref(scan),
                rows,
                classes,
                round=current.id if current is not None and asked else "",
                unit=unit,
                effort=effort,
            )
        except ProjectError as error:
            state.failed.emit(error)
            return False
        content = state.loader.kept(scan)
        if content is not None:
            content.set_labels(rows, classes)
            if content is state.content:
                state.target_changed.emit(False)
        return True

    def _round(self, target: Target) -> str:
        current = self.state.round
        return current.id if current is not None and target.item is not None else ""

    def decline(self) -> None:
        """Say that the unit cannot be answered; it is never asked again."""
        state = self.state
        target, content = state.target, state.content
        if target is None or content is None or not target.unit:
            self._tell("Only a unit can be declined.")
            return
        if target.blind:
            self._tell("Say what it looks most like; N for unsure.")
            return
        try:
            state.project.answers.decline(
                state.project.scan_ref(content.scan),
                round=self._round(target),
                unit=target.unit,
                effort=state.activity.take(),
            )
        except ProjectError as error:
            state.failed.emit(error)
            return
        state.advance(target)

    # -- undo ---------------------------------------------------------------------------------

    def undo(self) -> None:
        """Take back the draft's last step, else one's newest answer, and go there."""
        if self._before:
            undone = self.draft
            self._after.append(self.draft)
            self.draft = self._before.pop()
            self.state.target_changed.emit(False)
            self._tell(f"Undone: {undone.title if undone is not None else 'whole again'}")
        else:
            self._turn(redo=False)

    def redo(self) -> None:
        """Bring back what the last undo took, and go there."""
        if self._after:
            self._before.append(self.draft)
            self.draft = self._after.pop()
            self.state.target_changed.emit(False)
            self._tell(f"Redone: {self.draft.title if self.draft is not None else 'whole again'}")
        else:
            self._turn(redo=True)

    def _turn(self, *, redo: bool) -> None:
        project = self.state.project
        try:
            head = project.answers.redo() if redo else project.answers.undo()
            if head is None:
                self._tell("Nothing to redo." if redo else "Nothing to undo.")
                return
            labels = project.labels(head.scan)
        except ProjectError as error:
            self.state.failed.emit(error)
            return
        content = self.state.loader.kept(head.scan)
        if content is not None:
            content.labels = labels
        self.state.show_again(head)
        self._tell(f"{'Redone' if redo else 'Undone'}: {self.describe(head)}")

    def describe(self, head: Head) -> str:
        """One entry in words."""
        what = split_item(head.unit)[1] or "points"
        if head.verb == "decline":
            return f"{what} declined"
        if head.verb == "reopen":
            return f"{what} asked again"
        if head.kind != POINTS:
            return f"{head.kind} of {what}"
        counts = head.class_counts()
        best = sorted(counts, key=lambda c: -counts[c])[:3]
        return f"{what} as {', '.join(map(self.state.class_name, best))}"

    def shut(self) -> None:
        """Take no parts any more."""
        self._split.disconnect()
