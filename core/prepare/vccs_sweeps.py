"""The sweeps of VCCS, compiled. Loading this loads numba."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True)
def grow(centre, normal, beside, owner, count, sweeps, by_normal, by_space):
    """Let each of `count` super-voxels, in their order, take voxels that touch its own where they
    are nearer to it than to who has them; then move its middle. owner (V,) int64 is changed: the
    super-voxel of each voxel, -1 for none."""
    voxels = len(owner)
    least = np.full(voxels, np.inf)
    middle = np.zeros((count, 3))
    up = np.zeros((count, 3))
    for v in range(voxels):
        if owner[v] >= 0:
            middle[owner[v]] = centre[v]
            up[owner[v]] = normal[v]
    for _ in range(sweeps):
        start = np.zeros(count + 1, np.int64)
        for v in range(voxels):
            if owner[v] >= 0:
                start[owner[v] + 1] += 1
        start = np.cumsum(start)
        place = start[:-1].copy()
        own = np.empty(start[-1], np.int64)
        for v in range(voxels):
            if owner[v] >= 0:
                own[place[owner[v]]] = v
                place[owner[v]] += 1
        for k in range(count):
            for at in range(start[k], start[k + 1]):
                if owner[own[at]] != k:  # another took it in this sweep
                    continue
                for v in beside[own[at]]:
                    if v < 0 or owner[v] == k:
                        continue
                    turn, away = 0.0, 0.0
                    for axis in range(3):
                        turn += up[k, axis] * normal[v, axis]
                        away += (middle[k, axis] - centre[v, axis]) ** 2
                    d = by_normal * (1 - abs(turn)) + by_space * np.sqrt(away)
                    if d < least[v]:
                        least[v], owner[v] = d, k
        total = np.zeros((count, 7))
        for v in range(voxels):
            if owner[v] >= 0:
                total[owner[v], 0] += 1
                total[owner[v], 1:4] += centre[v]
                total[owner[v], 4:7] += normal[v]
        for k in range(count):
            if total[k, 0]:
                middle[k] = total[k, 1:4] / total[k, 0]
                length = np.sqrt((total[k, 4:7] ** 2).sum())
                up[k] = total[k, 4:7] / (length if length > 0 else 1.0)
