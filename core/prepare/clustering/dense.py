"""Points that are dense at a distance T, and which are joined below it: no edge is weighed.

A point is dense at T where its core distance is below T. Two dense points nearer than T have an
edge lighter than T; every other edge weighs T or more.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from core.prepare.clustering.kdtree import (
    box_distance2,
    box_gap2,
    diagonal2,
    distance2,
    far_corner2,
)


@njit(cache=True)
def mark_dense(points, start, end, box, first_leaf, k, t2, asked):
    """Return (n,) bool: asked points with k others nearer than T. t2 is T squared."""
    dense = np.zeros(len(points), np.bool_)
    stack = np.empty(64, np.int64)
    for leaf in range(first_leaf, len(start)):
        whole = leaf  # the largest node around the leaf that is smaller than T
        if diagonal2(box, leaf) < t2:
            while whole > 0 and diagonal2(box, (whole - 1) >> 1) < t2:
                whole = (whole - 1) >> 1
            known = end[whole] - start[whole] - 1
        else:
            known = -1
        for i in range(start[leaf], end[leaf]):
            if not asked[i]:
                continue
            count = known
            if count < 0:
                count = 0
                for j in range(start[leaf], end[leaf]):
                    if j != i and distance2(points, i, j) < t2:
                        count += 1
            node = whole
            while node > 0 and count < k:
                stack[0] = node + 1 if node & 1 else node - 1
                node = (node - 1) >> 1
                top = 1
                while top > 0 and count < k:
                    top -= 1
                    at = stack[top]
                    if box_distance2(points, i, box, at) >= t2:
                        continue
                    if far_corner2(points, i, box, at) < t2:
                        count += end[at] - start[at]
                    elif at >= first_leaf:
                        for j in range(start[at], end[at]):
                            if distance2(points, i, j) < t2:
                                count += 1
                    else:
                        stack[top] = 2 * at + 1
                        stack[top + 1] = 2 * at + 2
                        top += 2
            dense[i] = count >= k
    return dense


@njit(cache=True)
def join_dense(points, start, end, box, first_leaf, t2, dense):
    """Return (n,) int64: of each dense point one that stands for all it is joined with below T;
    of each other point itself."""
    nodes = len(start)
    parent = np.arange(len(points))
    some = np.full(nodes, -1)  # a dense point of the node, or -1
    one = np.zeros(nodes, np.bool_)  # whether all its dense points are known to be joined
    stack = np.empty((256, 2), np.int64)
    for node in range(nodes - 1, -1, -1):
        near = diagonal2(box, node) < t2
        if node >= first_leaf:
            for i in range(start[node], end[node]):
                if not dense[i]:
                    continue
                if some[node] < 0:
                    some[node] = i
                elif near:
                    _join(parent, some[node], i)
                else:
                    for j in range(some[node], i):
                        if dense[j] and distance2(points, i, j) < t2:
                            _join(parent, i, j)
        else:
            left, right = 2 * node + 1, 2 * node + 2
            some[node] = some[left] if some[left] >= 0 else some[right]
            if some[left] >= 0 and some[right] >= 0:
                if near:
                    _join(parent, some[left], some[right])
                else:
                    _pairs(
                        points,
                        start,
                        end,
                        box,
                        first_leaf,
                        t2,
                        dense,
                        parent,
                        some,
                        one,
                        stack,
                        node,
                    )
        one[node] = near or _is_one(parent, start, end, first_leaf, dense, some, one, node)
    for i in range(len(points)):
        parent[i] = _root(parent, i)
    return parent


@njit(cache=True)
def _pairs(points, start, end, box, first_leaf, t2, dense, parent, some, one, stack, node):
    """Join the dense points of a node's left half with those of its right half."""
    stack[0, 0], stack[0, 1] = 2 * node + 1, 2 * node + 2
    top = 1
    while top > 0:
        top -= 1
        a, b = stack[top, 0], stack[top, 1]
        if some[a] < 0 or some[b] < 0 or box_gap2(box, a, b) >= t2:
            continue
        if not one[a]:
            one[a] = _is_one(parent, start, end, first_leaf, dense, some, one, a)
        if not one[b]:
            one[b] = _is_one(parent, start, end, first_leaf, dense, some, one, b)
        both = one[a] and one[b]
        if both and _root(parent, some[a]) == _root(parent, some[b]):
            continue
        if a < first_leaf:
            for x in range(2 * a + 2, 2 * a, -1):
                for y in range(2 * b + 1, 2 * b + 3):
                    stack[top, 0], stack[top, 1] = x, y
                    top += 1
            continue
        for i in range(start[a], end[a]):
            if not dense[i] or box_distance2(points, i, box, b) >= t2:
                continue
            joined = False
            for j in range(start[b], end[b]):
                if dense[j] and distance2(points, i, j) < t2:
                    _join(parent, i, j)
                    joined = True
                    if one[b]:
                        break
            if joined and both:
                break


@njit(cache=True)
def _is_one(parent, start, end, first_leaf, dense, some, one, node):
    """Whether all dense points of a node are joined by now."""
    if some[node] < 0:
        return True
    if node < first_leaf:
        left, right = 2 * node + 1, 2 * node + 2
        if not (one[left] and one[right]):
            return False
        if some[left] < 0 or some[right] < 0:
            return True
        return _root(parent, some[left]) == _root(parent, some[right])
    root = _root(parent, some[node])
    for i in range(some[node] + 1, end[node]):
        if dense[i] and _root(parent, i) != root:
            return False
    return True


@njit(cache=True, inline="always")
def _join(parent, i, j):
    a, b = _root(parent, i), _root(parent, j)
    if a < b:
        parent[b] = a
    else:
        parent[a] = b


@njit(cache=True, inline="always")
def _root(parent, i):
    while parent[i] != i:
        parent[i] = parent[parent[i]]
        i = parent[i]
    return i
