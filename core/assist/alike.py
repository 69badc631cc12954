"""Units like one: the nearest ones in the space of the network's features, or of shapes before."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.base.errors import ProjectError
from core.data.items import scan_of
from core.prepare.units import is_cell, map_shapes
from core.project.project import Project
from core.query.selection import plausible
from core.rounds.scores import read_scores

REACH_M = 1.5
_CHUNK = 1 << 16  # units
_MOST_AROUND = 4000  # points: more are no clearer in a small picture


@dataclass(frozen=True)
class Alike:
    """A unit with its rows (R,) int64 of its scan, its points (R, 3) float32, and the points around
    it (S, 3), those within REACH_M of its box."""

    unit: str
    rows: np.ndarray
    points: np.ndarray
    around: np.ndarray
    ground: bool


def nearest(project: Project, unit: str, count: int) -> list[str]:
    """The `count` units nearest to one, the nearest first, of its kind and not answered yet.

    By Euclidean distance of features, each divided by its deviation over all units.
    """
    units = project.need_units()
    at = units.find(unit)
    if at is None:
        raise ProjectError(f"{unit} is no prepared unit.", "Click a unit, or press Tab.")
    values = _features(project)
    scale = _deviation(values) + 1e-6
    answered = units.find_all(list(project.answers.effective))
    free = units.kind == units.kind[at]
    free[answered[answered >= 0]] = False
    free[at] = False
    others = np.flatnonzero(free)
    found, best = others[:0], np.zeros(0, np.float32)
    for start in range(0, len(others), _CHUNK):
        some = others[start : start + _CHUNK]
        away = ((values[some] - values[at]) / scale).astype(np.float32)
        found = np.append(found, some)
        best = np.append(best, np.einsum("ij,ij->i", away, away))
        order = np.argsort(best, kind="stable")[:count]
        found, best = found[order], best[order]
    return units.names(found)


def _deviation(values: np.ndarray) -> np.ndarray:
    """(F,) float64 standard deviation of features (U, F), which may be more than fit in memory.
    Raises ProjectError where some are no numbers."""
    total, squares = np.zeros(values.shape[1]), np.zeros(values.shape[1])
    for start in range(0, len(values), _CHUNK):
        some = np.asarray(values[start : start + _CHUNK])
        if not plausible(some).all():
            raise ProjectError(
                "The features of the units hold values that are no numbers.",
                "Run `lidarloop score` again; before any network, prepare again.",
            )
        off = some.astype(np.float64) - values[0]
        total += off.sum(axis=0)
        squares += np.einsum("ij,ij->j", off, off)
    found: np.ndarray = np.sqrt(np.maximum(squares / len(values) - (total / len(values)) ** 2, 0))
    return found


def _features(project: Project) -> np.ndarray:
    """(U, F) float32 of all units, mapped into memory."""
    units = project.need_units()
    scored = project.last_scored()
    scores = read_scores(scored.folder, units) if scored is not None else None
    if scores is not None:
        return scores["feature"]
    return map_shapes(project.units_folder / units.fingerprint, units)


def read(project: Project, names: list[str]) -> list[Alike]:
    """The points of units, in the order of their names; each scan is read once."""
    units = project.need_units()
    by_scan: dict[str, list[str]] = {}
    for name in names:
        by_scan.setdefault(scan_of(name), []).append(name)
    found: dict[str, Alike] = {}
    for scan, mine in by_scan.items():
        points, unit = project.dataset.scan(scan).points, project.rows(scan)
        first = units.range_of(scan).start
        for name, number in zip(mine, units.find_all(mine).tolist(), strict=True):
            rows = np.flatnonzero(unit == number - first)
            ground = bool(is_cell(units.kind[number]))
            around = _around(points[:, :3], rows)
            found[name] = Alike(name, rows, points[rows, :3].copy(), around, ground)
        project.scan_hash(scan)  # read once here, so that an answer need not
    return [found[name] for name in names]


def _around(xyz: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """(S, 3) of the points (N, 3) near rows (R,) that are not theirs."""
    own: np.ndarray = xyz[rows]
    own = own[np.isfinite(own).all(axis=1)]
    if not len(own):
        return own
    with np.errstate(invalid="ignore"):
        near = ((xyz >= own.min(axis=0) - REACH_M) & (xyz <= own.max(axis=0) + REACH_M)).all(axis=1)
    near[rows] = False
    found = np.flatnonzero(near)
    near_by: np.ndarray = xyz[found[:: len(found) // _MOST_AROUND + 1]]
    return near_by
