"""spconv's own convolution over our pairs."""

from __future__ import annotations

import functools

import torch

from models.sparse.kernel_map import KernelMap


@functools.lru_cache(maxsize=32)
def spconv_pairs(kernel_map: KernelMap) -> tuple[torch.Tensor, torch.Tensor]:
    """Our pairs as spconv keeps them: (2, K, n) int32, -1 for none, and how many per offset."""
    sizes = list(kernel_map.sizes)
    count = max(kernel_map.input_count, kernel_map.output_count)
    pairs = torch.full((2, len(sizes), count), -1, dtype=torch.int32)
    for k, span in enumerate(torch.arange(sum(sizes)).split(sizes)):
        pairs[0, k, : len(span)] = kernel_map.inputs[span]
        pairs[1, k, : len(span)] = kernel_map.outputs[span]
    if kernel_map.center is not None:
        sizes[kernel_map.center] = count
        pairs[:, kernel_map.center] = torch.arange(count)
    return pairs, torch.tensor(sizes, dtype=torch.int32)


def spconv_conv(x: torch.Tensor, weight: torch.Tensor, kernel_map: KernelMap) -> torch.Tensor:
    """spconv's own convolution over our pairs."""
    from spconv.core import ConvAlgo
    from spconv.pytorch import functional

    side = round(len(weight) ** (1 / 3))
    filters = weight.permute(2, 0, 1).contiguous()
    filters = filters.view(weight.shape[2], side, side, side, weight.shape[1])
    outputs = kernel_map.output_count
    return functional.indice_conv(x, filters, *spconv_pairs(kernel_map), outputs, ConvAlgo.Native)
