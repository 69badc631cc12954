"""Prepare one scan: ground, cells, clusters, each row's unit. Pure: the worker's function."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from core.base.files import Column
from core.base.settings import PrepareSettings
from core.base.sorting import order_by_group, unique_int32
from core.data.rig import Rig
from core.prepare.clustering.cluster import cluster
from core.prepare.ground import cell_keys, ground_mask
from core.prepare.other_units import KINDS, numbers
from core.prepare.shape import shapes
from core.prepare.units import CELL, CLUSTER, HALVINGS, INVALID, NOISE, OVERSIZE, TINY

STORED: dict[str, Column] = {  # of ScanUnits, u units and N rows
    "unit": (np.int32, "N"),
    "kind": (np.uint8, "u"),
    "key": (np.int32, "u"),
    "points": (np.int32, "u"),
    "size": (np.int16, "u"),
    "box_min": (np.float32, "u3"),
    "box_max": (np.float32, "u3"),
    "shape": (np.float32, "uF"),
    "noise_points": (np.int64, ""),
    "oversize": (np.int64, ""),
}

LEAST_SIDE_M = 0.5  # no cell is cut to a smaller side


@dataclass(frozen=True)
class ScanUnits:
    """The units of one scan, in unit order.

    unit (N,) int32 per row as in units.py; kind (u,) uint8; key, points (u,) int32;
    size (u,) int16; box_min, box_max (u, 3) float32; shape (u, 34) float32 as in shape.py; counts
    of noise rows and large clusters.
    """

    unit: np.ndarray
    kind: np.ndarray
    key: np.ndarray
    points: np.ndarray
    size: np.ndarray
    box_min: np.ndarray
    box_max: np.ndarray
    shape: np.ndarray
    noise_points: int
    oversize: int


def prepare_scan(
    points: np.ndarray, settings: PrepareSettings, rig: Rig | None = None
) -> ScanUnits:
    """Split points (N, 4) float32 x, y, z metres and raw intensity in units; `rig` is the one by
    which they were turned."""
    if settings.units != "basal":
        return _others(points, settings, rig)
    rows, valid = _valid(points, settings, rig)
    ground = ground_mask(valid, sensor_height_m=settings.sensor_height_m, rig=rig)
    unit = np.full(len(points), INVALID, np.int32)
    clusters = _clusters(unit, rows[~ground], valid[~ground, :3], settings)
    first_cell = len(clusters.key)
    cells, cells_kind = _cells(unit, rows[ground], valid[ground, :3], settings, first_cell)
    kind = np.concatenate([np.full(first_cell, CLUSTER, np.uint8), cells_kind])
    return ScanUnits(
        unit,
        kind,
        np.concatenate([clusters.key, cells.key]),
        np.concatenate([clusters.points, cells.points]),
        np.concatenate([clusters.size, cells.size]),
        np.concatenate([clusters.low, cells.low]),
        np.concatenate([clusters.high, cells.high]),
        shapes(valid, unit[rows], kind, ground, settings.sensor_height_m),
        int(np.count_nonzero(unit == NOISE)),
        int(-(unit.min(initial=0) - OVERSIZE) + 1) if (unit <= OVERSIZE).any() else 0,
    )


def _others(points: np.ndarray, settings: PrepareSettings, rig: Rig | None) -> ScanUnits:
    """Units of another kind; rows without one are noise."""
    rows, valid = _valid(points, settings, rig)
    ground = ground_mask(valid, sensor_height_m=settings.sensor_height_m, rig=rig)
    number = numbers(valid[:, :3], settings.units)
    inside = number >= 0
    found = _measure(number[inside], valid[inside, :3])
    first_row = rows[inside][found.key]
    kind = np.full(len(found.points), KINDS[settings.units], np.uint8)
    by_key = np.argsort(first_row, kind="stable")  # super-voxels are named by their first row
    if settings.units != "vccs":
        by_key = np.arange(len(kind))
    place = np.empty(len(kind), np.int64)
    place[by_key] = np.arange(len(kind))
    unit = np.full(len(points), INVALID, np.int32)
    unit[rows] = NOISE
    unit[rows[inside]] = place[number[inside]]
    keys = first_row[by_key] if settings.units == "vccs" else np.arange(len(kind))
    size = np.minimum(found.size[by_key], np.iinfo(np.int16).max).astype(np.int16)
    return ScanUnits(
        unit,
        kind,
        keys.astype(np.int32),
        found.points[by_key],
        size,
        found.low[by_key],
        found.high[by_key],
        shapes(valid, unit[rows], kind, ground, settings.sensor_height_m),
        int(np.count_nonzero(~inside)),
        0,
    )


def _valid(
    points: np.ndarray, settings: PrepareSettings, rig: Rig | None
) -> tuple[np.ndarray, np.ndarray]:
    """Rows with finite coordinates outside the own car, and their points, intensity 0..1."""
    far = np.hypot(points[:, 0], points[:, 1]) >= settings.ego_radius_m
    if rig is not None and rig.box is not None:
        far &= ~rig.inside(points)
    rows = np.flatnonzero(np.isfinite(points[:, :3]).all(axis=1) & far)
    valid = points[rows]
    intensity = np.nan_to_num(valid[:, 3], nan=0.0, posinf=0.0, neginf=0.0)
    valid[:, 3] = intensity / np.float32(settings.intensity_scale)
    return rows, valid


@dataclass(frozen=True)
class _Groups:
    key: np.ndarray
    points: np.ndarray
    size: np.ndarray
    low: np.ndarray
    high: np.ndarray


def _clusters(
    unit: np.ndarray, rows: np.ndarray, xyz: np.ndarray, settings: PrepareSettings
) -> _Groups:
    """Cluster non-ground rows; number the kept clusters from 0 in `unit`."""
    number = cluster(
        xyz.astype(np.float64),
        min_cluster_size=settings.min_cluster_size,
        min_samples=settings.min_samples,
        epsilon_m=settings.epsilon_m,
        clusterer=settings.clusterer,
    )
    unit[rows] = NOISE
    inside = number >= 0
    found = _measure(number[inside], xyz[inside])
    first_row = rows[inside][found.key]  # numbered by first row, so keys ascend
    kept = found.size <= settings.max_size_m
    state = np.where(kept, np.cumsum(kept) - 1, OVERSIZE + 1 - np.cumsum(~kept))
    unit[rows[inside]] = state[number[inside]]
    return _Groups(
        first_row[kept].astype(np.int32),
        found.points[kept],
        found.size[kept].astype(np.int16),
        found.low[kept],
        found.high[kept],
    )


def _cells(
    unit: np.ndarray, rows: np.ndarray, xyz: np.ndarray, settings: PrepareSettings, first: int
) -> tuple[_Groups, np.ndarray]:
    """Group ground rows in cells; number those with enough points from `first` in `unit`. A cell
    with more than may be is cut in four, those again. Returns the cells and their kinds (u,)."""
    parts, kinds, side = [], [], settings.cell_m
    for halvings in range(HALVINGS + 1):
        keys, number = unique_int32(cell_keys(xyz, cell_m=side))
        cut = np.zeros(len(keys), bool)
        if settings.split_points and halvings < HALVINGS and side / 2 >= LEAST_SIDE_M:
            cut = np.bincount(number, minlength=len(keys)) > settings.split_points
        found = _measure(number, xyz)
        kept = (found.points >= settings.min_unit_points) & ~cut
        unit[rows] = np.where(kept, first + np.cumsum(kept) - 1, TINY)[number]
        size = np.minimum(found.size[kept], np.iinfo(np.int16).max).astype(np.int16)
        boxes = (found.low[kept], found.high[kept])
        parts.append(_Groups(keys[kept], found.points[kept], size, *boxes))
        kinds.append(np.full(len(parts[-1].key), CELL + halvings, np.uint8))
        first += len(parts[-1].key)
        if not cut.any():
            break
        rows, xyz, side = rows[cut[number]], xyz[cut[number]], side / 2
    joined = (np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(_Groups))
    return _Groups(*joined), np.concatenate(kinds)


def _measure(number: np.ndarray, xyz: np.ndarray) -> _Groups:
    """Per group 0..G-1 of (n,) rows: first place, points, rounded size, box."""
    order = order_by_group(number, int(number.max(initial=-1)) + 1)
    starts = np.flatnonzero(np.diff(number[order], prepend=-1))
    if not len(starts):
        none = np.zeros((0, 3), np.float32)
        empty = np.zeros(0, np.int32)
        return _Groups(empty, empty, empty, none, none)
    low = np.minimum.reduceat(xyz[order], starts)
    high = np.maximum.reduceat(xyz[order], starts)
    extent = (high.astype(np.float64) - low).sum(axis=1)
    points = np.diff(starts, append=len(order)).astype(np.int32)
    return _Groups(order[starts], points, np.floor(extent + 0.5).astype(np.int64), low, high)
