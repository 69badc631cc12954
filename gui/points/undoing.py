"""Undo and redo: the steps of a drawing, then one's answers, the newest first."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from core.answers.entry import POINTS, Head
from core.base.errors import ProjectError
from gui.points.labelling import Labelling
from gui.points.said import said


class Undoing:
    """Takes back what `labelling` did, and brings it again."""

    def __init__(self, labelling: Labelling) -> None:
        self.labelling, self.state = labelling, labelling.state
        # Goes to the work that an answer of another kind is of, to turn it there; whether it did.
        self.elsewhere: Callable[[bool], bool] = lambda redo: False

    def undo(self) -> None:
        """Take back the draft's last step, else one's newest answer, and go there."""
        bench = self.labelling.bench
        if bench.before:
            undone = bench.draft
            bench.after.append(undone)
            bench.draft = bench.before.pop()
            self._turned(f"Undone: {undone.title if undone is not None else 'whole again'}")
        else:
            self._turn(redo=False)

    def redo(self) -> None:
        """Bring back what the last undo took, and go there."""
        bench = self.labelling.bench
        if bench.after:
            bench.before.append(bench.draft)
            bench.draft = bench.after.pop()
            draft = bench.draft
            self._turned(f"Redone: {draft.title if draft is not None else 'whole again'}")
        else:
            self._turn(redo=True)

    def _turned(self, text: str) -> None:
        """A step of the draft was taken back or brought again."""
        self.labelling.drafts.keep(self.labelling.bench)
        self.state.target_changed.emit(False)
        self.state.told.emit(text)

    def _turn(self, *, redo: bool) -> None:
        state, answers, head = self.state, self.state.project.answers, None
        try:
            act = answers.history.redoable() if redo else answers.history.undoable()
            if act and act[0].kind != POINTS and self.elsewhere(redo):
                return
            head = answers.redo() if redo else answers.undo()
            if head is None:
                self.state.told.emit("Nothing to redo." if redo else "Nothing to undo.")
                return
            history, rows = answers.history, self._rows_of(head)
            act, at = history.act(head), history.asked_at(head)
            for scan in {one.scan for one in act}:
                content = state.loader.kept(scan)
                if content is not None:
                    content.labels = state.project.labels(scan)
            if len(act) == 1 and head.kind == POINTS:
                if redo:
                    self.labelling.drafts.closed_again(head)
                else:
                    self.labelling.drafts.reopen(head)
        except ProjectError as error:
            if head is not None:  # it is done, though what it was about cannot be read
                state.told.emit(self._words(head, redo=redo))
            state.failed.emit(error)
            return
        self.labelling.take_up()  # a draft may be there now, or there no more
        if at == head.unit:
            state.show_again(head, rows, redo=redo)
        elif at and at == state.aimed_at:
            state.target_changed.emit(False)
        elif at:
            state.end_second()
            state.show_unit(at)
        state.told.emit(self._words(head, redo=redo))

    def _words(self, head: Head, *, redo: bool) -> str:
        act = self.state.project.answers.history.act(head)
        return f"{'Redone' if redo else 'Undone'}: {said(act, self.state.class_name)}"

    def _rows_of(self, head: Head) -> np.ndarray | None:
        """The points (R,) int64 that an answer was about; None of any other entry."""
        if head.kind != POINTS or head.verb != "answer":
            return None
        entry = self.state.project.answers.entry(head)
        return entry.rows if entry is not None else None
