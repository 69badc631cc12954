"""Points to voxels, back, and labels of voxels, against loops over dictionaries."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
import torch

from core.base.errors import DataError
from core.data.classes import IGNORED, UNLABELLED
from models.networks.voxels import batched, voxel_labels, voxelise
from models.sparse.kernel_map import unpack


def cloud(seed: int, count: int = 400) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.uniform(-3, 3, (count, 4)).astype(np.float32)


@pytest.mark.parametrize("voxel_m", [0.05, 0.5, 2.0])
def test_voxels_are_those_of_a_dictionary(voxel_m: float):
    points = cloud(1)
    voxels = voxelise(points, voxel_m)
    cells = [tuple(np.floor(p[:3] / np.float32(voxel_m)).astype(int).tolist()) for p in points]
    low = np.min(cells, axis=0)
    first: dict[tuple[int, ...], int] = {}
    for row, cell in enumerate(cells):
        first.setdefault(tuple(np.subtract(cell, low).tolist()), row)
    order = sorted(first)
    assert [tuple(site) for site in unpack(voxels.keys)[:, 1:].tolist()] == order
    np.testing.assert_array_equal(voxels.features.numpy(), points[[first[cell] for cell in order]])
    of_point = [order[v] for v in voxels.voxel_of_point.tolist()]
    assert of_point == [tuple(np.subtract(cell, low).tolist()) for cell in cells]


def test_rows_without_coordinates_are_left_out():
    points = cloud(2, 6)
    points[1, 0] = np.nan
    points[4, 2] = np.inf
    points[5, 3] = np.nan  # a missing intensity is no reason to lose a point
    voxels = voxelise(points, 0.1)
    assert voxels.rows.tolist() == [0, 2, 3, 5]
    assert bool(torch.isfinite(voxels.features).all())


def test_a_scan_without_points_has_no_voxels():
    voxels = voxelise(np.zeros((0, 4), np.float32), 0.1)
    assert len(voxels.keys) == len(voxels.features) == len(voxels.rows) == 0


@pytest.mark.parametrize("seed", range(3))
def test_voxel_labels_are_the_majority_of_the_labelled_points(seed: int):
    rng = np.random.default_rng(seed)
    voxel = rng.integers(0, 60, 300)
    labels = rng.choice(np.array([0, 1, 2, 7, IGNORED, UNLABELLED], np.uint8), 300)
    wanted = []
    for v in range(60):
        counts = Counter(labels[(voxel == v) & (labels < 200)].tolist())
        best = max(counts.values(), default=0)
        wanted.append(min((c for c in counts if counts[c] == best), default=IGNORED))
    assert voxel_labels(voxel, labels, 60).tolist() == wanted


def test_a_tie_goes_to_the_lowest_class():
    voxel = np.zeros(4, np.int64)
    assert voxel_labels(voxel, np.array([5, 2, 5, 2], np.uint8), 1).tolist() == [2]


def test_a_batch_keeps_its_scans_apart_and_sorted():
    scans = [voxelise(cloud(seed), 0.5) for seed in range(3)]
    features, keys = batched(scans)
    assert bool((keys.diff() > 0).all())
    sites = unpack(keys)
    start = 0
    for number, scan in enumerate(scans):
        mine = slice(start, start + len(scan.keys))
        assert set(sites[mine, 0].tolist()) == {number}
        assert torch.equal(sites[mine, 1:], unpack(scan.keys)[:, 1:])
        assert torch.equal(features[mine], scan.features)
        start += len(scan.keys)


def test_a_scan_too_wide_is_named():
    points = cloud(1, 4)
    points[2, 1] = 1e7
    with pytest.raises(DataError, match="voxels wide"):
        voxelise(points, 0.05)
