"""The heavy edges of a minimum spanning tree of the mutual reachability graph.

Weight of an edge: max(core i, core j, d2(i, j)), all squared (docs/method.md, Clusters). Components
that are known to hang together by lighter edges are joined: a small one takes its lightest outgoing
edge, which is always an edge of some minimum spanning tree, until each group is one.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from core.prepare.clustering.kdtree import box_distance2, distance2


@njit(cache=True)
def grow(points, start, end, box, first_leaf, core, slot, near, near2, component, total):
    """Return the edges that join each group's components: ends a, b and squared weights.

    core (n,) float64: squared; at least the weight below which edges are left out, and inf for
    points of no group. slot (n,), near, near2: points' nearest others, as `kdtree.neighbours` has
    them; slot is -1 where they are not known. component (n,) int64: a point of each point's
    component, changed in place. total (n,) int64: points in each point's group.
    """
    n, nodes = len(points), len(start)
    leaf_of = np.empty(n, np.int64)
    for leaf in range(first_leaf, nodes):
        leaf_of[start[leaf] : end[leaf]] = leaf
    size = np.zeros(n, np.int64)
    after = np.arange(n)  # the points of a component, in a ring
    alive = np.empty(n, np.int64)
    count = 0
    for i in range(n):
        own = component[i]
        if core[i] == np.inf:
            continue
        size[own] += 1
        if own != i:
            after[i], after[own] = after[own], after[i]
        if own == i and total[i] > 1:
            alive[count] = i
            count += 1
    node_core = np.empty(nodes)
    node_of = np.empty(nodes, np.int64)  # the component of all the node's points, or -1
    for node in range(nodes - 1, -1, -1):
        if node >= first_leaf:
            lightest = np.inf
            for i in range(start[node], end[node]):
                lightest = min(lightest, core[i])
            node_core[node] = lightest
        else:
            node_core[node] = min(node_core[2 * node + 1], node_core[2 * node + 2])
        node_of[node] = _common(node, start, end, first_leaf, component, node_of)
    bound = core.copy()  # no edge from the point to another component is lighter
    stack = np.empty(64, np.int64)
    a = np.empty(n, np.int64)
    b = np.empty(n, np.int64)
    weight = np.empty(n)
    edges = 0
    limit = 1
    while count > 0:
        kept = 0
        for at in range(count):
            own = alive[at]
            if component[own] != own:
                continue  # taken in by another
            while size[own] <= limit and size[own] < total[own]:
                w, i, j = _lightest(
                    points, start, end, box, first_leaf, core, slot, near, near2, component,
                    own, after, leaf_of, node_core, node_of, bound, stack,
                )  # fmt: skip
                a[edges], b[edges], weight[edges] = i, j, w
                edges += 1
                other = component[j]
                larger, smaller = (own, other) if size[own] >= size[other] else (other, own)
                _take_in(
                    larger, smaller, start, end, first_leaf, component, after, leaf_of, node_of
                )
                size[larger] += size[smaller]
                own = larger
                if larger == other:
                    break
            if component[alive[at]] == alive[at] and size[alive[at]] < total[alive[at]]:
                alive[kept] = alive[at]
                kept += 1
        count = kept
        limit *= 2
    return a[:edges].copy(), b[:edges].copy(), weight[:edges].copy()


@njit(cache=True, inline="always")
def _common(node, start, end, first_leaf, component, node_of):
    """The component of all the points of a node, or -1."""
    if node < first_leaf:
        left = node_of[2 * node + 1]
        return left if left == node_of[2 * node + 2] else -1
    found = component[start[node]]
    for i in range(start[node] + 1, end[node]):
        if component[i] != found:
            return -1
    return found


@njit(cache=True)
def _take_in(larger, smaller, start, end, first_leaf, component, after, leaf_of, node_of):
    """Give the smaller component's points to the larger one; mend the nodes above them."""
    i = smaller
    while True:
        component[i] = larger
        i = after[i]
        if i == smaller:
            break
    while True:
        node = leaf_of[i]
        while node_of[node] != larger:
            found = _common(node, start, end, first_leaf, component, node_of)
            if found == node_of[node]:
                break
            node_of[node] = found
            if node == 0:
                break
            node = (node - 1) >> 1
        i = after[i]
        if i == smaller:
            break
    after[larger], after[smaller] = after[smaller], after[larger]


