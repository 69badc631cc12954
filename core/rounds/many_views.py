"""What several looks at one place say of it: of neighbouring scans, of a scan turned and scaled.

LiDAL (ECCV 2022) ranks by how far a network contradicts itself where scans of a sequence see the
same place; BALD (Houlsby et al. 2011) by what is left of the entropy once looks are averaged.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from core.base.loading import loading
from core.rounds.unit_means import Seen

NEAR_M = 0.1  # two points this near are one place, as in LiDAL's code
ASIDE = 12  # scans before and after one that are its neighbours
_LEAST = 1e-5  # added to probabilities before their divergence, as there


@dataclass(frozen=True)
class Look:
    """A look at a scan: xyz (N, 3) float64 metres in its own coordinates, and what was seen."""

    xyz: np.ndarray
    seen: Seen

    @cached_property
    def rows(self) -> np.ndarray:
        """(n,) int64 rows that have a voxel."""
        return np.flatnonzero(self.seen.voxel >= 0)

    @cached_property
    def p(self) -> np.ndarray:
        """(n, C) float32 probabilities of those rows."""
        found: np.ndarray = self.seen.p[self.seen.voxel[self.rows]].astype(np.float32)
        return found

    @cached_property
    def tree(self) -> Any:
        with loading:
            from scipy.spatial import cKDTree

        return cKDTree(self.xyz[self.rows])


def neighbours(place: int, count: int) -> list[int]:
    """Places of the scans beside one of `count` in a sequence: 12 before and after it, at the ends
    the nearest 24."""
    first = max(0, min(place - ASIDE, count - 2 * ASIDE - 1))
    return [other for other in range(first, min(count, first + 2 * ASIDE + 1)) if other != place]


def divergence(
    look: Look, others: Sequence[tuple[Look, np.ndarray | None]]
) -> tuple[np.ndarray, np.ndarray]:
    """(N,) float64 each, of the rows of a look: the mean Kullback-Leibler divergence of what it
    says from what the nearest point within 0.1 m of each other look says, 0 where none is so near;
    and the entropy of the mean of all that is said there. Both 0 for a row without a voxel.

    others: each with the (4, 4) move from this look's coordinates to its own, None for unknown.
    """
    xyz, p = look.xyz[look.rows], look.p
    total, met, mean = np.zeros(len(p)), np.zeros(len(p)), p.astype(np.float64)
    for other, move in others:
        if move is None or not len(other.rows):
            continue
        there = xyz @ move[:3, :3].T + move[:3, 3]
        away, nearest = other.tree.query(there, distance_upper_bound=NEAR_M)
        near = np.flatnonzero(np.isfinite(away))
        q = other.p[nearest[near]]
        a, b = p[near] + np.float32(_LEAST), q + np.float32(_LEAST)
        total[near] += (a * np.log(a / b) - a + b).sum(axis=1, dtype=np.float64)
        met[near] += 1
        mean[near] += q
    mean /= (met + 1)[:, None]
    rows = len(look.xyz)
    return (
        _spread(total / np.maximum(met, 1), look.rows, rows),
        _spread(entropy(mean), look.rows, rows),
    )


def mutual(looks: Iterable[Seen], rows: int) -> np.ndarray:
    """(rows,) float64: the entropy of the mean over looks of a row's probabilities less the mean of
    their entropies, what the looks know beyond each other. 0 for a row without a voxel."""
    mean: np.ndarray | float = 0.0
    own, count = np.zeros(rows), 0
    good = np.zeros(rows, bool)
    for seen in looks:
        good = seen.voxel >= 0
        p = np.zeros((rows, seen.p.shape[1]))
        p[good] = seen.p[seen.voxel[good]]
        mean = mean + p
        own += entropy(p)
        count += 1
    found = entropy(np.asarray(mean) / max(count, 1)) - own / max(count, 1)
    return np.where(good, np.maximum(found, 0), 0)


def entropy(p: np.ndarray) -> np.ndarray:
    """(n,) float64 entropies of probabilities (n, C), natural logarithm."""
    found: np.ndarray = -(p * np.log(np.maximum(p, 1e-300))).sum(axis=1)
    return found


def of_units(values: np.ndarray, unit: np.ndarray, voxel: np.ndarray, count: int) -> np.ndarray:
    """(count,) float32 means of values (N,) over the rows of each unit that have a voxel; unit,
    voxel (N,) int, negative for none."""
    inside = (unit >= 0) & (voxel >= 0)
    total = np.bincount(unit[inside], values[inside], count)
    sizes = np.bincount(unit[inside], minlength=count)
    return (total / np.maximum(sizes, 1)).astype(np.float32)


def _spread(values: np.ndarray, rows: np.ndarray, count: int) -> np.ndarray:
    found = np.zeros(count)
    found[rows] = values
    return found
