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
from core.base.errors import Cancelled, ProjectError
from core.base.files import hash_input, hash_json, write_json
from core.base.jobs import Job
from core.base.settings import TrainSettings
from core.base.words import duration
from core.data.classes import ClassList
from core.data.scans import Dataset
from core.quality.iou import iou, mean_iou
from core.rounds.log import read_log, read_looks
from core.rounds.round import LOG, TRAINING
from core.rounds.training_set import TrainingSet, name_teacher
from models.machine import device, use_threads
from models.networks import checkpoint, make_network
from models.networks.published import read_published
from models.sparse import describe, release_buffers
from models.sparse.backends import choose
from models.training import teacher
from models.training.batches import Batch, batch_count, batches
from models.training.group import Group
from models.training.learner import Learner, Learnt, OutOfMemory
from models.training.looks import look

STATE = "training.safetensors"
_LOSSES, _CONFUSION, _SEEN = "epoch.losses", "epoch.confusion", "run.seen"
_PSEUDO = "epoch.pseudo"
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
    """Train on `training` and write the checkpoint `out`; log.json beside it holds losses, looks at
    the validation scans, and the steps, views of scans and labelled voxels that were learnt from.

    `start`: the checkpoint that this round goes on from, ours or a published one. It takes
    `settings.steps`, or where that is 0, `epochs`, without a start `first_epochs`: passes over the
    scans with an answer, each in an order of its own, the last of them cut short where the steps
    end. Under torchrun each process takes its share of every step.
    A state saved by an interrupted run of the same input is taken up, also with another batch.
    With `teacher_weight` a mean teacher says classes of unlabelled points, and is what is written;
    training.json beside `out` names it. Raises ProjectError for a checkpoint that does not fit, too
    little memory, a loss that is no number, or a teacher without anything to say.
    """
    teacher.check_free(training, dataset, settings)
    group = Group.current()
    threads = use_threads(settings.threads, group.size)
    torch.manual_seed(seed)
    network = make_network(settings.network, classes=len(classes), width=settings.width)
    if start is not None:
        _load(network, start, settings, classes, job)
    source = hash_input(start) if start is not None else None
    rounds, scans = list(training.rounds), list(training.scans)
    values = {**vars(settings), "batch": None, "threads": 0}  # a run may go on with others
    del values["look_every"]  # which changes no weight
    del values["from_scratch"]  # the start says it
    if not settings.steps:  # as before there was the choice
        del values["steps"]
    if not settings.teacher_weight:
        values = {name: value for name, value in values.items() if not name.startswith("teacher_")}
    merged = [[merge.source, merge.into] for merge in classes.merges]
    inputs = [scans, dict(training.positions), rounds, repr(values), source]
    if settings.teacher_weight:
        inputs.append(list(training.unlabelled))
    if training.pseudo is not None:
        inputs.append(vars(training.pseudo))
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
        group.meet()  # the first may be done at once, and delete what the others go on from
        if group.leads:
            name_teacher(out.parent / TRAINING, teacher.about(settings, source))
        if group.size == 1 and not run.finished:
            job.progress(0, 1, "estimate")
            job.say(run.estimate())
        run.go(job)
    finally:
        release_buffers()
    if group.leads:
        checkpoint.save(out, run.learner.result, run.about(run.epoch, run.step))
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
        self.limit = learner.settings.steps
        self.epoch = self.step = 0
        self.taken = self.views = 0
        self.voxels: int | None = 0  # None where an earlier version began, which did not count
        self.saved = time.monotonic()
        self.log: list[dict[str, Any]] = []
        self.looks: list[dict[str, Any]] = []
        self._new_epoch()

    @property
    def whole(self) -> int:
        """Steps of the whole run."""
        return self.limit or self.epochs * self.steps

    @property
    def done(self) -> int:
        """Steps of it that are taken."""
        return self.taken if self.limit else self.epoch * self.steps + self.step

    @property
    def finished(self) -> bool:
        """Whether every step is taken and its epoch noted."""
        if not self.limit:
            return self.epoch >= self.epochs
        return (
            self.taken >= self.limit and bool(self.log) and self.log[-1].get("steps") == self.taken
        )

    def _new_epoch(self) -> None:
        self.losses: list[float] = []
        self.matrix = np.zeros((len(self.classes),) * 2, np.int64)
        self.free = self.sure = 0

    def about(self, epoch: int, step: int) -> checkpoint.About:
        return replace(self.begun, epoch=epoch, step=step)

    def resume(self, job: Job) -> None:
        """Take up the state of an interrupted run, if there is one of the same input."""
        now = choose(self.learner.where.type).name
        self.begun = replace(self.begun, backend=now)
        if not self.state.exists():
            return
        tensors, about = checkpoint.read(self.state)
        teacher.check_state(tensors, self.learner.settings, self.state)
        if about.training != self.begun.training or about.seed != self.seed:
            job.say(
                "The training that was interrupted was of other answers or settings: it begins "
                "anew."
            )
            return
        self.begun = replace(self.begun, backend=about.going_on_with(now))
        if self.begun.backend not in (about.backend, now):
            job.say(
                f"The interrupted training used the convolution {about.backend}, here it goes on "
                f"with {now}: right, but not to the same last bits."
            )
        if about.threads != self.begun.threads:
            job.say(
                f"The interrupted training used {about.threads} threads, here it goes on with "
                f"{self.begun.threads}: right, but not to the same last bits."
            )
        if len(about.classes) != len(self.classes):
            job.say("Training begins anew: classes were added since it was interrupted.")
            return
        self._check_progress(tensors, about)
        checkpoint.load_network(self.learner.network, tensors)
        checkpoint.load_optimiser(self.learner.optimiser, tensors)
        self.learner.load_state(tensors)
        self.epoch = about.epoch
        learnt = about.step * about.batch  # scans of the epoch
        whole = learnt >= len(self.training.scans)
        self.step = self.steps if whole else learnt // self.begun.batch
        self.losses = tensors[_LOSSES].tolist()
        self.matrix = tensors[_CONFUSION].numpy()
        if self.learner.teacher:
            self.free, self.sure = tensors[_PSEUDO].tolist()
        if _SEEN in tensors:
            self.taken, self.views, voxels = tensors[_SEEN].tolist()
            self.voxels = voxels if voxels >= 0 else None
        else:
            self.taken = about.epoch * self.steps + self.step
            self.views = self.epoch * len(self.training.scans) + self._views_until(self.step)
            self.voxels = None
        if self.log_file.exists():
            self.log = [row for row in read_log(self.log_file) if row["epoch"] <= self.epoch]
            self.looks = [row for row in read_looks(self.log_file) if row["step"] <= self.taken]

    def _check_progress(self, tensors: dict[str, torch.Tensor], about: checkpoint.About) -> None:
        """Raise ProjectError where a state does not say how far a run like this one was."""
        names = (_LOSSES, _CONFUSION, _SEEN, _PSEUDO)
        losses, matrix, seen, pseudo = (tensors.get(name) for name in names)
        taught = pseudo is not None and (pseudo.dtype, tuple(pseudo.shape)) == (torch.int64, (2,))
        good = (
            losses is not None
            and matrix is not None
            and (losses.dtype, losses.dim()) == (torch.float64, 1)
            and (matrix.dtype, tuple(matrix.shape)) == (torch.int64, self.matrix.shape)
            and (seen is None or (seen.dtype, tuple(seen.shape)) == (torch.int64, (3,)))
            and (taught or not self.learner.teacher)
            and (self.limit > 0 or about.epoch <= self.epochs)
            and about.batch > 0
        )
        if not good:
            raise ProjectError(
                f"The training that was interrupted cannot go on: {self.state} is damaged.",
                "Delete it and train again.",
            )

    def save(self) -> None:
        self.saved = time.monotonic()
        if not self.learner.group.leads:
            return
        progress = {
            _LOSSES: torch.tensor(self.losses, dtype=torch.float64),
            _CONFUSION: torch.from_numpy(self.matrix),
            _SEEN: torch.tensor(
                [self.taken, self.views, -1 if self.voxels is None else self.voxels]
            ),
            **self.learner.state(),
        }
        if self.learner.teacher:
            progress[_PSEUDO] = torch.tensor([self.free, self.sure])
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
        left = self.whole - self.done
        return (
            f"Training takes about {duration(left * seconds)}: "
            f"{left:,} steps of {seconds:.2g} s ({describe()})."
        )

    def go(self, job: Job) -> None:
        """Train to the end. What was learnt is saved where the job is cancelled or memory ends."""
        try:
            while not self.finished:
                self._one_epoch(job)
            self._look(job)
        except (Cancelled, OutOfMemory):
            if self.done:  # else there is nothing to keep, and no reason to keep its scans
                self.save()
            raise

    def _one_epoch(self, job: Job) -> None:
        """A pass over the scans, or what is left of it, or of the steps."""
        with closing(self._batches()) as found:
            for batch in islice(found, self.whole - self.done):
                self._look(job)
                job.progress(self.done, self.whole, "train", **self._values())
                place = (self.seed, self.epoch, self.step, self.learner.group.rank)
                torch.manual_seed(_step_seed(*place))  # of dropout
                learnt = self.learner.learn(batch, self._place(), self.taken)
                self._count(learnt)
                if time.monotonic() - self.saved > _SAVE_EVERY_S:
                    self.save()
        values = self._values()
        self._note()
        if self.step == self.steps:
            self.epoch, self.step = self.epoch + 1, 0
            self._new_epoch()
        job.progress(self.done, self.whole, "train", always=True, **values)

    def _count(self, learnt: Learnt | None) -> None:
        """Take in what the step that was just taken has learnt, None for nothing."""
        before = self._views_until(self.step)
        self.step += 1
        self.taken += 1
        self.views += self._views_until(self.step) - before
        if learnt is not None:
            self.losses.append(learnt.loss)
            self.matrix += learnt.matrix
            self.free, self.sure = self.free + learnt.free, self.sure + learnt.sure
            if self.voxels is not None:
                self.voxels += int(learnt.matrix.sum())

    def _views_until(self, step: int) -> int:
        """Scans that an epoch's steps before the one of number `step` look at."""
        return min(step * self.begun.batch, len(self.training.scans))

    def _look(self, job: Job) -> None:
        """Look at the validation scans where it is time to and not done yet."""
        every, group = self.learner.settings.look_every, self.learner.group
        if not (every and self.taken and self.taken % every == 0):
            return
        if self.looks and self.looks[-1]["step"] == self.taken:
            return
        network, voxel_m = self.learner.result, self.learner.settings.voxel_m
        found = look(network, self.dataset, self.classes, voxel_m, job, group)
        self.looks.append({"step": self.taken, **found})
        self._write_log()

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
        """Keep what this epoch came to: in every process, since it says where a run ends."""
        mean = float(np.mean(self.losses)) if self.losses else None
        miou = mean_iou(iou(self.matrix))
        row: dict[str, Any] = {"epoch": self.epoch + 1, "loss": mean, "labelled_miou": miou}
        row |= {"steps": self.taken, "views": self.views, "voxels": self.voxels}
        if self.learner.teacher:
            row["pseudo"] = {"free": self.free, "sure": self.sure}
        self.log.append(row)
        self._write_log()

    def _write_log(self) -> None:
        if not self.learner.group.leads:
            return
        value: dict[str, Any] = {"epochs": self.log}
        if self.looks:
            value["looks"] = self.looks
        write_json(self.log_file, value)
