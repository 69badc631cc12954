"""From a minimum spanning tree to clusters: condensed hierarchy, stability, selection.

docs/method.md, Clusters, steps 2 to 6. Edges of equal weight merge at the same time, so the result
depends neither on which spanning tree was found nor on the order of the rows.
"""

from __future__ import annotations

import numpy as np
from numba import njit

MIN_DISTANCE_M = 1e-6


def select_clusters(
    a: np.ndarray, b: np.ndarray, weight: np.ndarray, *, min_cluster_size: int, epsilon_m: float
) -> np.ndarray:
    """Return (n,) int64: each point's chosen cluster (any numbers >= 0), or -1 for noise.

    a, b (n - 1,) int64 are the ends of a minimum spanning tree's edges, weight (n - 1,) float64
    their squared weights.
    """
    by_weight = np.argsort(weight, kind="stable")
    weight = weight[by_weight]
    left, right, size = _dendrogram(a[by_weight], b[by_weight])
    point_cluster, parent, birth, stability = _condense(left, right, size, weight, min_cluster_size)
    chosen = _select(parent, birth, stability, epsilon_m)
    found: np.ndarray = chosen[point_cluster]
    return found


@njit(cache=True)
def _dendrogram(a, b):
    """Binary merges in order: node n + t joins left[t] and right[t]; size (2n - 1,) points."""
    n = len(a) + 1
    parent = np.arange(2 * n - 1)
    left = np.empty(n - 1, np.int64)
    right = np.empty(n - 1, np.int64)
    size = np.ones(2 * n - 1, np.int64)
    for t in range(n - 1):
        i, j = a[t], b[t]
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        while parent[j] != j:
            parent[j] = parent[parent[j]]
            j = parent[j]
        left[t], right[t] = i, j
        parent[i] = parent[j] = n + t
        size[n + t] = size[i] + size[j]
    return left, right, size


@njit(cache=True)
def _condense(left, right, size, weight, min_cluster_size):
    """Walk from the root; return each point's last cluster and the clusters' parent (root: -1),
    birth lambda and stability. Cluster 0 is the root; children come after their parents."""
    n = len(left) + 1
    cluster = np.zeros(2 * n - 1, np.int64)
    fallen = np.zeros(2 * n - 1, np.bool_)  # below a child too small: its points have left
    inner = np.zeros(2 * n - 1, np.bool_)  # same weight as the parent: part of the same merge
    most = 2 * (n // min_cluster_size) + 2
    parent = np.full(most, -1, np.int64)
    birth = np.zeros(most)
    stability = np.zeros(most)
    clusters = 1
    children = np.empty(n + 1, np.int64)
    stack = np.empty(n + 1, np.int64)
    for t in range(n - 2, -1, -1):
        node = n + t
        if fallen[node]:
            for child in (left[t], right[t]):
                cluster[child] = cluster[node]
                fallen[child] = True
            continue
        if inner[node]:
            continue
        count = 0
        stack[0] = node
        top = 1
        while top > 0:  # gather the children of all merges of this weight
            top -= 1
            at = stack[top] - n
            for child in (left[at], right[at]):
                if child >= n and weight[child - n] == weight[t]:
                    inner[child] = True
                    stack[top] = child
                    top += 1
                else:
                    children[count] = child
                    count += 1
        big = 0
        small_points = 0
        for c in range(count):
            if size[children[c]] >= min_cluster_size:
                big += 1
            else:
                small_points += size[children[c]]
        own = cluster[node]
        density = 1.0 / max(np.sqrt(weight[t]), MIN_DISTANCE_M)
        leaving = size[node] if big != 1 else small_points
        stability[own] += leaving * (density - birth[own])
        for c in range(count):
            child = children[c]
            cluster[child] = own
            if size[child] < min_cluster_size:
                fallen[child] = True
            elif big > 1:
                cluster[child] = clusters
                parent[clusters] = own
                birth[clusters] = density
                clusters += 1
    return cluster[:n], parent[:clusters], birth[:clusters], stability[:clusters]


def _select(
    parent: np.ndarray, birth: np.ndarray, stability: np.ndarray, epsilon_m: float
) -> np.ndarray:
    """Return for each cluster the topmost chosen cluster that holds it, or -1."""
    count = len(parent)
    best = stability.copy()
    selected = np.zeros(count, bool)
    children: list[list[int]] = [[] for _ in range(count)]
    for c in range(1, count):
        children[parent[c]].append(c)
    for c in range(count - 1, 0, -1):
        # Sorted: the sum must not depend on the order in which equal merges were found.
        below = sum(sorted(best[k] for k in children[c]))
        selected[c] = not children[c] or below <= stability[c]
        best[c] = stability[c] if selected[c] else below
    chosen = np.zeros(count, bool)
    covered = np.zeros(count, bool)
    for c in range(1, count):
        covered[c] = covered[parent[c]] or (parent[c] > 0 and selected[parent[c]])
        if selected[c] and not covered[c]:
            chosen[_climb(c, parent, birth, epsilon_m)] = True
    topmost = np.full(count, -1, np.int64)
    for c in range(1, count):
        above = topmost[parent[c]]
        topmost[c] = above if above >= 0 else (c if chosen[c] else -1)
    return topmost


def _climb(c: int, parent: np.ndarray, birth: np.ndarray, epsilon_m: float) -> int:
    """Return c, or where it was born below epsilon its first ancestor born above (step 5)."""
    if 1 / birth[c] >= epsilon_m:
        return c
    while parent[c] > 0:  # an ancestor born at epsilon exactly does not end the climb
        c = int(parent[c])
        if 1 / birth[c] > epsilon_m:
            break
    return c