@njit(cache=True)
def _lightest(
    points, start, end, box, first_leaf, core, slot, near, near2, component,
    own, after, leaf_of, node_core, node_of, bound, stack,
):  # fmt: skip
    """The lightest edge that leaves component `own`: weight, its point, the other's point."""
    best, best_i, best_j = np.inf, -1, -1
    i = own
    while True:  # edges known from the lists first: they prune the search
        if bound[i] < best and slot[i] >= 0:
            inside = True
            for at in range(near.shape[1]):
                j = near[slot[i], at]
                if component[j] != own:
                    inside = False
                    w = max(core[i], core[j], near2[slot[i], at])
                    if w < best:
                        best, best_i, best_j = w, i, j
                        if w <= bound[i]:
                            break
            if inside:
                slot[i] = -1
        i = after[i]
        if i == own:
            break
    while True:
        if bound[i] < best:
            leaf = leaf_of[i]
            s, e = i, i + 1
            if node_of[leaf] == own:
                s, e = start[leaf], end[leaf]
            best, best_i, best_j = _search(
                points, start, end, box, first_leaf, core, component, own, node_core, node_of,
                bound, stack, leaf, s, e, best, best_i, best_j,
            )  # fmt: skip
            for at in range(s, e):  # what is lighter does not leave it
                bound[at] = max(bound[at], best)
        i = after[i]
        if i == own:
            return best, best_i, best_j


@njit(cache=True)
def _search(
    points, start, end, box, first_leaf, core, component, own, node_core, node_of,
    bound, stack, leaf, s, e, best, best_i, best_j,
):  # fmt: skip
    """The lightest edge from the points [s, e) of a leaf, where it is lighter than `best`."""
    if e - s == 1:
        lx = hx = points[s, 0]
        ly = hy = points[s, 1]
        lz = hz = points[s, 2]
    else:
        lx, ly, lz = box[leaf, 0], box[leaf, 1], box[leaf, 2]
        hx, hy, hz = box[leaf, 3], box[leaf, 4], box[leaf, 5]
    node = leaf
    stack[0] = leaf
    top = 1
    while True:
        while top > 0:
            top -= 1
            at = stack[top]
            if node_of[at] == own or node_core[at] >= best:
                continue
            if _gap2(box, at, lx, ly, lz, hx, hy, hz) >= best:
                continue
            if at < first_leaf:
                left = 2 * at + 1
                nearer = _gap2(box, left, lx, ly, lz, hx, hy, hz) <= _gap2(
                    box, left + 1, lx, ly, lz, hx, hy, hz
                )
                stack[top] = left + 1 if nearer else left
                stack[top + 1] = left if nearer else left + 1
                top += 2
                continue
            for i in range(s, e):
                if bound[i] >= best or (e - s > 1 and box_distance2(points, i, box, at) >= best):
                    continue
                for j in range(start[at], end[at]):
                    if component[j] == own or core[j] >= best:
                        continue
                    w = max(core[i], core[j], distance2(points, i, j))
                    if w < best:
                        best, best_i, best_j = w, i, j
        if node == 0:
            return best, best_i, best_j
        stack[0] = node + 1 if node & 1 else node - 1
        top = 1
        node = (node - 1) >> 1


@njit(cache=True, inline="always")
def _gap2(box, node, lx, ly, lz, hx, hy, hz):
    """Squared distance between a node's box and another one."""
    dx = max(box[node, 0] - hx, lx - box[node, 3], 0.0)
    dy = max(box[node, 1] - hy, ly - box[node, 4], 0.0)
    dz = max(box[node, 2] - hz, lz - box[node, 5], 0.0)
    return (dx * dx + dy * dy) + dz * dz
