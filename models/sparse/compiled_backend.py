"""Sparse convolution in compiled loops, on a CPU; what they cannot do is left to plain torch.

They take float32 rows that lie one after the other, a multiple of 4 channels in and of 8 out (of 8
in, where the input's gradient is asked). Each output row is summed by one thread, offset after
offset, so the result has the same bits for any number of threads.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import torch
from torch import Tensor

from models.sparse import torch_backend
from models.sparse.compiled import LANES, UNROLLED, add_outer, add_products, tile_bounds
from models.sparse.kernel_map import KernelMap

_TILE = 1024  # rows of the output that stay in the cache
_WORTH_SHARING = 1 << 22  # products; fewer take less time than telling a thread


@dataclass(frozen=True)
class _Pairs:
    """A kernel map's pairs, the centre's among them, offset by offset, and where they begin.

    inputs, outputs (P,) and starts (K + 1,) int64; `forward` (T + 1, K) int64 where each tile of
    outputs begins in each offset, `backward` the same of inputs.
    """

    inputs: np.ndarray
    outputs: np.ndarray
    starts: np.ndarray
    forward: np.ndarray
    backward: np.ndarray
    output_count: int

    @classmethod
    def of(cls, kernel_map: KernelMap) -> _Pairs | None:
        """None where the pairs of an offset do not rise, or lie outside of the rows."""
        inputs, outputs = kernel_map.inputs.numpy(), kernel_map.outputs.numpy()
        sizes = list(kernel_map.sizes)
        if kernel_map.center is not None:
            # A matrix product would do, but its bits depend on the number of threads.
            at = sum(sizes[: kernel_map.center])
            every = np.arange(kernel_map.output_count)
            inputs, outputs = (np.concatenate([e[:at], every, e[at:]]) for e in (inputs, outputs))
            sizes[kernel_map.center] = len(every)
        starts = np.array([0, *itertools.accumulate(sizes)], np.int64)
        counts = kernel_map.output_count, kernel_map.input_count
        forward, rise = tile_bounds(outputs, inputs, starts, *counts, _TILE)
        backward, both_rise = tile_bounds(inputs, outputs, starts, *counts[::-1], _TILE)
        if not (rise and both_rise):
            return None
        return cls(inputs, outputs, starts, forward, backward, kernel_map.output_count)


_pairs: WeakKeyDictionary[KernelMap, _Pairs | None] = WeakKeyDictionary()


def conv(features: Tensor, weight: Tensor, kernel_map: KernelMap) -> Tensor:
    """Convolve: features (I, in), weight (K, in, out) -> (O, out)."""
    pairs = None
    if _fits(features, weight, kernel_map):
        if kernel_map not in _pairs:
            _pairs[kernel_map] = _Pairs.of(kernel_map)
        pairs = _pairs[kernel_map]
    if pairs is None:
        return torch_backend.conv(features, weight, kernel_map)
    out: Tensor = _Convolution.apply(features.contiguous(), weight.contiguous(), pairs)
    return out


def _fits(x: Tensor, weight: Tensor, kernel_map: KernelMap) -> bool:
    """Whether the loops may run: they check nothing themselves."""
    offsets, depth, width = weight.shape
    return (
        x.device.type == weight.device.type == kernel_map.inputs.device.type == "cpu"
        and x.dtype == weight.dtype == torch.float32
        and x.shape == (kernel_map.input_count, depth)
        and offsets == len(kernel_map.sizes)
        and sum(kernel_map.sizes) == len(kernel_map.inputs) == len(kernel_map.outputs)
        and depth % (LANES if x.requires_grad else UNROLLED) == 0
        and width % LANES == 0
        and depth > 0 < width
        and (kernel_map.center is None or kernel_map.input_count == kernel_map.output_count)
    )


class _Convolution(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, pairs: _Pairs) -> Tensor:
        ctx.save_for_backward(x, weight)
        ctx.pairs = pairs
        y = torch.zeros(pairs.output_count, weight.shape[2])
        _add_products(x, weight, y, pairs.inputs, pairs.outputs, pairs.forward)
        return y

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, Tensor, None]:
        gradient = gradients[0].contiguous()
        x, weight = ctx.saved_tensors
        pairs: _Pairs = ctx.pairs
        dweight = torch.zeros(weight.shape)
        arrays = x.numpy(), gradient.numpy(), dweight.numpy(), pairs.inputs, pairs.outputs
        _share(
            lambda first, last: add_outer(*arrays, pairs.starts, first, last),
            len(dweight),
            len(pairs.inputs) * weight[0].numel(),
        )
        if not ctx.needs_input_grad[0]:
            return None, dweight, None
        dx = torch.zeros(x.shape)
        transposed = weight.transpose(1, 2).contiguous()
        _add_products(gradient, transposed, dx, pairs.outputs, pairs.inputs, pairs.backward)
        return dx, dweight, None


def _add_products(
    x: Tensor,
    weight: Tensor,
    y: Tensor,
    inputs: np.ndarray,
    outputs: np.ndarray,
    bounds: np.ndarray,
) -> None:
    arrays = x.detach().numpy(), weight.detach().numpy(), y.numpy(), inputs, outputs, bounds
    _share(
        lambda first, last: add_products(*arrays, first, last),
        len(bounds) - 1,
        len(inputs) * weight[0].numel(),
    )


class _Workers(threading.local):
    """Threads that help the one that computes."""

    def __init__(self) -> None:
        self.pool: ThreadPoolExecutor | None = None
        self.count = 0

    def take(self, count: int) -> ThreadPoolExecutor:
        if self.pool is None or self.count != count:
            self.release()
            self.pool = ThreadPoolExecutor(count, thread_name_prefix="convolution")
            self.count = count
        return self.pool

    def release(self) -> None:
        if self.pool is not None:
            self.pool.shutdown()
        self.pool = None


_workers = _Workers()


def release_threads() -> None:
    """End this thread's helpers, when training or scoring ends."""
    _workers.release()


def _share(work: Callable[[int, int], None], parts: int, size: int) -> None:
    """Call work(part, part + 1) for each part, `size` products together, on torch's number of
    threads."""
    threads = min(torch.get_num_threads(), parts) if size >= _WORTH_SHARING else 1
    if threads <= 1:
        work(0, parts)
        return
    places = itertools.count()  # next() of it is one step: no two threads get the same part

    def some() -> None:
        for part in places:
            if part >= parts:
                return
            work(part, part + 1)

    pool = _workers.take(torch.get_num_threads() - 1)
    helpers = [pool.submit(some) for _ in range(threads - 1)]
    some()
    for helper in helpers:
        helper.result()
