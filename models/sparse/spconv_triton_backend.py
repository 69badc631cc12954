"""Sparse convolution by spconv-triton, on CUDA: a kernel map as its gather tables.

Its implicit matrix product reads, for each output row and offset, the row of the input or -1, and
skips the offsets that no row of a tile has: rows are sorted by the bits of the offsets they have.
"""

from __future__ import annotations

from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
import torch
from spconv_triton.pytorch import functional
from torch import Tensor

from models.sparse.kernel_map import KernelMap

_ALL_OFFSETS = [np.array([0xFFFFFFFF], np.uint32)]


@dataclass(frozen=True)
class _Table:
    """rows (K, n) int32: the row that feeds row n through offset k, or -1; the bits (n, 1) int32
    of the offsets that each row has, sorted, and the rows' order (n,) int32."""

    rows: Tensor
    bits: Tensor
    order: Tensor

    @classmethod
    def of(cls, offsets: int, k: Tensor, source: Tensor, target: Tensor, count: int) -> _Table:
        rows = torch.full((offsets, count), -1, dtype=torch.int32, device=source.device)
        rows[k, target] = source.int()
        places = torch.arange(offsets, dtype=torch.int32, device=source.device)[:, None]
        bits = ((rows >= 0).int() << places).sum(0, dtype=torch.int32)
        bits, order = torch.sort(bits, stable=True)
        return cls(rows, bits[:, None], order.int())


_tables: WeakKeyDictionary[KernelMap, tuple[_Table, _Table]] = WeakKeyDictionary()


def conv(features: Tensor, weight: Tensor, kernel_map: KernelMap) -> Tensor:
    """Convolve: features (I, in), weight (K, in, out) -> (O, out)."""
    found = _tables.get(kernel_map)
    if found is None:
        found = _tables[kernel_map] = _both(kernel_map, len(weight))
    forward, backward = found
    out: Tensor = functional.implicit_gemm(
        features,
        weight.permute(2, 0, 1),  # theirs is (out, K, in)
        forward.rows,
        backward.rows,
        [forward.bits],
        [backward.bits],
        [forward.order],
        [backward.order],
        kernel_map.output_count,
        _ALL_OFFSETS,
        True,
        False,
    )
    return out


def _both(kernel_map: KernelMap, offsets: int) -> tuple[_Table, _Table]:
    inputs, outputs = kernel_map.inputs, kernel_map.outputs
    sizes = torch.tensor(kernel_map.sizes, device=inputs.device)
    k = torch.repeat_interleave(torch.arange(offsets, device=inputs.device), sizes)
    if kernel_map.center is not None:  # the identity is not packed
        every = torch.arange(kernel_map.output_count, device=inputs.device)
        k = torch.cat([k, torch.full_like(every, kernel_map.center)])
        inputs, outputs = torch.cat([inputs, every]), torch.cat([outputs, every])
    return (
        _Table.of(offsets, k, inputs, outputs, kernel_map.output_count),
        _Table.of(offsets, k, outputs, inputs, kernel_map.input_count),
    )
