"""HDBSCAN of one scan's non-ground points, exactly as it is defined (docs/method.md, Clusters)."""

from __future__ import annotations

import numpy as np

from core.base.loading import loading


def cluster(
    points: np.ndarray,
    *,
    min_cluster_size: int,
    min_samples: int,
    epsilon_m: float,
    clusterer: str = "exact",
) -> np.ndarray:
    """Cluster points (n, 3) float64 metres; return (n,) int32 numbers, -1 for noise.

    Clusters are numbered by their smallest row. The result does not depend on the order of the
    rows. `clusterer` "hdbscan" uses the hdbscan package instead, whose ties follow row order.
    """
    if len(points) < max(min_cluster_size, 2):
        return np.full(len(points), -1, np.int32)
    if clusterer == "hdbscan":
        found = _library(points, min_cluster_size, min_samples, epsilon_m)
    else:
        from core.prepare.clustering.exact import exact_clusters

        found = exact_clusters(
            points,
            min_cluster_size=min_cluster_size,
            min_samples=min_samples,
            epsilon_m=epsilon_m,
        )
    return number_by_first_row(found)


def number_by_first_row(found: np.ndarray) -> np.ndarray:
    """Renumber clusters (n,) by their smallest row, ascending; negative stays -1."""
    numbers = np.full(len(found), -1, np.int32)
    inside = np.flatnonzero(found >= 0)
    _, first, inverse = np.unique(found[inside], return_index=True, return_inverse=True)
    rank = np.empty(len(first), np.int32)
    rank[np.argsort(first)] = np.arange(len(first), dtype=np.int32)
    numbers[inside] = rank[inverse]
    return numbers


def _library(
    points: np.ndarray, min_cluster_size: int, min_samples: int, epsilon_m: float
) -> np.ndarray:
    with loading:
        import hdbscan

    found: np.ndarray = hdbscan.HDBSCAN(
        min_cluster_size=min_cluster_size,
        min_samples=min(min_samples, len(points) - 1),
        cluster_selection_epsilon=epsilon_m,
        approx_min_span_tree=False,
        core_dist_n_jobs=1,
    ).fit_predict(points)
    return found
