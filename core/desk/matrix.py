"""What a round's network takes for what: its confusion, and where those points are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.base.errors import ProjectError
from core.base.jobs import Job
from core.project.project import Project
from core.rounds.predictions import prediction_file, read_prediction
from core.rounds.round import Round

COUNTS, OF_TRUTH, OF_SAID = "points", "share of the true class", "share of what was said"


def matrix_of(project: Project, found: Round) -> np.ndarray | None:
    """(C, C) int64 points of true class i taken for j, of the validation scans; None where the
    round is not measured, or was by classes that are no more."""
    metrics = found.metrics()
    stored = None if metrics is None else metrics.get("confusion")
    if stored is None:
        return None
    matrix = np.asarray(stored, np.int64)
    classes = len(project.classes)
    return matrix if matrix.shape == (classes, classes) else None


def shares(matrix: np.ndarray, kind: str) -> np.ndarray:
    """(C, C) float64 of a confusion: its points, or their share of a row or of a column; NaN where
    there are none."""
    if kind == COUNTS:
        return matrix.astype(np.float64)
    total = matrix.sum(axis=1, keepdims=True) if kind == OF_TRUTH else matrix.sum(axis=0)[None]
    nothing = np.full(matrix.shape, np.nan)
    found: np.ndarray = np.divide(matrix, total, out=nothing, where=total > 0)
    return found


@dataclass(frozen=True)
class Place:
    """Rows (R,) int64 of a scan, and of how many points in `scans` scans they are."""

    scan: str
    rows: np.ndarray
    points: int
    scans: int


def find(project: Project, found: Round, truth: int, said: int, job: Job) -> Place | None:
    """The validation scan that holds most points of a true class which a round took for another,
    None where there are none. Raises ProjectError where its predictions are gone."""
    best: tuple[str, np.ndarray] | None = None
    points = scans = read = 0
    for done, scan in enumerate(project.dataset.validation):
        job.progress(done, len(project.dataset.validation), "points")
        known = project.dataset.ground_truth(scan, project.classes)
        if known is None:
            continue
        file = prediction_file(project.predictions(found), scan, project.dataset)
        if not file.exists():
            continue
        read += 1
        predicted = read_prediction(file, "classes", N=len(known))["classes"]
        rows = np.flatnonzero((known == truth) & (project.classes.now[predicted] == said))
        points += len(rows)
        scans += bool(len(rows))
        if best is None or len(rows) > len(best[1]):
            best = scan, rows
    if not read:
        raise ProjectError(
            f"The predictions of round {found.id} are deleted: later rounds are scored.",
            f"`lidarloop score --round {found.folder}` makes them again.",
        )
    if best is None or not len(best[1]):
        return None
    return Place(best[0], best[1], points, scans)
