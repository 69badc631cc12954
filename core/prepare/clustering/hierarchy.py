"""From the heavy edges of a minimum spanning tree to clusters: condense, weigh, select.

docs/method.md, Clusters, steps 2 to 6. Edges of equal weight merge at the same time, so the result
depends neither on which spanning tree was found nor on the order of the rows. The tree joins items:
rows, or groups of rows that hang together by edges nobody looked at, all lighter than the group's
`below`. What such a group may change is told, so that only those need a look inside.
"""

from __future__ import annotations

import numpy as np
from numba import njit

MIN_DISTANCE_M = 1e-6
_SURE = 1 + 1e-9  # sums may be rounded; what is within this is not decided by bounds


def select_clusters(
    size: np.ndarray,
    below: np.ndarray,
    a: np.ndarray,
    b: np.ndarray,
    weight: np.ndarray,
    *,
    min_cluster_size: int,
    epsilon_m: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Return (m,) int64, each item's chosen cluster (any numbers >= 0) or -1 for noise, and (m,)
    bool, the items whose inside may change it; where there are none, the clusters are exact.

    size, below (m,): rows of each item; metres, above 0 for an item whose inside is unknown. a, b
    (m - 1,) int64 are the ends of the tree's edges, weight (m - 1,) float64 their squared weights,
    none below the square of any `below`, and every `below` less than epsilon.
    """
    by_weight = np.argsort(weight, kind="stable")
    weight = weight[by_weight]
    left, right, sizes = _dendrogram(a[by_weight], b[by_weight], size)
    item_cluster, fallen, parent, birth, stability = _condense(
        left, right, sizes, weight, min_cluster_size
    )
    unknown = (below > 0) & (size >= min_cluster_size) & ~fallen
    held = np.flatnonzero(unknown)
    own = item_cluster[held]
    # Its rows leave at more than 1 / below: the least that the cluster is worth.
    np.add.at(stability, own, size[held] * (1 / below[held] - birth[own]))
    open_ = np.zeros(len(parent), bool)
    open_[own] = True
    chosen, needed = _select(parent, birth, stability, open_, epsilon_m)
    return chosen[item_cluster], unknown & needed[item_cluster]


@njit(cache=True)
def _dendrogram(a, b, item_size):
    """Binary merges in order: node m + t joins left[t] and right[t]; size (2m - 1,) rows."""
    n = len(item_size)
    parent = np.arange(2 * n - 1)
    left = np.empty(n - 1, np.int64)
    right = np.empty(n - 1, np.int64)
    size = np.empty(2 * n - 1, np.int64)
    size[:n] = item_size
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
    """Walk from the root; return each item's last cluster, whether it left that alone, and the
    clusters' parent (root: -1), birth lambda and stability. Cluster 0 is the root; children come
    after their parents."""
    n = len(left) + 1
    cluster = np.zeros(2 * n - 1, np.int64)
    fallen = np.zeros(2 * n - 1, np.bool_)  # below a child too small: its rows have left
    inner = np.zeros(2 * n - 1, np.bool_)  # same weight as the parent: part of the same merge
    most = 2 * (size[2 * n - 2] // min_cluster_size) + 2
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
    return cluster[:n], fallen[:n], parent[:clusters], birth[:clusters], stability[:clusters]


def _select(
    parent: np.ndarray,
    birth: np.ndarray,
    stability: np.ndarray,
    unknown: np.ndarray,
    epsilon_m: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Return for each cluster the topmost chosen cluster that holds it, or -1, and whether what is
    unknown below it may change that.

    stability (c,) is exact, or for `unknown` clusters, which hold an item that may split, the
    least it can be. That a cluster is not selected is certain where even the least values of its
    parts are worth more. Where it parts below epsilon it does not matter: it and its parts climb
    to the same ancestor, unless it was born at epsilon exactly.
    """
    count = len(parent)
    best = stability.copy()
    exact = ~unknown
    selected = np.zeros(count, bool)
    doubtful = np.zeros(count, bool)
    children: list[list[int]] = [[] for _ in range(count)]
    for c in range(1, count):
        children[parent[c]].append(c)
    for c in range(count - 1, 0, -1):
        if not children[c]:
            selected[c] = True
            doubtful[c] = unknown[c] and 1 / birth[c] == epsilon_m
            continue
        # Sorted: the sum must not depend on the order in which equal merges were found.
        below = sum(sorted(best[k] for k in children[c]))
        exact[c] = all(exact[k] for k in children[c])
        selected[c] = below <= (stability[c] if exact[c] else stability[c] * _SURE)
        best[c] = max(stability[c], below)
        if selected[c] and not exact[c]:
            parts_m = 1 / birth[children[c][0]]
            doubtful[c] = parts_m >= epsilon_m or 1 / birth[c] == epsilon_m
    needed = np.zeros(count, bool)
    needed[0] = not children[0]  # the root has not split: its clusters are all inside
    chosen = np.zeros(count, bool)
    covered = np.zeros(count, bool)
    for c in range(1, count):
        needed[c] = needed[parent[c]] or doubtful[c]
        covered[c] = covered[parent[c]] or (parent[c] > 0 and selected[parent[c]])
        if selected[c] and not covered[c]:
            chosen[_climb(c, parent, birth, epsilon_m)] = True
    topmost = np.full(count, -1, np.int64)
    for c in range(1, count):
        above = topmost[parent[c]]
        topmost[c] = above if above >= 0 else (c if chosen[c] else -1)
    return topmost, needed


def _climb(c: int, parent: np.ndarray, birth: np.ndarray, epsilon_m: float) -> int:
    """Return c, or where it was born below epsilon its first ancestor born above (step 5)."""
    if 1 / birth[c] >= epsilon_m:
        return c
    while parent[c] > 0:  # an ancestor born at epsilon exactly does not end the climb
        c = int(parent[c])
        if 1 / birth[c] > epsilon_m:
            break
    return c
