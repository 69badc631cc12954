"""A balanced kd-tree in flat arrays, and exact nearest neighbours on it.

All leaves lie at one depth; node i has the children 2i + 1 and 2i + 2. Points are kept in the
order of the leaves, so that neighbours in space are neighbours in memory.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

LEAF_POINTS = 10


class Tree(NamedTuple):
    """points (n, 3) float64 in leaf order; order (n,) their input rows; per node its span of
    points [start, end) and box low, high (3,); first_leaf: index of the first leaf node."""

    points: np.ndarray
    order: np.ndarray
    start: np.ndarray
    end: np.ndarray
    low: np.ndarray
    high: np.ndarray
    first_leaf: int


def build(points: np.ndarray) -> Tree:
    """Build the tree of points (n, 3) float64, n >= 1."""
    depth = 0
    while len(points) > LEAF_POINTS << depth:
        depth += 1
    order, start, end, low, high = _build(points, depth)
    return Tree(points[order], order, start, end, low, high, (1 << depth) - 1)


@njit(cache=True)
def _build(points, depth):
    n = len(points)
    nodes = (1 << (depth + 1)) - 1
    order = np.arange(n)
    start = np.zeros(nodes, np.int64)
    end = np.zeros(nodes, np.int64)
    low = np.empty((nodes, 3))
    high = np.empty((nodes, 3))
    end[0] = n
    for node in range(nodes):
        s, e = start[node], end[node]
        for axis in range(3):
            low[node, axis] = np.inf
            high[node, axis] = -np.inf
        for i in range(s, e):
            for axis in range(3):
                value = points[order[i], axis]
                low[node, axis] = min(low[node, axis], value)
                high[node, axis] = max(high[node, axis], value)
        left = 2 * node + 1
        if left < nodes:
            widest = 0
            for axis in range(1, 3):
                if high[node, axis] - low[node, axis] > high[node, widest] - low[node, widest]:
                    widest = axis
            middle = (s + e) // 2
            _select(points, order, widest, s, e, middle)
            start[left], end[left] = s, middle
            start[left + 1], end[left + 1] = middle, e
    return order, start, end, low, high


@njit(cache=True)
def _select(points, order, axis, s, e, middle):
    """Partition order[s:e] so that the values left of `middle` are not above those right of it."""
    lo, hi = s, e - 1
    while lo < hi:
        pivot = points[order[(lo + hi) // 2], axis]
        i, j = lo, hi
        while i <= j:
            while points[order[i], axis] < pivot:
                i += 1
            while points[order[j], axis] > pivot:
                j -= 1
            if i <= j:
                order[i], order[j] = order[j], order[i]
                i += 1
                j -= 1
        if middle <= j:
            hi = j
        elif middle >= i:
            lo = i
        else:
            return


@njit(cache=True, inline="always")
def distance2(points, i, j):
    """Squared distance as docs/method.md, Clusters, defines it: ((dx² + dy²) + dz²)."""
    dx = points[i, 0] - points[j, 0]
    dy = points[i, 1] - points[j, 1]
    dz = points[i, 2] - points[j, 2]
    return (dx * dx + dy * dy) + dz * dz


@njit(cache=True, inline="always")
def box_distance2(points, i, low, high, node):
    """Squared distance of point i from a node's box, 0 inside."""
    total = 0.0
    for axis in range(3):
        value = points[i, axis]
        gap = max(low[node, axis] - value, value - high[node, axis], 0.0)
        total += gap * gap
    # Rounded down a little: a box must never seem farther than a point in it.
    return total * (1 - 1e-14)


@njit(cache=True)
def neighbours(points, start, end, low, high, first_leaf, k):
    """Return the k nearest other points of each point: indices (n, k) and d2 (n, k), ascending."""
    n = len(points)
    index = np.full((n, k), -1, np.int64)
    distance = np.full((n, k), np.inf)
    stack = np.empty(64, np.int64)
    for leaf in range(first_leaf, len(start)):
        for i in range(start[leaf], end[leaf]):
            best, near = distance[i], index[i]
            _scan(points, i, start[leaf], end[leaf], best, near, k)
            node = leaf
            while node > 0:  # climb; look into the sibling where it can hold a nearer point
                sibling = node + 1 if node & 1 else node - 1
                node = (node - 1) >> 1
                stack[0] = sibling
                top = 1
                while top > 0:
                    top -= 1
                    at = stack[top]
                    if box_distance2(points, i, low, high, at) >= best[k - 1]:
                        continue
                    if at >= first_leaf:
                        _scan(points, i, start[at], end[at], best, near, k)
                        continue
                    left = 2 * at + 1
                    nearer = box_distance2(points, i, low, high, left) <= box_distance2(
                        points, i, low, high, left + 1
                    )
                    stack[top] = left + 1 if nearer else left
                    stack[top + 1] = left if nearer else left + 1
                    top += 2
    return index, distance


@njit(cache=True, inline="always")
def _scan(points, i, s, e, best, near, k):
    """Insert the points [s, e) into i's sorted list of nearest ones."""
    for j in range(s, e):
        if j == i:
            continue
        d2 = distance2(points, i, j)
        if d2 < best[k - 1]:
            at = k - 1
            while at > 0 and best[at - 1] > d2:
                best[at] = best[at - 1]
                near[at] = near[at - 1]
                at -= 1
            best[at] = d2
            near[at] = j
