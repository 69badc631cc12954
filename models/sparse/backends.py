"""Which sparse convolution runs where: plain torch everywhere, a faster one where it is right.

A backend is a module with `conv(features, weight, kernel_map)`. A faster one is used only after it
agreed with plain torch on a small random cloud, gradients included: about a second, once.
"""

from __future__ import annotations

import functools
import importlib
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from models.sparse import torch_backend
from models.sparse.kernel_map import KernelMap, down_map, pack, submanifold_map

Convolution = Callable[[Tensor, Tensor, KernelMap], Tensor]
FASTER = {"cuda": ("spconv_triton", "torchsparse"), "cpu": ("compiled",)}  # in this order
_TOLERANCE = 1e-4  # ‖difference‖ / ‖reference‖ in float32; a wrong layout gives about 1


@dataclass(frozen=True)
class Backend:
    """A sparse convolution in use: its name, the function, and why others were passed over."""

    name: str
    conv: Convolution
    passed_over: tuple[str, ...] = ()


def conv(features: Tensor, weight: Tensor, kernel_map: KernelMap) -> Tensor:
    """Convolve: features (I, in), weight (K, in, out) -> (O, out), in autocast's type if on."""
    where = features.device.type
    if torch.is_autocast_enabled(where):
        half = torch.get_autocast_dtype(where)
        features, weight = features.to(half), weight.to(half)
    return choose(where).conv(features, weight, kernel_map)


@functools.cache
def choose(device_type: str) -> Backend:
    """The backend for a kind of device, found once."""
    return first_that_agrees(FASTER.get(device_type, ()), torch.device(device_type))


def first_that_agrees(names: Sequence[str], device: torch.device) -> Backend:
    """The first backend that imports and agrees with plain torch, else plain torch."""
    reasons = []
    for name in names:
        try:
            module = importlib.import_module(f"models.sparse.{name}_backend")
            # Who scores first asks in inference mode, where there are no gradients to compare.
            with torch.inference_mode(False), torch.enable_grad():
                check_agreement(module.conv, device)
        except ModuleNotFoundError as error:
            missing = (error.name or name).partition(".")[0]
            reasons.append(f"{name} ({missing} is not installed)")
        except Exception as error:  # foreign compiled code fails in its own ways
            reasons.append(f"{name} ({type(error).__name__}: {error})".splitlines()[0])
        else:
            return Backend(name, module.conv, tuple(reasons))
    return Backend("torch", torch_backend.conv, tuple(reasons))


def release_buffers() -> None:
    """Give back what convolutions kept, those of all threads, when training or scoring ends."""
    torch_backend.release_buffers()
    compiled = sys.modules.get("models.sparse.compiled_backend")
    if compiled is not None:
        compiled.release_threads()


def describe() -> str:
    """The backend of this machine in words, with the reasons why it is no faster one."""
    on_gpu = torch.cuda.is_available()
    found = choose("cuda" if on_gpu else "cpu")
    text = f"{found.name} on {torch.cuda.get_device_name() if on_gpu else 'the CPU'}"
    return "; ".join([text, *(f"not {reason}" for reason in found.passed_over)])


def check_agreement(convolve: Convolution, device: torch.device) -> None:
    """Raise ValueError where a backend differs from plain torch, values or gradients, on a small
    random cloud: within a level, down and up."""
    generator = torch.Generator().manual_seed(0)
    sites = torch.unique(torch.randint(0, 12, (900, 4), generator=generator), dim=0)
    sites[:, 0] %= 2
    keys = pack(torch.unique(sites, dim=0)).to(device)
    down = down_map(keys)[1]
    maps = {"within": submanifold_map(keys), "down": down, "up": down.transposed()}
    for name, kernel_map in maps.items():
        x = torch.randn(kernel_map.input_count, 16, generator=generator).to(device)
        weight = torch.randn(len(kernel_map.sizes), 16, 24, generator=generator).to(device)
        x.requires_grad_()
        weight.requires_grad_()
        wanted = torch_backend.conv(x, weight, kernel_map)
        found = convolve(x, weight, kernel_map)
        pull = torch.randn(wanted.shape, generator=generator).to(device)
        both = zip(
            (found, *torch.autograd.grad(found, (x, weight), pull)),
            (wanted, *torch.autograd.grad(wanted, (x, weight), pull)),
            strict=True,
        )
        for what, (a, b) in zip(("values", "gradients", "weight gradients"), both, strict=True):
            error = float(((a - b).norm() / b.norm()).detach())
            if not error <= _TOLERANCE:
                raise ValueError(f"its {what} {name} a level differ by {error:.1e}")
