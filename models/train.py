"""Training of one round: from a frozen training set to a checkpoint (networks.md 5).

Everything random depends on the seed and the place in the run, so a run that was killed goes on
from its last saved state to the same bits.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import torch
import torch.nn.functional as F

from core.classes import IGNORED, ClassList
from core.errors import ProjectError
from core.files import hash_file, hash_json, read_json, write_json
from core.jobs import Job
from core.metrics import confusion, iou, mean_iou
from core.scans import Dataset
from core.settings import TrainSettings
from core.training import TrainingSet
from models import checkpoint
from models.data import Batch, batch_count, batches
from models.networks import make_network
from models.published import read_published
from models.sparse import release_buffers
from models.sparse.layers import Levels

STATE = "training.safetensors"
LOG = "log.json"
_LOSSES, _CONFUSION = "epoch.losses", "epoch.confusion"
_SAVE_EVERY_S = 120.0
_BYTES_PER_VOXEL = 31e3  # of a training step at width 1, measured
_MEMORY_SHARE = 0.7


def device() -> torch.device:
    """The GPU where there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def use_threads(settings: TrainSettings) -> int:
    """Leave one core to the window, and let other work go first; return the thread count."""
    threads = settings.threads or max(1, (os.cpu_count() or 1) - 1)
    torch.set_num_threads(threads)
    if hasattr(os, "setpriority"):
        with contextlib.suppress(OSError):  # a polite wish, refused on some systems
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)
    return threads


def train(
    training: TrainingSet,
    dataset: Dataset,
    classes: ClassList,
    settings: TrainSettings,
    *,
    intensity_scale: float,
    out: Path,
    start: Path | None,
    seed: int,
    job: Job,
) -> None:
    """Train on `training` and write the checkpoint `out`; losses go to log.json beside it.

    `start`: the checkpoint that this round goes on from, ours or a published one (then `epochs`,
    else `first_epochs`).
    A state saved by an interrupted run of the same input is taken up. Raises ProjectError for a
    checkpoint that does not fit, too little memory, or a loss that is no number.
    """
    threads = use_threads(settings)
    torch.manual_seed(seed)
    network = make_network(settings.network, classes=len(classes), width=settings.width)
    if start is not None:
        _load(network, start, settings, classes)
    network.to(device())
    optimiser = torch.optim.Adam(network.parameters(), lr=settings.learning_rate)
    source = hash_file(start) if start is not None else None
    rounds, scans = list(training.rounds), list(training.scans)
    fingerprint = hash_json([scans, dict(training.positions), rounds, repr(settings), source])
    run = _Run(
        network, optimiser, settings, classes, out, seed, threads, fingerprint, intensity_scale
    )
    epochs = settings.epochs if start is not None else settings.first_epochs
    try:
        run.resume()
        run.go(training, dataset, epochs, job)
    finally:
        release_buffers()
    checkpoint.save(out, network, run.about(epochs, 0))
    (out.parent / STATE).unlink(missing_ok=True)


def _load(
    network: torch.nn.Module, start: Path, settings: TrainSettings, classes: ClassList
) -> None:
    """Put the weights of our own or a published checkpoint into a network."""
    if start.suffix != checkpoint.SUFFIX:
        network.load_state_dict(read_published(start, network))
        return
    tensors, about = checkpoint.read(start)
    checkpoint.check_fits(
        start, about, network=settings.network, width=settings.width, classes=classes.names
    )
    checkpoint.load_network(network, tensors)


def _step_seed(*place: int) -> int:
    """A seed of one step's own, so that an interrupted run draws the same after it goes on."""
    return int(np.random.SeedSequence(place).generate_state(1, np.uint64)[0] >> 1)


