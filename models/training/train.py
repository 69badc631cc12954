"""Training of one round: from a frozen training set to a checkpoint (docs/method.md, Training).

Everything random depends on the seed and the place in the run, so a run that was killed goes on
from its last saved state to the same bits.
"""

from __future__ import annotations

import copy
import os
import time
from collections.abc import Generator
from contextlib import closing
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch

from core.base.compiling import warm
from core.base.errors import Cancelled
from core.base.files import hash_file, hash_json, read_json, write_json
from core.base.jobs import Job
from core.base.settings import TrainSettings
from core.base.words import duration
from core.data.classes import ClassList
from core.data.scans import Dataset
from core.quality.iou import iou, mean_iou
from core.rounds.round import LOG
from core.rounds.training_set import TrainingSet
from models.machine import device, use_threads
from models.networks import checkpoint, make_network
from models.networks.published import read_published
from models.sparse import describe, release_buffers
from models.sparse.backends import choose
from models.training.batches import Batch, batch_count, batches
from models.training.group import Group
from models.training.learner import Learner, OutOfMemory

STATE = "training.safetensors"
_LOSSES, _CONFUSION = "epoch.losses", "epoch.confusion"
_SAVE_EVERY_S = 120.0
_LONG_STEP_S = 3.0  # an estimate takes a second step only where the first was shorter
_READERS = 8


def train(
    training: TrainingSet,
    dataset: Dataset,
    classes: ClassList,
    settings: TrainSettings,
    *,
    out: Path,
    start: Path | None,
    seed: int,
    job: Job,
) -> None:
    """Train on `training` and write the checkpoint `out`; losses go to log.json beside it.

    `start`: the checkpoint that this round goes on from, ours or a published one (then `epochs`,
    else `first_epochs`). Under torchrun each process takes its share of every step.
    A state saved by an interrupted run of the same input is taken up, also with another batch.
    Raises ProjectError for a checkpoint that does not fit, too little memory, or a loss that is
    no number.
    """
    group = Group.current()
    threads = use_threads(settings.threads, group.size)
    torch.manual_seed(seed)
    network = make_network(settings.network, classes=len(classes), width=settings.width)
    if start is not None:
        _load(network, start, settings, classes, job)
    source = hash_file(start) if start is not None else None
    rounds, scans = list(training.rounds), list(training.scans)
    values = {**vars(settings), "batch": None}  # a run may go on with another
    merged = [[merge.source, merge.into] for merge in classes.merges]
    inputs = [scans, dict(training.positions), rounds, repr(values), source]
    fingerprint = hash_json([*inputs, merged] if merged else inputs)
    epochs = settings.epochs if start is not None else settings.first_epochs
    run = _Run(
        Learner(network, settings, len(classes), group),
        training,
        dataset,
        classes,
        out,
        epochs,
        checkpoint.About(
            network=settings.network,
            width=settings.width,
            voxel_m=settings.voxel_m,
            classes=classes.names,
            seed=seed,
            epoch=0,
            step=0,
            batch=settings.batch * group.size,
            torch=torch.__version__,
            threads=threads,
            training=fingerprint,
        ),
    )
    try:
        if device().type == "cpu":
            warm("models.sparse.warm", job)
        run.resume(job)
        if group.size == 1 and run.epoch < run.epochs:
            job.progress(0, 1, "estimate")
            job.say(run.estimate())
        run.go(job)
    finally:
        release_buffers()
    if group.leads:
        checkpoint.save(out, network, run.about(epochs, 0))
        (out.parent / STATE).unlink(missing_ok=True)


def _load(
    network: torch.nn.Module,
    start: Path,
    settings: TrainSettings,
    classes: ClassList,
    job: Job,
) -> None:
    """Put the weights of our own or a published checkpoint into a network."""
    if start.suffix != checkpoint.SUFFIX:
        network.load_state_dict(read_published(start, network))
        return
    tensors, about = checkpoint.read(start)
    checkpoint.check_fits(
        start, about, network=settings.network, width=settings.width, classes=classes
    )
    checkpoint.load_network(network, tensors, known=len(about.classes))
    added = classes.names[len(about.classes) :]
    if added:
        job.say(f"{start.parent.name} knows no {', no '.join(added)}: learnt from nothing.")


def _step_seed(*place: int) -> int:
    """A seed of one step's own, so that an interrupted run draws the same after it goes on."""
    return int(np.random.SeedSequence(place).generate_state(1, np.uint64)[0] >> 1)


