"""A balanced kd-tree in flat arrays, and exact nearest neighbours on it.

All leaves lie at one depth; node i has the children 2i + 1 and 2i + 2. Points are kept in the
order of the leaves, so that neighbours in space are neighbours in memory. Rounding is monotone:
no computed distance is below that of a box it lies in, or above that of the box's far corner.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

LEAF_POINTS = 12


class Tree(NamedTuple):
    """points (n, 3) float64 in leaf order; order (n,) their input rows; per node its span of
    points [start, end) and box (6,), lowest x, y, z, then highest; first_leaf: index of the first
    leaf node."""

    points: np.ndarray
    order: np.ndarray
    start: np.ndarray
    end: np.ndarray
    box: np.ndarray
    first_leaf: int


def build(points: np.ndarray) -> Tree:
    """Build the tree of points (n, 3) float64, n >= 1."""
    depth = 0
    while len(points) > LEAF_POINTS << depth:
        depth += 1
    moved = np.array(points, np.float64, order="C")
    order, start, end, box = _build(moved, depth)
    return Tree(moved, order, start, end, box, (1 << depth) - 1)


@njit(cache=True)
def _build(points, depth):
    """Move the points to the order of the leaves; moving them as we go keeps reads in line."""
    n = len(points)
    nodes = (1 << (depth + 1)) - 1
    order = np.arange(n)
    start = np.zeros(nodes, np.int64)
    end = np.zeros(nodes, np.int64)
    box = np.empty((nodes, 6))
    end[0] = n
    for node in range(nodes):
        s, e = start[node], end[node]
        lx, ly, lz = np.inf, np.inf, np.inf
        hx, hy, hz = -np.inf, -np.inf, -np.inf
        for i in range(s, e):
            x, y, z = points[i, 0], points[i, 1], points[i, 2]
            lx, ly, lz = min(lx, x), min(ly, y), min(lz, z)
            hx, hy, hz = max(hx, x), max(hy, y), max(hz, z)
        box[node, 0], box[node, 1], box[node, 2] = lx, ly, lz
        box[node, 3], box[node, 4], box[node, 5] = hx, hy, hz
        left = 2 * node + 1
        if left < nodes:
            widest = 0
            if hy - ly > hx - lx:
                widest = 1
            if hz - lz > box[node, 3 + widest] - box[node, widest]:
                widest = 2
            middle = (s + e) // 2
            _part(points, order, widest, s, e, middle)
            start[left], end[left] = s, middle
            start[left + 1], end[left + 1] = middle, e
    return order, start, end, box


@njit(cache=True)
def _part(points, order, axis, s, e, middle):
    """Move points [s, e) so that the values left of `middle` are not above those right of it."""
    lo, hi = s, e - 1
    while lo < hi:
        pivot = points[(lo + hi) // 2, axis]
        i, j = lo, hi
        while i <= j:
            while points[i, axis] < pivot:
                i += 1
            while points[j, axis] > pivot:
                j -= 1
            if i <= j:
                for a in range(3):
                    points[i, a], points[j, a] = points[j, a], points[i, a]
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
def box_distance2(points, i, box, node):
    """Squared distance of point i from a node's box, 0 inside."""
    x, y, z = points[i, 0], points[i, 1], points[i, 2]
    dx = max(box[node, 0] - x, x - box[node, 3], 0.0)
    dy = max(box[node, 1] - y, y - box[node, 4], 0.0)
    dz = max(box[node, 2] - z, z - box[node, 5], 0.0)
    return (dx * dx + dy * dy) + dz * dz


@njit(cache=True, inline="always")
def far_corner2(points, i, box, node):
    """Squared distance of point i from the farthest corner of a node's box."""
    x, y, z = points[i, 0], points[i, 1], points[i, 2]
    dx = max(x - box[node, 0], box[node, 3] - x)
    dy = max(y - box[node, 1], box[node, 4] - y)
    dz = max(z - box[node, 2], box[node, 5] - z)
    return (dx * dx + dy * dy) + dz * dz


@njit(cache=True, inline="always")
def box_gap2(box, a, b):
    """Squared distance between the boxes of two nodes, 0 where they meet."""
    dx = max(box[a, 0] - box[b, 3], box[b, 0] - box[a, 3], 0.0)
    dy = max(box[a, 1] - box[b, 4], box[b, 1] - box[a, 4], 0.0)
    dz = max(box[a, 2] - box[b, 5], box[b, 2] - box[a, 5], 0.0)
    return (dx * dx + dy * dy) + dz * dz


@njit(cache=True, inline="always")
def diagonal2(box, node):
    """Squared diagonal of a node's box: no two of its points are farther from each other."""
    dx = box[node, 3] - box[node, 0]
    dy = box[node, 4] - box[node, 1]
    dz = box[node, 5] - box[node, 2]
    return (dx * dx + dy * dy) + dz * dz


@njit(cache=True)
def neighbours(points, start, end, box, first_leaf, k, slot, count):
    """Return the k nearest other points of each point with a slot: indices (count, k) and d2
    (count, k), ascending. slot (n,) int64: 0..count-1, or -1 for a point that is not asked."""
    index = np.full((count, k), -1, np.int64)
    distance = np.full((count, k), np.inf)
    stack = np.empty(64, np.int64)
    for leaf in range(first_leaf, len(start)):
        for i in range(start[leaf], end[leaf]):
            if slot[i] < 0:
                continue
            best, near = distance[slot[i]], index[slot[i]]
            _scan(points, i, start[leaf], end[leaf], best, near, k)
            node = leaf
            while node > 0:  # climb; look into the sibling where it can hold a nearer point
                stack[0] = node + 1 if node & 1 else node - 1
                node = (node - 1) >> 1
                top = 1
                while top > 0:
                    top -= 1
                    at = stack[top]
                    if box_distance2(points, i, box, at) >= best[k - 1]:
                        continue
                    if at >= first_leaf:
                        _scan(points, i, start[at], end[at], best, near, k)
                        continue
                    left = 2 * at + 1
                    nearer = box_distance2(points, i, box, left) <= box_distance2(
                        points, i, box, left + 1
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
