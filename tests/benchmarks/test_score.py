"""What scoring a scan costs with all columns of the scores, against the four of version 0.1.0."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from core.base.settings import load_preset
from core.data.classes import UNLABELLED
from core.data.opening import open_dataset
from core.prepare.scan import prepare_scan
from core.rounds.unit_means import unit_classes, unit_scores
from models.networks import make_network
from models.networks.voxels import voxelise
from models.score import Scorer
from models.sparse.layers import Levels
from tests.benchmarks.measures import ratio


@torch.inference_mode()
def look_before(scorer: Scorer, points: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Classes, entropies and features, as version 0.1.0 found them."""
    voxels = voxelise(points, scorer.voxel_m)
    classes = np.full(len(points), UNLABELLED, np.uint8)
    entropy = np.zeros(len(points), np.float32)
    logits, features = scorer.network(voxels.features, Levels(voxels.keys, 4))
    log_p = torch.log_softmax(logits.float(), 1)
    place = voxels.voxel_of_point.numpy()
    classes[voxels.rows] = logits.argmax(1).numpy().astype(np.uint8)[place]
    entropy[voxels.rows] = (-(log_p.exp() * log_p).sum(1)).numpy()[place]
    feature = np.zeros((len(points), features.shape[1]), np.float32)
    feature[voxels.rows] = features.float().numpy()[place]
    return classes, entropy, feature


def means_before(values: np.ndarray, rows: np.ndarray, count: int) -> np.ndarray:
    order = np.flatnonzero(rows >= 0)
    order = order[np.argsort(rows[order], kind="stable")]
    starts = np.searchsorted(rows[order], np.arange(count))
    sums = np.add.reduceat(values[order].astype(np.float64), starts, axis=0)
    return sums / np.bincount(rows[order], minlength=count)[:, None]


@pytest.mark.parametrize("width", [0.25, 0.5])
def test_scoring_a_scan(semantickitti: Path, width: float, report):
    """A forward pass on the CPU, which is most of it; on a GPU the means are."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    dataset = open_dataset("semantickitti", semantickitti, ["00"], [])
    points = dataset.scan(dataset.train[0]).points
    rows = prepare_scan(points, load_preset("laptop").prepare, dataset.rig).unit
    count = int(rows.max()) + 1
    network = make_network("minkunet", classes=19, width=width).eval()
    scorer = Scorer(network, 0.1)

    def before() -> None:
        classes, entropy, feature = look_before(scorer, points)
        means_before(entropy[:, None], rows, count)
        means_before(feature, rows, count)
        unit_classes(classes[rows >= 0], rows[rows >= 0], count)

    found = ratio(lambda: unit_scores(scorer.look(points), rows, count), before, runs=9)
    torch.set_num_threads(threads)
    report(f"scoring a scan, width {width} / with four columns", found, "≤ 1.1")
    assert found <= 1.1
