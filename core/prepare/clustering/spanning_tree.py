"""A minimum spanning tree of the mutual reachability graph, by Boruvka on a kd-tree.

Weight of an edge: max(core i, core j, d2(i, j)), all squared (docs/method.md, Clusters). Each round
joins every component by its lightest outgoing edge. Among equal weights any edge may be taken: a
chain of chosen edges never rises towards the component whose edge is added, so each is safe.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from core.prepare.clustering.kdtree import box_distance2, distance2


@njit(cache=True)
def spanning_tree(points, start, end, low, high, first_leaf, core, near, near2):
    """Return the n - 1 edges: ends a, b (n - 1,) and squared weights (n - 1,).

    `near`, `near2`: each point's nearest others and their d2, as `kdtree.neighbours` gives them.
    """
    n, nodes = len(points), len(start)
    parent = np.arange(n)
    component = np.arange(n)
    bound = core.copy()  # no edge from the point to another component is lighter
    best_weight = np.empty(n)
    best_from = np.empty(n, np.int64)
    best_to = np.empty(n, np.int64)
    node_component = np.empty(nodes, np.int64)
    node_core = np.full(nodes, np.inf)
    for node in range(nodes - 1, -1, -1):
        if node >= first_leaf:
            for i in range(start[node], end[node]):
                node_core[node] = min(node_core[node], core[i])
        else:
            node_core[node] = min(node_core[2 * node + 1], node_core[2 * node + 2])
    stack = np.empty(64, np.int64)
    a = np.empty(n - 1, np.int64)
    b = np.empty(n - 1, np.int64)
    weight = np.empty(n - 1)
    edges = 0
    while edges < n - 1:
        best_weight[:] = np.inf
        for node in range(nodes - 1, -1, -1):
            if node < first_leaf:
                left = node_component[2 * node + 1]
                node_component[node] = left if left == node_component[2 * node + 2] else -1
            else:
                found = component[start[node]]
                for i in range(start[node] + 1, end[node]):
                    if component[i] != found:
                        found = -1
                        break
                node_component[node] = found
        for i in range(n):  # edges known from the neighbour lists first: they prune the search
            own = component[i]
            if bound[i] >= best_weight[own]:
                continue
            for at in range(near.shape[1]):
                j = near[i, at]
                if near2[i, at] >= best_weight[own]:
                    break
                if component[j] != own:
                    w = max(core[i], core[j], near2[i, at])
                    if w < best_weight[own]:
                        best_weight[own], best_from[own], best_to[own] = w, i, j
        for i in range(n):
            own = component[i]
            if bound[i] >= best_weight[own]:
                continue
            lightest = best_weight[own]
            stack[0] = 0
            top = 1
            while top > 0:
                top -= 1
                node = stack[top]
                if node_component[node] == own or node_core[node] >= lightest:
                    continue
                if box_distance2(points, i, low, high, node) >= lightest:
                    continue
                if node < first_leaf:
                    left = 2 * node + 1
                    nearer = box_distance2(points, i, low, high, left) <= box_distance2(
                        points, i, low, high, left + 1
                    )
                    stack[top] = left + 1 if nearer else left
                    stack[top + 1] = left if nearer else left + 1
                    top += 2
                    continue
                for j in range(start[node], end[node]):
                    if component[j] == own or core[j] >= lightest:
                        continue
                    w = max(core[i], core[j], distance2(points, i, j))
                    if w < lightest:
                        lightest = w
                        best_from[own], best_to[own] = i, j
            # Nothing lighter than `lightest` leaves i: it is i's own edge, or what pruned it.
            bound[i] = max(bound[i], lightest)
            best_weight[own] = lightest
        for own in range(n):
            if best_weight[own] == np.inf:
                continue
            i, j = best_from[own], best_to[own]
            root_i, root_j = _root(parent, i), _root(parent, j)
            if root_i != root_j:
                parent[root_i] = root_j
                a[edges], b[edges], weight[edges] = i, j, best_weight[own]
                edges += 1
        for i in range(n):
            component[i] = _root(parent, i)
    return a, b, weight


@njit(cache=True, inline="always")
def _root(parent, i):
    while parent[i] != i:
        parent[i] = parent[parent[i]]
        i = parent[i]
    return i
