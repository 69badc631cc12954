"""The compiled parts of fitting a box: the direction of an L of points, and where a class-sized
window holds most of a cluster. For core.boxes.fit."""

from __future__ import annotations

import numpy as np
from numba import njit

_NEAREST_M = 0.05


@njit(cache=True, nogil=True)
def closeness(xy, angles):
    """(A,) float64: how closely points (n, 2) lie along the sides of their bounding rectangle
    turned by each of angles (A,) (Zhang et al., IV 2017)."""
    made = np.zeros(len(angles))
    n = len(xy)
    for k in range(len(angles)):
        cos, sin = np.cos(angles[k]), np.sin(angles[k])
        low_a = low_b = np.inf
        high_a = high_b = -np.inf
        for i in range(n):
            a, b = cos * xy[i, 0] + sin * xy[i, 1], cos * xy[i, 1] - sin * xy[i, 0]
            low_a, high_a = min(low_a, a), max(high_a, a)
            low_b, high_b = min(low_b, b), max(high_b, b)
        for i in range(n):
            a, b = cos * xy[i, 0] + sin * xy[i, 1], cos * xy[i, 1] - sin * xy[i, 0]
            near = min(min(a - low_a, high_a - a), min(b - low_b, high_b - b))
            made[k] += 1 / max(near, _NEAREST_M)
    return made


@njit(cache=True, nogil=True)
def best_window(xy, weight, length, width, angles, cell, band):
    """The window (angle, a, b) of a length and a width that holds the most of points (n, 2) around
    the origin: the sum of weight[:, 0] inside less that of weight[:, 1] in the band around it.

    Every window holds the origin; a, b is its low corner in coordinates turned by its angle. Points
    are counted in cells; the first of equal windows stands.
    """
    reach = np.hypot(length, width) + 2 * band
    cells = int(np.ceil(2 * reach / cell)) + 1
    sums = np.zeros((2, cells + 1, cells + 1))
    across, wide, border = int(width / cell), int(length / cell), max(int(band / cell), 1)
    middle = int(reach / cell)
    best, found = -np.inf, (0.0, 0.0, 0.0)
    for k in range(len(angles)):
        sums[:] = 0
        cos, sin = np.cos(angles[k]), np.sin(angles[k])
        for i in range(len(xy)):
            a = int(np.floor((cos * xy[i, 0] + sin * xy[i, 1] + reach) / cell))
            b = int(np.floor((cos * xy[i, 1] - sin * xy[i, 0] + reach) / cell))
            if 0 <= a < cells and 0 <= b < cells:
                sums[0, a + 1, b + 1] += weight[i, 0]
                sums[1, a + 1, b + 1] += weight[i, 1]
        for w in range(2):
            for a in range(cells):
                line = 0.0
                for b in range(cells):
                    line += sums[w, a + 1, b + 1]
                    sums[w, a + 1, b + 1] = sums[w, a, b + 1] + line
        for a in range(max(middle - wide + 1, border), min(middle, cells - wide - border) + 1):
            for b in range(
                max(middle - across + 1, border), min(middle, cells - across - border) + 1
            ):
                c, d = a + wide, b + across
                held = _held(sums[0], a, b, c, d)
                around = _held(sums[1], a - border, b - border, c + border, d + border)
                around -= _held(sums[1], a, b, c, d)
                if held - around > best:
                    best = held - around
                    found = (angles[k], a * cell - reach, b * cell - reach)
    return found


@njit(cache=True, nogil=True)
def _held(sums, a, b, c, d):
    return sums[c, d] - sums[a, d] - sums[c, b] + sums[a, b]


@njit(cache=True, nogil=True)
def flood(xyz, seed, step):
    """(n,) bool: points (n, 3) reached from one of them by steps of at most `step` metres."""
    n = len(xyz)
    reached = np.zeros(n, np.bool_)
    waiting, left = np.arange(n), n  # the first `left` are not reached yet
    queue, head, tail = np.empty(n, np.int64), 0, 1
    queue[0], reached[seed] = seed, True
    left -= 1
    waiting[seed] = waiting[left]
    while head < tail:
        here = queue[head]
        head += 1
        k = 0
        while k < left:
            other = waiting[k]
            away = 0.0
            for axis in range(3):
                away += (xyz[here, axis] - xyz[other, axis]) ** 2
            if away > step * step:
                k += 1
                continue
            reached[other] = True
            queue[tail] = other
            tail += 1
            left -= 1
            waiting[k] = waiting[left]
    return reached
