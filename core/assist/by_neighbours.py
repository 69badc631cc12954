"""Neighbouring scans of a sequence in the frame of one of them, by their poses; and what units of
this scan were called there."""

from __future__ import annotations

import numpy as np

from core.assist.surroundings import around, surroundings
from core.base.loading import loading
from core.data.classes import FIRST_CODE
from core.project.project import Project

_REACH_M = 0.3  # between a point and the nearest one of another scan, to be the same thing
_SHARE = 0.6  # of a unit's points that agree


def carried(project: Project, scan: str, reach: int = 2) -> dict[str, tuple[int, float]]:
    """Unit_ids of a scan that lie where neighbouring scans hold one class: class and share.

    A thing that moved is not where it was, so it is carried over only where its points still meet
    those of the same class within 0.3 m.
    """
    units = project.need_units()
    mine = units.range_of(scan)
    dataset = project.dataset
    answered = project.answers.fold.labelled_scans(rounds={*(r.id for r in project.rounds), ""})
    here = dataset.scan(scan)
    near = [name for name in around(dataset, scan, reach) if name in answered]
    if here.pose is None or not near or not len(mine):
        return {}
    found = surroundings(project, scan, reach)
    known = found.labels < FIRST_CODE
    if not known.any():
        return {}
    with loading:
        from scipy.spatial import cKDTree

    unit = project.rows(scan)
    rows = np.flatnonzero((unit >= 0) & np.isfinite(here.points[:, :3]).all(axis=1))
    tree = cKDTree(found.points[known, :3])
    away, at = tree.query(here.points[rows, :3], distance_upper_bound=_REACH_M)
    met = np.isfinite(away)
    classes = found.labels[known]
    votes = np.zeros((len(mine), FIRST_CODE), np.int64)
    np.add.at(votes, (unit[rows[met]], classes[at[met]]), 1)
    sizes = np.bincount(unit[rows], minlength=len(mine))
    best = votes.argmax(axis=1)
    share = votes[np.arange(len(mine)), best] / np.maximum(sizes, 1)
    numbers = np.flatnonzero(share >= _SHARE)
    names = units.names(numbers + mine.start)
    return {
        name: (int(best[n]), float(share[n]))
        for name, n in zip(names, numbers.tolist(), strict=True)
    }
