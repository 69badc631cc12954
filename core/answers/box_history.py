"""The history of a box: who gave it which state, when, and what changed, for people to read."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from typing import NamedTuple

import numpy as np

from core.answers.answers import Answers
from core.answers.box import BOXES, Box, box_of
from core.answers.boxes import BoxAnswers
from core.answers.entry import Entry
from core.answers.ledger import Key
from core.boxes.edit import in_box
from core.boxes.geometry import wrapped

_LEAST_M, _LEAST_DEG = 0.005, 0.05  # less is not told
_SIZES = "lwh"


class Step(NamedTuple):
    """A state that a box was given.

    Attributes
    ----------
    who, when : the annotator, unix seconds
    what : what changed, in words
    tool, seconds : how it was made, and the active seconds that it took
    undone, blind : whether it was taken back; whether it is only compared
    """

    who: str
    when: float
    what: str
    tool: str = ""
    seconds: float = 0.0
    undone: bool = False
    blind: bool = False


def history_of(
    states: Sequence[Entry], undone: Collection[Key], names: Sequence[str]
) -> tuple[Step, ...]:
    """The steps of a box, oldest first, of all its entries in time order (`BoxAnswers.states`);
    `names` are those of the classes. Each is told against the last one that was not taken back."""
    steps = []
    before: Box | None = None
    for entry in states:
        taken = (entry.annotator, entry.seq) in undone
        try:
            box, what = box_of(entry.body), ""
        except ValueError as error:
            box, what = before, f"cannot be read: {error}"
        steps.append(
            Step(
                entry.annotator,
                entry.time,
                what or changes(before, box, names),
                entry.tool,
                entry.active_s,
                taken,
                entry.blind,
            )
        )
        if not taken and not entry.blind:
            before = box
    return tuple(steps)


def lines_of(answers: Answers, scan: str, name: str, names: Sequence[str]) -> list[str]:
    """The steps of a box of a scan, a line each."""
    undone = answers.folds[BOXES].undone
    steps = history_of(BoxAnswers(answers).states(scan, name), undone, names)
    return [told(step) for step in steps]


def changes(before: Box | None, after: Box | None, names: Sequence[str]) -> str:
    """What lies between two states of a box, in words; None where there is no box."""
    if after is None:
        return "taken away"
    if before is None:
        return f"drawn as {_class(names, after.label)}"
    said = []
    if before.label != after.label:
        said.append(f"{_class(names, before.label)} → {_class(names, after.label)}")
    ways = in_box(before.box, after.box[None, :3])[0]
    if (far := float(np.linalg.norm(ways))) >= _LEAST_M:
        said.append(f"moved {far:.2f} m")
    for axis, name in enumerate(_SIZES):
        first, last = before.box[3 + axis], after.box[3 + axis]
        if abs(last - first) >= _LEAST_M:
            said.append(f"{name} {first:.2f} → {last:.2f} m")
    turn = float(np.degrees(wrapped(np.array([after.box[6] - before.box[6]]))[0]))
    if abs(turn) >= _LEAST_DEG:
        said.append(f"turned {turn:+.1f}°")
    if before.track != after.track:
        said.append(f"track {before.track or 'none'} → {after.track or 'none'}")
    if before.ignore != after.ignore:
        said.append("to be ignored" if after.ignore else "no longer to be ignored")
    if before.occluded != after.occluded:
        said.append("occlusion changed")
    if after.sure and not before.sure:
        said.append("confirmed")
    return ", ".join(said) or "as it was"


def told(step: Step) -> str:
    """A step as one line."""
    when = time.strftime("%d %b %H:%M", time.localtime(step.when))
    marks = [name for name, on in (("blind", step.blind), ("taken back", step.undone)) if on]
    mark = f" ({', '.join(marks)})" if marks else ""
    return f"{when}  {step.who}: {step.what}{mark}"


def _class(names: Sequence[str], label: int) -> str:
    return names[label] if label < len(names) else f"class {label}"
