"""Scoring: one clean pass over each scan gives predictions, entropies and features.

Evaluation mode, one view, no augmentation; each point takes its voxel's values; a unit's are the
means over its rows (design decision 8; Eq. 2 with the natural logarithm).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from core.classes import UNLABELLED, ClassList
from core.export import prediction_file
from core.files import hash_file, read_arrays, write_arrays
from core.jobs import Job
from core.prepare.units import Units, rows_of
from core.scans import Dataset
from core.settings import TrainSettings
from models import checkpoint
from models.learner import device
from models.networks import feature_size, make_network
from models.sparse import release_buffers
from models.sparse.layers import Levels
from models.train import use_threads
from models.voxels import voxelise


@dataclass(frozen=True)
class Scorer:
    """A trained network, ready to look at scans."""

    network: torch.nn.Module
    voxel_m: float
    intensity_scale: float
    source: str

    @classmethod
    def load(
        cls, path: Path, classes: ClassList, settings: TrainSettings, intensity_scale: float
    ) -> Scorer:
        """Read a checkpoint. Raises ProjectError where it is damaged or does not fit."""
        use_threads(settings)
        tensors, about = checkpoint.read(path)
        checkpoint.check_fits(
            path, about, network=settings.network, width=settings.width, classes=classes.names
        )
        network = make_network(about.network, classes=len(classes), width=about.width)
        checkpoint.load_network(network, tensors)
        network.to(device()).eval()
        return cls(network, about.voxel_m, intensity_scale, hash_file(path))

    @torch.inference_mode()
    def look(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return of points (N, 4): classes (N,) uint8, entropy (N,) float32, feature (N, F).

        Rows without finite coordinates get UNLABELLED and zeros.
        """
        scaled = points / np.array([1, 1, 1, self.intensity_scale], np.float32)
        voxels = voxelise(scaled, self.voxel_m)
        classes = np.full(len(points), UNLABELLED, np.uint8)
        entropy = np.zeros(len(points), np.float32)
        if not len(voxels.rows):
            return classes, entropy, np.zeros((len(points), 0), np.float32)
        where = device()
        logits, features = self.network(voxels.features.to(where), Levels(voxels.keys.to(where), 4))
        log_p = torch.log_softmax(logits.float(), 1)
        spread = -(log_p.exp() * log_p).sum(1)
        place = voxels.voxel_of_point.numpy()
        classes[voxels.rows] = logits.argmax(1).cpu().numpy().astype(np.uint8)[place]
        entropy[voxels.rows] = spread.cpu().numpy()[place]
        feature = np.zeros((len(points), features.shape[1]), np.float32)
        feature[voxels.rows] = features.float().cpu().numpy()[place]
        return classes, entropy, feature


def predict(
    scorer: Scorer,
    dataset: Dataset,
    scans: Sequence[str],
    units: Units | None,
    units_folder: Path,
    folder: Path,
    job: Job,
    *,
    text: str = "score",
) -> None:
    """Write each scan's predictions, and its units' scores, below `folder`; skip those done."""
    fingerprint = units.fingerprint if units is not None else ""
    try:
        for done, scan in enumerate(scans):
            job.progress(done, len(scans), text)
            file = prediction_file(folder, scan)
            if _is_done(file, scorer.source, fingerprint):
                continue
            classes, entropy, feature = scorer.look(dataset.scan(scan).points)
            arrays = {"classes": classes, "entropy": entropy.astype(np.float16)}
            if units is not None and units.scan_index(scan) is not None:
                rows = rows_of(units_folder / fingerprint, scan)
                count = len(units.range_of(scan))
                arrays["unit_entropy"] = unit_means(entropy[:, None], rows, count)[:, 0]
                arrays["unit_feature"] = unit_means(feature, rows, count)
            arrays["source"] = np.array([scorer.source, fingerprint])
            write_arrays(file, arrays)
        job.progress(len(scans), len(scans), text)
    finally:
        release_buffers()


def _is_done(file: Path, source: str, fingerprint: str) -> bool:
    if not file.exists():
        return False
    return read_arrays(file, "source")["source"].tolist() == [source, fingerprint]


def unit_means(values: np.ndarray, rows: np.ndarray, count: int) -> np.ndarray:
    """(count, c) float32: means of values (N, c) over the rows of each unit, in float64.

    rows (N,) int32: unit number of each row, negative for none; every unit has a row.
    """
    order = np.flatnonzero(rows >= 0)
    order = order[np.argsort(rows[order], kind="stable")]
    if not count:
        return np.zeros((0, values.shape[1]), np.float32)
    starts = np.searchsorted(rows[order], np.arange(count))
    sums = np.add.reduceat(values[order].astype(np.float64), starts, axis=0)
    sizes = np.bincount(rows[order], minlength=count)
    return (sums / sizes[:, None]).astype(np.float32)


def write_scores(units: Units, folder: Path, out: Path, width: float) -> None:
    """Join the scans' unit scores in unit order: scores.npz with entropy (U,), feature (U, F),
    and the fingerprint of the units."""
    entropy = np.zeros(len(units), np.float32)
    feature = np.zeros((len(units), feature_size(width)), np.float32)
    for scan in units.scans:
        mine = units.range_of(scan)
        if len(mine):
            stored = read_arrays(prediction_file(folder, scan), "unit_entropy", "unit_feature")
            entropy[mine.start : mine.stop] = stored["unit_entropy"]
            feature[mine.start : mine.stop] = stored["unit_feature"]
    fingerprint = np.array(units.fingerprint)
    arrays = {"entropy": entropy, "feature": feature, "fingerprint": fingerprint}
    write_arrays(out, arrays, compress=False)
