"""Points to voxels and back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from core.classes import FIRST_CODE, IGNORED
from models.sparse.kernel_map import pack


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

    def to_points(self, values: Tensor) -> Tensor:
        """Copy values (V, c) to the points (n, c)."""
        return values[self.voxel_of_point]


def voxelise(points: np.ndarray, voxel_m: float) -> Voxels:
    """Floor points (N, 4) float32 x, y, z, intensity to voxels; rows not finite are left out."""
    rows = np.flatnonzero(np.isfinite(points[:, :3]).all(axis=1))
    valid = np.nan_to_num(points[rows], nan=0.0, posinf=0.0, neginf=0.0)
    cell = np.floor(valid[:, :3] / np.float32(voxel_m)).astype(np.int64)
    cell -= cell.min(axis=0, initial=np.iinfo(np.int64).max) if len(cell) else 0
    zero = np.zeros((len(cell), 1), np.int64)
    keys = pack(torch.from_numpy(np.hstack([zero, cell]))).numpy()
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    new = np.flatnonzero(np.diff(ordered, prepend=-1))
    voxel = np.empty(len(keys), np.int64)
    voxel[order] = np.repeat(np.arange(len(new)), np.diff(new, append=len(keys)))
    return Voxels(
        torch.from_numpy(valid[order[new]]),
        torch.from_numpy(ordered[new]),
        torch.from_numpy(voxel),
        rows,
    )


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
