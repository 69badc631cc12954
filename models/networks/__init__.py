"""Networks by name."""

from __future__ import annotations

from torch import nn

from models.networks.minkunet import MinkUNet, channels
from models.networks.spvcnn import SPVCNN

NETWORKS = {"minkunet": MinkUNet, "spvcnn": SPVCNN}


def make_network(name: str, *, classes: int, width: float) -> nn.Module:
    """Build a network, its weights drawn from torch's generator."""
    return NETWORKS[name](classes, width)


def feature_size(width: float) -> int:
    """Length of the feature before the classifier."""
    return channels(width)[-1]
