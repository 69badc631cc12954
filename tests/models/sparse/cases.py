"""One sparse convolution of each kind, with its dense reference."""

from __future__ import annotations

import torch

from models.sparse.kernel_map import (
    down_map,
    pack,
    strided_map,
    submanifold_map,
    unpack,
)
from tests.models import dense

SIZE = 8


def rel(found: torch.Tensor, wanted: torch.Tensor) -> float:
    return float((found.detach().double() - wanted.detach()).norm() / wanted.detach().norm())


def case(kind: str, seed: int):
    """Sites, kernel map, input sites, weight shape and a dense reference of one convolution."""
    sites = dense.random_sites(seed)
    keys = pack(sites)
    if kind == "within":
        return (
            submanifold_map(keys),
            len(sites),
            27,
            lambda x, w: dense.submanifold(sites, x, w, SIZE),
        )
    if kind == "strided":
        found, maps = strided_map(keys)
        outputs = unpack(found)
        return maps, len(sites), 27, lambda x, w: dense.strided3(sites, x, w, SIZE, outputs)
    found, maps = down_map(keys)
    parents = unpack(found)
    if kind == "down":
        return maps, len(sites), 8, lambda x, w: dense.down(sites, x, w, SIZE, parents)
    return (
        maps.transposed(),
        len(parents),
        8,
        lambda x, w: dense.up(parents, x, w, SIZE // 2, sites),
    )


KINDS = ("within", "strided", "down", "up")
