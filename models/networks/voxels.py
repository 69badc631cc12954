"""Points to voxels and back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from core.data.classes import FIRST_CODE, IGNORED
from models.sparse.kernel_map import check_extent, pack_columns


@dataclass(frozen=True)
class Voxels:
    """One scan's voxels, sorted by key.

    features (V, 4) float32: the first point of each voxel, in file order; keys (V,) int64;
    voxel_of_point (n,) int64; rows (n,) int64, the scan's rows with finite coordinates.
    """

    features: Tensor
    keys: Tensor
    voxel_of_point: Tensor
    rows: np.ndarray


def voxelise(points: np.ndarray, voxel_m: float) -> Voxels:
    """Floor points (N, 4) float32 x, y, z, intensity to voxels; rows not finite are left out.

    Raises DataError where the scan is too wide.
    """
    finite = np.isfinite(points[:, 0]) & np.isfinite(points[:, 1]) & np.isfinite(points[:, 2])
    rows = np.flatnonzero(finite)
    if not len(rows):
        none = torch.zeros(0, dtype=torch.int64)
        return Voxels(torch.zeros(0, 4), none, none, rows)
    kept = points if len(rows) == len(points) else points[rows]
    # Column by column: a third of the time of (N, 3) at once.
    columns = [np.floor(kept[:, k] / np.float32(voxel_m)).astype(np.int64) for k in range(3)]
    for column in columns:
        column -= column.min()
    x, y, z = columns
    check_extent(int(max(column.max() for column in columns)))
    place = (x * (int(y.max()) + 1) + y) * (int(z.max()) + 1) + z
    narrow = place.astype(np.int32) if place.max() < 2**31 else place  # sorts in half the time
    order = torch.argsort(torch.from_numpy(narrow), stable=True).numpy()
    ordered = place[order]
    new = np.flatnonzero(np.diff(ordered, prepend=-1))
    voxel = np.empty(len(rows), np.int64)
    voxel[order] = np.repeat(np.arange(len(new)), np.diff(new, append=len(rows)))
    first = order[new]
    features = np.nan_to_num(kept[first], nan=0.0, posinf=0.0, neginf=0.0)  # intensity may be
    keys = pack_columns(*(torch.from_numpy(column[first]) for column in columns))
    return Voxels(torch.from_numpy(features), keys, torch.from_numpy(voxel), rows)


def voxel_labels(voxel_of_point: np.ndarray, labels: np.ndarray, voxels: int) -> np.ndarray:
    """(V,) int64: majority class of each voxel's labelled points, ties to the lowest class;
    IGNORED where no point has a class. labels (n,) uint8 per point."""
    out = np.full(voxels, IGNORED, np.int64)
    known = labels < FIRST_CODE
    pairs, counts = np.unique(
        voxel_of_point[known].astype(np.int64) * 256 + labels[known], return_counts=True
    )
    # The last one written wins: most points last, among equals the lowest class last.
    order = np.lexsort((-(pairs % 256), counts))
    out[pairs[order] // 256] = pairs[order] % 256
    return out


def batched(scans: list[Voxels]) -> tuple[Tensor, Tensor]:
    """Features (V, 4) and keys (V,) of several scans as one batch; keys stay sorted."""
    features = torch.cat([scan.features for scan in scans])
    keys = torch.cat([scan.keys + (b << 48) for b, scan in enumerate(scans)])
    return features, keys
