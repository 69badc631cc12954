"""What lies in each cell of a square grid, in one compiled pass over the points."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True)
def grid_sums(xy, height, intensity, ground, unit, middle, size, reach, side):
    """Return per cell: highest point (-inf where none), points above the ground, points of it, sum
    of the ground's intensity; and per unit its own points above the ground near its middle.

    xy (n, 2), height, intensity (n,) float32; ground (n,) bool; unit (n,), negative for none;
    middle (u, 2) int64 column and row of each unit's middle; a square of `side` cells of `size`
    metres to `reach` metres, rim left out.
    """
    highest = np.full(side * side, -np.inf)
    above = np.zeros(side * side, np.int64)
    below = np.zeros(side * side, np.int64)
    light = np.zeros(side * side)
    own = np.zeros(len(middle), np.int64)
    least, most, step = np.float32(-reach), np.float32(reach - 1e-3), np.float32(size)
    for i in range(len(xy)):
        column = np.int64(np.floor(min(max(xy[i, 0], least), most) / step)) + side // 2
        row = np.int64(np.floor(min(max(xy[i, 1], least), most) / step)) + side // 2
        cell = column * side + row
        highest[cell] = max(highest[cell], np.float64(height[i]))
        if ground[i]:
            below[cell] += 1
            light[cell] += np.float64(intensity[i])
            continue
        above[cell] += 1
        of = unit[i]
        if of >= 0 and abs(column - middle[of, 0]) <= 1 and abs(row - middle[of, 1]) <= 1:
            own[of] += 1
    return highest, above, below, light, own
