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


def _known(project: Project, items: Sequence[str]) -> np.ndarray:
    found = project.need_units().find_all(items)
    return np.unique(found[found >= 0])
