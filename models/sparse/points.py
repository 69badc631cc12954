"""Between voxels and coarser voxels: mean pooling and trilinear devoxelising, as in SPVCNN.

Published SPVCNN code (spvnas, ReDAL, LiDAL) takes the integer coordinates of the finest voxels as
its points, so both are fixed weighted sums between two levels of voxels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from models.sparse.kernel_map import grouped, pack, unpack


@dataclass(frozen=True)
class Mixture:
    """Weighted sums: output row o is the sum of weight[p] · input row source[p] over its span.

    source, weight (P,) and starts (O + 1,) grouped by output; target, back_weight (P,) and
    back_starts (I + 1,) the same pairs grouped by input.
    """

    source: Tensor
    weight: Tensor
    starts: Tensor
    target: Tensor
    back_weight: Tensor
    back_starts: Tensor


def mix(x: Tensor, mixture: Mixture) -> Tensor:
    """Apply a mixture to rows x (I, c); return (O, c)."""
    mixed: Tensor = _Mix.apply(x, mixture)
    return mixed


class _Mix(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, mixture: Mixture) -> Tensor:
        ctx.mixture = mixture
        return _sums(x, mixture.source, mixture.weight, mixture.starts)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        m = ctx.mixture
        return _sums(gradients[0].contiguous(), m.target, m.back_weight, m.back_starts), None


def _sums(x: Tensor, index: Tensor, weight: Tensor, starts: Tensor) -> Tensor:
    if not len(index):
        return x.new_zeros(len(starts) - 1, x.shape[1])
    return F.embedding_bag(
        index,
        x,
        starts,
        mode="sum",
        per_sample_weights=weight.to(x.dtype),
        include_last_offset=True,
    )


def pool(keys: Tensor, coarse: Tensor, level: int) -> Mixture:
    """Mean over the voxels of `keys` (V,) inside each voxel of `coarse` (C,), 2^level as wide."""
    sites = unpack(keys)
    sites[:, 1:] >>= level
    parent = torch.searchsorted(coarse, pack(sites))
    weight = (1 / torch.bincount(parent, minlength=len(coarse)))[parent]
    return _mixture(parent, torch.arange(len(keys), device=keys.device), weight, coarse, keys)


def devoxelise(keys: Tensor, coarse: Tensor, level: int) -> Mixture:
    """Trilinear interpolation at the voxels of `keys` (V,) between those of `coarse` (C,).

    Corners floor(c / s) + {0, 1}³, s = 2^level; absent ones are left out and the weights of the
    others divided by their sum.
    """
    sites = unpack(keys)
    base = sites.clone()
    base[:, 1:] >>= level
    part = (sites[:, 1:] - (base[:, 1:] << level)).double() / (1 << level)
    outputs, sources, weights = [], [], []
    for corner in range(8):
        shift = torch.tensor([corner >> 2, corner >> 1 & 1, corner & 1], device=keys.device)
        weight = torch.where(shift.bool(), part, 1 - part).prod(1)
        place = base.clone()
        place[:, 1:] += shift
        wanted = pack(place)
        at = torch.searchsorted(coarse, wanted).clamp(max=len(coarse) - 1)
        found = ((coarse[at] == wanted) & (weight > 0)).nonzero().squeeze(1)
        outputs.append(found)
        sources.append(at[found])
        weights.append(weight[found])
    output, weight = torch.cat(outputs), torch.cat(weights)
    total = torch.zeros(len(keys), dtype=torch.float64, device=keys.device)
    total.index_add_(0, output, weight)
    return _mixture(output, torch.cat(sources), weight / (total[output] + 1e-8), keys, coarse)


def _mixture(
    output: Tensor, source: Tensor, weight: Tensor, outputs: Tensor, inputs: Tensor
) -> Mixture:
    """Group pairs by output and by input; `outputs`, `inputs` give only the number of rows."""
    forward, starts = grouped(output, len(outputs))
    backward, back_starts = grouped(source, len(inputs))
    weight = weight.float()
    return Mixture(
        source[forward], weight[forward], starts, output[backward], weight[backward], back_starts
    )
