"""Parts of a unit: neighbouring points of like height and brightness, for splitting it by keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

MOST_PARTS = 6
_NEIGHBOURS = 8
_FEWEST = 12  # points of a part
_METRES_PER_LIGHT = 6.0  # a kerb of 0.1 m weighs as much as a change of intensity of 0.17
_HEIGHT = 10.0  # against distance along the ground
_MOST_POINTS = 3000


def parts(points: np.ndarray) -> np.ndarray:
    """(R,) int32 part of each of points (R, 4) float32 x, y, z metres, intensity 0..1.

    Ward's clustering along the graph of the nearest neighbours, of places, heights and smoothed
    intensities; at most six parts. Larger units are split on a sample, the rest by the nearest.
    """
    from scipy.spatial import cKDTree

    count = len(points)
    most = min(MOST_PARTS, count // _FEWEST)
    if most < 2:
        return np.zeros(count, np.int32)
    xyz = np.nan_to_num(points[:, :3].astype(np.float64))
    tree = cKDTree(xyz)
    near = tree.query(xyz, k=min(_NEIGHBOURS, count))[1]
    light = points[:, 3].astype(np.float64)[near].mean(axis=1)
    height = xyz[near, 2].mean(axis=1)
    reach = max(float(np.ptp(xyz[:, :2], axis=0).max()), 1.0)
    features = np.column_stack(
        [xyz[:, :2] / reach, height * _HEIGHT / reach, light * _METRES_PER_LIGHT / reach * 2]
    )
    if count <= _MOST_POINTS:
        return _ward(features, xyz, most)
    sample = np.linspace(0, count - 1, _MOST_POINTS).astype(np.int64)
    found = _ward(features[sample], xyz[sample], most)
    nearest: np.ndarray = found[cKDTree(xyz[sample]).query(xyz)[1]]
    return nearest


def _ward(features: np.ndarray, xyz: np.ndarray, most: int) -> np.ndarray:
    from sklearn.cluster import AgglomerativeClustering

    model = AgglomerativeClustering(most, connectivity=_connected(xyz), linkage="ward")
    found: np.ndarray = model.fit_predict(features)
    return found.astype(np.int32)


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
