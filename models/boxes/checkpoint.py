"""Checkpoints of detectors: what is said in them, and whether they fit a project."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from core.base.errors import ProjectError
from core.data.classes import ClassList
from models.boxes.pillar_center import PillarCenter, Size
from models.boxes.pillars import Grid
from models.networks import checkpoint

VERSION = 1
_MOST_CHANNELS, _MOST_CELLS = 4096, 1 << 24
_AGAIN = "Train again: `lidarloop train --task boxes`; or name a checkpoint that fits."


@dataclass(frozen=True)
class About:
    """What a detector's checkpoint is of. Fits another project that has the same classes in the
    same order and looks at the same range.

    detector : name of its size; its `channels` as in models.boxes.pillar_center.Size
    view : "camera" where it saw the part of scans that the picture shows, else "ring"
    low, high, cell_m : the grid (models.boxes.pillars)
    steps, step : of the whole training, and those finished, each of `batch` scenes
    training : hash of all that it was trained on and with, but for threads and precision, which are
        the machine's
    """

    detector: str
    channels: list[int]
    classes: tuple[str, ...]
    view: str
    low: list[float]
    high: list[float]
    cell_m: float
    seed: int
    steps: int
    step: int
    batch: int
    torch: str
    threads: int
    training: str
    precision: str = "float32"  # of products in its steps
    version: int = VERSION

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> About:
        """What JSON says. Raises KeyError, TypeError or ValueError."""
        if "detector" not in stored:
            raise ValueError("it is of no detector of boxes")
        known = {field.name for field in fields(cls)}  # what a later program adds is passed over
        told = {name: value for name, value in stored.items() if name in known}
        about = cls(**{**told, "classes": tuple(told["classes"])})
        checkpoint.check_types(about)
        about.check()
        return about

    def check(self) -> None:
        """Raise ValueError for what no detector has."""
        if min(self.steps, self.step) < 0 or self.batch < 1:
            raise ValueError("it is of no step or batch")
        whole = [type(n) is int and 0 < n < _MOST_CHANNELS for n in self.channels]
        if len(whole) != 6 or not all(whole):
            raise ValueError(f"its channels are {str(self.channels)[:40]}")
        corners = [*self.low, *self.high, self.cell_m]
        if len(corners) != 7 or not all(
            type(v) in (int, float) and math.isfinite(v) for v in corners
        ):
            raise ValueError("its range is none")
        if not (self.cell_m > 0 and all(a < b for a, b in zip(self.low, self.high, strict=True))):
            raise ValueError("its range is empty")
        rows, columns = self.grid.shape
        if not 8 <= min(rows, columns) or rows * columns > _MOST_CELLS:
            raise ValueError(f"its grid has {rows:,} x {columns:,} cells")

    @property
    def grid(self) -> Grid:
        x, y, z = map(float, self.low)
        far, left, top = map(float, self.high)
        return Grid((x, y, z), (far, left, top), float(self.cell_m))

    @property
    def size(self) -> Size:
        """The channels; the ranges that sizes were drawn for are not those of this grid."""
        point, first, second, third, up, shared = self.channels
        return Size(self.cell_m, point, (first, second, third), up, shared, (0.0, 0.0), 0.0)

    def network(self) -> PillarCenter:
        """A network of this shape, its weights by chance."""
        return PillarCenter(len(self.classes), self.size, self.grid)


def read(path: Path) -> tuple[dict[str, Tensor], About]:
    """The tensors and what the file is of. Raises ProjectError where it is damaged."""
    return checkpoint.read_as(path, About.of)


def check_fits(path: Path, found: About, wanted: About, classes: ClassList) -> None:
    """Raise ProjectError where a checkpoint is of another network, range or class list than is
    wanted. Classes that were added behind those it knows are no other list."""
    if found.detector != wanted.detector or found.channels != wanted.channels:
        raise ProjectError(
            f"{path} is of the detector {found.detector[:40]}, and the project's is "
            f"{wanted.detector}.",
            _AGAIN,
        )
    if (found.view, found.grid) != (wanted.view, wanted.grid):
        raise ProjectError(
            f"{path} looks at another range: {_range(found)}; the project's is {_range(wanted)}.",
            _AGAIN,
        )
    if len(found.classes) > len(classes):
        raise ProjectError(
            f"{path} knows {len(found.classes)} classes, and the project has {len(classes)}.",
            _AGAIN,
        )
    checkpoint.check_classes(path, found.classes, classes, _AGAIN)


def _range(about: About) -> str:
    parts = (
        f"{axis} {low:g} to {high:g}"
        for axis, low, high in zip("xyz", about.low, about.high, strict=True)
    )
    return f"{about.view[:20]}, {', '.join(parts)} m by {about.cell_m:g} m"


def load(path: Path) -> tuple[PillarCenter, About]:
    """A trained network, in evaluation mode on the CPU. Raises ProjectError where it is damaged."""
    tensors, about = read(path)
    with torch.random.fork_rng(devices=[]):  # its first weights are no draw of anybody's
        network = about.network()
    checkpoint.load_network(network, tensors)
    return network.eval(), about
