"""Sparse convolution by torchsparse 2.1, on CUDA, where somebody has built it.

It is on no package index; its weights have our layout. Its gather-scatter function takes pairs
(input, output) grouped by offset, the identity among them, and masks made of them.
"""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

import torch
import torchsparse.backend
from torch import Tensor
from torchsparse.nn.functional.conv.func.gather_scatter import GatherScatterConvolutionFuntion

from models.sparse import torch_backend
from models.sparse.kernel_map import KernelMap

_CONFIG = {"epsilon": 0.0, "mm_thresh": 0}  # one matrix product per offset
_tables: WeakKeyDictionary[KernelMap, dict[str, Any]] = WeakKeyDictionary()


def conv(features: Tensor, weight: Tensor, kernel_map: KernelMap) -> Tensor:
    """Convolve: features (I, in), weight (K, in, out) -> (O, out)."""
    if kernel_map.center is None and len(weight) % 2:
        # It takes the middle offset of an odd kernel for the identity where counts are equal.
        return torch_backend.conv(features, weight, kernel_map)
    table = _tables.get(kernel_map)
    if table is None:
        table = _tables[kernel_map] = _table(kernel_map)
    out: Tensor = GatherScatterConvolutionFuntion.apply(features, weight, table, _CONFIG, False)
    return out


def _table(kernel_map: KernelMap) -> dict[str, Any]:
    sizes = list(kernel_map.sizes)
    pairs = torch.stack([kernel_map.inputs, kernel_map.outputs], dim=1)
    if kernel_map.center is not None:
        before = sum(sizes[: kernel_map.center])
        every = torch.arange(kernel_map.output_count, device=pairs.device)
        pairs = torch.cat([pairs[:before], torch.stack([every, every], dim=1), pairs[before:]])
        sizes[kernel_map.center] = len(every)
    pairs = pairs.int().contiguous()
    counts = torch.tensor(sizes, dtype=torch.int32, device=pairs.device)
    ends = (kernel_map.input_count, kernel_map.output_count)
    input_mask, output_mask = torchsparse.backend.build_mask_from_kmap(*ends, pairs, counts)
    return {
        "nbmaps": pairs,
        "nbsizes": counts,
        "sizes": ends,
        "input_mask": input_mask,
        "output_mask": output_mask,
    }
