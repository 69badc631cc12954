"""Answers to look at again: first those that annotators or the network see differently."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from core.assist.by_network import predicted
from core.data.classes import FIRST_CODE
from core.project.project import Project
from core.quality.disagreements import disagreements

_NOBODY: Mapping[str, int] = {}


@dataclass(frozen=True, slots=True)  # there is one for each answer
class Reviewed:
    """An answer that counts.

    Attributes
    ----------
    found : class or code of most points
    model : the class that the newest network gives most of them, None without one
    others : every other vote where votes differ: class by annotator, "name, blind" for a blind one
    """

    unit: str
    found: int
    model: int | None
    others: Mapping[str, int]
    annotator: str
    round: str
    seconds: float
    tool: str
    time: float

    @property
    def disputed(self) -> bool:
        """Whether the network sees another class."""
        return self.model is not None and self.found < FIRST_CODE and self.model != self.found


def reviewed(project: Project) -> list[Reviewed]:
    """Every answer to a unit that counts: first where annotators differ, then where the network
    does, then the newest."""
    heads = [h for h in list(project.answers.effective.values()) if h.verb == "answer"]
    model = predicted(project, [head.unit for head in heads])
    differ = {one.unit: one.classes for one in disagreements(project)}
    rows = [
        Reviewed(
            head.unit,
            head.main_class(),
            model.get(head.unit, (None,))[0],
            _others(differ.get(head.unit), head.annotator),
            head.annotator,
            head.round,
            head.active_s,
            head.tool,
            head.time,
        )
        for head in heads
    ]
    return sorted(rows, key=lambda row: (not row.others, not row.disputed, -row.time, row.unit))


def _others(votes: Mapping[str, int] | None, annotator: str) -> Mapping[str, int]:
    """The votes of all but one."""
    return _NOBODY if votes is None else {w: c for w, c in votes.items() if w != annotator}
