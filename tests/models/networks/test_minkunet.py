"""MinkUNet: published size, and properties that hold for any weights."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from models.networks.minkunet import MinkUNet
from models.networks.voxels import batched, voxelise
from models.sparse.layers import Levels
from tests.models.networks.published_sizes import PARAMETERS


@pytest.mark.parametrize("width", PARAMETERS)
def test_parameters_are_as_many_as_published(width: float):
    with torch.device("meta"):
        network = MinkUNet(19, width)
    assert sum(p.numel() for p in network.parameters()) == PARAMETERS[width]


@pytest.fixture
def network() -> MinkUNet:
    """A narrow network whose normalisation has seen some data."""
    torch.manual_seed(3)
    network = MinkUNet(5, 0.125)
    network.train()
    for seed in range(3):
        voxels = cloud(seed)
        network(voxels.features, Levels(voxels.keys, 4))
    return network.eval()


def cloud(seed: int):
    points = np.random.default_rng(seed).uniform(0, 40, (3000, 4)).astype(np.float32)
    return voxelise(points, 1.0)


@torch.inference_mode()
def test_scans_of_a_batch_do_not_see_each_other(network: MinkUNet):
    scans = [cloud(5), cloud(6)]
    features, keys = batched(scans)
    together, _ = network(features, Levels(keys, 4))
    apart = [network(scan.features, Levels(scan.keys, 4))[0] for scan in scans]
    torch.testing.assert_close(together, torch.cat(apart), rtol=1e-4, atol=1e-5)


@torch.inference_mode()
def test_moving_by_the_coarsest_stride_moves_the_answer(network: MinkUNet):
    voxels = cloud(5)
    logits, features = network(voxels.features, Levels(voxels.keys, 4))
    step = sum(16 << bits for bits in (32, 16, 0))
    moved, _ = network(voxels.features, Levels(voxels.keys + step, 4))
    torch.testing.assert_close(moved, logits, rtol=1e-4, atol=1e-5)
    assert logits.shape == (len(voxels.keys), 5)
    assert features.shape == (len(voxels.keys), 12)


@torch.inference_mode()
def test_logits_are_the_classifier_on_the_features(network: MinkUNet):
    voxels = cloud(7)
    logits, features = network(voxels.features, Levels(voxels.keys, 4))
    linear = network.classifier[0]
    torch.testing.assert_close(logits, features @ linear.weight.T + linear.bias)
