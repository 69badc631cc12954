"""HDBSCAN as docs/method.md, Clusters, says it, slowly: matrices, sets and recursion only."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

Edge = tuple[int, int, float]


@dataclass
class Cluster:
    rows: frozenset[int]
    birth: float
    parent: Cluster | None
    stability: float = 0.0
    children: list[Cluster] = field(default_factory=list)


def hdbscan(points: np.ndarray, min_cluster_size: int, min_samples: int, epsilon: float):
    """(n,) int: cluster of each row, numbered by smallest row, -1 for noise."""
    n = len(points)
    if n < min_cluster_size:
        return np.full(n, -1)
    root = Cluster(frozenset(range(n)), 0.0, None)
    _condense(root, spanning_tree(weights(points, min_samples)), min_cluster_size)
    chosen: list[Cluster] = []
    for child in root.children:
        chosen += _select(child)[1]
    final: list[Cluster] = []
    for cluster in chosen:
        climbed = _climb(cluster, epsilon)
        if not any(climbed is other for other in final):
            final.append(climbed)
    top = [c for c in final if not any(c.rows < other.rows for other in final)]
    labels = np.full(n, -1)
    for number, cluster in enumerate(sorted(top, key=lambda c: min(c.rows))):
        labels[list(cluster.rows)] = number
    return labels


def weights(points: np.ndarray, min_samples: int) -> np.ndarray:
    difference = points[:, None] - points[None]
    square = (difference[..., 0] ** 2 + difference[..., 1] ** 2) + difference[..., 2] ** 2
    k = min(min_samples, len(points) - 1)
    core = np.sort(square, axis=1)[:, k]  # the first is the point itself
    return np.maximum(square, np.maximum(core[:, None], core[None]))


def spanning_tree(weight: np.ndarray) -> list[Edge]:
    """Prim."""
    n = len(weight)
    best, origin = weight[0].copy(), np.zeros(n, int)
    inside = np.zeros(n, bool)
    inside[0] = True
    edges = []
    for _ in range(n - 1):
        new = int(np.where(inside, np.inf, best).argmin())
        edges.append((int(origin[new]), new, float(best[new])))
        inside[new] = True
        nearer = weight[new] < best
        best[nearer], origin[nearer] = weight[new][nearer], new
    return edges


def _split(rows: frozenset[int], edges: list[Edge]) -> tuple[float, list]:
    """The longest weight, and the parts that are left without edges of that weight."""
    longest = max(edge[2] for edge in edges)
    kept = [edge for edge in edges if edge[2] < longest]
    near: dict[int, list[int]] = {row: [] for row in rows}
    for a, b, _ in kept:
        near[a].append(b)
        near[b].append(a)
    parts, left = [], set(rows)
    while left:
        stack, part = [left.pop()], set()
        while stack:
            row = stack.pop()
            part.add(row)
            for other in near[row]:
                if other in left:
                    left.remove(other)
                    stack.append(other)
        parts.append((frozenset(part), [e for e in kept if e[0] in part]))
    return longest, parts


def _condense(cluster: Cluster, edges: list[Edge], least: int) -> None:
    rows = cluster.rows
    while True:
        longest, parts = _split(rows, edges)
        level = 1 / max(np.sqrt(longest), 1e-6)
        big = [part for part in parts if len(part[0]) >= least]
        small = sum(len(part[0]) for part in parts if len(part[0]) < least)
        cluster.stability += small * (level - cluster.birth)
        if len(big) == 1:
            rows, edges = big[0]
            continue
        for part, inner in big:
            child = Cluster(part, level, cluster)
            cluster.stability += len(part) * (level - cluster.birth)
            cluster.children.append(child)
            _condense(child, inner, least)
        return


def _select(cluster: Cluster) -> tuple[float, list[Cluster]]:
    below = [_select(child) for child in cluster.children]
    total = sum(best for best, _ in below)
    if not below or total <= cluster.stability:
        return cluster.stability, [cluster]
    return total, [chosen for _, part in below for chosen in part]


def _climb(cluster: Cluster, epsilon: float) -> Cluster:
    if 1 / cluster.birth >= epsilon:
        return cluster
    while cluster.parent is not None and cluster.parent.parent is not None:
        cluster = cluster.parent
        if 1 / cluster.birth > epsilon:
            break
    return cluster
