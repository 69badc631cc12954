"""A trained detector: what it finds in scenes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from core.base.files import hash_input
from core.boxes.predictions import FramePrediction
from models.boxes import checkpoint
from models.boxes.decode import decode
from models.boxes.pillar_center import PillarCenter
from models.boxes.pillars import pillars
from models.machine import device, use_threads


@torch.inference_mode()
def look(
    network: PillarCenter, scenes: Sequence[np.ndarray], *, fit: bool
) -> list[FramePrediction]:
    """What a network in evaluation mode finds in scenes of points (n, 4), intensities 0..1; one
    after the other, so that a scene's boxes depend on no other's. In single precision: what
    is asked is ranked by its scores."""
    where = next(network.parameters()).device
    found = []
    for points in scenes:
        seen = pillars([points], network.grid).to(where)
        found += decode(network(seen), network.classifier.known, network.grid, fit=fit)
    return found


@dataclass(frozen=True)
class Detector:
    """A network ready to look, what its checkpoint says, and the hash of that."""

    network: PillarCenter
    about: checkpoint.About
    source: str
    fit: bool

    @classmethod
    def load(cls, path: Path, *, fit: bool, threads: int = 0) -> Detector:
        """Read a checkpoint. `fit`: whether scores tell the fit too. Raises ProjectError where it
        is damaged."""
        use_threads(threads)
        network, about = checkpoint.load(path)
        network.to(device())
        return cls(network, about, hash_input(path), fit)

    def predict(self, scenes: Sequence[np.ndarray]) -> list[FramePrediction]:
        """The boxes, scores, classes and features found in scenes of points (n, 4), intensities
        0..1."""
        return look(self.network, scenes, fit=self.fit)

    @property
    def feature_size(self) -> int:
        """Numbers of a box's feature."""
        return int(self.about.channels[-1])
