"""Voxel coordinates as sorted keys, and the maps that sparse convolutions work on.

A coordinate (b, x, y, z) >= 0 is one int64: b · 2^48 + (x+1) · 2^32 + (y+1) · 2^16 + (z+1). The
+1 keeps a neighbour at -1 from borrowing. Keys are sorted, so an offset is one constant added
and matched inputs and outputs both rise.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from core.base.errors import DataError

_X, _Y, _Z = 1 << 32, 1 << 16, 1
MAX_EXTENT = 65_533


class Grouping:
    """Pair positions grouped by their voxel at one end: found when first asked, by plain torch."""

    def __init__(self, find: Callable[[], tuple[Tensor, Tensor]]) -> None:
        self._find = find

    @cached_property
    def found(self) -> tuple[Tensor, Tensor]:
        """(P,) the positions, and where each voxel's group starts, with an end."""
        return self._find()


@dataclass(frozen=True, eq=False)  # a backend may keep tables by map
class KernelMap:
    """Which input voxel feeds which output voxel through which kernel offset.

    Attributes
    ----------
    inputs, outputs : (P,) int64, the packed pairs, offset by offset
    sizes : pairs of each of the K offsets
    center : offset whose pairs are the identity and are not packed, or None
    forward : pair positions grouped by output; backward : the same by input
    input_count, output_count : number of voxels
    """

    inputs: Tensor
    outputs: Tensor
    sizes: tuple[int, ...]
    center: int | None
    forward: Grouping
    backward: Grouping
    input_count: int
    output_count: int

    def transposed(self) -> KernelMap:
        """The same pairs with inputs and outputs swapped."""
        return KernelMap(
            self.outputs,
            self.inputs,
            self.sizes,
            self.center,
            self.backward,
            self.forward,
            self.output_count,
            self.input_count,
        )


def check_extent(most: int) -> None:
    """Raise DataError where the largest coordinate is over 65,533 voxels."""
    if most > MAX_EXTENT:
        raise DataError(
            f"A scan is {most:,} voxels wide; {MAX_EXTENT:,} is the most.",
            "Raise train.voxel_m, or leave out the scan with stray points.",
        )


def pack(coordinates: Tensor) -> Tensor:
    """(V,) int64 keys of coordinates (V, 4) int64 b, x, y, z, all >= 0 and within the extent."""
    b, x, y, z = coordinates.unbind(1)
    return pack_columns(x, y, z).add_(b << 48)


def pack_columns(x: Tensor, y: Tensor, z: Tensor) -> Tensor:
    """(V,) int64 keys of coordinates (V,) int64 of the first scan of a batch."""
    return (x << 32).add_(y << 16).add_(z).add_(_X + _Y + _Z)


def unpack(keys: Tensor) -> Tensor:
    """(V, 4) int64 coordinates b, x, y, z of keys (V,)."""
    mask = 0xFFFF
    return torch.stack(
        [keys >> 48, (keys >> 32 & mask) - 1, (keys >> 16 & mask) - 1, (keys & mask) - 1], dim=1
    )


def submanifold_map(keys: Tensor) -> KernelMap:
    """3x3x3 neighbours of sorted keys (V,); offsets -1..1, x fastest, z slowest."""
    return _packed(neighbours(keys), 13, len(keys), len(keys), mirrored=True)


def neighbours(keys: Tensor) -> list[tuple[Tensor, Tensor]]:
    """The (input, output) pairs of each of the 27 offsets, none for the centre.

    One search per column of three z neighbours; offset 26 - k is offset k with the ends swapped.
    """
    count = len(keys)
    lower: dict[int, tuple[Tensor, Tensor]] = {}  # offset k < 13 -> (input, output)
    last = count - 1
    for dx, dy in ((-1, -1), (-1, 0), (-1, 1), (0, -1)):
        wanted = keys + (dx * _X + dy * _Y - _Z)
        at = torch.searchsorted(keys, wanted)
        for dz in (-1, 0, 1):
            bounded = at.clamp(max=last)
            hit = (keys[bounded] == wanted) & (at < count)
            outputs = hit.nonzero().squeeze(1)
            lower[_offset(dx, dy, dz)] = (at[outputs], outputs)
            at = at + hit
            wanted = wanted + _Z
    below = (keys[:-1] + _Z == keys[1:]).nonzero().squeeze(1)
    lower[_offset(0, 0, -1)] = (below, below + 1)
    pairs: list[tuple[Tensor, Tensor]] = []
    none = keys.new_zeros(0)
    for k in range(27):
        if k == 13:
            pairs.append((none, none))
        elif k in lower:
            pairs.append(lower[k])
        else:
            inputs, outputs = lower[26 - k]
            pairs.append((outputs, inputs))
    return pairs


