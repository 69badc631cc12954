"""Super-voxels of a scan: VCCS (Papon et al., CVPR 2013) after PCL's code, without colour.

Equal to PCL's in kind, not bit for bit: there the first sweep runs before any centroid is set.
"""

from __future__ import annotations

import math

import numpy as np

from core.base.loading import loading

VOXEL_M, SEED_M = 0.5, 10.0  # of LiDAL's script, as are the weights
NORMAL, SPACE = 1.0, 0.4
LEAST_POINTS = 100  # a super-voxel with fewer is no unit
SWEEPS = int(1.8 * SEED_M / VOXEL_M) - 1
_MOMENTS = 10
_SHARE = 0.05  # of a disc of seeds' radius that must be filled around a seed


def supervoxels(xyz: np.ndarray) -> np.ndarray:
    """(n,) int64 number of each point's super-voxel, -1 for none, of points (n, 3) float64."""
    if not len(xyz):
        return np.zeros(0, np.int64)
    cell = np.floor(xyz / VOXEL_M).astype(np.int64)
    cell -= cell.min(axis=0) - 1
    width = cell.max(axis=0) + 2
    key, voxel = np.unique((cell[:, 0] * width[1] + cell[:, 1]) * width[2] + cell[:, 2],
                           return_inverse=True)  # fmt: skip
    sizes = np.bincount(voxel)
    centre = np.column_stack([np.bincount(voxel, column) / sizes for column in xyz.T])
    beside = _beside(key, width)
    normal = _normals(centre, beside)
    owner = _grown(centre, normal, beside, _seeds(centre))
    found = owner[voxel]
    large = np.bincount(found[found >= 0], minlength=owner.max(initial=-1) + 1) >= LEAST_POINTS
    number = np.append(np.where(large, np.cumsum(large) - 1, -1), -1)
    return np.asarray(number[found])


def _beside(key: np.ndarray, width: np.ndarray) -> np.ndarray:
    """(V, 26) int64 voxels that touch each, -1 for none; keys (V,) ascending."""
    steps = [
        (a * width[1] + b) * width[2] + c
        for a in (-1, 0, 1)
        for b in (-1, 0, 1)
        for c in (-1, 0, 1)
        if (a, b, c) != (0, 0, 0)
    ]
    wanted = key[:, None] + np.array(steps, np.int64)
    at = np.minimum(np.searchsorted(key, wanted), len(key) - 1)
    return np.where(key[at] == wanted, at, -1)


def _normals(centre: np.ndarray, beside: np.ndarray) -> np.ndarray:
    """(V, 3) unit normals towards the sensor: PCA over each voxel, those that touch it and those
    that touch these, as often as they do."""
    squares = centre[:, (0, 0, 0, 1, 1, 2)] * centre[:, (0, 1, 2, 1, 2, 2)]
    moments = np.column_stack([np.ones(len(centre)), centre, squares])
    for _ in range(2):
        padded = np.vstack([moments, np.zeros(_MOMENTS)])
        moments = moments + padded[beside].sum(axis=1)
    moments /= moments[:, :1]
    mean = moments[:, 1:4]
    spread = np.empty((len(centre), 3, 3))
    upper = np.triu_indices(3)
    spread[:, upper[0], upper[1]] = moments[:, 4:] - mean[:, upper[0]] * mean[:, upper[1]]
    spread[:, upper[1], upper[0]] = spread[:, upper[0], upper[1]]
    normal: np.ndarray = np.linalg.eigh(spread)[1][:, :, 0]
    away = (normal * centre).sum(axis=1) > 0
    normal[away] *= -1
    return normal


def _seeds(centre: np.ndarray) -> np.ndarray:
    """(k,) int64 voxels: of each cell of SEED_M the one nearest its middle, where enough lie around
    it."""
    with loading:
        from scipy.spatial import cKDTree

    cell = np.floor(centre / SEED_M)
    away = np.linalg.norm(centre - (cell + 0.5) * SEED_M, axis=1)
    order = np.lexsort((away, *cell.T[::-1]))
    first = np.any(np.diff(cell[order], axis=0, prepend=np.inf), axis=1)
    nearest = np.sort(order[first])
    tree = cKDTree(centre)
    around = tree.query_ball_point(centre[nearest], SEED_M / 2, return_length=True)
    enough = around > _SHARE * math.pi * (SEED_M / 2) ** 2 / VOXEL_M**2
    return np.asarray(nearest[enough])


def _grown(
    centre: np.ndarray, normal: np.ndarray, beside: np.ndarray, seeds: np.ndarray
) -> np.ndarray:
    """(V,) int64 number of the seed that each voxel came to, -1 for none."""
    from core.prepare.vccs_sweeps import grow

    owner = np.full(len(centre), -1, np.int64)
    owner[seeds] = np.arange(len(seeds))
    weights = (NORMAL, SPACE / SEED_M)
    grow(centre, normal, beside, owner, len(seeds), SWEEPS, *weights)
    return owner
