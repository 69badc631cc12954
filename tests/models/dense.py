"""Slow references: sparse convolution as a dense one in float64, and maps from dictionaries."""

from __future__ import annotations

import itertools

import torch
import torch.nn.functional as F
from torch import Tensor

Site = tuple[int, ...]


def random_sites(seed: int, *, count: int = 90, extent: int = 7, scans: int = 2) -> Tensor:
    """(V, 4) int64 b, x, y, z: distinct sites, sorted."""
    generator = torch.Generator().manual_seed(seed)
    size = torch.tensor([scans, extent, extent, extent])
    drawn = (torch.rand(count, 4, generator=generator) * size).long()
    return torch.unique(drawn, dim=0)


def to_dense(sites: Tensor, features: Tensor, size: int) -> Tensor:
    """(B, C, size, size, size) float64 with zeros where there is no site."""
    scans = int(sites[:, 0].max()) + 1
    grid = features.new_zeros(scans, features.shape[1], size, size, size, dtype=torch.float64)
    b, x, y, z = sites.unbind(1)
    grid = grid.permute(0, 2, 3, 4, 1).contiguous()
    grid = grid.index_put((b, x, y, z), features.double())
    return grid.permute(0, 4, 1, 2, 3)


def at_sites(grid: Tensor, sites: Tensor) -> Tensor:
    """(V, C) values of a grid (B, C, X, Y, Z) at sites (V, 4)."""
    b, x, y, z = sites.unbind(1)
    return grid.permute(0, 2, 3, 4, 1)[b, x, y, z]


def kernel3(weight: Tensor) -> Tensor:
    """(out, in, 3, 3, 3) of ours (27, in, out), x fastest."""
    z_y_x = weight.double().view(3, 3, 3, weight.shape[1], weight.shape[2])
    return z_y_x.permute(4, 3, 2, 1, 0)


def kernel2(weight: Tensor) -> Tensor:
    """(out, in, 2, 2, 2) of ours (8, in, out), z fastest."""
    x_y_z = weight.double().view(2, 2, 2, weight.shape[1], weight.shape[2])
    return x_y_z.permute(4, 3, 0, 1, 2)


def submanifold(sites: Tensor, features: Tensor, weight: Tensor, size: int) -> Tensor:
    """3x3x3 with outputs at the inputs' sites only."""
    out = F.conv3d(to_dense(sites, features, size), kernel3(weight), padding=1)
    return at_sites(out, sites)


def strided3(sites: Tensor, features: Tensor, weight: Tensor, size: int, outputs: Tensor) -> Tensor:
    """3x3x3, stride 2, padding 1, at `outputs`."""
    out = F.conv3d(to_dense(sites, features, size), kernel3(weight), stride=2, padding=1)
    return at_sites(out, outputs)


def down(sites: Tensor, features: Tensor, weight: Tensor, size: int, outputs: Tensor) -> Tensor:
    """2x2x2, stride 2, at `outputs`."""
    out = F.conv3d(to_dense(sites, features, size), kernel2(weight), stride=2)
    return at_sites(out, outputs)


def up(parents: Tensor, features: Tensor, weight: Tensor, size: int, outputs: Tensor) -> Tensor:
    """Transposed 2x2x2, stride 2, at `outputs`."""
    dense = to_dense(parents, features, size)
    kernel = kernel2(weight).transpose(0, 1)
    return at_sites(F.conv_transpose3d(dense, kernel, stride=2), outputs)


def pairs_of(kernel_map) -> set[tuple[int, int, int]]:
    """{(offset, input, output)} that a kernel map holds, the identity of its centre too."""
    found = set()
    start = 0
    for k, size in enumerate(kernel_map.sizes):
        for i, o in zip(
            kernel_map.inputs[start : start + size].tolist(),
            kernel_map.outputs[start : start + size].tolist(),
            strict=True,
        ):
            found.add((k, i, o))
        start += size
    if kernel_map.center is not None:
        found |= {(kernel_map.center, v, v) for v in range(kernel_map.output_count)}
    return found


def submanifold_pairs(sites: Tensor) -> set[tuple[int, int, int]]:
    """The same for 3x3x3 within, from a dictionary."""
    index = {tuple(site): v for v, site in enumerate(sites.tolist())}
    found = set()
    for site, output in index.items():
        for k, (dz, dy, dx) in enumerate(itertools.product((-1, 0, 1), repeat=3)):
            b, x, y, z = site
            neighbour = index.get((b, x + dx, y + dy, z + dz))
            if neighbour is not None:
                found.add((k, neighbour, output))
    return found


def strided_sites(sites: Tensor) -> list[Site]:
    """Sorted sites that a 3x3x3 stride-2 convolution reaches, none below zero."""
    reached = set()
    for b, *site in sites.tolist():
        for shift in itertools.product((-1, 0, 1), repeat=3):
            at = [s - d for s, d in zip(site, shift, strict=True)]
            if all(a >= 0 and a % 2 == 0 for a in at):
                reached.add((b, *(a // 2 for a in at)))
    return sorted(reached)
