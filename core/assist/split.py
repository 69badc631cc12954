"""Parts of a unit: neighbouring points of like height and brightness, for splitting it by keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.base.loading import loading

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

FILLED = 6  # parts that a click fills one of
_NEIGHBOURS = 8
_FEWEST = 12  # points of a part, on average, for a unit to be split
_FEWEST_DIVIDED = 3
_SURFACE, _AROUND = 16, 24  # neighbours whose surface, and whose heights, are looked at
# Chosen on units of sequences 00 to 03, for the fewest keys that part their classes.
_PLACE, _HEIGHT, _LIGHT = 0.75, 10.0, 9.0  # a kerb of 0.1 m weighs as much as an intensity of 0.11
_ABOVE, _LOW_M = 3.0, 0.5
_ROUGH, _STEEP, _UPRIGHT, _LOWER = 200.0, 40.0, 3.0, 0.3
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

    Ward's clustering along the graph of the nearest neighbours, of places, heights, intensities and
    the form of the surface around each point. Larger units are split on a sample, the rest goes
    with the nearest.
    """
    with loading:
        from scipy.spatial import cKDTree

    count = len(points)
    if count < 2 * _FEWEST:
        return Parts(np.zeros(count, np.int32), np.zeros((0, 2), np.int64))
    sample = np.linspace(0, count - 1, min(count, _MOST_POINTS)).astype(np.int64)
    xyz = np.nan_to_num(points[:, :3].astype(np.float64))
    near = cKDTree(xyz).query(xyz[sample], k=min(_AROUND, count))[1]
    light = np.nan_to_num(points[:, 3].astype(np.float64))
    children = _ward(_features(xyz, light, sample, near), xyz[sample])
    leaf = np.arange(count) if len(sample) == count else cKDTree(xyz[sample]).query(xyz)[1]
    return Parts(leaf.astype(np.int32), children)


def _features(
    xyz: np.ndarray, light: np.ndarray, sample: np.ndarray, near: np.ndarray
) -> np.ndarray:
    """(S, 8) float64 of sampled points, each in the metres along the ground that it weighs.

    xyz (R, 3), light (R,) of all points; sample (S,) places in them, near (S, k) places of the
    nearest to each, the nearest first.
    """
    few = near[:, :_NEIGHBOURS]
    height = xyz[few, 2].mean(axis=1)
    above = height - np.quantile(height, 0.1)
    flat = xyz[near[:, :_SURFACE]]
    off = flat - flat.mean(axis=1, keepdims=True)
    spread = np.einsum("nki,nkj->nij", off, off) / off.shape[1]
    least, axes = np.linalg.eigh(spread)
    return np.column_stack(
        [
            xyz[sample, :2] * _PLACE,
            height * _HEIGHT,
            # The first decimetres over the ground say more than those of a crown.
            np.arcsinh(above / _LOW_M) * _LOW_M * _ABOVE,
            light[few].mean(axis=1) * _LIGHT,
            _low_around(xyz[sample], np.sqrt(np.maximum(least[:, 0], 0))) * _ROUGH,
            _low_around(xyz[sample], xyz[near, 2].std(axis=1)) * _STEEP,
            np.abs(axes[:, 2, 0]) * _UPRIGHT,
        ]
    )


def _low_around(xyz: np.ndarray, values: np.ndarray) -> np.ndarray:
    """(n,) the lower third of values (n,) around each place xyz (n, 3): a kerb, which is rough for
    being an edge, is no stripe between two smooth surfaces; a hedge stays rough."""
    with loading:
        from scipy.spatial import cKDTree

    around = cKDTree(xyz).query(xyz, k=min(_NEIGHBOURS, len(xyz)))[1]
    found: np.ndarray = np.quantile(values[around], _LOWER, axis=1)
    return found


def _ward(features: np.ndarray, xyz: np.ndarray) -> np.ndarray:
    with loading:
        from sklearn.cluster import AgglomerativeClustering

    model = AgglomerativeClustering(
        2, connectivity=_connected(xyz), linkage="ward", compute_full_tree=True
    )
    joins: np.ndarray = model.fit(features).children_
    return joins


def _connected(xyz: np.ndarray) -> csr_matrix:
    """The graph of nearest neighbours; pieces of it are tied to the largest one."""
    with loading:
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
