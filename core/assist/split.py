"""Parts of a unit: neighbouring points of like height and brightness, for splitting it by keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

FILLED = 6  # parts that a click fills one of
_NEIGHBOURS = 8
_FEWEST = 12  # points of a part, on average, for a unit to be split
_FEWEST_DIVIDED = 3
_METRES_PER_LIGHT = 6.0  # a kerb of 0.1 m weighs as much as a change of intensity of 0.17
_HEIGHT = 5.0  # against distance along the ground; chosen on sequence 08
_MOST_POINTS = 3000


@dataclass(frozen=True)
class Parts:
    """A unit's parts within parts: a tree that joins places two by two, like ones first.

    Attributes
    ----------
    leaf : (R,) int32, the smallest node that each of the unit's rows is in, 0..L-1
    children : (L - 1, 2) int; node L + i joins two earlier nodes, the last one is the whole unit
    """

    leaf: np.ndarray
    children: np.ndarray

    def cut(self, count: int) -> np.ndarray:
        """(R,) int32 node of each row: the whole unit with its least like joins undone, until
        there are `count` nodes or only leaves."""
        leaves = len(self.children) + 1
        nodes = {2 * leaves - 2}
        while len(nodes) < count and max(nodes) >= leaves:
            joined = max(nodes)
            nodes.remove(joined)
            nodes.update(self.children[joined - leaves].tolist())
        found: np.ndarray = self._spread(nodes)[self.leaf]
        return found

    def divided(self, part: np.ndarray, node: int) -> np.ndarray:
        """(R,) int32: nodes `part` (R,), one of them replaced by the two that it joins; the same
        where that is a leaf or would leave fewer than 3 points on a side."""
        leaves = len(self.children) + 1
        if node < leaves:
            return part
        halves = self._spread(set(self.children[node - leaves].tolist()))[self.leaf]
        mine = part == node
        sizes = np.unique(halves[mine], return_counts=True)[1]
        if len(sizes) < 2 or sizes.min() < _FEWEST_DIVIDED:
            return part
        return np.where(mine, halves, part).astype(np.int32)

    def _spread(self, nodes: set[int]) -> np.ndarray:
        """(L,) int32: of `nodes`, the one that each leaf is in, -1 for none."""
        leaves = len(self.children) + 1
        inside = np.full(2 * leaves - 1, -1, np.int32)
        inside[list(nodes)] = list(nodes)
        downwards = range(2 * leaves - 2, leaves - 1, -1)
        for node, pair in zip(downwards, self.children[::-1].tolist(), strict=True):
            if inside[node] >= 0:
                inside[pair] = inside[node]
        return inside[:leaves]


def split(points: np.ndarray) -> Parts:
    """The parts of a unit's points (R, 4) float32 x, y, z metres, intensity 0..1.

    Ward's clustering along the graph of the nearest neighbours, of places, heights and smoothed
    intensities. Larger units are split on a sample, the rest goes with the nearest.
    """
    from scipy.spatial import cKDTree

    count = len(points)
    if count < 2 * _FEWEST:
        return Parts(np.zeros(count, np.int32), np.zeros((0, 2), np.int64))
    sample = np.linspace(0, count - 1, min(count, _MOST_POINTS)).astype(np.int64)
    xyz = np.nan_to_num(points[:, :3].astype(np.float64))
    near = cKDTree(xyz).query(xyz[sample], k=_NEIGHBOURS)[1]
    light = np.nan_to_num(points[:, 3].astype(np.float64))[near].mean(axis=1)
    height = xyz[near, 2].mean(axis=1)
    reach = max(float(np.ptp(xyz[:, :2], axis=0).max()), 1.0)
    features = (
        np.column_stack([xyz[sample, :2], height * _HEIGHT, light * _METRES_PER_LIGHT * 2]) / reach
    )
    children = _ward(features, xyz[sample])
    leaf = np.arange(count) if len(sample) == count else cKDTree(xyz[sample]).query(xyz)[1]
    return Parts(leaf.astype(np.int32), children)


def _ward(features: np.ndarray, xyz: np.ndarray) -> np.ndarray:
    from sklearn.cluster import AgglomerativeClustering

    model = AgglomerativeClustering(
        2, connectivity=_connected(xyz), linkage="ward", compute_full_tree=True
    )
    joins: np.ndarray = model.fit(features).children_
    return joins


def _connected(xyz: np.ndarray) -> csr_matrix:
    """The graph of nearest neighbours; pieces of it are tied to the largest one."""
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import connected_components
    from scipy.spatial import cKDTree
    from sklearn.neighbors import kneighbors_graph

    graph = kneighbors_graph(xyz, min(_NEIGHBOURS, len(xyz) - 1))
    pieces, piece = connected_components(graph, directed=False)
    if pieces > 1:
        largest = np.flatnonzero(piece == np.bincount(piece).argmax())
        first = np.unique(piece, return_index=True)[1]
        near = largest[cKDTree(xyz[largest]).query(xyz[first])[1]]
        ties = csr_matrix((np.ones(pieces), (first, near)), graph.shape)
        graph = graph + ties
    return graph + graph.T
