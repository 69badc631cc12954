"""Rounds as a tree: what each came to and what its branch had cost by then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from core.answers.labels import FREE
from core.project.project import Project
from core.project.status import by_name_now
from core.query.seconds import expected_seconds

COSTS = {
    "points": ("points answered", 1.0),
    "units": ("units answered", 1.0),
    "active": ("hours at work, measured", 3600.0),
    "expected": ("hours of work, estimated", 3600.0),
}


@dataclass(frozen=True)
class Step:
    """A round. `costs` by the names of COSTS, of what its branch asked: each answer once, but for
    those given to a later round of it, and none for what was carried over. `miou` and `iou` are
    shares, None where they are not measured."""

    id: str
    number: int
    parent: str | None
    strategy: str
    costs: Mapping[str, float]
    miou: float | None
    iou: Mapping[str, float | None]

    def value(self, what: str) -> float | None:
        """mIoU, or the IoU of a class."""
        return self.miou if what == "mIoU" else self.iou.get(what)


def steps_of(project: Project) -> list[Step]:
    """One for each round, in their order. Raises ProjectError where metrics are damaged."""
    number = {one.id: n for n, one in enumerate(project.rounds)}
    said = _answers(project, number)
    branches = [[number[before.id] for before in project.branch(one)] for one in project.rounds]
    found = []
    for n, (one, branch) in enumerate(zip(project.rounds, branches, strict=True)):
        later = [other for other, line in enumerate(branches) if n in line and other != n]
        metrics = one.metrics(project.classes) or {}
        iou = by_name_now(project, metrics.get("iou") or dict.fromkeys(project.classes.names))
        found.append(
            Step(
                one.id,
                one.number,
                one.parent,
                one.query.strategy,
                said.costs(branch, later),
                metrics.get("miou"),
                iou,
            )
        )
    return found


@dataclass(frozen=True)
class _Answers:
    """The n answers and declines to what rounds asked. `asked`: of each round which of them;
    `given` (n,) int64: the place of the round that each was given to, -1 for none; `values`: by the
    names of COSTS (n,)."""

    asked: Sequence[np.ndarray]
    given: np.ndarray
    values: Mapping[str, np.ndarray]

    def costs(self, branch: Sequence[int], later: Sequence[int]) -> dict[str, float]:
        """What the rounds of a branch came to without those given to `later` rounds."""
        mine = np.zeros(len(self.given), bool)
        for n in branch:
            mine[self.asked[n]] = True
        mine &= ~np.isin(self.given, later)
        return {name: round(float(value[mine].sum()), 2) for name, value in self.values.items()}


def _answers(project: Project, number: Mapping[str, int]) -> _Answers:
    """`number`: the places of rounds."""
    effective, units = project.answers.effective, project.units
    items = dict.fromkeys(item for one in project.rounds for item in one.query.items)
    there = ((item, effective.get(item)) for item in items)  # answers come in meanwhile
    heads = {item: head for item, head in there if head is not None}
    place = {item: n for n, item in enumerate(heads)}
    paid = np.array([h.verb == "answer" and h.tool not in FREE for h in heads.values()], bool)
    expected = np.zeros(len(heads))
    if units is not None:
        known = units.find_all(heads)
        seconds = expected_seconds(units, {})
        expected[known >= 0] = seconds[known[known >= 0]]
    points = np.array([head.points for head in heads.values()], float)
    return _Answers(
        [
            np.array([place[i] for i in one.query.items if i in place], np.int64)
            for one in project.rounds
        ],
        np.array([number.get(head.round, -1) for head in heads.values()], np.int64),
        {
            "points": points * paid,
            "units": paid.astype(float),
            "active": np.array([head.active_s for head in heads.values()], float),
            "expected": expected * paid,
        },
    )
