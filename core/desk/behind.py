"""Which units lie behind a mark of a chart: by their numbers, ascending."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.prepare.units import CLUSTER
from core.project.project import Project
from core.rounds.round import Round


def of_size(project: Project, size: int) -> np.ndarray:
    """(n,) int64 clusters of a size in metres."""
    units = project.need_units()
    return np.flatnonzero((units.kind == CLUSTER) & (units.size == size))


def of_rounds(project: Project, rounds: Sequence[Round]) -> np.ndarray:
    """(n,) int64 units that these rounds asked and that are still prepared."""
    items = [item for one in rounds for item in one.query.items]
    return _known(project, items)


def of_scan(project: Project, scan: str) -> np.ndarray:
    """(n,) int64 units of a scan."""
    mine = project.need_units().range_of(scan)
    return np.arange(mine.start, mine.stop)


def asked_in(project: Project, rounds: Sequence[Round], partition: int) -> np.ndarray:
    """(n,) int64 units of a partition that these rounds asked."""
    asked = of_rounds(project, rounds)
    found: np.ndarray = asked[project.need_units().partition[asked] == partition]
    return found


def answered_with(project: Project, rounds: Sequence[Round], label: int) -> np.ndarray:
    """(n,) int64 units that these rounds asked and that were answered with a class, in part at
    least."""
    effective = project.answers.effective
    items = (item for one in rounds for item in one.query.items)
    heads = ((item, effective.get(item)) for item in items)
    found = [
        item
        for item, head in heads
        if head is not None and head.verb == "answer" and label in head.class_counts()
    ]
    return _known(project, found)


def _known(project: Project, items: Sequence[str]) -> np.ndarray:
    found = project.need_units().find_all(items)
    return np.unique(found[found >= 0])
