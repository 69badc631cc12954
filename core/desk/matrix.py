"""What a round's network takes for what: its confusion, and where those points are."""

from __future__ import annotations

import numpy as np

from core.base.jobs import Job
from core.desk.measured import Place, find_points
from core.project.project import Project
from core.rounds.round import Round

COUNTS, OF_TRUTH, OF_SAID = "points", "share of the true class", "share of what was said"


def matrix_of(project: Project, found: Round) -> np.ndarray | None:
    """(C, C) int64 points of true class i taken for j, of the validation scans; None where the
    round is not measured, or was by classes that are no more."""
    metrics = found.metrics(project.classes)
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


def find(project: Project, found: Round, truth: int, said: int, job: Job) -> Place | None:
    """The validation scan that holds most points of a true class which a round took for another,
    None where there are none. Raises ProjectError where its predictions are gone."""
    return find_points(project, found, lambda m: (m.truth == truth) & (m.said == said), job)
