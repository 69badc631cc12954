"""What lies around each unit, in numbers: a trunk has a crown above it, a kerb a road beside."""

from __future__ import annotations

import numpy as np

CELLS_M = (1.0, 3.0)
NAMES = tuple(
    f"{what} within {cell:g} m"
    for cell in CELLS_M
    for what in ("highest point", "log points of others", "share above ground", "ground intensity")
)
_REACH_M = 128.0  # what lies further counts as there


def around(
    points: np.ndarray,
    height: np.ndarray,
    ground: np.ndarray,
    unit: np.ndarray,
    centre: np.ndarray,
) -> np.ndarray:
    """(u, 8) float64, columns NAMES: of the three by three cells around each unit's centre.

    points (n, 4) float32 x, y, z, intensity; height (n,) above the ground; ground (n,) bool; unit
    (n,) of each point, negative for none; centre (u, 2) metres. "Others" are points above the
    ground that are not the unit's own; where no ground is, its intensity is 0.
    """
    return np.concatenate(
        [_within(size, points, height, ground, unit, centre) for size in CELLS_M], axis=1
    )


def _within(
    size: float,
    points: np.ndarray,
    height: np.ndarray,
    ground: np.ndarray,
    unit: np.ndarray,
    centre: np.ndarray,
) -> np.ndarray:
    from core.prepare.shape_grid import grid_sums

    side = 2 * int(np.ceil(_REACH_M / size)) + 3  # with a rim of empty cells
    middle = _cells(centre, size, side)
    highest, above, below, light, own = grid_sums(
        points[:, :2], height, points[:, 3], ground, unit, middle, size, _REACH_M, side
    )
    steps = np.array([[dx * side + dy for dx in (-1, 0, 1) for dy in (-1, 0, 1)]])
    near = (middle[:, 0] * side + middle[:, 1])[:, None] + steps  # (u, 9) cells
    top, others, floor = highest[near].max(axis=1), above[near].sum(axis=1), below[near].sum(axis=1)
    return np.stack(
        [
            np.where(np.isfinite(top), top, 0.0),
            np.log1p(others - own),
            others / np.maximum(others + floor, 1),
            light[near].sum(axis=1) / np.maximum(floor, 1),
        ],
        axis=1,
    )


def _cells(xy: np.ndarray, size: float, side: int) -> np.ndarray:
    """(n, 2) columns and rows of places xy (n, 2) in a square of `side` cells, rim left out."""
    at: np.ndarray = np.floor(np.clip(xy, -_REACH_M, _REACH_M - 1e-3) / size).astype(np.int64)
    return at + side // 2
