"""The shape of each unit in some thirty numbers, for guesses before any network exists."""

from __future__ import annotations

import numpy as np

from core.base.sorting import order_by_group_and_value, sorted_in_groups
from core.prepare import shape_around as around
from core.prepare.units import is_cell

NAMES = (
    "is a ground cell",
    "longer side m",
    "shorter side m",
    "height m",
    "footprint m²",
    "bottom above ground m",
    "top above ground m",
    "height quantile 25 % m",
    "height quantile 50 % m",
    "height quantile 75 % m",
    "log points",
    "range m",
    "log points per m³",
    "points, range squared",
    "intensity mean",
    "intensity deviation",
    "linearity",
    "planarity",
    "scattering",
    "verticality",
    "distance from the path m",
    "height deviation m",
    "roughness m",
    "upright normal",
    "intensity quantile 10 %",
    "intensity quantile 90 %",
    *around.NAMES,
)
_GROUND_CELL_M = 4.0
_CELLS_AT_MOST = 1 << 20  # of a table with a place for each
_SMALL = 0.05  # metres, or a share: keeps divisions and logarithms finite


def shapes(
    points: np.ndarray, unit: np.ndarray, kind: np.ndarray, ground: np.ndarray, sensor_m: float
) -> np.ndarray:
    """(u, 34) float32, columns NAMES, of units 0..u-1.

    points (n, 4) float32 x, y, z, intensity 0..1, finite; unit (n,) of each, negative for none;
    kind (u,) uint8, of units.py; ground (n,) bool; sensor_m above the ground.
    """
    count = len(kind)
    if not count:
        return np.zeros((0, len(NAMES)), np.float32)
    height = points[:, 2] - _ground_height(points, ground, sensor_m)
    rows = np.flatnonzero(unit >= 0)
    sizes = np.bincount(unit[rows], minlength=count)
    starts = np.cumsum(sizes) - sizes
    group = unit[rows]
    by_light = sorted_in_groups(group, points[rows, 3], count)
    rows = rows[order_by_group_and_value(group, height[rows], count)]  # of a unit by height
    xyz = points[rows, :3].astype(np.float64)
    xyz[:, 2] = height[rows]
    intensity = points[rows, 3].astype(np.float64)

    def mean(values: np.ndarray) -> np.ndarray:
        total = np.add.reduceat(values, starts, axis=0)
        return total / (sizes[:, None] if values.ndim == 2 else sizes)

    centre = mean(xyz)
    away = xyz - np.repeat(centre, sizes.astype(np.int64), axis=0)
    i, j = np.triu_indices(3)
    spread = np.empty((count, 3, 3))
    spread[:, i, j] = spread[:, j, i] = mean(away[:, i] * away[:, j])
    values, vectors = np.linalg.eigh(spread)
    third, second, first = np.maximum(values.T, 0)
    whole = first + _SMALL**2
    sides = np.maximum.reduceat(xyz, starts) - np.minimum.reduceat(xyz, starts)
    longer, shorter = sides[:, :2].max(axis=1), sides[:, :2].min(axis=1)
    top = starts + sizes.astype(np.int64) - 1

    def quantile(share: float) -> np.ndarray:
        found: np.ndarray = xyz[starts + ((sizes - 1) * share).astype(np.int64), 2]
        return found

    far = np.hypot(centre[:, 0], centre[:, 1])
    volume = np.prod(np.maximum(sides, _SMALL), axis=1)
    light = mean(intensity)

    def brightness(share: float) -> np.ndarray:
        found: np.ndarray = by_light[starts + ((sizes - 1) * share).astype(np.int64)]
        return found

    columns = (
        is_cell(kind),
        longer,
        shorter,
        sides[:, 2],
        longer * shorter,
        xyz[starts, 2],
        xyz[top, 2],
        quantile(0.25),
        quantile(0.5),
        quantile(0.75),
        np.log(sizes),
        far,
        np.log(sizes / volume),
        np.log(sizes * np.maximum(far, 1) ** 2),
        light,
        np.sqrt(np.maximum(mean(intensity**2) - light**2, 0)),
        (first - second) / whole,
        (second - third) / whole,
        third / whole,
        np.abs(vectors[:, 2, 2]),  # of the longest axis
        np.abs(centre[:, 1]),
        np.sqrt(spread[:, 2, 2]),
        np.sqrt(third),
        np.abs(vectors[:, 2, 0]),  # of the shortest axis
        brightness(0.1),
        brightness(0.9),
    )
    beside = around.around(points, height, ground, unit, centre[:, :2])
    return np.column_stack([*columns, beside]).astype(np.float32)


def _ground_height(points: np.ndarray, ground: np.ndarray, sensor_m: float) -> np.ndarray:
    """(n,) height of the ground under each point: the median of the ground in its 4 m cell, of the
    whole scan's where that has none."""
    below = np.flatnonzero(ground)
    overall = float(np.median(points[below, 2])) if len(below) else -sensor_m
    if not len(below):
        return np.full(len(points), overall, np.float32)
    cell, cells = _numbered(np.floor(points[:, :2] / _GROUND_CELL_M).astype(np.int64))
    heights = sorted_in_groups(cell[below], points[below, 2], cells)
    counts = np.bincount(cell[below], minlength=cells)
    known = np.flatnonzero(counts)
    median = np.full(cells, np.float32(overall))
    median[known] = heights[(np.cumsum(counts) - counts + counts // 2)[known]]
    found: np.ndarray = median[cell]
    return found


def _numbered(cell: np.ndarray) -> tuple[np.ndarray, int]:
    """(n,) a number for each cell (n, 2), and how many numbers there are."""
    low = cell.min(axis=0)
    width, depth = (cell.max(axis=0) - low + 1).tolist()
    if width * depth <= _CELLS_AT_MOST:
        return (cell[:, 0] - low[0]) * depth + (cell[:, 1] - low[1]), width * depth
    _, number = np.unique(cell, axis=0, return_inverse=True)
    return number.reshape(-1), int(number.max()) + 1
