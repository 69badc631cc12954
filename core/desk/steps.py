"""Rounds as a tree: what each came to and what its branch had cost by then."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

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
    """A round. `costs` by the names of COSTS, of all answers to its branch's queries so far;
    `miou` and `iou` are shares, None where they are not measured."""

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
    units = project.units
    effective = project.answers.effective
    seconds = expected_seconds(units, {}) if units is not None else np.zeros(0)
    own: dict[str, dict[str, float]] = {}
    found = []
    for one in project.rounds:
        there = (effective.get(item) for item in one.query.items)  # answers come in meanwhile
        heads = [head for head in there if head is not None]
        answers = [head for head in heads if head.verb == "answer"]
        known = np.zeros(0, np.int64)
        if units is not None:
            known = units.find_all(head.unit for head in answers)
            known = known[known >= 0]
        own[one.id] = {
            "points": float(sum(head.points for head in answers)),
            "units": float(len(answers)),
            "active": round(sum(head.active_s for head in heads), 2),
            "expected": float(seconds[known].sum()) if len(known) else 0.0,
        }
        branch = [before.id for before in project.branch(one)]
        metrics = one.metrics() or {}
        iou = by_name_now(project, metrics.get("iou") or dict.fromkeys(project.classes.names))
        found.append(
            Step(
                one.id,
                one.number,
                one.parent,
                one.query.strategy,
                {name: sum(own[id][name] for id in branch) for name in COSTS},
                metrics.get("miou"),
                iou,
            )
        )
    return found
