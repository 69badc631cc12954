"""MinkUNet (Choy et al. 2019, arXiv 1904.08755) as spvnas builds it (arXiv 2007.16100).

Module names and kernel layout are theirs, so that checkpoints go both ways. Shapes at line ends:
V voxels, c0..c8 channels.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import BatchNorm1d as BatchNorm

from models.sparse.kernel_map import KernelMap
from models.sparse.layers import Levels, SparseConv

CHANNELS = (32, 32, 64, 128, 256, 256, 128, 96, 96)
DEPTH = 4


def channels(width: float) -> list[int]:
    """Channels of the stem, the four stages and the four ups at a width."""
    return [int(width * c) for c in CHANNELS]


class Strided(nn.Module):
    """Kernel 2, stride 2, down or up; then normalise and ReLU."""

    def __init__(self, inputs: int, outputs: int, *, transposed: bool = False) -> None:
        super().__init__()
        self.net = nn.Sequential(
            SparseConv(inputs, outputs, 2, transposed=transposed), BatchNorm(outputs), nn.ReLU(True)
        )

    def forward(self, x: Tensor, kernel_map: KernelMap) -> Tensor:
        conv, norm, relu = self.net
        y: Tensor = relu(norm(conv(x, kernel_map)))
        return y


class Residual(nn.Module):
    """Two 3x3x3 convolutions beside a shortcut."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.net = nn.Sequential(
            SparseConv(inputs, outputs, 3),
            BatchNorm(outputs),
            nn.ReLU(True),
            SparseConv(outputs, outputs, 3),
            BatchNorm(outputs),
        )
        self.downsample: nn.Module = nn.Identity()
        if inputs != outputs:
            self.downsample = nn.Sequential(SparseConv(inputs, outputs, 1), BatchNorm(outputs))

    def forward(self, x: Tensor, kernel_map: KernelMap) -> Tensor:
        conv1, norm1, relu, conv2, norm2 = self.net
        y = norm2(conv2(relu(norm1(conv1(x, kernel_map))), kernel_map))
        return torch.relu(y + self.downsample(x))


class MinkUNet(nn.Module):
    """A U-Net of sparse convolutions; 4 input features x, y, z, intensity per voxel."""

    def __init__(self, classes: int, width: float = 1.0) -> None:
        super().__init__()
        cs = channels(width)
        self.stem = nn.Sequential(
            SparseConv(4, cs[0], 3),
            BatchNorm(cs[0]),
            nn.ReLU(True),
            SparseConv(cs[0], cs[0], 3),
            BatchNorm(cs[0]),
            nn.ReLU(True),
        )
        for i in range(1, 5):
            stage = [
                Strided(cs[i - 1], cs[i - 1]),
                Residual(cs[i - 1], cs[i]),
                Residual(cs[i], cs[i]),
            ]
            setattr(self, f"stage{i}", nn.Sequential(*stage))
            inputs, outputs, skip = cs[3 + i], cs[4 + i], cs[4 - i]
            inner = nn.Sequential(Residual(outputs + skip, outputs), Residual(outputs, outputs))
            up = [Strided(inputs, outputs, transposed=True), inner]
            setattr(self, f"up{i}", nn.ModuleList(up))
        self.classifier = nn.Sequential(nn.Linear(cs[8], classes))

    def forward(self, x: Tensor, levels: Levels) -> tuple[Tensor, Tensor]:
        """Return logits (V, classes) and the features before the classifier (V, c8)."""
        x0 = self._stem(x, levels)  # V0, c0
        x1 = self._down(1, x0, levels)  # V1, c1
        x2 = self._down(2, x1, levels)  # V2, c2
        x3 = self._down(3, x2, levels)  # V3, c3
        x4 = self._down(4, x3, levels)  # V4, c4
        y1 = self._up(1, x4, x3, levels)  # V3, c5
        y2 = self._up(2, y1, x2, levels)  # V2, c6
        y3 = self._up(3, y2, x1, levels)  # V1, c7
        y4 = self._up(4, y3, x0, levels)  # V0, c8
        return self.classifier(y4), y4

    def _stem(self, x: Tensor, levels: Levels) -> Tensor:
        conv1, norm1, relu, conv2, norm2, _ = self.stem
        x = relu(norm1(conv1(x, levels.within[0])))
        y: Tensor = relu(norm2(conv2(x, levels.within[0])))
        return y

    def _down(self, i: int, x: Tensor, levels: Levels) -> Tensor:
        strided, first, second = getattr(self, f"stage{i}")
        x = strided(x, levels.down[i - 1])
        y: Tensor = second(first(x, levels.within[i]), levels.within[i])
        return y

    def _up(self, i: int, x: Tensor, skip: Tensor, levels: Levels) -> Tensor:
        strided, (first, second) = getattr(self, f"up{i}")
        level = DEPTH - i
        x = torch.cat([strided(x, levels.up[level]), skip], dim=1)
        y: Tensor = second(first(x, levels.within[level]), levels.within[level])
        return y
