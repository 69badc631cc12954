"""SPVCNN: published size, its point operations against loops, and properties."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch

from models.networks.spvcnn import SPVCNN
from models.networks.voxels import batched, voxelise
from models.sparse.kernel_map import down_map, pack
from models.sparse.layers import Levels
from models.sparse.points import devoxelise, mix, pool
from tests.models import dense
from tests.models.networks.published_sizes import PARAMETERS, POINT_BRANCH


@pytest.mark.parametrize("width", PARAMETERS)
def test_parameters_are_as_many_as_published(width: float):
    with torch.device("meta"):
        network = SPVCNN(19, width)
    count = sum(p.numel() for p in network.parameters())
    assert count == PARAMETERS[width] + POINT_BRANCH[width]


def levels_of(sites: torch.Tensor, level: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Keys of sites (V, 4), and of those `level` times halved."""
    keys = coarse = pack(sites)
    for _ in range(level):
        coarse, _ = down_map(coarse)
    return keys, coarse


@pytest.mark.parametrize("level", [1, 2, 4])
def test_pooling_is_the_mean_of_the_sites_within(level: int):
    sites = dense.random_sites(2, count=120, extent=20)
    keys, coarse = levels_of(sites, level)
    x = torch.randn(len(keys), 3)
    found = mix(x, pool(keys, coarse, level))
    inside: dict[tuple[int, ...], list[int]] = {}
    for row, (b, *site) in enumerate(sites.tolist()):
        inside.setdefault((b, *(s >> level for s in site)), []).append(row)
    for place, key in enumerate(sorted(inside)):
        torch.testing.assert_close(found[place], x[inside[key]].mean(0))


@pytest.mark.parametrize("level", [2, 4])
def test_devoxelising_is_trilinear_between_the_sites_there_are(level: int):
    sites = dense.random_sites(3, count=120, extent=20)
    keys, coarse = levels_of(sites, level)
    size = 1 << level
    place = {(b, *(s >> level for s in site)) for b, *site in sites.tolist()}
    index = {key: row for row, key in enumerate(sorted(place))}
    x = torch.randn(len(coarse), 3)
    found = mix(x, devoxelise(keys, coarse, level))
    for row, (b, *site) in enumerate(sites.tolist()):
        total, weights = torch.zeros(3), 0.0
        base = [s // size for s in site]
        for corner in itertools.product((0, 1), repeat=3):
            at = index.get((b, *(a + c for a, c in zip(base, corner, strict=True))))
            if at is not None:
                parts = [(s / size) % 1 for s in site]
                weight = np.prod([t if c else 1 - t for c, t in zip(corner, parts, strict=True)])
                total, weights = total + weight * x[at], weights + weight
        torch.testing.assert_close(found[row], total / (weights + 1e-8), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("make", [pool, devoxelise])
def test_gradients_are_the_differences(make):
    keys, coarse = levels_of(dense.random_sites(4, count=30), 2)
    mixture = make(keys, coarse, 2)
    x = torch.randn(len(keys) if make is pool else len(coarse), 2, requires_grad=True)
    pull = torch.randn(len(mixture.starts) - 1, 2)
    (dx,) = torch.autograd.grad((mix(x, mixture) * pull).sum(), x)
    whole = torch.eye(len(x))
    matrix = mix(whole, mixture)  # the map is linear: its matrix gives the gradient
    torch.testing.assert_close(dx, matrix.T @ pull, rtol=1e-5, atol=1e-6)


@torch.inference_mode()
def test_scans_of_a_batch_do_not_see_each_other():
    torch.manual_seed(1)
    network = SPVCNN(5, 0.125).train()
    scans = []
    for seed in (5, 6):
        points = np.random.default_rng(seed).uniform(0, 40, (3000, 4)).astype(np.float32)
        scans.append(voxelise(points, 1.0))
        network(scans[-1].features, Levels(scans[-1].keys, 4))
    network.eval()
    features, keys = batched(scans)
    together, _ = network(features, Levels(keys, 4))
    apart = [network(scan.features, Levels(scan.keys, 4))[0] for scan in scans]
    torch.testing.assert_close(together, torch.cat(apart), rtol=1e-4, atol=1e-5)
