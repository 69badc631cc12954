"""The unit card: what is asked, what it may be, why it is asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QLabel, QVBoxLayout

from core.data.classes import UNLABELLED
from core.data.items import short_name
from gui.desk.advice import advice
from gui.desk.content import Content
from gui.desk.rows import Rows
from gui.desk.sizes import Sizes, of_rows
from gui.desk.state import State
from gui.desk.target import Target
from gui.points.draft import Draft
from gui.points.labelling import Labelling


class Card(QFrame):
    """What is asked: what it may be, its measures, the reason, in words."""

    def __init__(self, state: State, labelling: Labelling) -> None:
        super().__init__()
        self.state, self.labelling, self.rows = state, labelling, Rows(state)
        self.wanted = False  # whether there is something to say
        self.key_of: Callable[[str], str] = lambda id: ""
        self.grown: Callable[[], str] = lambda: ""  # what was grown beyond the target, in words
        self._measured: tuple[Content | None, Target | None, str] = (None, None, "")
        self.title, self.guess, self.measures, self.reason = (QLabel() for _ in range(4))
        self.title.setObjectName("heading")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 8, 12, 8)
        layout.setSpacing(2)
        for label in (self.title, self.guess, self.measures, self.reason):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
            layout.addWidget(label)
        self.reason.setObjectName("quiet")
        self.measures.setObjectName("quiet")

    def refresh(self) -> None:
        """Write anew what the target is."""
        state, target, content = self.state, self.state.target, self.state.content
        self.wanted = content is not None
        if content is None:
            return
        if target is None:
            scan = state.coming or content.scan
            name = short_name(scan)
            self.title.setText(f"Reading scan {name} …" if state.coming else f"Scan {name}")
            self.guess.setVisible(False)
            size = f"{len(content.points):,} points, {content.units:,} units in this scan"
            self.measures.setText("" if state.coming else size)
            coming = f"For {state.agenda.number}." if state.at_asked else ""
            self.reason.setText(coming if state.coming else advice(state))
            self.reason.setToolTip("")
            return
        title, place = target.what, state.place
        if place is not None:
            title = f"{state.agenda.number_of(place)}   {target.what.lower()}"
        given = np.bincount(content.labels[target.rows], minlength=256)
        given[UNLABELLED] = 0
        if given.any() and not target.blind:
            title += f"   ✓ {state.class_name(int(given.argmax()))}"
            more = int(np.count_nonzero(given)) - 1
            title += f" and {more} more" if more else ""
        self.title.setText(title)
        self.guess.setText(self._guess())
        self.guess.setVisible(bool(self.guess.text()))
        if self._measured[0] is not content or self._measured[1] is not target:
            found = of_rows(content, target.rows, is_ground=target.flat)
            self._measured = content, target, self._sizes(target, found)
        self.measures.setText(self._measured[2])
        draft, grown, detail = self.labelling.draft, self.grown(), ""
        if grown:
            text = grown
        elif draft is not None:
            text = self._draft(draft)
        elif place is not None:
            row = self.rows.at(place)
            text, detail = row.reason, row.detail
        else:
            text = "Not asked; a class you give counts as volunteered."
            if state.agenda.number:
                text += f" Esc: back to {state.agenda.number}."
        self.reason.setText(text)
        self.reason.setToolTip(detail)

    @staticmethod
    def _sizes(target: Target, found: Sizes | None) -> str:
        points = f"{len(target.rows):,} point{'s' * (len(target.rows) != 1)}"
        return points if found is None else f"{found.words()} · {points}"

    def natural_width(self) -> int:
        """Pixels it needs to show each of its texts in one line."""
        texts = (self.title, self.guess, self.measures, self.reason)
        wide = (label.fontMetrics().horizontalAdvance(label.text()) for label in texts)
        return 26 + max(wide)

    def narrowest(self) -> int:
        """Pixels below which its lines become too many."""
        return 44 * self.fontMetrics().averageCharWidth()

    def fit(self, width: int, height: int) -> None:
        """Take a width and the height that the texts need then; in little height the measures give
        way, then the reason: the Context panel and the queue tell them too."""
        inside = width - 24
        high = {
            label: label.heightForWidth(inside) + 2
            for label in (self.title, self.guess, self.measures, self.reason)
            if label.text()
        }
        for label in (self.measures, self.reason):
            fits = sum(high.values()) + 16 <= height
            if not fits:
                high.pop(label, None)
            shown = fits and bool(label.text())  # an empty one takes a line
            if label.isHidden() == shown:
                label.setVisible(shown)
        self.setFixedSize(width, sum(high.values()) + 16)

    def _guess(self) -> str:
        """What the target may be, with the keys, or why that is not said."""
        likely, target = self.state.suggestion, self.state.target
        if target is not None and target.blind and self.state.second is None:
            likely = self.state.guesses.of(target.unit)  # as where none is shown, to compare
            likely = replace(likely, shown=False) if likely is not None else None
        bold = likely is not None and likely.shown and likely.sure
        if self.guess.font().bold() != bold:
            font = self.guess.font()
            font.setBold(bold)
            self.guess.setFont(font)
        if likely is None or not self.state.guesses.shown or self.labelling.draft is not None:
            return ""  # over a drawing Enter confirms that
        if not likely.shown:
            return "No suggestion for this one: decide unprompted."
        enter = self.key_of("accept").replace("Return", "Enter")
        shares = [f" {share:.0%}" if likely.measured else "" for share in likely.shares]
        early = "" if likely.measured else "   (too early to say how sure: press its key)"
        if likely.carried is not None:
            name = self.state.class_name(likely.carried)
            often = f"right in{shares[0]} of such cases" if likely.measured else "look first"
            return f"{enter}: {name}, as in the scan beside it ({often})"
        parts = [
            f"{self.state.class_name(c)}{share} [{self.key_of(f'class {c}')}]"
            for c, share in zip(likely.classes, shares, strict=True)
        ]
        unsure = "" if likely.sure or not likely.measured else "unsure: "
        lead = f"{enter}: " if likely.acceptable else "Perhaps "
        return f"{lead}{unsure}" + "   ".join(parts) + early

    def _draft(self, draft: Draft) -> str:
        if draft.complete and not draft.selected.any():
            return "Correct it with a tool, or Enter to confirm. Esc: whole again."
        asked = int(draft.asked.sum())
        after = "" if draft.guessed else f" of {int(draft.open.sum()):,} without one"
        further = f" {self.key_of('guess')}: split them further." if draft.tree else ""
        return (
            f"Press the class of the {asked:,} points that are lit{after}.{further} Esc: put away."
        )
