"""What the detector sees of a scene: its points in upright columns of a grid, the pillars."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

KITTI_HEIGHT_M = 1.73  # of the sensor above the ground: what the range in z was made for
_LOW_M, _HIGH_M = -3.0, 1.0
POINT_FEATURES = 9


class Grid(NamedTuple):
    """The part of a scene that is looked at, in metres, and the side of a pillar.

    `low` and `high` are x, y, z; there are `shape` pillars along x and y.
    """

    low: tuple[float, float, float]
    high: tuple[float, float, float]
    cell_m: float

    @property
    def shape(self) -> tuple[int, int]:
        rows, columns = (round((self.high[k] - self.low[k]) / self.cell_m) for k in range(2))
        return rows, columns

    @property
    def middle_z(self) -> float:
        """The height from which heights are told, so that it is the same for every sensor."""
        return (self.low[2] + self.high[2]) / 2

    def holds(self, xyz: np.ndarray) -> np.ndarray:
        """(n,) bool: which of places (n, 3) lie in it; what is no number does not."""
        inside: np.ndarray = np.all((xyz >= self.low) & (xyz < self.high), axis=1)
        return inside


def grid_of(cell_m: float, ahead_m: float, aside_m: float, *, ring: bool, height_m: float) -> Grid:
    """The grid of a sensor that stands `height_m` above the ground: in a `ring` as far to all
    sides as `ahead_m`, else before the car alone."""
    lower = KITTI_HEIGHT_M - height_m
    return Grid(
        (-ahead_m if ring else 0.0, -aside_m, _LOW_M + lower),
        (ahead_m, aside_m, _HIGH_M + lower),
        cell_m,
    )


class Pillars(NamedTuple):
    """A batch of `scenes`.

    feature : (n, 9) float32 of each point: x, y, z, intensity; offset from the mean of its pillar's
        points (3) and from the pillar's middle (2)
    pillar : (n,) int64 its place among the pillars
    cell : (p,) int64 of each pillar that holds points: (scene * rows + row) * columns + column
    """

    feature: Tensor
    pillar: Tensor
    cell: Tensor
    scenes: int

    def to(self, where: torch.device) -> Pillars:
        """The same on a device."""
        return Pillars(
            self.feature.to(where, non_blocking=True),
            self.pillar.to(where, non_blocking=True),
            self.cell.to(where, non_blocking=True),
            self.scenes,
        )


def pillars(scenes: Sequence[np.ndarray], grid: Grid) -> Pillars:
    """Points (n, 4) float32 of each scene, intensities 0..1, as pillars; those outside of the grid
    are left out."""
    rows, columns = grid.shape
    features, places, cells, count = [], [], [], 0
    for number, points in enumerate(scenes):
        inside = points[grid.holds(points[:, :3])]
        feature, place, cell = _of_scene(inside, grid)
        features.append(feature)
        places.append(place + count)
        cells.append(cell + number * rows * columns)
        count += len(cell)
    return Pillars(
        torch.from_numpy(np.concatenate([np.zeros((0, POINT_FEATURES), np.float32), *features])),
        torch.from_numpy(np.concatenate([np.zeros(0, np.int64), *places])),
        torch.from_numpy(np.concatenate([np.zeros(0, np.int64), *cells])),
        len(scenes),
    )


def _of_scene(points: np.ndarray, grid: Grid) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features, places and cells of points that all lie in the grid."""
    rows, columns = grid.shape
    xy = (points[:, :2] - np.array(grid.low[:2], np.float32)) / np.float32(grid.cell_m)
    at = np.minimum(xy.astype(np.int64), (rows - 1, columns - 1))  # rounding may reach the edge
    cell = at[:, 0] * columns + at[:, 1]
    number = np.bincount(cell, minlength=rows * columns)
    there = np.flatnonzero(number)
    place = np.zeros(rows * columns, np.int64)
    place[there] = np.arange(len(there))
    mean = np.stack([np.bincount(cell, points[:, k], rows * columns) for k in range(3)], axis=1)
    mean = (mean[there] / number[there, None]).astype(np.float32)
    found = place[cell]
    middle = (at + 0.5) * grid.cell_m + grid.low[:2]
    feature = np.empty((len(points), POINT_FEATURES), np.float32)
    feature[:, :4] = points[:, :4]
    feature[:, 2] -= grid.middle_z
    feature[:, 4:7] = points[:, :3] - mean[found]
    feature[:, 7:] = points[:, :2] - middle
    return feature, found, there
