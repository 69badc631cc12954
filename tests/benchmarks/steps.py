"""One training step."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F

from models.networks import make_network
from models.networks.voxels import Voxels
from models.sparse import layers
from models.sparse.layers import Levels


def stepper(voxels: Voxels, width: float, conv: Callable | None, name: str = "minkunet"):
    """A training step with the maps ready; `conv` replaces ours while it runs."""
    torch.manual_seed(0)
    network = make_network(name, classes=19, width=width).train()
    optimiser = torch.optim.Adam(network.parameters(), lr=1e-3)
    target = torch.arange(len(voxels.keys)) % 19
    levels = Levels(voxels.keys, 4)

    def step() -> None:
        kept, layers.conv = layers.conv, conv or layers.conv
        try:
            logits, _ = network(voxels.features, levels)
            loss = F.cross_entropy(logits, target)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
        finally:
            layers.conv = kept

    step()
    return step
