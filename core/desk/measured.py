"""The validation scans by which a round is measured, each with its truth and what was predicted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from core.base.errors import ProjectError
from core.base.jobs import Job
from core.project.project import Project
from core.rounds.predictions import prediction_file, read_prediction
from core.rounds.round import Round

MOST_SCANS = 300  # that are read for a chart; of more, so many with even gaps


@dataclass(frozen=True)
class Measured:
    """A validation scan: truth (N,) uint8, what was predicted, by classes that count now, (N,)
    uint8, and other columns of its prediction."""

    scan: str
    truth: np.ndarray
    said: np.ndarray
    more: dict[str, np.ndarray]


@dataclass(frozen=True)
class Place:
    """Rows (R,) int64 of a scan, and of how many points in `scans` scans they are."""

    scan: str
    rows: np.ndarray
    points: int
    scans: int


def some_of(scans: Sequence[str], most: int = MOST_SCANS) -> list[str]:
    """All scans, or so many with even gaps."""
    if len(scans) <= most:
        return list(scans)
    return [scans[place] for place in np.linspace(0, len(scans) - 1, most).astype(int)]


def measured_scans(
    project: Project,
    found: Round,
    job: Job,
    *names: str,
    optional: Sequence[str] = (),
    scans: Sequence[str] | None = None,
) -> Iterator[Measured]:
    """Validation scans with ground truth and a round's prediction, with columns `names` of it and
    those `optional` ones that it has. `scans`: only these of them.

    Raises ProjectError where its predictions are gone.
    """
    wanted = project.dataset.validation if scans is None else scans
    labelled = read = 0
    for done, scan in enumerate(wanted):
        job.progress(done, len(wanted), "points")
        truth = project.dataset.ground_truth(scan, project.classes)
        if truth is None:
            continue
        labelled += 1
        file = prediction_file(project.predictions(found), scan, project.dataset)
        if not file.exists():
            continue
        read += 1
        stored = read_prediction(file, "classes", *names, optional=optional, N=len(truth))
        said = project.classes.now[stored.pop("classes")]
        yield Measured(scan, truth, said, stored)
    if labelled and not read:
        raise ProjectError(
            f"The predictions of round {found.id} are deleted: later rounds are scored.",
            f"`lidarloop score --round {found.folder}` makes them again.",
        )


def find_points(
    project: Project,
    found: Round,
    holds: Callable[[Measured], np.ndarray],
    job: Job,
    *names: str,
) -> Place | None:
    """The validation scan with most points of which `holds` (N,) bool is true, None where there are
    none. Raises ProjectError where the round's predictions are gone."""
    best: tuple[str, np.ndarray] | None = None
    points = scans = 0
    for one in measured_scans(project, found, job, *names):
        rows = np.flatnonzero(holds(one))
        points += len(rows)
        scans += bool(len(rows))
        if best is None or len(rows) > len(best[1]):
            best = one.scan, rows
    if best is None or not len(best[1]):
        return None
    return Place(best[0], best[1], points, scans)
