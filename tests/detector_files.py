"""Files of a detector, made small, and what reads each of them: for mutations of all kinds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from core.boxes.predictions import (
    FramePrediction,
    Predictions,
    read_predictions,
    write_predictions,
)
from core.data.classes import load_classes
from models.boxes import checkpoint as own
from models.boxes.fit import Setup
from models.boxes.pillar_center import Size
from models.boxes.pillars import Grid
from models.networks import checkpoint

_SETUP = Setup(
    "small",
    Size(0.5, 2, (2, 2, 2), 2, 2, (8.0, 4.0), 8.0),
    Grid((0.0, -4.0, -3.0), (8.0, 4.0, 1.0), 0.5),
    "ring",
    load_classes("kitti"),
    2,
    1e-3,
    1,
)


def detector(place: Path, *, state: bool) -> Path:
    """A checkpoint, with `state` that of a training."""
    about = _SETUP.about(9, 1, "abc")
    network = about.network()
    optimiser = torch.optim.AdamW(network.parameters())
    for weight in network.parameters():
        weight.grad = torch.zeros_like(weight)
    optimiser.step()
    file = place / "a.safetensors"
    losses = {"run.losses": torch.zeros(9, dtype=torch.float64)}
    checkpoint.save(file, network, about, *((optimiser, losses) if state else ()))
    return file


def load_detector(file: Path) -> None:
    """Read a checkpoint or a state as training and prediction do."""
    tensors, about = own.read(file)
    own.check_fits(file, about, _SETUP.about(9, 1, "abc"), _SETUP.classes)
    network = about.network()
    checkpoint.load_network(network, tensors, known=len(about.classes))
    checkpoint.load_optimiser(torch.optim.AdamW(network.parameters()), tensors)


def predictions(place: Path) -> Path:
    """Predictions of two frames."""
    rng = np.random.default_rng(0)
    frames = {
        scan: FramePrediction(
            rng.uniform(0.5, 3, (n, 7)),
            rng.uniform(0.1, 1, n),
            rng.integers(0, 3, n).astype(np.uint8),
            rng.normal(size=(n, 4)).astype(np.float32),
        )
        for scan, n in (("a/1", 3), ("a/2", 0))
    }
    write_predictions(place / "a.npz", Predictions(frames, "ab", np.eye(4)))
    return place / "a.npz"


def load_predictions(file: Path) -> None:
    """Read predictions as scoring and queries do."""
    for frame in read_predictions(file, classes=3).frames.values():
        frame.table()
