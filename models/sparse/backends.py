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
# ‖difference‖ / ‖reference‖; a wrong layout gives about 1.
_TOLERANCE = {torch.float32: 1e-4, torch.float16: 5e-3}
_MIXED_ON = ("cuda",)  # kinds of device on which `train.mixed` uses half precision
_CHANNELS = ((4, 8), (16, 24))


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
    """Give back what convolutions of all threads kept, and end this one's helpers, when training
    or scoring ends."""
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
    random cloud: within a level, down and up; for as few channels as a network begins with and for
    more, in single precision and where a training may be mixed in half."""
    generator = torch.Generator().manual_seed(0)
    sites = torch.unique(torch.randint(0, 12, (900, 4), generator=generator), dim=0)
    sites[:, 0] %= 2
    keys = pack(torch.unique(sites, dim=0)).to(device)
    down = down_map(keys)[1]
    maps = {"within": submanifold_map(keys), "down": down, "up": down.transposed()}
    for kind in _TOLERANCE if device.type in _MIXED_ON else (torch.float32,):
        for channels in _CHANNELS:
            for name, kernel_map in maps.items():
                _check(convolve, kernel_map, name, channels, kind, generator, device)


def _check(
    convolve: Convolution,
    kernel_map: KernelMap,
    name: str,
    channels: tuple[int, int],
    kind: torch.dtype,
    generator: torch.Generator,
    device: torch.device,
) -> None:
    def drawn(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator).to(device, kind)

    x = drawn(kernel_map.input_count, channels[0])
    weight = drawn(len(kernel_map.sizes), *channels)
    pull = drawn(kernel_map.output_count, channels[1])
    both = []
    # The reference is in single precision, so that it has no rounding of its own.
    for which, of in ((convolve, kind), (torch_backend.conv, torch.float32)):
        features, kernel = (tensor.to(of, copy=True).requires_grad_() for tensor in (x, weight))
        y = which(features, kernel, kernel_map)
        both.append((y, *torch.autograd.grad(y, (features, kernel), pull.to(y.dtype))))
    parts = ("values", "gradients", "weight gradients")
    for what, found, wanted in zip(parts, *both, strict=True):
        error = float(((found.float() - wanted).norm() / wanted.norm()).detach())
        if not error <= _TOLERANCE[kind]:
            where = f"{channels[0]} channels, {str(kind).removeprefix('torch.')}"
            raise ValueError(f"its {what} {name} a level differ by {error:.1e} ({where})")
