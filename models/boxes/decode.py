"""Boxes out of the maps: peaks of the heat, the best of those that overlap, a feature of each."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from core.boxes.geometry import nms, wrapped
from core.boxes.predictions import FramePrediction
from models.boxes.pillar_center import CODES, STRIDE, Maps
from models.boxes.pillars import Grid

LEAST_SCORE = 0.1
_PEAKS, _MOST = 200, 100
_OVERLAP = 0.1  # as seen from above, whatever the classes: two things are not in one place
_LOG_SIZES = (-3.0, 4.0)  # 5 cm to 55 m


def boxes_at(said: Tensor, place: Tensor, shape: tuple[int, int], grid: Grid) -> Tensor:
    """(P, 7) float64 boxes that the maps tell in cells: said (P, >= 8), place (P,) of the maps of
    `shape`, one scene after the other."""
    said = said.double()
    cell = place % (shape[0] * shape[1])
    at = torch.stack([cell // shape[1], cell % shape[1]], 1).double()
    low = torch.tensor(grid.low[:2], dtype=torch.float64, device=said.device)
    xy = (at + said[:, :2]) * (STRIDE * grid.cell_m) + low
    z = said[:, 2:3] + grid.middle_z
    size = said[:, 3:6].clamp(*_LOG_SIZES).exp()
    return torch.cat([xy, z, size, torch.atan2(said[:, 6:7], said[:, 7:8])], 1)


def decode(maps: Maps, known: Tensor, grid: Grid, *, fit: bool) -> list[FramePrediction]:
    """What was found in each scene of the maps, of the classes `known` (C,) bool.

    The score is the heat p, with `fit` sqrt(p q) of the fit q = (iou + 1) / 2. A peak is the
    largest of its 3 x 3 cells; of the 200 best those with a score of 0.1 stay, and of those that
    overlap by more than 0.1 as seen from above the best one, 100 at most.
    """
    heat = torch.sigmoid(maps.heat) * known[:, None, None]
    peak = F.max_pool2d(heat, 3, 1, 1) == heat
    quality = ((maps.beside[:, CODES] + 1) / 2).clamp(0, 1)
    score = (heat * quality[:, None]).sqrt() if fit else heat
    score = torch.where(peak, score, 0).flatten(1)
    shape = (maps.heat.shape[2], maps.heat.shape[3])
    cells = shape[0] * shape[1]
    top = score.topk(min(_PEAKS, score.shape[1]), dim=1)
    return [
        _of_scene(
            maps.beside[scene],
            maps.shared[scene],
            top.values[scene],
            top.indices[scene] // cells,
            top.indices[scene] % cells,
            shape,
            grid,
        )
        for scene in range(len(maps.heat))
    ]


def _of_scene(
    beside: Tensor,
    shared: Tensor,
    score: Tensor,
    label: Tensor,
    cell: Tensor,
    shape: tuple[int, int],
    grid: Grid,
) -> FramePrediction:
    some = score >= LEAST_SCORE
    score, label, cell = score[some], label[some], cell[some]
    boxes = boxes_at(beside.flatten(1).T[cell], cell, shape, grid)
    box, scores = boxes.cpu().numpy(), score.double().cpu().numpy()
    kept = nms(box, scores, _OVERLAP)[:_MOST]
    features = features_of(shared, boxes[torch.from_numpy(kept).to(boxes.device)], grid)
    box = box[kept]
    box[:, 6] = wrapped(box[:, 6])
    return FramePrediction(
        box, scores[kept], label.cpu().numpy()[kept].astype(np.uint8), features.cpu().numpy()
    )


def features_of(shared: Tensor, boxes: Tensor, grid: Grid) -> Tensor:
    """(n, F) float32: of each box (n, 7) the mean of the shared map (F, H, W), read between its
    cells, at the box's middle and at the middles of its four sides as seen from above."""
    ahead = torch.stack([torch.cos(boxes[:, 6]), torch.sin(boxes[:, 6])], 1)
    aside = torch.stack([-ahead[:, 1], ahead[:, 0]], 1)
    length, width = ahead * boxes[:, 3:4] / 2, aside * boxes[:, 4:5] / 2
    away = torch.stack([torch.zeros_like(length), length, -length, width, -width], 1)
    low = boxes.new_tensor(grid.low[:2])
    at = (boxes[:, None, :2] + away - low) / (STRIDE * grid.cell_m) - 0.5  # middles of cells
    last = boxes.new_tensor(shared.shape[1:]) - 1
    where = (2 * at / last - 1).flip(-1).to(shared.dtype)  # grid_sample has columns first
    read = F.grid_sample(
        shared[None], where[None], mode="bilinear", padding_mode="border", align_corners=True
    )
    return read[0].mean(2).T.contiguous()