class _Run:
    """The state of one training run."""

    def __init__(
        self,
        network: torch.nn.Module,
        optimiser: torch.optim.Adam,
        settings: TrainSettings,
        classes: ClassList,
        out: Path,
        seed: int,
        threads: int,
        fingerprint: str,
        intensity_scale: float,
    ) -> None:
        self.network = network
        self.optimiser = optimiser
        self.settings = settings
        self.classes = classes
        self.state = out.parent / STATE
        self.log_file = out.parent / LOG
        self.seed = seed
        self.threads = threads
        self.fingerprint = fingerprint
        self.intensity_scale = intensity_scale
        self.epoch = self.step = 0
        self.saved = time.monotonic()
        self.log: list[dict[str, Any]] = []
        self._new_epoch()

    def _new_epoch(self) -> None:
        self.losses: list[float] = []
        self.matrix = np.zeros((len(self.classes),) * 2, np.int64)

    def about(self, epoch: int, step: int) -> checkpoint.About:
        return checkpoint.About(
            network=self.settings.network,
            width=self.settings.width,
            voxel_m=self.settings.voxel_m,
            classes=self.classes.names,
            seed=self.seed,
            epoch=epoch,
            step=step,
            torch=torch.__version__,
            threads=self.threads,
            training=self.fingerprint,
        )

    def resume(self) -> None:
        """Take up the state of an interrupted run, if there is one of the same input."""
        if not self.state.exists():
            return
        tensors, about = checkpoint.read(self.state)
        if about.training != self.fingerprint or about.seed != self.seed:
            return
        checkpoint.load_network(self.network, tensors)
        checkpoint.load_optimiser(self.optimiser, tensors)
        self.epoch, self.step = about.epoch, about.step
        self.losses = tensors[_LOSSES].tolist()
        self.matrix = tensors[_CONFUSION].numpy()
        if self.log_file.exists():
            noted = read_json(self.log_file)["epochs"]
            self.log = [row for row in noted if row["epoch"] <= self.epoch]

    def save(self) -> None:
        progress = {
            _LOSSES: torch.tensor(self.losses, dtype=torch.float64),
            _CONFUSION: torch.from_numpy(self.matrix),
        }
        about = self.about(self.epoch, self.step)
        checkpoint.save(self.state, self.network, about, self.optimiser, progress)
        self.saved = time.monotonic()

    def go(self, training: TrainingSet, dataset: Dataset, epochs: int, job: Job) -> None:
        steps = batch_count(training, self.settings)
        self.network.train()
        while self.epoch < epochs:
            for batch in batches(
                training,
                dataset,
                self.settings,
                intensity_scale=self.intensity_scale,
                seed=self.seed,
                epoch=self.epoch,
                first=self.step,
            ):
                done = self.epoch * steps + self.step
                told = {"loss": float(np.mean(self.losses))} if self.losses else {}
                job.progress(done, epochs * steps, "train", epoch=self.epoch + 1, **told)
                torch.manual_seed(_step_seed(self.seed, self.epoch, self.step))  # dropout
                found = self._step(batch)
                self.step += 1
                if found is not None:
                    self.losses.append(found[0])
                    self.matrix += found[1]
                if time.monotonic() - self.saved > _SAVE_EVERY_S:
                    self.save()
            self.epoch, self.step = self.epoch + 1, 0
            self._note()
            self._new_epoch()
            if self.epoch < epochs:
                self.save()
        job.progress(epochs * steps, epochs * steps, "train")

    def _note(self) -> None:
        mean = float(np.mean(self.losses)) if self.losses else None
        miou = mean_iou(iou(self.matrix))
        self.log.append({"epoch": self.epoch, "loss": mean, "labelled_miou": miou})
        write_json(self.log_file, {"epochs": self.log})

    def _step(self, batch: Batch) -> tuple[float, np.ndarray] | None:
        """One step; return its loss and the confusion on labelled voxels, None if skipped."""
        if not bool((batch.target != IGNORED).any()):
            return None
        self._check_memory(batch)
        where = device()
        target = batch.target.to(where)
        levels = Levels(batch.keys.to(where), 4)
        if len(levels.keys[-1]) < 2:
            return None  # batch normalisation needs two voxels at the coarsest level
        logits, _ = self.network(batch.features.to(where), levels)
        loss = F.cross_entropy(logits, target, ignore_index=IGNORED)
        value = float(loss.detach())
        if not np.isfinite(value):
            raise ProjectError(
                f"The loss became {value} in epoch {self.epoch + 1}, step {self.step + 1} "
                f"(scan {batch.scans[0]}).",
                "Lower train.learning_rate; the last good state is kept beside the checkpoint.",
            )
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self.optimiser.step()
        predicted = logits.detach().argmax(1).cpu().numpy().astype(np.uint8)
        truth = batch.target.numpy().astype(np.uint8)
        return value, confusion(truth, predicted, len(self.classes))

    def _check_memory(self, batch: Batch) -> None:
        needed = len(batch.keys) * _BYTES_PER_VOXEL * self.settings.width
        if device().type == "cuda":
            free = torch.cuda.mem_get_info()[0] + torch.cuda.memory_reserved()
        else:
            free = psutil.virtual_memory().available
        if needed > free * _MEMORY_SHARE:
            raise ProjectError(
                f"A training step on {len(batch.scans)} scans needs about {needed / 1e9:.1f} GB; "
                f"{free / 1e9:.1f} GB are free.",
                "Lower train.batch or train.width, or raise train.voxel_m.",
            )
