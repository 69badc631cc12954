"""Sparse convolution in plain torch: packed pairs, reused buffers, sums by embedding_bag.

Runs on CPU and CUDA, without atomics, so the same input gives the same bits.
"""

from __future__ import annotations

import threading
from typing import Any
from weakref import WeakSet

import torch
import torch.nn.functional as F
from torch import Tensor

from models.sparse.kernel_map import KernelMap


class _Buffers:
    """One thread's buffers. That of autograd, which runs what is backward on CUDA, never ends."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, torch.device, torch.dtype], Tensor] = {}
        with _lock:
            _of_all.add(self)


_of_all: WeakSet[_Buffers] = WeakSet()
_lock = threading.Lock()


class _Workspace(threading.local):
    """Grow-only buffers, one set per thread. Fresh large buffers cost more than the products."""

    def __init__(self) -> None:
        self.mine = _Buffers()

    def take(self, name: str, rows: int, columns: int, like: Tensor) -> Tensor:
        key = (name, like.device, like.dtype)
        wanted = rows * columns
        kept = self.mine.kept.get(key)
        if kept is None or kept.numel() < wanted:
            # Zeroed: products on what memory held before can meet denormals, 100 times slower.
            # A buffer that scoring made in inference mode must serve training too.
            with torch.inference_mode(False):
                kept = self.mine.kept[key] = like.new_zeros(wanted)
        return kept[:wanted].view(rows, columns)


_workspace = _Workspace()


def release_buffers() -> None:
    """Give every thread's buffers back, on CUDA to the device too, when training or scoring ends.

    A thread that is in the middle of its work holds what it uses, and takes new ones after that.
    """
    with _lock:
        for buffers in _of_all:
            buffers.kept.clear()
    if torch.cuda.is_initialized():
        torch.cuda.empty_cache()


def conv(features: Tensor, weight: Tensor, kernel_map: KernelMap) -> Tensor:
    """Convolve: features (I, in), weight (K, in, out) -> (O, out)."""
    out: Tensor = _Convolution.apply(features, weight, kernel_map)
    return out


class _Convolution(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, kernel_map: KernelMap) -> Tensor:
        ctx.save_for_backward(x, weight)
        ctx.kernel_map = kernel_map
        products = _products(x, weight, kernel_map.inputs, kernel_map.sizes)
        y = _sum(products, *kernel_map.forward.found)
        if kernel_map.center is not None:
            y.addmm_(x, weight[kernel_map.center])
        return y

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, Tensor, None]:
        (gradient,) = gradients
        gradient = gradient.contiguous()
        x, weight = ctx.saved_tensors
        kernel_map: KernelMap = ctx.kernel_map
        center = kernel_map.center
        dweight = torch.zeros_like(weight)
        transposed = weight.transpose(1, 2).contiguous()
        want_x = ctx.needs_input_grad[0]
        pairs = len(kernel_map.inputs)
        products = _workspace.take("pairs", pairs, weight.shape[1], x) if want_x else None
        start = 0
        for k, size in enumerate(kernel_map.sizes):
            if not size:
                continue
            span = slice(start, start + size)
            start += size
            g = _gather("gather out", gradient, kernel_map.outputs[span])
            rows = _gather("gather in", x, kernel_map.inputs[span])
            torch.mm(rows.t(), g, out=dweight[k])
            if products is not None:
                torch.mm(g, transposed[k], out=products[span])
        if center is not None:
            torch.mm(x.t(), gradient, out=dweight[center])
        if products is None:
            return None, dweight, None
        dx = _sum(products, *kernel_map.backward.found)
        if center is not None:
            dx.addmm_(gradient, transposed[center])
        return dx, dweight, None


def _products(x: Tensor, weight: Tensor, inputs: Tensor, sizes: tuple[int, ...]) -> Tensor:
    """(P, out) in the workspace: each pair's input row times its offset's weight."""
    out = _workspace.take("pairs", len(inputs), weight.shape[2], x)
    start = 0
    for k, size in enumerate(sizes):
        if size:
            span = slice(start, start + size)
            torch.mm(_gather("gather in", x, inputs[span]), weight[k], out=out[span])
            start += size
    return out


def _gather(name: str, x: Tensor, index: Tensor) -> Tensor:
    out = _workspace.take(name, len(index), x.shape[1], x)
    return torch.index_select(x, 0, index, out=out)


def _sum(values: Tensor, order: Tensor, starts: Tensor) -> Tensor:
    """(G, c): sums of values (P, c) over the groups that `order` and `starts` describe."""
    if not len(order):
        return values.new_zeros(len(starts) - 1, values.shape[1])
    return F.embedding_bag(order, values, starts, mode="sum", include_last_offset=True)