class _Run:
    """The state of one training run."""

    def __init__(
        self,
        learner: Learner,
        training: TrainingSet,
        dataset: Dataset,
        classes: ClassList,
        out: Path,
        epochs: int,
        about: checkpoint.About,
    ) -> None:
        self.learner = learner
        self.training = training
        self.dataset = dataset
        self.classes = classes
        self.state = out.parent / STATE
        self.log_file = out.parent / LOG
        self.epochs = epochs
        self.begun = about
        self.seed = about.seed
        self.steps = batch_count(training, learner.settings, learner.group)
        self.epoch = self.step = 0
        self.saved = time.monotonic()
        self.log: list[dict[str, Any]] = []
        self._new_epoch()

    def _new_epoch(self) -> None:
        self.losses: list[float] = []
        self.matrix = np.zeros((len(self.classes),) * 2, np.int64)

    def about(self, epoch: int, step: int) -> checkpoint.About:
        return replace(self.begun, epoch=epoch, step=step)

    def resume(self, job: Job) -> None:
        """Take up the state of an interrupted run, if there is one of the same input."""
        now = choose(self.learner.where.type).name
        self.begun = replace(self.begun, backend=now)
        if not self.state.exists():
            return
        tensors, about = checkpoint.read(self.state)
        if about.training != self.begun.training or about.seed != self.seed:
            return
        self.begun = replace(self.begun, backend=about.going_on_with(now))
        if self.begun.backend not in (about.backend, now):
            job.say(
                f"The interrupted training used the convolution {about.backend}, here it goes on "
                f"with {now}: right, but not to the same last bits."
            )
        if len(about.classes) != len(self.classes):
            job.say("Training begins anew: classes were added since it was interrupted.")
            return
        checkpoint.load_network(self.learner.network, tensors)
        checkpoint.load_optimiser(self.learner.optimiser, tensors)
        self.learner.load_state(tensors)
        self.epoch = about.epoch
        self.step = about.step * about.batch // self.begun.batch
        self.losses = tensors[_LOSSES].tolist()
        self.matrix = tensors[_CONFUSION].numpy()
        if self.log_file.exists():
            noted = read_json(self.log_file, epochs=list[dict[str, Any]])["epochs"]
            self.log = [row for row in noted if row["epoch"] <= self.epoch]

    def save(self) -> None:
        self.saved = time.monotonic()
        if not self.learner.group.leads:
            return
        progress = {
            _LOSSES: torch.tensor(self.losses, dtype=torch.float64),
            _CONFUSION: torch.from_numpy(self.matrix),
            **self.learner.state(),
        }
        about = self.about(self.epoch, self.step)
        network, optimiser = self.learner.network, self.learner.optimiser
        checkpoint.save(self.state, network, about, optimiser, progress)

    def _batches(self) -> Generator[Batch, None, None]:
        # A GPU must not wait for the disk; on a CPU the cores have work enough.
        ahead = min(_READERS, os.cpu_count() or 1) if self.learner.where.type == "cuda" else 0
        return batches(
            self.training,
            self.dataset,
            self.learner.settings,
            seed=self.seed,
            epoch=self.epoch,
            first=self.step,
            group=self.learner.group,
            readers=ahead,
        )

    def estimate(self) -> str:
        """Time a step or two on a copy of the network; say how long the whole will take."""
        trial = Learner(
            copy.deepcopy(self.learner.network), self.learner.settings, len(self.classes)
        )
        seconds = 0.0
        began = time.monotonic()
        with closing(self._batches()) as found:
            for batch in islice(found, 2):  # the first one fills buffers
                trial.learn(batch, self._place())
                seconds, began = time.monotonic() - began, time.monotonic()
                if seconds > _LONG_STEP_S:
                    break
        left = self.epochs * self.steps - (self.epoch * self.steps + self.step)
        return (
            f"Training takes about {duration(left * seconds)}: "
            f"{left:,} steps of {seconds:.2g} s ({describe()})."
        )

    def go(self, job: Job) -> None:
        """Train to the end. What was learnt is saved where the job is cancelled or memory ends."""
        try:
            while self.epoch < self.epochs:
                self._one_epoch(job)
        except (Cancelled, OutOfMemory):
            self.save()
            raise

    def _one_epoch(self, job: Job) -> None:
        with closing(self._batches()) as found:
            for batch in found:
                done = self.epoch * self.steps + self.step
                job.progress(done, self.epochs * self.steps, "train", **self._values())
                place = (self.seed, self.epoch, self.step, self.learner.group.rank)
                torch.manual_seed(_step_seed(*place))  # of dropout
                learnt = self.learner.learn(batch, self._place())
                self.step += 1
                if learnt is not None:
                    self.losses.append(learnt.loss)
                    self.matrix += learnt.matrix
                if time.monotonic() - self.saved > _SAVE_EVERY_S:
                    self.save()
        values = self._values()
        self.epoch, self.step = self.epoch + 1, 0
        self._note()
        self._new_epoch()
        if self.epoch < self.epochs:
            self.save()
        done, whole = self.epoch * self.steps, self.epochs * self.steps
        job.progress(done, whole, "train", always=True, **values)

    def _place(self) -> str:
        return f"epoch {self.epoch + 1}, step {self.step + 1}"

    def _values(self) -> dict[str, Any]:
        """What the curves show: of the running epoch, loss and mIoU on the labelled points."""
        found: dict[str, Any] = {"epoch": self.epoch + 1}
        if self.losses:
            found["loss"] = float(np.mean(self.losses))
            miou = mean_iou(iou(self.matrix))
            if miou is not None:
                found["labelled_miou"] = miou
        return found

    def _note(self) -> None:
        if not self.learner.group.leads:
            return
        mean = float(np.mean(self.losses)) if self.losses else None
        miou = mean_iou(iou(self.matrix))
        self.log.append({"epoch": self.epoch, "loss": mean, "labelled_miou": miou})
        write_json(self.log_file, {"epochs": self.log})
