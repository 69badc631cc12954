"""Checkpoints: one safetensors file, tensors and JSON, never a pickle."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

import safetensors.torch
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from core.base.bounded import open_file
from core.base.errors import ProjectError
from core.base.files import write_atomic
from core.data.classes import ClassList

SUFFIX = ".safetensors"
VERSION = 1
_MODEL, _OPTIMISER, _CLASSIFIER = "model.", "adam.", "classifier."
_THEN = ", then "
# A training state of our largest network has 1,300 tensors, a header of 150 kB.
_MOST_HEADER, _MOST_TENSORS, _MOST_ABOUT, _MOST_NAME = 1 << 24, 20_000, 1 << 20, 1000
A = TypeVar("A")


@dataclass(frozen=True)
class About:
    """What a checkpoint is of. `epoch` and `step` are those finished, a step on `batch` scans;
    `torch` its version; `backend` the sparse convolution it was trained with, which decides its
    last bits: "" where an earlier version wrote it."""

    network: str
    width: float
    voxel_m: float
    classes: tuple[str, ...]
    seed: int
    epoch: int
    step: int
    batch: int
    torch: str
    threads: int
    training: str
    version: int = VERSION
    backend: str = ""

    def going_on_with(self, backend: str) -> str:
        """The `backend` of what is trained further with one: all that were used, in their order."""
        if not self.backend or self.backend.split(_THEN)[-1] == backend:
            return self.backend or backend
        return f"{self.backend}{_THEN}{backend}"


def save(
    path: Path,
    network: nn.Module,
    about: Any,
    optimiser: torch.optim.Optimizer | None = None,
    extra: Mapping[str, Tensor] | None = None,
) -> None:
    """Write the network, with `optimiser` its state too, and `extra` tensors, atomically; `about`
    is a dataclass of what JSON holds."""
    tensors = {f"{_MODEL}{name}": t.detach().cpu() for name, t in network.state_dict().items()}
    if optimiser is not None:
        for index, state in optimiser.state_dict()["state"].items():
            for name, value in state.items():
                tensors[f"{_OPTIMISER}{index}.{name}"] = value.detach().cpu()
    tensors |= extra or {}
    tensors = {name: tensor.contiguous() for name, tensor in tensors.items()}
    metadata = {"lidarloop": json.dumps(asdict(about))}
    write_atomic(path, safetensors.torch.save(tensors, metadata))


def read(path: Path) -> tuple[dict[str, Tensor], About]:
    """Return the tensors and what the file is of. Raises ProjectError where it is damaged."""
    return read_as(path, _about)


def _about(stored: Mapping[str, Any]) -> About:
    known = {field.name for field in fields(About)}  # what a later program adds is passed over
    of = {name: value for name, value in stored.items() if name in known}
    about = About(**{**of, "classes": tuple(of["classes"])})
    _check(about)
    return about


def read_as(path: Path, of: Callable[[Mapping[str, Any]], A]) -> tuple[dict[str, Tensor], A]:
    """Return the tensors of a file and what `of` makes of its JSON: it raises KeyError, TypeError
    or ValueError for what is none. Raises ProjectError where the file is damaged."""
    try:
        with open_file(path) as file:  # no pipe, which would wait
            header = int.from_bytes(file.read(8), "little")
        if header > _MOST_HEADER:
            raise ValueError(f"its header would have {header:,} bytes")
        with safe_open(path, framework="pt") as stored_file:
            text, names = (stored_file.metadata() or {})["lidarloop"], stored_file.keys()
            if len(text) > _MOST_ABOUT or len(names) > _MOST_TENSORS:
                raise ValueError(f"it describes {len(names):,} tensors in {len(text):,} bytes")
            stored: dict[str, Any] = json.loads(text)
            tensors = {name: stored_file.get_tensor(name) for name in names}
        if stored["version"] > VERSION:
            raise ProjectError(
                f"{path} was written by a newer LidarLoop (version {stored['version']}).",
                "Update LidarLoop to use it.",
            )
        about = of(stored)
        _check_weights(tensors)
        return tensors, about
    except FileNotFoundError as error:
        raise ProjectError(
            f"{path} is missing.", "Train the round again, or restore the file from a copy."
        ) from error
    except (SafetensorError, OSError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise ProjectError(
            f"{path} is damaged or no checkpoint of LidarLoop: {str(error)[:300]}.",
            "Restore it from a copy, or delete it and train the round again.",
        ) from error


def check_types(about: Any) -> None:
    """Raise ValueError where a value of a dataclass is of another type than it says, or `classes`
    are no names."""
    for field in fields(about):
        value = getattr(about, field.name)
        if type(value).__name__ != str(field.type).partition("[")[0] and not (
            field.type == "float" and type(value) is int
        ):
            raise ValueError(f"{field.name} is {str(value)[:40]!r}")
    if not about.classes or not all(
        isinstance(name, str) and len(name) <= _MOST_NAME for name in about.classes
    ):
        raise ValueError("it is of no classes")


def _check(about: About) -> None:
    """Raise ValueError where what a checkpoint says of itself cannot be."""
    check_types(about)
    if min(about.epoch, about.step, about.batch) < 0:
        raise ValueError("it is of no epoch, step or batch")
    for what, size in (("width", about.width), ("voxel_m", about.voxel_m)):
        if not (math.isfinite(size) and size > 0):
            raise ValueError(f"{what} is {size}")


def _check_weights(tensors: Mapping[str, Tensor]) -> None:
    """Raise ValueError where a weight is no number."""
    for name, tensor in tensors.items():
        if name.startswith((_MODEL, _OPTIMISER)) and not bool(torch.isfinite(tensor).all()):
            raise ValueError(f"{name} is not finite")
        if name.endswith("running_var") and bool((tensor < 0).any()):
            raise ValueError(f"{name} is below 0")


def check_fits(path: Path, about: About, *, network: str, width: float, classes: ClassList) -> None:
    """Raise ProjectError where a checkpoint is of another network, width or class list.

    A class may have had another name when it was trained; classes that were added since are behind
    those that it knows.
    """
    count = len(about.classes)
    wanted: Mapping[str, tuple[object, object]] = {
        "network": (about.network, network),
        "width": (about.width, width),
        "number of classes": (count, min(count, len(classes))),
    }
    use = (
        f"Use a checkpoint of {network}, width {width}, with the {len(classes)} classes of the "
        "project."
    )
    for what, (found, needed) in wanted.items():
        if found != needed:
            raise ProjectError(
                f"{path} has another {what} {str(found)[:80]}, and the project's is {needed}.", use
            )
    check_classes(path, about.classes, classes, use)


def check_classes(path: Path, known: Sequence[str], classes: ClassList, use: str) -> None:
    """Raise ProjectError, with what to `use`, where the classes that a checkpoint knows are none of
    a list, by their names now or before."""
    for number, name in enumerate(known):
        if name != classes.names[number] and name not in classes.names_before(number):
            raise ProjectError(
                f"{path} has another class list: its class {number + 1} is {name}, the project's "
                f"{classes.names[number]}.",
                use,
            )


def load_network(
    network: nn.Module, tensors: Mapping[str, Tensor], *, known: int | None = None
) -> None:
    """Put a checkpoint's weights into a network. Where the checkpoint's class list is shorter, of
    `known` classes, what the network has for the classes behind them stays as it is. Raises
    ProjectError where a weight is missing, is none of the network or has another shape or type."""
    own, state = network.state_dict(), {}
    for name, tensor in tensors.items():
        if name.startswith(_MODEL):
            name = name.removeprefix(_MODEL)
            whole = own.get(name, tensor)
            of_classes = name.startswith(_CLASSIFIER) and tensor.shape[:1] == (known,)
            if of_classes and tensor.shape[1:] == whole.shape[1:] and len(tensor) < len(whole):
                tensor = torch.cat([tensor, whole[len(tensor) :].to(tensor)])
            state[name] = tensor
    lacks, more = own.keys() - state.keys(), state.keys() - own.keys()
    other = [
        name
        for name in own.keys() & state.keys()
        if (own[name].shape, own[name].dtype) != (state[name].shape, state[name].dtype)
    ]
    if lacks or more or other:
        first = min([*lacks, *more, *other])
        raise ProjectError(
            f"The checkpoint is not of this network: {len(lacks)} weights are missing, {len(more)} "
            f"are none of it and {len(other)} have another shape or type ({first[:80]} for one).",
            "Restore it from a copy, or delete it and train the round again.",
        )
    network.load_state_dict(state)


def load_optimiser(
    optimiser: torch.optim.Optimizer,
    tensors: Mapping[str, Tensor],
    state_file: str = "training.safetensors",
) -> None:
    """Put the moments and step counts of a training's state, called `state_file`, into Adam."""
    state: dict[int, dict[str, Tensor]] = {}
    whole = optimiser.state_dict()
    weights = [weight for group in optimiser.param_groups for weight in group["params"]]
    try:
        for name, tensor in tensors.items():
            if name.startswith(_OPTIMISER):
                index, _, key = name.removeprefix(_OPTIMISER).partition(".")
                state.setdefault(int(index), {})[key] = tensor
        for place, found in state.items():
            shapes = {found["exp_avg"].shape, found["exp_avg_sq"].shape, weights[place].shape}
            if len(shapes) > 1 or found["step"].numel() != 1:
                raise ValueError(f"another shape of {place}")
            if any(found[key].dtype != weights[place].dtype for key in ("exp_avg", "exp_avg_sq")):
                raise ValueError(f"another type of {place}")
            if bool((found["exp_avg_sq"] < 0).any()) or float(found["step"]) < 0:
                raise ValueError(f"a square below 0 of {place}")
        whole["state"] = state
        optimiser.load_state_dict(whole)
    except (KeyError, IndexError, ValueError) as error:
        raise ProjectError(
            f"The training that was interrupted cannot go on: its state is damaged ({error}).",
            f"Delete {state_file} in the round's folder and train again.",
        ) from error
