"""References for the networks: a plain convolution, and the least any convolution must do."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from models.sparse.kernel_map import KernelMap, unpack


def plain_conv(x: Tensor, weight: Tensor, kernel_map: KernelMap) -> Tensor:
    """Per offset: gather, multiply, index_add_; autograd does the rest."""
    y = x.new_zeros(kernel_map.output_count, weight.shape[2])
    start = 0
    for k, size in enumerate(kernel_map.sizes):
        if k == kernel_map.center:
            y = y + x @ weight[k]
        elif size:
            span = slice(start, start + size)
            product = x[kernel_map.inputs[span]] @ weight[k]
            y = y.index_add(0, kernel_map.outputs[span], product)
        start += size
    return y


def products_only(x: Tensor, weight: Tensor, kernel_map: KernelMap) -> Tensor:
    """The matrix products of a convolution and nothing else: no gather, no sum; wrong results."""
    return _Products.apply(x, weight, kernel_map)


class _Products(torch.autograd.Function):
    pairs = torch.zeros(0)

    @classmethod
    def buffer(cls, rows: int, columns: int) -> Tensor:
        if cls.pairs.numel() < rows * columns:
            cls.pairs = torch.zeros(rows * columns)
        return cls.pairs[: rows * columns].view(rows, columns)

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, kernel_map: KernelMap) -> Tensor:
        ctx.save_for_backward(x, weight)
        ctx.kernel_map = kernel_map
        out = _Products.buffer(max(kernel_map.sizes), weight.shape[2])
        for k, size in enumerate(kernel_map.sizes):
            torch.mm(x[:size], weight[k], out=out[:size])
        if kernel_map.center is not None:
            return x @ weight[kernel_map.center]
        rows = torch.arange(kernel_map.output_count) % len(x)
        return x[rows] @ weight[0]

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, None]:
        x, weight = ctx.saved_tensors
        g = gradients[0].contiguous()
        kernel_map: KernelMap = ctx.kernel_map
        dweight = torch.zeros_like(weight)
        out = _Products.buffer(max(kernel_map.sizes), weight.shape[1])
        for k, size in enumerate(kernel_map.sizes):
            size = min(size, len(x), len(g))
            torch.mm(x[:size].t(), g[:size], out=dweight[k])
            torch.mm(g[:size], weight[k].t(), out=out[:size])
        if kernel_map.center is not None:
            return g @ weight[kernel_map.center].t(), dweight, None
        rows = torch.arange(len(x)) % len(g)
        return g[rows] @ weight[0].t(), dweight, None


def searched_map(keys: Tensor) -> list[tuple[Tensor, Tensor]]:
    """Neighbours by 27 searches of shuffled queries."""
    order = torch.randperm(len(keys), generator=torch.Generator().manual_seed(0))
    shuffled = keys[order]
    pairs = []
    for dz in (-1, 0, 1):
        for dy in (-1, 0, 1):
            for dx in (-1, 0, 1):
                wanted = shuffled + ((dx << 32) + (dy << 16) + dz)
                at = torch.searchsorted(keys, wanted).clamp(max=len(keys) - 1)
                hit = (keys[at] == wanted).nonzero().squeeze(1)
                pairs.append((at[hit], order[hit]))
    return pairs


def gathered_devoxelise(x: Tensor, keys: Tensor, coarse: Tensor, level: int) -> tuple[Any, Any]:
    """Corner rows (V, 8) and weights (V, 8) for gather, multiply, sum."""
    sites = unpack(keys)
    base = sites.clone()
    base[:, 1:] >>= level
    part = (sites[:, 1:] - (base[:, 1:] << level)).float() / (1 << level)
    rows, weights = [], []
    from models.sparse.kernel_map import pack

    for corner in range(8):
        shift = torch.tensor([corner >> 2, corner >> 1 & 1, corner & 1])
        weight = torch.where(shift.bool(), part, 1 - part).prod(1)
        place = base.clone()
        place[:, 1:] += shift
        wanted = pack(place)
        at = torch.searchsorted(coarse, wanted).clamp(max=len(coarse) - 1)
        rows.append(at)
        weights.append(torch.where(coarse[at] == wanted, weight, 0.0))
    weight = torch.stack(weights, 1)
    return torch.stack(rows, 1), weight / (weight.sum(1, keepdim=True) + 1e-8)
