"""Which units of a scan are things that a neighbouring scan has already, by the poses."""

from __future__ import annotations

import numpy as np

from core.assist.surroundings import around
from core.base.loading import loading
from core.project.project import Project

_REACH_M = 0.3  # between a point and the nearest one of another scan, to be the same thing
_SHARE = 0.6  # of a unit's points that agree


def same_things(project: Project, scan: str, reach: int = 2) -> dict[str, str]:
    """unit_id -> name of the thing (core.answers.instances) that lies where the unit does in the
    `reach` training scans before and behind, if most of its points meet that thing's; {} without
    poses. A thing that moved is not where it was, so it is not followed."""
    units, dataset = project.need_units(), project.dataset
    mine, here = units.range_of(scan), dataset.scan(scan)
    if here.pose is None or not len(mine):
        return {}
    places: dict[str, int] = {}
    points, of_point = [], []
    answered = project.answers.fold.labelled_scans(rounds={*(r.id for r in project.rounds), ""})
    for name in around(dataset, scan, reach):
        move = dataset.move(name, scan)
        if name not in answered or move is None:
            continue
        other = dataset.scan(name)
        things = project.things(name)
        rows = np.flatnonzero(things.of_row)
        rows = rows[np.isfinite(other.points[rows, :3]).all(axis=1)]
        points.append(other.points[rows, :3].astype(np.float64) @ move[:3, :3].T + move[:3, 3])
        number = [-1, *(places.setdefault(thing, len(places)) for thing in things.names)]
        of_point.append(np.array(number)[things.of_row[rows]])
    if not places:
        return {}
    with loading:
        from scipy.spatial import cKDTree

    unit = project.rows(scan)
    rows = np.flatnonzero((unit >= 0) & np.isfinite(here.points[:, :3]).all(axis=1))
    tree = cKDTree(np.concatenate(points))
    away, at = tree.query(here.points[rows, :3], distance_upper_bound=_REACH_M)
    met = np.isfinite(away)
    votes = np.zeros((len(mine), len(places)), np.int64)
    np.add.at(votes, (unit[rows[met]], np.concatenate(of_point)[at[met]]), 1)
    best = votes.argmax(axis=1)
    share = votes.max(axis=1) / np.maximum(np.bincount(unit[rows], minlength=len(mine)), 1)
    numbers = np.flatnonzero(share >= _SHARE)
    names = list(places)
    return {
        one: names[best[number]]
        for one, number in zip(units.names(numbers + mine.start), numbers.tolist(), strict=True)
    }
