"""The processes that train together, one per GPU: sums over all of them, normalisation across them.

Alone, everything here is the identity, so training is written once.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MethodType
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn


@dataclass(frozen=True)
class Group:
    """This process's place among `size` processes."""

    rank: int = 0
    size: int = 1

    @classmethod
    def current(cls) -> Group:
        """The group that torchrun started, or one process alone."""
        if not (dist.is_available() and dist.is_initialized()):
            return cls()
        return cls(dist.get_rank(), dist.get_world_size())

    @property
    def leads(self) -> bool:
        """Whether this process writes the files and tells the progress."""
        return self.rank == 0

    def total(self, values: Tensor) -> Tensor:
        """Sum of `values`, without a gradient, over the processes."""
        if self.size > 1:
            values = values.clone()
            dist.all_reduce(values)
        return values

    def meet(self) -> None:
        """Wait until every process is here."""
        if self.size > 1:
            dist.barrier()

    def join(self, network: nn.Module) -> nn.Module:
        """Make `network` average its gradients and normalise over all processes' rows."""
        if self.size == 1:
            return network
        for module in network.modules():
            if isinstance(module, nn.BatchNorm1d):
                # One object only: a class of its own would have to copy parameters and buffers.
                module.forward = MethodType(_normalise, module)  # type: ignore[method-assign]
        return nn.parallel.DistributedDataParallel(network)


class _Total(torch.autograd.Function):
    """Sum over the processes; so is the gradient, since each process uses the sum."""

    @staticmethod
    def forward(ctx: Any, values: Tensor) -> Tensor:
        total = values.clone()
        dist.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        total = gradients[0].contiguous().clone()
        dist.all_reduce(total)
        return total


def _normalise(norm: nn.BatchNorm1d, x: Tensor) -> Tensor:
    """Batch normalisation with the mean and variance of all processes' rows.

    torch's SyncBatchNorm has no CPU form and refuses a process without rows; this one serves both.
    """
    if not norm.training:
        return nn.BatchNorm1d.forward(norm, x)
    wide = x.to(torch.promote_types(x.dtype, torch.float32))  # sums of halves in single
    count = wide.new_tensor(float(len(wide)))
    dist.all_reduce(count)
    mean = _Total.apply(wide.sum(0)) / count
    variance = _Total.apply(((wide - mean) ** 2).sum(0)) / count
    with torch.no_grad():
        assert norm.running_mean is not None
        assert norm.running_var is not None
        assert norm.num_batches_tracked is not None
        assert norm.momentum is not None
        norm.num_batches_tracked += 1
        unbiased = variance * count / (count - 1)
        norm.running_mean.lerp_(mean, norm.momentum)
        norm.running_var.lerp_(unbiased, norm.momentum)
    y: Tensor = (wide - mean) * torch.rsqrt(variance + norm.eps) * norm.weight + norm.bias
    return y.to(x.dtype)
