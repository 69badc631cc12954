"""A scan from above, small: how high things stand, and where a measure of it lies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.data.classes import FIRST_CODE
from core.project.project import Project
from core.rounds.predictions import prediction_file, read_prediction
from core.rounds.round import METRICS

PIXELS = 128
REACH_M = 40.0  # from the middle to each side
ENTROPY, ERRORS = "entropy", "errors"


@dataclass(frozen=True)
class Above:
    """Ahead is up, row 0 first.

    Attributes
    ----------
    height : (PIXELS, PIXELS) float32 metres of the highest point of each pixel, NaN without one
    value : (PIXELS, PIXELS) float32 mean entropy, or share of points that the network gets wrong;
        NaN where it is not known; None of other measures, or without predictions
    """

    scan: str
    height: np.ndarray
    value: np.ndarray | None


def from_above(project: Project, scan: str, measure: str) -> Above:
    """Read a scan. Raises ProjectError where a file is damaged."""
    points = project.dataset.scan(scan).points
    pixel = REACH_M * 2 / PIXELS
    row = np.floor((REACH_M - points[:, 0]) / pixel)
    column = np.floor((REACH_M - points[:, 1]) / pixel)  # left is left
    inside = np.isfinite(points[:, :3]).all(axis=1)
    inside &= (row >= 0) & (row < PIXELS) & (column >= 0) & (column < PIXELS)
    place = (row[inside] * PIXELS + column[inside]).astype(np.int64)
    height = np.full(PIXELS * PIXELS, -np.inf, np.float32)
    np.maximum.at(height, place, points[inside, 2])
    height[np.isinf(height)] = np.nan
    values = _values(project, scan, measure, len(points))
    value = None
    if values is not None:
        mine = values[inside]
        known = np.isfinite(mine)
        count = np.bincount(place[known], minlength=len(height))
        sums = np.bincount(place[known], mine[known], len(height))
        mean = np.divide(sums, count, out=np.full(len(height), np.nan), where=count > 0)
        value = mean.astype(np.float32).reshape(PIXELS, PIXELS)
    return Above(scan, height.reshape(PIXELS, PIXELS), value)


def _values(project: Project, scan: str, measure: str, count: int) -> np.ndarray | None:
    """(N,) float32 of a measure, NaN where it is not known; None where it is not of points, or by
    no predictions that are kept."""
    scored = project.last_scored()
    if measure == ERRORS:
        measured = [one for one in project.branch(project.tip) if one.file(METRICS).exists()]
        scored = measured[-1] if measured else None
    if measure not in (ENTROPY, ERRORS) or scored is None:
        return None
    file = prediction_file(project.predictions(scored), scan, project.dataset)
    if not file.exists():
        return None
    if measure == ENTROPY:
        entropy = read_prediction(file, "entropy", N=count)["entropy"]
        return np.asarray(entropy, np.float32)
    truth = project.dataset.ground_truth(scan, project.classes)
    if truth is None:
        return None
    said: np.ndarray = project.classes.now[read_prediction(file, "classes", N=count)["classes"]]
    wrong: np.ndarray = (said != truth).astype(np.float32)
    wrong[(truth >= len(project.classes)) | (said >= FIRST_CODE)] = np.nan
    return wrong
