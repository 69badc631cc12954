"""Layers on voxels: a level of voxels, convolutions with their kernels, normalisation."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from models.sparse import conv
from models.sparse.kernel_map import KernelMap, down_map, submanifold_map


class Levels:
    """The voxels of a batch at strides 1, 2, 4, 8, 16 and the maps between and within them."""

    def __init__(self, keys: Tensor, depth: int) -> None:
        self.keys = [keys]
        self.within: list[KernelMap] = [submanifold_map(keys)]
        self.down: list[KernelMap] = []
        self.up: list[KernelMap] = []
        for _ in range(depth):
            keys, found = down_map(keys)
            self.keys.append(keys)
            self.down.append(found)
            self.up.append(found.transposed())
            self.within.append(submanifold_map(keys))


class SparseConv(nn.Module):
    """A convolution without bias; kernel (K, in, out), or (in, out) for 1x1x1."""

    def __init__(self, inputs: int, outputs: int, size: int, *, transposed: bool = False) -> None:
        super().__init__()
        offsets = size**3
        shape = (inputs, outputs) if offsets == 1 else (offsets, inputs, outputs)
        self.kernel = nn.Parameter(torch.empty(shape))
        bound = 1 / math.sqrt(offsets * (outputs if transposed else inputs))
        nn.init.uniform_(self.kernel, -bound, bound)

    def forward(self, x: Tensor, kernel_map: KernelMap | None = None) -> Tensor:
        if kernel_map is None:
            return x @ self.kernel
        return conv(x, self.kernel, kernel_map)
