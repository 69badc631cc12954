"""SPVCNN (Tang et al. 2020, arXiv 2007.16100): MinkUNet with a branch on the finest sites.

Module names and order are those of spvnas. Its "points" are the integer coordinates of the finest
voxels, so voxelising, pooling and devoxelising at stride 1 are the identity and left out.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import BatchNorm1d as BatchNorm

from models.networks.minkunet import DEPTH, MinkUNet, channels
from models.sparse.layers import Levels
from models.sparse.points import devoxelise, mix, pool

DROPOUT = 0.3
_MIDDLE = 2  # the level of stride 4


class SPVCNN(MinkUNet):
    """Voxels V0..V4 by level, c0..c8 channels at line ends."""

    def __init__(self, classes: int, width: float = 1.0) -> None:
        super().__init__(classes, width)
        cs = channels(width)
        sizes = ((cs[0], cs[4]), (cs[4], cs[6]), (cs[6], cs[8]))
        self.point_transforms = nn.ModuleList(
            nn.Sequential(nn.Linear(a, b), BatchNorm(b), nn.ReLU(True)) for a, b in sizes
        )
        self.dropout = nn.Dropout(DROPOUT)

    def forward(self, x: Tensor, levels: Levels) -> tuple[Tensor, Tensor]:
        """Return logits (V, classes) and the features before the classifier (V, c8)."""
        finest, middle, coarsest = (levels.keys[k] for k in (0, _MIDDLE, DEPTH))
        t0, t1, t2 = self.point_transforms
        x0 = self._stem(x, levels)  # V0, c0
        x1 = self._down(1, x0, levels)  # V1, c1
        x2 = self._down(2, x1, levels)  # V2, c2
        x3 = self._down(3, x2, levels)  # V3, c3
        x4 = self._down(4, x3, levels)  # V4, c4
        z1 = mix(x4, devoxelise(finest, coarsest, DEPTH)) + t0(x0)  # V0, c4
        y1 = self.dropout(mix(z1, pool(finest, coarsest, DEPTH)))  # V4, c4
        y1 = self._up(1, y1, x3, levels)  # V3, c5
        y2 = self._up(2, y1, x2, levels)  # V2, c6
        z2 = mix(y2, devoxelise(finest, middle, _MIDDLE)) + t1(z1)  # V0, c6
        y3 = self.dropout(mix(z2, pool(finest, middle, _MIDDLE)))  # V2, c6
        y3 = self._up(3, y3, x1, levels)  # V1, c7
        y4 = self._up(4, y3, x0, levels)  # V0, c8
        z3 = torch.add(y4, t2(z2))  # V0, c8
        return self.classifier(z3), z3