def _offset(dx: int, dy: int, dz: int) -> int:
    """Index of an offset; those of the four columns and (0, 0, -1) or their mirror images."""
    return (dx + 1) + 3 * (dy + 1) + 9 * (dz + 1)


def down_map(keys: Tensor) -> tuple[Tensor, KernelMap]:
    """Kernel 2, stride 2: return the sorted keys of the parents and the map to them.

    Offsets 0..1, x slowest, z fastest. Each child has one parent.
    """
    coordinates = unpack(keys)
    corner = coordinates[:, 1:] & 1
    offset = 4 * corner[:, 0] + 2 * corner[:, 1] + corner[:, 2]
    coordinates[:, 1:] >>= 1
    parents, parent = torch.unique(pack(coordinates), return_inverse=True)
    order = torch.argsort(offset, stable=True)
    sizes = torch.bincount(offset, minlength=8).tolist()
    pairs = list(zip(order.split(sizes), parent[order].split(sizes), strict=True))
    return parents, _packed(pairs, None, len(keys), len(parents))


def strided_map(keys: Tensor) -> tuple[Tensor, KernelMap]:
    """Kernel 3, stride 2, ordinary: every output site that an input reaches.

    Output o gathers inputs 2o + offset, offsets -1..1, x fastest, z slowest. Coordinates of
    outputs start at 0 as those of the inputs do.
    """
    coordinates = unpack(keys)
    sites, inputs = [], []
    for k in range(27):
        shift = torch.tensor([k % 3 - 1, k // 3 % 3 - 1, k // 9 - 1], device=keys.device)
        position = coordinates[:, 1:] - shift
        reach = ((position & 1) == 0).all(1) & (position >= 0).all(1)
        found = reach.nonzero().squeeze(1)
        site = torch.cat([coordinates[found, :1], position[found] >> 1], dim=1)
        sites.append(pack(site))
        inputs.append(found)
    outputs = torch.unique(torch.cat(sites))
    pairs = [(i, torch.searchsorted(outputs, s)) for i, s in zip(inputs, sites, strict=True)]
    return outputs, _packed(pairs, None, len(keys), len(outputs))


def _packed(
    pairs: list[tuple[Tensor, Tensor]],
    center: int | None,
    input_count: int,
    output_count: int,
    *,
    mirrored: bool = False,
) -> KernelMap:
    """Pack pairs (inputs, outputs) of each offset.

    `mirrored`: those of offset 26 - k are those of k, swapped, in the same order.
    """
    inputs = torch.cat([pair[0] for pair in pairs])
    outputs = torch.cat([pair[1] for pair in pairs])
    sizes = tuple(len(pair[0]) for pair in pairs)
    forward = Grouping(lambda: grouped(outputs, output_count))

    def mirror() -> tuple[Tensor, Tensor]:
        # The group of an input is that of the same voxel as output, each pair by its mirror image.
        order, starts = forward.found
        lengths = torch.tensor(sizes, device=inputs.device)
        first = torch.cumsum(lengths, 0) - lengths
        shift = torch.repeat_interleave(first.flip(0) - first, lengths)
        return order + shift[order], starts

    backward = Grouping(mirror if mirrored else lambda: grouped(inputs, input_count))
    return KernelMap(inputs, outputs, sizes, center, forward, backward, input_count, output_count)


def grouped(index: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Positions grouped by index (P,), and the (count + 1,) starts of the groups."""
    order = torch.argsort(index.int(), stable=True)  # half the bytes, half the time
    starts = index.new_zeros(count + 1)
    torch.cumsum(torch.bincount(index, minlength=count), 0, out=starts[1:])
    return order, starts
