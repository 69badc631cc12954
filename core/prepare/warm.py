"""Have the loops of the preparation compiled: a small scan, so that each kernel is called once."""

from __future__ import annotations

import numpy as np


def warm() -> None:
    """Compile what is not on disk yet, some ten seconds; else a moment."""
    from core.prepare.clustering.cluster import cluster
    from core.prepare.shape import shapes

    grid = np.stack(np.meshgrid(*[np.arange(5.0)] * 3), axis=-1).reshape(-1, 3)
    # Far from each other as epsilon goes, and near: each level is looked at.
    for epsilon_m in (0.0, 3.0):
        cluster(grid, min_cluster_size=5, min_samples=2, epsilon_m=epsilon_m)
    points = np.column_stack([grid, grid[:, 0]]).astype(np.float32)
    unit = np.zeros(len(points), np.int32)
    shapes(points, unit, np.zeros(1, np.uint8), points[:, 2] < 1, 1.7)
