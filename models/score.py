"""Scoring: one clean pass over each scan gives predictions, entropies and features.

Evaluation mode, one view, no augmentation; each point takes its voxel's values; a unit's are the
means over its rows (docs/method.md, Scores; Eq. 2 with the natural logarithm).
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from core.base.executors import run_all
from core.base.files import hash_input, write_arrays
from core.base.jobs import Job
from core.base.settings import TrainSettings
from core.data.classes import ClassList
from core.data.scans import Dataset
from core.prepare.units import Units, read_rows, rows_file
from core.rounds.predictions import (
    is_predicted,
    new_prediction_file,
    prediction_file,
    read_prediction,
)
from core.rounds.scores import write_scores
from core.rounds.unit_means import UNIT_ARRAYS, Seen, unit_scores
from models.machine import device, use_threads
from models.networks import checkpoint, feature_size, make_network
from models.networks.voxels import voxelise
from models.sparse import release_buffers
from models.sparse.layers import Levels


@dataclass(frozen=True)
class Trained:
    """A checkpoint for workers to load: its file, the hash of its content.

    `threads` as in TrainSettings; `classes`: how many it knows; `added`: classes of the project
    that it does not know, as they were added since.
    """

    path: Path
    source: str
    threads: int
    classes: int
    added: tuple[str, ...] = ()

    @classmethod
    def check(cls, path: Path, classes: ClassList, settings: TrainSettings) -> Trained:
        """Raises ProjectError where the checkpoint is damaged or does not fit."""
        _, about = checkpoint.read(path)
        checkpoint.check_fits(
            path, about, network=settings.network, width=settings.width, classes=classes
        )
        added = classes.names[len(about.classes) :]
        return cls(path, hash_input(path), settings.threads, len(about.classes), added)


@dataclass(frozen=True)
class Scorer:
    """A trained network, ready to look at scans."""

    network: torch.nn.Module
    voxel_m: float

    @classmethod
    def load(cls, trained: Trained) -> Scorer:
        """Read a checkpoint. Raises ProjectError where it is damaged."""
        use_threads(trained.threads)
        tensors, about = checkpoint.read(trained.path)
        network = make_network(about.network, classes=len(about.classes), width=about.width)
        checkpoint.load_network(network, tensors)
        network.to(device()).eval()
        return cls(network, about.voxel_m)

    @torch.inference_mode()
    def look(self, points: np.ndarray) -> Seen:
        """What the network says of points (N, 4), their intensities 0..1."""
        voxels = voxelise(points, self.voxel_m)
        voxel = np.full(len(points), -1, np.int64)
        if not len(voxels.rows):
            none = np.zeros(0, np.float32)
            return Seen(
                voxel, none.astype(np.uint8), none, none, none, none[:, None], none[:, None]
            )
        voxel[voxels.rows] = voxels.voxel_of_point.numpy()
        where = device()
        logits, features = self.network(voxels.features.to(where), Levels(voxels.keys.to(where), 4))
        log_p = torch.log_softmax(logits.float(), 1)
        p = log_p.exp()
        most = torch.topk(p, min(2, p.shape[1]), dim=1).values
        second = most[:, 1] if p.shape[1] > 1 else torch.zeros_like(most[:, 0])
        found = (-(p * log_p).sum(1), most[:, 0], most[:, 0] - second, p, features.float())
        classes = logits.argmax(1).cpu().numpy().astype(np.uint8)
        return Seen(voxel, classes, *(values.cpu().numpy() for values in found))


scorer = functools.lru_cache(maxsize=1)(Scorer.load)  # of a worker, for all its scans


def predict(
    trained: Trained,
    dataset: Dataset,
    scans: Sequence[str],
    units: Units | None,
    units_folder: Path,
    folder: Path,
    job: Job,
    *,
    text: str = "score",
    workers: int = 1,
    cluster: str | None = None,
) -> None:
    """Write each scan's predictions, and its units' scores, below `folder`; skip those done.

    In this process, in `workers` processes of one thread each, or on a dask cluster.
    """
    fingerprint = units.fingerprint if units is not None else ""
    if workers > 1 or cluster is not None:
        trained = replace(trained, threads=1)
    tasks = {}
    for scan in scans:
        prepared: tuple[str, int] | None = None
        if units is not None and units.scan_index(scan) is not None:
            rows = rows_file(units_folder / fingerprint, scan, dataset)
            prepared = (str(rows), len(units.range_of(scan)))
        known = prediction_file(folder, scan, dataset)
        if is_predicted(known, trained.source, fingerprint, units=prepared is not None):
            continue
        file = new_prediction_file(folder, scan)
        tasks[scan] = (trained, dataset, scan, prepared, fingerprint, str(file))
    try:
        for _ in run_all(
            tasks, predict_to_file, workers=workers, cluster=cluster, job=job, text=text
        ):
            pass
    finally:
        scorer.cache_clear()
        release_buffers()


def predict_to_file(
    trained: Trained,
    dataset: Dataset,
    scan: str,
    prepared: tuple[str, int] | None,
    fingerprint: str,
    file: str,
) -> None:
    """Look at one scan and keep what was found; what a worker runs.

    `prepared`: the file of its rows and the number of its units, None for a scan without units.
    """
    points = dataset.normalised(dataset.scan(scan).points)
    seen = scorer(trained).look(points)
    classes, entropy = seen.rows()
    confidence = seen.confidence_of_rows()
    arrays = {"classes": classes, "entropy": entropy, "confidence": confidence}
    if prepared is not None:
        path, units = prepared
        rows = read_rows(Path(path), rows=len(classes), units=units)
        arrays |= unit_scores(seen, rows, units)
    arrays["source"] = np.array([trained.source, fingerprint])
    write_arrays(Path(file), arrays)


def join_scores(
    units: Units,
    dataset: Dataset,
    folder: Path,
    out: Path,
    *,
    width: float,
    classes: int,
    more: Sequence[str] = (),
    seen_again: Callable[[str], Mapping[str, np.ndarray]] = lambda scan: {},
) -> None:
    """Join the scans' unit scores, from the predictions in `folder`, in unit order; keep them in
    the round's folder `out`. One scan is in memory at a time. `width` of the network, `classes`
    that it knows; `more` columns, which `seen_again` has of a scan's units."""
    size = feature_size(width)

    def parts() -> Iterator[Mapping[str, np.ndarray]]:
        for scan in units.scans:
            mine = units.range_of(scan)
            if len(mine):
                file = prediction_file(folder, scan, dataset)
                names = UNIT_ARRAYS.values()
                stored = read_prediction(file, *names, U=len(mine), F=size, C=classes)
                known = {column: stored[name] for column, name in UNIT_ARRAYS.items()}
                yield {**known, **seen_again(scan)}

    write_scores(out, units, parts(), features=size, classes=classes, more=more)
