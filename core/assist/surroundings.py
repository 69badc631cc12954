"""Neighbouring scans of a sequence in the frame of one of them, by their poses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.base.errors import DataError
from core.data.classes import UNLABELLED
from core.data.scans import Dataset
from core.project.project import Project

LEVELS_M = (0.1, 0.4)


@dataclass(frozen=True)
class Surroundings:
    """Points (M, 4) float32 of the scans around one, in its frame, with raw intensity; labels (M,)
    uint8; metres `away` (M,) float32 from the scanner that saw them; and per level of LEVELS_M the
    places of one point per voxel, the finest first."""

    points: np.ndarray
    labels: np.ndarray
    away: np.ndarray
    levels: tuple[np.ndarray, ...]

    def near(self, middle: np.ndarray, metres: float) -> tuple[np.ndarray, ...]:
        """Of each level the places within so many metres of a point (3,), seen from above."""
        close = ((self.points[:, :2] - middle[:2]) ** 2).sum(axis=1) < metres * metres
        return tuple(level[close[level]] for level in self.levels)


def around(dataset: Dataset, scan: str, reach: int) -> list[str]:
    """Up to `reach` scans before and behind one, of its sequence and its side, in order, itself
    left out."""
    mine = dataset.beside(scan)
    at = mine.index(scan)
    return [*mine[max(0, at - reach) : at], *mine[at + 1 : at + 1 + reach]]


def surroundings(project: Project, scan: str, reach: int) -> Surroundings:
    """The `reach` scans before and behind a scan. Raises DataError where there are no poses."""
    dataset = project.dataset
    here = dataset.pose(scan)
    names = around(dataset, scan, reach)
    if here is None or not names:
        raise DataError(
            f"Scan {scan} cannot be shown with its neighbours: "
            + ("it has none." if here is not None else "it has no pose."),
            f"{_compute(project)} bring the sequence's whole poses.txt, and its calib.txt.",
        )
    points, labels, away = [], [], []
    for name in names:
        # In double precision: far from the origin of a sequence single is too coarse.
        move = dataset.move(name, scan)
        if move is None:
            continue
        other = dataset.scan(name)
        finite = np.isfinite(other.points[:, :3]).all(axis=1)
        seen = other.points[finite]
        xyz = seen[:, :3].astype(np.float64) @ move[:3, :3].T + move[:3, 3]
        points.append(np.column_stack([xyz, seen[:, 3]]).astype(np.float32))
        away.append(np.linalg.norm(seen[:, :3], axis=1))
        labels.append(project.labels(name)[finite])
    if not points:
        raise DataError(
            f"Scan {scan} cannot be shown with its neighbours: they have no pose.",
            f"{_compute(project)} bring the sequence's whole poses.txt.",
        )
    joined, given = np.concatenate(points), np.concatenate(labels)
    levels = tuple(thinned(joined[:, :3], given, m) for m in LEVELS_M)
    return Surroundings(joined, given, np.concatenate(away).astype(np.float32), levels)


def _compute(project: Project) -> str:
    command = f"`lidarloop poses {project.path}`"
    return f"Compute poses from the scans ({command}, while the project is closed), or"


def thinned(points: np.ndarray, labels: np.ndarray, voxel_m: float) -> np.ndarray:
    """(m,) places of one point per voxel, a labelled one where there is one, in file order."""
    cell = np.floor(points / voxel_m).astype(np.int64)
    key = cell[:, 0] << 42 ^ (cell[:, 1] & 0x1FFFFF) << 21 ^ (cell[:, 2] & 0x1FFFFF)
    order = np.argsort(labels == UNLABELLED, kind="stable")
    first = np.unique(key[order], return_index=True)[1]
    return np.sort(order[first])
