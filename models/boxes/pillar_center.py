"""PillarCenter: pillars of points (Lang et al., CVPR 2019), a dense network as seen from above, and
the middles of things as peaks of a heat map (Yin et al., CVPR 2021).

                                                           S, for a grid of 216 x 248
    points (n, 9) -> linear, norm, ReLU                    (n, 32)
    largest of each pillar, laid out as an image           (B, 32, 216, 248)
    block 1: 3x3 stride 2, then 2 of 3x3                   (B, 32, 108, 124)
    block 2: 3x3 stride 2, then 3                          (B, 64, 54, 62)
    block 3: 3x3 stride 2, then 3                          (B, 128, 27, 31)
    each block brought to stride 2 with 32 channels        (B, 96, 108, 124)
    3x3: the shared map, of which boxes have features      (B, 64, 108, 124)
    1x1: heat of each class and what a box has beside      (B, C + 9, 108, 124)

The nine are offset from the cell's corner (2, in cells), height of the middle above that of the
grid, logarithms of length, width and height (3), sine and cosine of the heading, and how well the
box fits (2 IoU - 1).
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from models.boxes.pillars import POINT_FEATURES, Grid, Pillars, grid_of

STRIDE = 2  # of the maps, in pillars
# Columns behind the heat of the classes.
CODES = 8  # offset, z, log size, sin, cos: what is regressed
BESIDE = CODES + 1  # and the fit
_LAYERS = (2, 3, 3)
_BIAS = -4.0  # of the heat: almost everywhere is nothing


class Size(NamedTuple):
    """Channels, and the range each size was drawn for."""

    cell_m: float
    point: int
    blocks: tuple[int, int, int]
    up: int
    shared: int
    camera_m: tuple[float, float]  # ahead, and to each side
    ring_m: float

    def grid(self, *, ring: bool, height_m: float) -> Grid:
        """The grid around a sensor that stands so high, or before it."""
        ahead, aside = (self.ring_m, self.ring_m) if ring else self.camera_m
        return grid_of(self.cell_m, ahead, aside, ring=ring, height_m=height_m)


SIZES = {
    "pillar-s": Size(0.32, 32, (32, 64, 128), 32, 64, (69.12, 39.68), 48.0),
    "pillar-m": Size(0.24, 48, (48, 96, 192), 48, 96, (69.12, 40.32), 48.0),
}


class Maps(NamedTuple):
    """`heat` (B, C, H, W) logits, `beside` (B, 9, H, W), `shared` (B, F, H, W); H along x."""

    heat: Tensor
    beside: Tensor
    shared: Tensor


class Heat(nn.Module):
    """The heat of each class. `known` (C,) bool says whether an object of it was ever learnt."""

    known: Tensor

    def __init__(self, width: int, classes: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(width, classes, 1)
        assert self.conv.bias is not None
        nn.init.constant_(self.conv.bias, _BIAS)
        self.register_buffer("known", torch.zeros(classes, dtype=torch.bool))

    def forward(self, shared: Tensor) -> Tensor:
        heat: Tensor = self.conv(shared)
        return heat


class PillarCenter(nn.Module):
    """The network; its classes' part is called so that a list that grew keeps what it learnt
    (models.networks.checkpoint)."""

    def __init__(self, classes: int, size: Size, grid: Grid) -> None:
        super().__init__()
        self.grid = grid
        self.point = nn.Sequential(
            nn.Linear(POINT_FEATURES, size.point, bias=False), _norm(nn.BatchNorm1d, size.point)
        )
        widths = (size.point, *size.blocks)
        self.blocks = nn.ModuleList(
            nn.Sequential(
                _conv(before, width, stride=2), *(_conv(width, width) for _ in range(layers))
            )
            for before, width, layers in zip(widths, size.blocks, _LAYERS, strict=False)
        )
        self.up = nn.ModuleList(
            nn.Sequential(
                nn.ConvTranspose2d(width, size.up, 2**level, 2**level, bias=False),
                _norm(nn.BatchNorm2d, size.up),
                nn.ReLU(inplace=True),
            )
            for level, width in enumerate(size.blocks)
        )
        self.shared = _conv(len(size.blocks) * size.up, size.shared)
        self.classifier = Heat(size.shared, classes)
        self.beside = nn.Conv2d(size.shared, BESIDE, 1)

    def forward(self, seen: Pillars) -> Maps:
        x = torch.relu(self.point(seen.feature))
        # All are 0 or more, so that the 0 of an empty place changes no largest one.
        top = x.new_zeros(len(seen.cell), x.shape[1]).scatter_reduce(
            0, seen.pillar[:, None].expand_as(x), x, "amax"
        )
        rows, columns = self.grid.shape
        flat = x.new_zeros(seen.scenes * rows * columns, x.shape[1])
        image = flat.index_copy(0, seen.cell, top).view(seen.scenes, rows, columns, -1)
        y, raised = image.permute(0, 3, 1, 2), []
        for block, up in zip(self.blocks, self.up, strict=True):
            y = block(y)
            raised.append(up(y))
        # Of an odd number of cells the half is rounded up.
        height, width = raised[0].shape[2:]
        shared = self.shared(torch.cat([one[:, :, :height, :width] for one in raised], 1)).float()
        # Places, sizes and headings have more digits than half precision.
        with torch.autocast(shared.device.type, enabled=False):
            return Maps(self.classifier(shared), self.beside(shared), shared)


def _conv(before: int, width: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(before, width, 3, stride, 1, bias=False),
        _norm(nn.BatchNorm2d, width),
        nn.ReLU(inplace=True),
    )


def _norm(
    kind: type[nn.BatchNorm1d] | type[nn.BatchNorm2d], width: int
) -> nn.BatchNorm1d | nn.BatchNorm2d:
    return kind(width, eps=1e-3, momentum=0.05)
