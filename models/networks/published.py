"""Checkpoints of spvnas, ReDAL and LiDAL as the start of a round, read without running any code.

Their containers: {"model"}, {"model_state_dict"} or the bare state dict; a prefix "module." from
parallel training; unused point_transforms in MinkUNet. Names and kernel layout are ours already.
"""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from core.base.errors import ProjectError

_CONTAINERS = ("model", "model_state_dict", "state_dict")


def read_published(path: Path, network: nn.Module) -> dict[str, Tensor]:
    """Return the tensors of a published checkpoint that fit `network`'s state dict, all of them.

    Raises ProjectError where the file cannot be read, or says which layer does not fit.
    """
    try:
        stored = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        raise ProjectError(f"{path} is missing.", "Name a checkpoint file.") from error
    except (OSError, RuntimeError, EOFError, ValueError, pickle.UnpicklingError) as error:
        first = (str(error).splitlines() or ["unknown format"])[0]
        raise ProjectError(
            f"{path} is no checkpoint that can be read safely: {first}",
            "Save its state dict alone: torch.save(model.state_dict(), path).",
        ) from error
    tensors = _state_dict(path, stored)
    wanted = network.state_dict()
    missing = [name for name in wanted if name not in tensors and not _counter(name)]
    if missing:
        raise ProjectError(
            f"{path} is of another network: it has no {missing[0]}"
            + (f" and lacks {len(missing) - 1} more." if len(missing) > 1 else "."),
            "Choose the network it was trained with by train.network.",
        )
    for name, tensor in wanted.items():
        if name in tensors and tensors[name].shape != tensor.shape:
            found, needed = (tuple(t.shape) for t in (tensors[name], tensor))
            raise ProjectError(
                f"{path} has {name} of shape {found}; this project needs {needed}.",
                "Its width (train.width) or number of classes is another.",
            )
    return {name: tensors.get(name, value) for name, value in wanted.items()}


def _state_dict(path: Path, stored: Any) -> dict[str, Tensor]:
    for key in _CONTAINERS:
        if isinstance(stored, Mapping) and isinstance(stored.get(key), Mapping):
            stored = stored[key]
            break
    if not isinstance(stored, Mapping):
        raise ProjectError(f"{path} holds no state dict.", "Save the network's state dict.")
    return {
        str(name).removeprefix("module."): value
        for name, value in stored.items()
        if isinstance(value, Tensor)
    }


def _counter(name: str) -> bool:
    return name.endswith("num_batches_tracked")  # old checkpoints lack it; nothing depends on it
