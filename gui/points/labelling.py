"""Answering: drafts, suggestions, answers. What is asked is the state's target."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from PySide6.QtCore import QObject, Signal

from core.answers.answers import Given
from core.answers.effort import Effort
from core.answers.entry import Head
from core.answers.instances import Things
from core.answers.labels import CARRIED
from core.assist.split import FILLED, Parts
from core.base.errors import ProjectError
from core.data.classes import UNSURE
from core.data.items import scan_of
from gui.desk.state import State
from gui.desk.target import Target
from gui.points.apart import Apart
from gui.points.clicked import clicked
from gui.points.draft import Draft
from gui.points.drafts import Bench, Drafts
from gui.points.splitting import Splitting


class Labelling(QObject):
    """One person's answers to the state's targets.

    A key answers the whole target, unless a draft is open: then it gives the asked points their
    class, and the draft is answered when it is complete. A draft that began as a guess is answered
    only by `accept`.

    Attributes
    ----------
    bench : what is drawn on the target, with the steps before and after it

    Signals
    -------
    preview(rows) : (R,) bool of the target's rows that a shape covers while it is drawn, or None
    """

    preview = Signal(object)
    _unsaved = Signal(object)

    def __init__(self, state: State) -> None:
        super().__init__(state)
        self.state = state
        self.apart = Apart(state)
        self.splitting = Splitting(state)
        self._unsaved.connect(state.failed)
        self.drafts = Drafts(state.project, state.background, self._unsaved.emit)
        self._nothing = Bench("", "", np.zeros(0, np.int64))
        self.bench = self._nothing  # of the target
        self._swapping = False
        self._target: Target | None = None
        state.target_changed.connect(self._follow)
        state.at_work = lambda: self.draft is not None

    @property
    def draft(self) -> Draft | None:
        """What is drawn on the target, None where nothing is."""
        return self.bench.draft

    def _follow(self, _: bool) -> None:
        if self.state.target is not self._target:
            self._target = self.state.target
            self.take_up()

    def take_up(self) -> None:
        """Go on with what was drawn on the target."""
        target, content, before = self.state.target, self.state.content, self.bench
        if target is None or content is None:
            self.bench = self._nothing
        else:
            self.bench = self.drafts.of(content.scan, target)
        self._swapping &= self.bench is before

    def _tell(self, text: str) -> None:
        self.state.told.emit(text)

    # -- drafts -------------------------------------------------------------------------------

    def _step(self, draft: Draft | None) -> None:
        bench = self.bench
        bench.before.append(bench.draft)
        bench.after.clear()
        bench.draft = draft
        self.drafts.keep(bench)
        self.state.target_changed.emit(False)

    def select(
        self, rows: np.ndarray, tool: str, *, take_away: bool = False, over: bool = False
    ) -> None:
        """Select rows (R,) bool of the target, by a tool: those without a class yet, or all where
        `over`."""
        target = self.state.target
        if target is None:
            return
        draft = self.draft or Draft.empty(len(target.rows))
        free = np.ones(len(rows), bool) if over or take_away else draft.free
        missed = not (rows & free).any()
        if missed or (tool == "cut" and rows[free].all()):
            if tool == "cut":
                self._tell("The line leaves all points on one side.")
            elif missed and rows.any():
                self._tell("These points have their class: hold Shift to draw over them.")
            else:
                self._tell("No point of the unit is in.")
            self.preview.emit(None)
            return
        self.bench.tools.add(tool)
        self._step(draft.select(rows, take_away=take_away, over=over, title=tool))

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
        if draft is not None and draft.part is not None:
            self.split()
            return
        suggestion = self.state.suggestion
        may_suggest = (suggestion is None or suggestion.shown) and not target.blind
        if content.prediction is not None and may_suggest:
            begun = draft or Draft.empty(len(target.rows))
            guessed = begun.guess(content.prediction[target.rows], "the network's guess")
            if guessed is not begun:
                self.bench.tools.add("guess")
                self._step(guessed)
                return
        self._part(self._take_parts)

    def split(self) -> None:
        """Ask the unit's two parts one after the other; again: split the part that is asked."""
        draft = self.draft
        if self.state.target is None:
            self._tell("Nothing is asked here to split.")
        elif draft is None or draft.part is None or draft.tree is None:
            self._part(self._take_parts)  # also of parts that were kept over a restart
        elif (divided := draft.divide()) is draft:
            self._tell("This cannot be split further: press its class, or draw.")
        else:
            self.bench.tools.add("guess")
            self._step(divided)

    def _take_parts(self, tree: Parts) -> None:
        target, draft = self.state.target, self.draft
        assert target is not None
        if draft is None:
            draft = Draft.empty(len(target.rows))
        elif draft.guessed:
            draft = draft.unguessed()
        self.bench.tools.add("guess")
        self._step(draft.in_parts(tree))

    def fill(self, row: int, *, over: bool = False) -> None:
        """Select the part of like points around a row of the shown scan."""
        target = self.state.target
        if target is None or row not in target.rows:
            self._tell("This point is not of the unit that is asked.")
            return
        at = int(np.searchsorted(target.rows, row))

        def select(tree: Parts) -> None:
            part = tree.cut(FILLED)
            self.select(part == part[at], "fill", over=over)

        self._part(select)

    def _part(self, then: Callable[[Parts], None]) -> None:
        """Split the target in parts in the background, then go on with them."""
        target, content = self.state.target, self.state.content
        assert target is not None
        assert content is not None
        if self.draft is not None and self.draft.tree is not None:
            then(self.draft.tree)
            return
        bench = self.bench
        self._tell("Splitting …")

        def go_on(tree: Parts) -> None:
            if self.bench.key == bench.key:
                self._tell("")
                then(tree)

        points = self.state.project.dataset.normalised(content.points[target.rows])
        self.splitting.start(points, go_on)

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
        target = clicked(content, content.table, row)
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
        elif not draft.asked.any():
            self._tell("Every point has its class: draw over some, or Enter confirms. Esc: whole.")
        else:
            self._given(draft.give(label, self.state.class_name(label)))

    def _given(self, draft: Draft) -> None:
        """Asked points got their class: answer a drawing that is complete and was no guess."""
        if draft.complete and not draft.guessed:
            self._write(draft.classes, self._tool(), draft)
        else:
            self._step(draft)

    def accept(self) -> None:
        """Confirm the draft, or answer with the class that is suggested first."""
        target, draft, suggestion = self.state.target, self.draft, self.state.suggestion
        if target is None:
            self._tell("Nothing is asked here: click a unit, or press Tab for the queue.")
        elif draft is not None:
            if draft.complete:
                self._write(draft.classes, self._tool(), draft)
            else:
                left, lit = int(draft.open.sum()), int(draft.asked.sum())
                self._tell(f"{left:,} points have no class: press that of the {lit:,} lit ones.")
        elif suggestion is None or self.state.guesses.refusal(suggestion):
            self._tell(self.state.guesses.refusal(suggestion))
        else:
            first = suggestion.classes[0]
            tool = CARRIED if suggestion.carried is not None else "accept"
            self._write(np.full(len(target.rows), first, np.uint8), tool)

    def same(self) -> None:
        """Give the target the class of the last answer, as more of the same thing; of a draft, give
        the asked points to what its last turn gave."""
        target, draft, last = self.state.target, self.draft, self.apart.last
        if target is None:
            self._tell("Nothing is asked here: click a unit, or press Tab for the queue.")
        elif draft is not None:
            if draft.last is None or not draft.asked.any():
                self._tell("Give a part of the drawing its class first.")
                return
            self._given(draft.give(draft.last, self.state.class_name(draft.last), same=True))
        elif last is None or target.blind:
            self._tell("There is no thing before this one that it could be more of.")
        else:
            count = len(target.rows)
            things = self.apart.whole(last[0], count, last[1])
            self._write(np.full(count, last[0], np.uint8), "same", things=things)

    def _tool(self) -> str:
        return "+".join(sorted(self.bench.tools)) or "key"

    def _write(
        self,
        classes: np.ndarray,
        tool: str,
        draft: Draft | None = None,
        things: Things | None = None,
    ) -> None:
        """Give the target's rows classes (R,), which a draft came to, as new things where no
        `things` are given; it is on disk when the next item is shown."""
        state, bench = self.state, self.bench
        target, content, suggestion = state.target, state.content, state.suggestion
        assert target is not None
        assert content is not None
        suggested = suggestion.to_text() if suggestion is not None else ""
        effort = state.activity.take()._replace(suggested=suggested, tool=tool)
        if things is None and not target.blind:
            turn = draft.turn if draft is not None else None
            things = self.apart.of_unit(target.unit, classes, turn)
        try:
            head = state.project.answers.answer(
                state.project.scan_ref(content.scan),
                target.rows,
                classes,
                round=self._round(target),
                unit=target.unit,
                effort=effort,
                blind=target.blind,
                things=things,
            )
        except ProjectError as error:
            state.activity.give_back(effort)
            state.failed.emit(error)
            return
        self.apart.answered(head, classes, things)
        if draft is not None and draft is not bench.draft:
            bench.before.append(bench.draft)
            bench.draft = draft
        self._leave(bench, head)
        if not target.blind:
            content.set_labels(target.rows, classes)
        state.advance(target)

    def _leave(self, bench: Bench, head: Head) -> None:
        """An answer closed the draft; should the target stay, it is whole again."""
        self.drafts.answered(bench, head)
        self.bench = Bench(bench.scan, bench.unit, bench.rows, bench.blind)

    def write_together(
        self, units: Sequence[tuple[str, np.ndarray]], label: int, efforts: Sequence[Effort]
    ) -> bool:
        """Give units with their rows (R,) one class as one act; return whether it was written."""
        state = self.state
        project, current, asked = state.project, state.round, state.target
        try:
            given = [
                Given(
                    project.scan_ref(scan_of(unit)),
                    rows,
                    np.full(len(rows), label, np.uint8),
                    current.id if current and state.summary.place_of(unit) is not None else "",
                    unit,
                    effort,
                    self.apart.whole(label, len(rows), self.apart.name(later)),
                )
                for later, ((unit, rows), effort) in enumerate(zip(units, efforts, strict=True))
            ]
            project.answers.answer_together(given, at=asked.unit if asked is not None else "")
        except ProjectError as error:
            for effort in efforts:
                state.activity.give_back(effort)
            state.failed.emit(error)
            return False
        for one in given:
            content = state.loader.kept(one.scan.name)
            if content is not None:
                content.set_labels(one.rows, one.classes)
        if asked is not None and any(unit == asked.unit for unit, _ in units):
            state.advance(asked)
        else:
            state.target_changed.emit(False)
        return True

    def _round(self, target: Target) -> str:
        current = self.state.round
        return current.id if current is not None and target.item is not None else ""

    def decline(self) -> None:
        """Say that the unit cannot be answered; it is asked no more until put back."""
        state = self.state
        target, content = state.target, state.content
        if target is None or content is None or not target.unit:
            self._tell("Only a unit can be declined.")
            return
        if target.blind:  # it is only compared: "cannot tell" is an answer like any other
            self._write(np.full(len(target.rows), UNSURE, np.uint8), "key")
            return
        effort = state.activity.take()
        try:
            head = state.project.answers.decline(
                state.project.scan_ref(content.scan),
                round=self._round(target),
                unit=target.unit,
                effort=effort,
            )
        except ProjectError as error:
            state.activity.give_back(effort)
            state.failed.emit(error)
            return
        self._leave(self.bench, head)
        state.advance(target)

    # -- drawings that are open -------------------------------------------------------------------

    def resume(self) -> bool:
        """Go on with the drawing that was left last; return whether there is one."""
        for problem in self.drafts.problems:
            self.state.failed.emit(problem)
        left = self.drafts.open()
        if left:
            self.state.show_rows(left[0].scan, left[0].unit, left[0].rows)
        return bool(left)

    def next_drawing(self) -> None:
        """Go to the drawing that is open, the next one where this is one of several. In a sample
        those on its units; what was drawn blind else waits until it is asked blind again."""
        second = self.state.second
        benches = (
            one
            for one in self.drafts.open()
            if (one.blind and one.unit in second if second is not None else not one.blind)
        )
        left = sorted(benches, key=lambda bench: (bench.scan, bench.unit))
        places = [place for place, bench in enumerate(left) if bench is self.bench]
        if left:
            bench = left[(places[0] + 1) % len(left) if places else 0]
            self.state.show_rows(bench.scan, bench.unit, bench.rows)
        else:
            self._tell("No drawing is open.")

    def shut(self) -> None:
        """Take no parts any more, keep what is drawn."""
        self.drafts.shut()
        self.splitting.shut()
        self._unsaved.disconnect()
