"""A look at the validation scans in the middle of training, for the curves: it changes nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from core.base.jobs import Job
from core.data.classes import UNLABELLED, ClassList
from core.data.scans import Dataset
from core.quality.iou import confusion
from core.rounds.figures import figures
from models.machine import device
from models.networks.voxels import voxelise
from models.sparse.layers import Levels
from models.training.group import Group


@torch.inference_mode()
def look(
    network: torch.nn.Module,
    dataset: Dataset,
    classes: ClassList,
    voxel_m: float,
    job: Job,
    group: Group | None = None,
) -> dict[str, Any]:
    """mIoU on the labelled validation scans, as core.rounds.figures has it; one clean view each.

    Each process of the `group` takes its share of them: the others wait for minutes, not for ever.
    The network is in the mode that it was in afterwards; neither weights nor chance were touched.
    """
    matrix = np.zeros((len(classes),) * 2, np.int64)
    where, before, group = device(), network.training, group or Group()
    network.eval()
    try:
        for scan in dataset.validation[group.rank :: group.size]:
            job.check()
            truth = dataset.ground_truth(scan, classes) if dataset.has_labels(scan) else None
            if truth is None:
                continue
            voxels = voxelise(dataset.normalised(dataset.scan(scan).points), voxel_m)
            predicted = np.full(len(truth), UNLABELLED, np.uint8)
            if len(voxels.rows):
                levels = Levels(voxels.keys.to(where), 4)
                logits, _ = network(voxels.features.to(where), levels)
                said = logits.argmax(1).cpu().numpy().astype(np.uint8)
                predicted[voxels.rows] = said[voxels.voxel_of_point.numpy()]
            matrix += confusion(truth, classes.now[predicted], len(classes))
    finally:
        network.train(before)
    matrix = group.total(torch.from_numpy(matrix).to(where)).cpu().numpy()
    return figures(matrix, classes.names, merged=bool(classes.merges))
