"""What the maps should say of a scene, and how far they are from it (docs/method.md, Detector)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from core.boxes.geometry import points_in_boxes, rotated_iou_of_pairs
from core.boxes.kinds import Kind
from core.boxes.samples import Sample
from models.boxes.decode import boxes_at
from models.boxes.pillar_center import CODES, STRIDE, Maps
from models.boxes.pillars import Grid

_REACH = 0.35  # of the longer side: how far around its middle a thing is taken for found
_CODES_WEIGHT = 0.5


class Targets(NamedTuple):
    """Of a batch of B scenes with P objects in view.

    heat : (B, C, H, W) float32: 1 in the cell of a middle, falling around it
    counts : (B, C, H, W) bool: where what is found and should not be is wrong
    place : (P,) int64 cell of each object, (scene * H + row) * W + column
    code : (P, 8) float32 what the maps should say there (models.boxes.pillar_center)
    box : (P, 7) float64
    label : (P,) int64
    """

    heat: Tensor
    counts: Tensor
    place: Tensor
    code: Tensor
    box: np.ndarray
    label: np.ndarray

    def to(self, where: torch.device) -> Targets:
        """The same on a device."""
        return self._replace(
            heat=self.heat.to(where, non_blocking=True),
            counts=self.counts.to(where, non_blocking=True),
            place=self.place.to(where, non_blocking=True),
            code=self.code.to(where, non_blocking=True),
        )


def map_shape(grid: Grid) -> tuple[int, int]:
    """Cells of the maps along x and y."""
    rows, columns = (-(-count // STRIDE) for count in grid.shape)
    return rows, columns


def targets(samples: Sequence[Sample], grid: Grid, kinds: Sequence[Kind]) -> Targets:
    """The targets of scenes; what lies outside of the grid, or in a cell that has an object
    already, is not learnt. Around the middle of a class's neighbour (Van for Car) nothing that is
    found of the class is wrong, nor is anything in a region to ignore or beside its middle."""
    height, width = map_shape(grid)
    heat = np.zeros((len(samples), len(kinds), height, width), np.float32)
    counts = np.ones(heat.shape, bool)
    places, codes, boxes, labels = [], [], [], []
    for scene, sample in enumerate(samples):
        taken: set[int] = set()
        for box, label in zip(sample.boxes.astype(np.float64), sample.labels.tolist(), strict=True):
            at = _cell_of(box, grid)
            if at is None:
                continue
            radius = max(1, round(_REACH * max(box[3], box[4]) / (STRIDE * grid.cell_m)))
            around = _gaussian(at, radius, (height, width))
            for other, kind in enumerate(kinds):
                if kind.neighbour == label:
                    counts[scene, other][around.rows, around.columns] = False
            part = heat[scene, label][around.rows, around.columns]
            np.maximum(part, around.values, out=part)
            cell = at[0] * width + at[1]
            if cell in taken:
                continue
            taken.add(cell)
            places.append(scene * height * width + cell)
            codes.append(_code(box, at, grid))
            boxes.append(box)
            labels.append(label)
        if len(sample.ignore):
            counts[scene][:, _inside(sample.ignore, grid)] = False
        for box in sample.ignore.astype(np.float64):
            at = _cell_of(box, grid)
            if at is not None:  # a box may be smaller than a cell, or lie between the middles
                around = _gaussian(at, 1, (height, width))
                counts[scene][:, around.rows, around.columns] = False
    return Targets(
        torch.from_numpy(heat),
        torch.from_numpy(counts),
        torch.tensor(places, dtype=torch.int64),
        torch.from_numpy(np.array(codes, np.float32).reshape(-1, CODES)),
        np.array(boxes, np.float64).reshape(-1, 7),
        np.array(labels, np.int64),
    )


class _Around(NamedTuple):
    rows: slice
    columns: slice
    values: np.ndarray


def _gaussian(at: tuple[int, int], radius: int, shape: tuple[int, int]) -> _Around:
    """A bell of a radius around a cell, cut at the map's edges."""
    sigma = (2 * radius + 1) / 6
    away = np.arange(-radius, radius + 1)
    bell = np.exp(-(away[:, None] ** 2 + away[None] ** 2) / (2 * sigma**2)).astype(np.float32)
    low = [max(0, place - radius) for place in at]
    high = [min(size, place + radius + 1) for place, size in zip(at, shape, strict=True)]
    cut = [slice(a - p + radius, b - p + radius) for a, b, p in zip(low, high, at, strict=True)]
    return _Around(slice(low[0], high[0]), slice(low[1], high[1]), bell[cut[0], cut[1]])


def _cell_of(box: np.ndarray, grid: Grid) -> tuple[int, int] | None:
    """The cell of a box's middle, None outside of the grid."""
    if not grid.holds(box[None, :3])[0]:
        return None
    step = STRIDE * grid.cell_m
    shape = map_shape(grid)
    row, column = (min(int((box[k] - grid.low[k]) / step), shape[k] - 1) for k in range(2))
    return row, column


def _code(box: np.ndarray, at: tuple[int, int], grid: Grid) -> np.ndarray:
    offset = (box[:2] - grid.low[:2]) / (STRIDE * grid.cell_m) - at
    rest = [box[2] - grid.middle_z, *np.log(box[3:6]), np.sin(box[6]), np.cos(box[6])]
    return np.array([*offset, *rest], np.float32)


def _inside(ignore: np.ndarray, grid: Grid) -> np.ndarray:
    """(H, W) bool: the cells whose middle lies in a box as seen from above."""
    step = STRIDE * grid.cell_m
    height, width = map_shape(grid)
    x, y = np.meshgrid(
        grid.low[0] + (np.arange(height) + 0.5) * step,
        grid.low[1] + (np.arange(width) + 0.5) * step,
        indexing="ij",
    )
    flat = ignore.astype(np.float64).copy()
    flat[:, 2], flat[:, 5] = 0.0, 1.0
    middles = np.stack([x.ravel(), y.ravel(), np.zeros(x.size)], axis=1)
    found: np.ndarray = (points_in_boxes(middles, flat) >= 0).reshape(height, width)
    return found


def loss_of(maps: Maps, wanted: Targets, grid: Grid) -> Tensor:
    """The loss of a batch: focal loss of the heat, which forgives what is near a middle (Law and
    Deng, ECCV 2018; alpha 2, beta 4), half the L1 of the codes, and the L1 of the fit, each per
    object."""
    objects = max(1, len(wanted.place))
    logits = maps.heat
    p = torch.sigmoid(logits)
    middle = wanted.heat == 1
    found = F.logsigmoid(logits) * (1 - p) ** 2
    wrong = F.logsigmoid(-logits) * p**2 * (1 - wanted.heat) ** 4
    heat = -torch.where(middle, found, wrong * wanted.counts).sum() / objects
    beside = maps.beside.permute(0, 2, 3, 1).reshape(-1, maps.beside.shape[1])
    said = beside[wanted.place]
    codes = (said[:, :CODES] - wanted.code).abs().sum() / objects
    with torch.no_grad():
        boxes = boxes_at(said, wanted.place, map_shape(grid), grid).cpu().numpy()
        overlap = rotated_iou_of_pairs(boxes, wanted.box)[1]
        fit = torch.from_numpy(2 * overlap - 1).to(said)
    fits = (said[:, CODES] - fit).abs().sum() / objects
    return heat + _CODES_WEIGHT * codes + fits
